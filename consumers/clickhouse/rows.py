"""Records as rows: a batch decoded at once, and where each row comes from put in front of it."""

from collections import defaultdict
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from backbone.codec.columns import Columns
from backbone.codec.framing import PREFIX_BYTES, frames
from backbone.codec.table_columns import Front, TableRows
from backbone.errors import Poison, PoisonReason
from backbone.header_columns import header_columns
from backbone.record import RecordBatch
from backbone.warehouse.table import (
    CORRELATION,
    EVENT_ID,
    OFFSET,
    PARTITION,
    PUBLISHED,
    SCHEMA_ID,
    SOURCE,
    TOPIC,
    TOPIC_ID,
)
from consumers.clickhouse.tables import Tables

# So few are read faster one by one.
FEW = 100
_HEADERS = ("ce_id", "ce_source", "ce_correlationid")


@dataclass(slots=True)
class Decoded:
    """A batch's rows by fact type, and the records that are none, by their places."""

    rows: dict[str, TableRows] = field(default_factory=dict)
    poisons: dict[int, Poison] = field(default_factory=dict)


def decode(batch: RecordBatch, tables: Tables) -> Decoded:
    """Raises Transient while the registry is away."""
    found = _Found(tables)
    if _at_once(batch, range(len(batch)), tables, found):
        return found.decoded(batch)
    for places in _by_frame(batch):
        sub = chosen(batch, places)
        if not _at_once(sub, places, tables, found):
            _one_by_one(sub, places, tables, found)
    return found.decoded(batch)


class _Found:
    """What was read so far: frames of each type, in whatever order."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._rows: dict[str, list[TableRows]] = defaultdict(list)
        self.poisons: dict[int, Poison] = {}

    def columns(self, kind: str, columns: Columns, places: Sequence[int]) -> None:
        self._add(kind, self._tables.columns[kind].of_columns(columns), places)

    def data(self, kind: str, facts: Sequence[tuple[int, Mapping[str, Any]]]) -> None:
        places = range(max(place for place, _ in facts) + 1)
        self._add(kind, self._tables.columns[kind].of_rows(facts), places)

    def _add(self, kind: str, rows: TableRows, places: Sequence[int]) -> None:
        for place in rows.beyond:
            self.poisons[places[place]] = Poison(
                PoisonReason.OUT_OF_DOMAIN,
                f"{kind} has an instant outside of the years 1900 to 2299, which is all that the "
                "warehouse's tables hold",
            )
        if places != range(len(places)):
            rows = rows.at([places[place] for place in rows.places])
        self._rows[kind].append(rows)

    def decoded(self, batch: RecordBatch) -> Decoded:
        rows = {}
        for kind, parts in self._rows.items():
            whole = TableRows.joined(parts)
            if len(whole):
                rows[kind] = whole.behind(front(batch, whole.places, self._tables.readable))
        return Decoded(rows, self.poisons)


def _at_once(batch: RecordBatch, places: Sequence[int], tables: Tables, found: _Found) -> bool:
    decoded = None
    if len(batch) >= FEW:
        decoded = tables.codec.decode_batch(batch, range(len(batch)))
    if decoded is None:
        return False
    for kind, columns in decoded.facts.items():
        found.columns(kind, columns, places)
    found.poisons |= {places[place]: poison for place, poison in decoded.poisons.items()}
    return True


def _one_by_one(batch: RecordBatch, places: Sequence[int], tables: Tables, found: _Found) -> None:
    facts: dict[str, list[tuple[int, Mapping[str, Any]]]] = defaultdict(list)
    for at, place in enumerate(places):
        try:
            kind, data = tables.codec.decode(batch.values[at], batch.topic, batch.headers[at])
            facts[kind].append((place, data))
        except Poison as poison:
            found.poisons[place] = poison
    for kind, each in facts.items():
        found.data(kind, each)


def front(batch: RecordBatch, places: Sequence[int], known: Container[object]) -> Front:
    """Where the records in these places come from, as columns; `known` are the schema ids."""
    batch, made, count = chosen(batch, places), Front(), len(places)
    made.same(TOPIC_ID, batch.topic_id, count)
    made.same(TOPIC, batch.topic, count)
    made.same(PARTITION, batch.partition, count)
    made.numbers(OFFSET, batch.offsets)
    event_ids, sources, correlations = header_columns(batch.headers, _HEADERS)
    made.texts(EVENT_ID, event_ids)
    made.words(SOURCE, sources)
    made.texts(CORRELATION, correlations)
    _schema_ids(made, batch.values, known)
    made.instants(PUBLISHED, batch.timestamps_ms)
    return made


def _schema_ids(made: Front, values: Sequence[bytes | None], known: Container[object]) -> None:
    """A value whose first bytes name no schema that is known was read by what a header names."""
    found = frames(values)
    ids = {each: int.from_bytes((each or b"")[1:], "big") for each in set(found)}
    ids = {each: number if number in known else 0 for each, number in ids.items()}
    if len(ids) == 1:
        made.same(SCHEMA_ID, ids[found[0]], len(found))
    else:
        made.numbers(SCHEMA_ID, [ids[each] for each in found])


def _by_frame(batch: RecordBatch) -> Sequence[list[int]]:
    """Places by the schema that the value names: which engine reads it is decided by schema."""
    groups: dict[bytes | None, list[int]] = defaultdict(list)
    for place, value in enumerate(batch.values):
        groups[None if value is None else value[:PREFIX_BYTES]].append(place)
    return list(groups.values())


def chosen(batch: RecordBatch, places: Sequence[int]) -> RecordBatch:
    """A part of a batch, as a batch."""
    if len(places) == len(batch):
        return batch
    return RecordBatch(
        topic=batch.topic,
        topic_id=batch.topic_id,
        partition=batch.partition,
        offsets=[batch.offsets[place] for place in places],
        keys=[batch.keys[place] for place in places],
        values=[batch.values[place] for place in places],
        headers=[batch.headers[place] for place in places],
        timestamps_ms=[batch.timestamps_ms[place] for place in places],
    )
