"""relay: the shop's outbox, beside the rows leaving Postgres and beside producing their facts."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from bench.facts.orders import TOPIC
from bench.ground import Ground
from bench.stage import MEMORY, Bar, Contestant, Prepared, ratio_at_least
from bench.stages.sources import producer_settings, publishing, raw_produce


@dataclass(frozen=True, slots=True)
class Relay:
    name: str = "relay"
    what: str = "outbox rows from Postgres into Kafka, exactly once, in the order of their key"
    rows: int = 200_000
    bars: Sequence[Bar] = (ratio_at_least(0.25), MEMORY)
    max_runs: int = 99

    @contextmanager
    def prepare(self, ground: Ground, share: float) -> Iterator[Prepared]:
        count = int(self.rows * share)
        filled = ground.work("fill_outbox", count=count)
        relay = partial(publishing, ground, "shop", count)
        once = relay()
        batch = round(once["facts_a_transaction"])
        copy = partial(ground.work, "copy_out", count=count)
        stated = {
            "rows": count,
            "bytes a payload": round(filled["payload_bytes"]),
            "rows a transaction of the shop": filled["rows_a_transaction"],
            "facts a transaction of Kafka": batch,
            "partitions": 4,
            "durability": "idempotent, acks=all, one broker, flushed by the system",
        }
        yield Prepared(
            (
                Contestant("binary COPY out", "ceiling", copy),
                raw_produce(ground, TOPIC, count, batch),
                Contestant("relay", "candidate", relay),
            ),
            stated,
            {"producer": producer_settings()},
        )


RELAY = Relay()
