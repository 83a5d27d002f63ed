"""The warehouse: loaded = published, table by table; at length, row by row with the facts.

Memory: 8 bytes for each fact, and a page of rows at a time.
"""

from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from backbone.errors import Poison
from backbone.explain import comparing
from backbone.explain.evidence import Account
from backbone.explain.warehouse_rows import KEPT, fact_of_row
from backbone.ledger.line import Line, Wrong
from backbone.ledger.topic_scan import TopicScan
from backbone.record import Record
from backbone.recorded_fact import Decoder, fact_of
from backbone.warehouse.store import Place, WarehouseReader
from backbone.warehouse.table import OFFSET, FactTable

LOADED: Final = "topic → warehouse"
CONTENT: Final = "topic = warehouse rows"


@dataclass(frozen=True, slots=True)
class Loaded:
    """One partition of a table. `dead`: offsets in the dead letters of the sink."""

    reader: WarehouseReader
    table: FactTable
    topic_id: str
    partition: int
    dead: frozenset[int]

    @property
    def place(self) -> Place:
        return Place(self.topic_id, self.partition)

    def reached(self) -> int | None:
        """How far the table is; None before it was first loaded."""
        found = [
            each.next_offset
            for each in self.reader.complete_up_to(self.table)
            if (each.topic_id, each.partition) == (self.topic_id, self.partition)
        ]
        return max(found, default=None)


def line(topic: TopicScan, loaded: Loaded) -> Line:
    """Only where the counts differ are the offsets themselves asked for."""
    stretch = topic.stretches[loaded.partition]
    facts = topic.of_type(loaded.partition, loaded.table.contract.type)
    where = f"{topic.topic}/{loaded.partition}"
    reached = loaded.reached()
    if reached is None:
        parts = {"loaded": 0, "to come": len(facts)}
        note = "nothing was loaded yet" if facts else ""
        return Line(LOADED, loaded.table.name, where, len(facts), parts, note=note)
    until = min(reached, stretch.end)
    due = array("q", (each for each in facts if each < until and each not in loaded.dead))
    dead = sum(1 for each in facts if each < until and each in loaded.dead)
    counts = loaded.reader.counts(loaded.table, loaded.place, stretch.first, until)
    wrong = Wrong()
    if (counts.rows, counts.offsets) != (len(due), len(due)):
        wrong = _wrong(where, due, _offsets(loaded, stretch.first, until))
    parts = {
        "loaded": counts.rows - wrong.double.count - wrong.unknown.count,
        "dead-lettered": dead,
        "to come": len(facts) - len(due) - dead,
    }
    return Line(LOADED, loaded.table.name, where, len(facts), parts, wrong)


def _offsets(loaded: Loaded, first: int, until: int) -> Iterator[int]:
    rows = loaded.reader.rows(loaded.table, loaded.place, first, until)
    return (int(row[OFFSET]) for row in rows)


def _wrong(where: str, due: "array[int]", there: Iterable[int]) -> Wrong:
    """Both rise: walked side by side."""
    wrong, last, expected = Wrong(), -1, iter(due)
    wanted = next(expected, None)
    for offset in there:
        while wanted is not None and wanted < offset:
            wrong.missing.add(f"{where}/{wanted}")
            wanted = next(expected, None)
        if offset == last:
            wrong.double.add(f"{where}/{offset}")
        elif wanted == offset:
            wanted = next(expected, None)
        else:
            wrong.unknown.add(f"{where}/{offset}")
        last = offset
    while wanted is not None:
        wrong.missing.add(f"{where}/{wanted}")
        wanted = next(expected, None)
    return wrong


def content(loaded: Loaded, records: Iterable[Record], decoder: Decoder, until: int) -> Line:
    """Every row that is there against its fact. `records`: of the partition, in log order; which
    rows lack, or are too many, the counts have told."""
    table, topic = loaded.table, loaded.table.contract.topic
    wrong, equal = Wrong(), 0
    rows = loaded.reader.rows(table, loaded.place, 0, until)
    row: Mapping[str, Any] | None = next(rows, None)
    for record in records:
        offset = record.position.offset
        while row is not None and row[OFFSET] < offset:
            row = next(rows, None)
        if row is None or row[OFFSET] != offset:
            continue
        if _equal(table, row, record, decoder):
            equal += 1
        else:
            wrong.altered.add(str(record.position))
    where = f"{topic}/{loaded.partition}"
    compared = equal + wrong.altered.count
    return Line(CONTENT, table.name, where, compared, {"equal": equal}, wrong)


def _equal(table: FactTable, row: Mapping[str, Any], record: Record, decoder: Decoder) -> bool:
    try:
        fact = fact_of(record, decoder, table.contract.partitions)
    except Poison:
        return False
    told = Account("", fact_of_row(table, row, fact), KEPT)
    return fact.type == table.contract.type and not comparing.accounts(told, Account("", fact))
