"""What brings payloads into ClickHouse faster: columns of our own as Arrow, or the payloads
themselves as an Avro container with lineage in front and a guard behind, checked as it is selected.

For docs/decisions/0007-arrow-into-the-warehouse.md, not for judging: `python -m
bench.warehouse_formats`, with the services that `backbone run sink warehouse` would use. Fills
tables of its own, and removes them.
"""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any, Final

from backbone.codec.codec import Codec
from backbone.codec.columnar_engine import columnar
from backbone.codec.container import draw_guard, varint
from backbone.codec.framing import PREFIX_BYTES
from backbone.envelope import to_headers
from backbone.record import Outcomes, RecordBatch
from bench.facts.prices import TOPIC, price_facts
from bench.workers.clickhouse import emptied, prices, require
from cli import wiring
from consumers.clickhouse.segments import segments
from consumers.clickhouse.tables import Tables

FACTS: Final = 500_000
SIZES: Final = (20_000, 100_000)
ROUNDS: Final = 3
TOPIC_ID: Final = "4L6g3nShT-eMCtK--X86sw"
_SYNC: Final = bytes(16)
_LINEAGE: Final = (("row_", "long"), ("event_", "string"), ("source_", "string"), ("at_", "long"))

Road = Callable[[Any, RecordBatch], None]


def main() -> None:
    """Print, per size of an insert and road, records a second of wall clock and of our processor
    time, the best of three."""
    roads: dict[str, Road] = {"Polars, Arrow": arrow_road(), "Avro container": avro_road()}
    print(f"{'records':>8} {'road':<16} {'per second':>11} {'us of ours a record':>20}")
    for size in SIZES:
        batches = [*_batches(size)]
        for name, road in roads.items():
            wall, cpu = min(_measured(road, batches) for _ in range(ROUNDS))
            print(f"{size:>8} {name:<16} {FACTS / wall:>11,.0f} {cpu / FACTS * 1e6:>20.2f}")


def _measured(road: Road, batches: Sequence[RecordBatch]) -> tuple[float, float]:
    with emptied() as client:
        began, cpu = time.perf_counter(), time.process_time()
        for batch in batches:
            road(client, batch)
        taken = time.perf_counter() - began, time.process_time() - cpu
        require(client, FACTS)
    return taken


def arrow_road() -> Road:
    registry = wiring.registry()
    tables = Tables(
        *(wiring.contracts(), TOPIC, registry),
        lambda known: Codec(known, registry, batch_engine=columnar),
    )

    def insert(client: Any, batch: RecordBatch) -> None:
        tables.learn(batch)
        for segment in segments(batch, tables, Outcomes(len(batch))):
            for block in segment.blocks("none"):
                names = block.rows.columns
                target = f"`{block.table.rows}`"
                client.raw_insert(target, names, block.rows.arrow(), fmt="ArrowStream")

    return insert


def avro_road() -> Road:
    own = [{"name": name, "type": kind} for name, kind in _LINEAGE]
    fields = [*own, *prices().contract.schema["fields"], {"name": "guard_", "type": "long"}]
    head = _head({"type": "record", "name": "guarded", "fields": fields})
    kinds = {"long": "Int64", "string": "String"}
    lineage = ", ".join(f"{name} {kinds[kind]}" for name, kind in _LINEAGE)
    facts = [each for each in prices().columns if not each.name.startswith("_")]
    arriving = ", ".join([lineage, *(f"{each.name} {each.type}" for each in facts), "guard_ Int64"])
    names = ", ".join(each.name for each in prices().columns)

    def insert(client: Any, batch: RecordBatch) -> None:
        guard, first = draw_guard(), batch.offsets[0]
        schema_id = int.from_bytes((batch.values[0] or b"")[1:PREFIX_BYTES], "big")
        selected = (
            f"'{TOPIC_ID}', '{TOPIC}', 0, {first} + row_, event_, source_, '', {schema_id}, "
            f"fromUnixTimestamp64Milli(at_, 'UTC'), {', '.join(each.name for each in facts)}"
        )
        target = (
            f"`{prices().rows}` ({names}) SELECT {selected} FROM input('{_escaped(arriving)}') "  # noqa: S608 - names of a contract
            f"WHERE NOT throwIf(guard_ != {guard} OR row_ != rowNumberInAllBlocks())"
        )
        client.raw_insert(target, None, _container(head, batch, guard), fmt="Avro")

    return insert


def _container(head: bytes, batch: RecordBatch, guard: int) -> bytes:
    end = varint(guard)
    block = b"".join(
        part
        for place in range(len(batch))
        for part in (_front(batch, place), (batch.values[place] or b"")[PREFIX_BYTES:], end)
    )
    return b"".join((head, varint(len(batch)), varint(len(block)), block, _SYNC))


def _front(batch: RecordBatch, place: int) -> bytes:
    found = dict(batch.headers[place])
    event, source = found["ce_id"] or b"", found["ce_source"] or b""
    at = varint(batch.timestamps_ms[place])
    return b"".join((varint(place), varint(len(event)), event, varint(len(source)), source, at))


def _head(schema: Any) -> bytes:
    text, name = json.dumps(schema).encode(), b"avro.schema"
    sized = (varint(len(name)), name, varint(len(text)), text)
    return b"".join((b"Obj\x01", varint(1), *sized, varint(0), _SYNC))


def _escaped(text: str) -> str:
    return text.replace("'", "\\'")


def _batches(size: int) -> Iterator[RecordBatch]:
    codec, contract = wiring.codec(), prices().contract
    codec.check([contract.type])
    facts, offset = price_facts(FACTS, 20_000), 0
    while some := list(islice(facts, size)):
        yield RecordBatch(
            topic=TOPIC,
            topic_id=TOPIC_ID,
            partition=0,
            offsets=list(range(offset, offset + len(some))),
            keys=[fact.key.encode() for fact in some],
            values=[codec.encode(fact) for fact in some],
            headers=[to_headers(fact.envelope, contract.ce_type) for fact in some],
            timestamps_ms=[1_700_000_000_000] * len(some),
        )
        offset += len(some)


if __name__ == "__main__":
    main()
