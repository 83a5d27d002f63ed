"""replay: what a view's worker has to try again, beside the facts that it reads live. Both stand in
their topics beforehand; apart, the same with the run that hands them over at the same time."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from bench.expectation import require_view
from bench.facts.orders import TOPIC
from bench.ground import Ground
from bench.stage import MEMORY, Bar, Contestant, Prepared, Sample, ratio_at_least

_VIEW = "orders"
_NOBODY = "prices"  # no worker of it runs


@dataclass(frozen=True, slots=True)
class Replay:
    name: str = "replay"
    what: str = "dead letters through the owner of their view, unthrottled, every outcome told"
    letters: int = 100_000
    bars: Sequence[Bar] = (ratio_at_least(1.0), MEMORY)
    max_runs: int = 99

    @contextmanager
    def prepare(self, ground: Ground, share: float) -> Iterator[Prepared]:
        count, expected = int(self.letters * share), ground.folder / "replay.json"
        ground.clean_topics()
        loaded = ground.work("load", facts=_VIEW, count=count, keys=count, expected=str(expected))
        parked = ground.work("park", topic=TOPIC, processor=_VIEW)

        def checked(worker: str, **arguments: object) -> Sample:
            found: Mapping[str, float] = ground.work(worker, view=_VIEW, **arguments)
            require_view(_VIEW, expected)
            return found

        def retried() -> Sample:
            return checked("replay", **ground.work("hand_over", view=_VIEW, to=_VIEW))

        def live() -> Sample:
            # broker and processor have done as much just before as for those that are retried
            ground.work("hand_over", view=_VIEW, to=_NOBODY)
            return checked("view", ends=loaded["next_offsets"], count=count)

        yield Prepared(
            (
                Contestant("live facts", "ceiling", live),
                Contestant("retried letters", "candidate", retried),
                Contestant("with their run", "apart", partial(checked, "replay_run")),
            ),
            {"letters": parked["letters"], "view": _VIEW, "the plan": "made before, not counted"},
        )


REPLAY = Replay()
