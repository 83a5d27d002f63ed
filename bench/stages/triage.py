"""triage: many dead letters into their causes."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from bench.facts.prices import TOPIC
from bench.figures import SECONDS
from bench.ground import Ground
from bench.stage import MEMORY, Bar, Contestant, Prepared, at_most


@dataclass(frozen=True, slots=True)
class Triage:
    name: str = "triage"
    what: str = "dead letters into causes, from the topic"
    letters: int = 200_000
    keys: int = 20_000
    bars: Sequence[Bar] = (at_most(30.0, SECONDS), MEMORY)
    max_runs: int = 99

    @contextmanager
    def prepare(self, ground: Ground, share: float) -> Iterator[Prepared]:
        count, expected = int(self.letters * share), ground.folder / "triage.json"
        ground.clean_topics()
        ground.work("load", facts="prices", count=count, keys=self.keys, expected=str(expected))
        parked = ground.work("park", topic=TOPIC, processor="prices")
        read = partial(ground.work, "triage", processor="prices", **parked)
        yield Prepared((Contestant("triage", "candidate", read),), parked)


TRIAGE = Triage()
