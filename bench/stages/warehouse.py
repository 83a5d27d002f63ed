"""warehouse: facts from Kafka into ClickHouse, exactly once, beside what each end can do."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from backbone.kafka import config
from backbone.runner import Pace
from bench.facts.prices import TOPIC
from bench.ground import Ground, settings_shown
from bench.stage import (
    MEMORY,
    Bar,
    Contestant,
    Prepared,
    Sample,
    ratio_at_least,
    times_the_floor,
)
from cli import wiring


@dataclass(frozen=True, slots=True)
class WarehouseStage:
    """The floor does as most loaders do: each payload is decoded by itself, rows are inserted."""

    name: str = "warehouse"
    what: str = "prices from Kafka into their ClickHouse table, exactly once"
    facts: int = 500_000
    keys: int = 20_000
    bars: Sequence[Bar] = (ratio_at_least(0.4), times_the_floor(4.0), MEMORY)
    max_runs: int = 99

    @contextmanager
    def prepare(self, ground: Ground, share: float) -> Iterator[Prepared]:
        count = int(self.facts * share)
        ground.clean_topics()
        loaded = ground.work(
            "load",
            facts="prices",
            count=count,
            keys=self.keys,
            expected=str(ground.folder / "warehouse.json"),
        )

        def sink() -> Sample:
            return ground.work("sink", topic=TOPIC, ends=loaded["next_offsets"], count=count)

        consume = partial(ground.work, "consume", topic=TOPIC, count=count)
        arrow = partial(ground.work, "insert_arrow", count=count, keys=self.keys)
        rows = partial(ground.work, "insert_rows", topic=TOPIC, count=count)
        stated = {
            "facts": count,
            "partitions": len(loaded["next_offsets"]),
            "bytes a value": round(loaded["value_bytes"]),
            "bytes a record": round(loaded["record_bytes"]),
            "headers": loaded["headers"],
            "records a poll, at most": Pace().max_records,
            "ClickHouse": "the embedded engine over HTTP, in a process of its own",
        }
        member = config.member(wiring.kafka("bench"), "one group a run")
        yield Prepared(
            (
                Contestant("raw consume", "ceiling", consume),
                Contestant("ready Arrow table", "ceiling", arrow),
                Contestant("decode and insert rows", "floor", rows),
                Contestant("warehouse sink", "candidate", sink),
            ),
            stated,
            {"consumer": settings_shown(member)},
        )


WAREHOUSE_STAGE = WarehouseStage()
