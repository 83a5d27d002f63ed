"""Facts that are tried again: what would become of each, and the rows that are not there yet."""

from collections.abc import Mapping
from dataclasses import dataclass

from backbone.codec.table_columns import TableRows
from backbone.errors import Misconfigured
from backbone.record import Outcome, Outcomes, RecordBatch
from backbone.warehouse.store import Place, WarehouseReader
from consumers.clickhouse.rows import decode
from consumers.clickhouse.tables import Tables


@dataclass(frozen=True, slots=True)
class Judged:
    """One outcome for each record, and by fact type the rows of those that are applied."""

    outcomes: Outcomes
    rows: Mapping[str, TableRows]


def judged(batch: RecordBatch, tables: Tables, reader: WarehouseReader) -> Judged:
    """By the code and the contracts of now. A record whose row is there changes nothing: it was
    loaded, or came back before. Changes nothing itself. Raises Transient."""
    outcomes, rows = Outcomes(len(batch)), dict[str, TableRows]()
    decoded = decode(batch, tables)
    for place, poison in decoded.poisons.items():
        outcomes.poison(place, poison)
    where = Place(batch.topic_id, batch.partition)
    for kind, found in decoded.rows.items():
        offsets = [batch.offsets[place] for place in found.places]
        there = reader.present(tables.tables[kind], where, offsets)
        known = [place for place in found.places if batch.offsets[place] in there]
        for place in known:
            outcomes.set(place, Outcome.ALREADY_APPLIED)
        if len(known) < len(found):
            rows[kind] = found.only([at for at, each in enumerate(offsets) if each not in there])
    return Judged(outcomes, rows)


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What a retry would do now, topic by topic, without doing it: see `backbone.replay.plan`."""

    tables: Mapping[str, Tables]
    reader: WarehouseReader

    def __call__(self, batch: RecordBatch) -> Outcomes:
        """Raises Transient."""
        tables = self.tables.get(batch.topic)
        if tables is None:
            raise Misconfigured(f"no table takes the facts of {batch.topic}")
        tables.learn(batch)
        return judged(batch, tables, self.reader).outcomes
