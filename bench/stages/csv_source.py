"""csv: a price list from disk, beside producing its facts."""

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from backbone.documents import render
from bench.facts.prices import TOPIC, price_facts
from bench.ground import Ground
from bench.stage import MEMORY, Bar, Contestant, Prepared, ratio_at_least
from bench.stages.sources import producer_settings, publishing, raw_produce

_COLUMNS = ("stock_code", "price", "currency", "effective_at")


@dataclass(frozen=True, slots=True)
class CsvSource:
    name: str = "csv"
    what: str = "a price list from a folder into Kafka, exactly once"
    rows: int = 500_000
    keys: int = 20_000
    bars: Sequence[Bar] = (ratio_at_least(0.25), MEMORY)
    max_runs: int = 99

    @contextmanager
    def prepare(self, ground: Ground, share: float) -> Iterator[Prepared]:
        count = int(self.rows * share)
        dropped = ground.price_lists / "prices.csv"
        _write(dropped, count, self.keys)
        source = partial(publishing, ground, "price-list", count)
        once = source()
        batch = round(once["facts_a_transaction"])
        stated = {
            "rows": count,
            "keys": self.keys,
            "bytes a row": round(dropped.stat().st_size / count),
            "facts a transaction of Kafka": batch,
            "partitions": 4,
            "durability": "idempotent, acks=all, one broker, flushed by the system",
        }
        try:
            yield Prepared(
                (
                    raw_produce(ground, TOPIC, count, batch),
                    Contestant("csv source", "candidate", source),
                ),
                stated,
                {"producer": producer_settings()},
            )
        finally:
            dropped.unlink()


def _write(path: Path, count: int, keys: int) -> None:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(_COLUMNS)
        for fact in price_facts(count, keys):
            shown = render(fact.data)
            writer.writerow([shown[name] for name in _COLUMNS])


CSV = CsvSource()
