"""prices and orders: a view's worker, beside reading its topic and beside writing to Redis."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from backbone.kafka import config
from backbone.runner import Pace
from bench import redis_ceiling
from bench.expectation import entry_bytes, require_view
from bench.ground import Ground, settings_shown
from bench.stage import MEMORY, Bar, Contestant, Prepared, Sample, ratio_at_least
from cli import wiring


@dataclass(frozen=True, slots=True)
class ViewStage:
    """`facts` facts, over `keys` keys."""

    name: str
    what: str
    topic: str
    facts: int
    keys: int
    ratio: float
    max_runs: int = 99

    @property
    def bars(self) -> Sequence[Bar]:
        return (ratio_at_least(self.ratio), MEMORY)

    @contextmanager
    def prepare(self, ground: Ground, share: float) -> Iterator[Prepared]:
        count, expected = int(self.facts * share), ground.folder / f"{self.name}.json"
        ground.clean_topics()
        loaded = ground.work(
            "load", facts=self.name, count=count, keys=self.keys, expected=str(expected)
        )

        def view() -> Sample:
            found = ground.work("view", view=self.name, ends=loaded["next_offsets"], count=count)
            require_view(self.name, expected)
            return found

        view()  # once beforehand: how large an entry is decides what SET must write
        size = entry_bytes(self.name)
        consume = partial(ground.work, "consume", topic=self.topic, count=count)
        pipelined = partial(redis_ceiling.set_pipelined, ground, count, self.keys, size)
        stated = {
            "facts": count,
            "keys": self.keys,
            "partitions": len(loaded["next_offsets"]),
            "bytes a value": round(loaded["value_bytes"]),
            "bytes a record": round(loaded["record_bytes"]),
            "headers": loaded["headers"],
            "bytes an entry": size,
            "records a poll, at most": Pace().max_records,
            "SET by": f"{redis_ceiling.tool()}, {redis_ceiling.PIPELINE} in a pipeline",
            "Redis keeps": "in memory alone",
        }
        member = config.member(wiring.kafka("bench"), "one group a run")
        yield Prepared(
            (
                Contestant("raw consume", "ceiling", consume),
                Contestant("pipelined SET", "ceiling", pipelined),
                Contestant(f"{self.name} view", "candidate", view),
            ),
            stated,
            {"consumer": settings_shown(member)},
        )
