"""OutboxSource: relays an outbox table by snapshot difference (docs/outbox.md)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final, Protocol
from uuid import UUID

from backbone.errors import Fatal
from backbone.fact import Envelope, Fact
from backbone.replay.rejects import Rejected
from backbone.source import Batch, Cursor, Reject, RowBatch
from backbone.source_lookup import NoRow, SourceRow
from producers.outbox.drafts import DraftMaker
from producers.outbox.mending import mend
from producers.outbox.page import PageSize, ReadLess
from producers.outbox.row import FactMaker, OutboxRow, Parse
from producers.outbox.rows import OutboxRows
from producers.outbox.snapshot import OutboxCursor, Sighting

_LOOKED_BACK_ROWS: Final = 1_000  # of 1 MiB each they still fit in memory


@dataclass(frozen=True, slots=True)
class Settings:
    """One outbox: its name in the catalog, what it publishes, and its pace."""

    name: str  # names cursor.<name> and dlq.<name>
    event_source: str  # ce_source, such as /services/shop
    keys: Mapping[str, str]  # full name of each fact it publishes -> the payload's key field
    max_rows: int = 5_000  # a transaction of 5,000 facts costs little more than one of 1
    max_batch_bytes: int = 8 * 1024 * 1024  # of payloads and headers, but for one row larger
    min_wait_seconds: float = 0.005  # after rows: more are likely
    max_wait_seconds: float = 0.05  # when idle: what a lone fact waits at most


class Reading(Protocol):
    """A look at the database and its rows, at one moment (see database.py)."""

    def look(self) -> Sighting: ...
    def rows(self, cursor: OutboxCursor, limit: int) -> OutboxRows: ...
    def highest(self) -> int: ...
    def row(self, event_id: UUID) -> OutboxRow | None: ...
    def read(self, cursor: OutboxCursor, behind: int, limit: int) -> Sequence[OutboxRow]: ...
    def oldest(self) -> int | None: ...


class Database(Protocol):
    where: str

    def reading(self) -> AbstractContextManager[Reading]: ...
    def close(self) -> None: ...


class OutboxSource:
    """A Source over an outbox table: every committed row once, each key in its row lock's order.

    Repeating a poll gives the same rows again, and with them those committed since; how many of
    them at a time may differ.
    """

    def __init__(
        self, settings: Settings, database: Database, parse: Parse, *, by_contract: bool = False
    ) -> None:
        """`by_contract`: `parse` does what backbone.contracts.parse does, so nobody need call it
        for a row that is in order."""
        self.name = settings.name
        self.facts = tuple(settings.keys)
        self._settings = settings
        self._database = database
        self._maker = FactMaker(settings.event_source, settings.keys, parse)
        self._drafts = (
            DraftMaker(settings.event_source, settings.keys, self._maker.full_names).drafts
            if by_contract
            else None
        )
        self._size = PageSize(settings.max_rows, settings.max_batch_bytes)
        self._wait_seconds = settings.min_wait_seconds

    def poll(self, cursor: Cursor | None) -> Batch:
        try:
            rows, at = self._read(cursor)
        except ReadLess:
            self._size.halve()
            raise
        return self._batch(rows, at)

    def _read(self, cursor: Cursor | None) -> tuple[OutboxRows, OutboxCursor]:
        with self._database.reading() as reading:
            seen = reading.look()
            return self._page(reading, self._resumed(cursor, seen), seen)

    def rewound(self, position: int) -> Cursor:
        """Make a cursor for this database from which every row behind `position` is given again.

        The ids stay the same, whatever was published. Called by `backbone source rewind`.
        """
        with self._database.reading() as reading:
            seen = reading.look()
            self._refuse_strays(seen)
            at = OutboxCursor(seen.identity).opened(seen.now)
            return at.advanced(position, reading.highest()).to_json()

    def mend(self, rejected: Rejected) -> Fact | Reject:
        return mend(self._maker, rejected)

    def close(self) -> None:
        self._database.close()

    # from a fact back to its row: backbone.source_lookup.SourceLookup

    def find(self, envelope: Envelope) -> SourceRow | NoRow:
        where = f"outbox:{envelope.sequence.lstrip('0')}"
        try:
            event_id = UUID(envelope.id)
        except ValueError:
            return NoRow(where, "the fact's id is none that an outbox gives")
        with self._database.reading() as reading:
            row = reading.row(event_id)
        if row is None:
            return NoRow(where, "no row has the fact's id: it was put away, or deleted")
        return SourceRow(f"outbox:{row.position}", self._maker.make(row))

    def rows(self, cursor: Cursor) -> Iterator[SourceRow]:
        at, behind = OutboxCursor.from_json(cursor), 0
        while True:
            with self._database.reading() as reading:
                page = reading.read(at, behind, _LOOKED_BACK_ROWS)
            yield from (SourceRow(f"outbox:{row.position}", self._maker.make(row)) for row in page)
            if not page:
                return
            behind = page[-1].position

    def put_away(self) -> Callable[[str], bool]:
        with self._database.reading() as reading:
            oldest = reading.oldest()
        return lambda sequence: oldest is None or int(sequence) < oldest

    def _resumed(self, cursor: Cursor | None, seen: Sighting) -> OutboxCursor:
        at = OutboxCursor.from_json(cursor) if cursor else OutboxCursor(seen.identity)
        if at.identity != seen.identity:
            raise Fatal(
                f"{self._subject()}: its cursor belongs to database {at.identity}, but this is "
                f"{seen.identity}. It was restored or has failed over, so rows already published "
                f"may be missing and others may come again. {self._remedy()}"
            )
        if seen.now.xmax < at.old.xmax:
            raise Fatal(
                f"{self._subject()}: the database has gone back in time: transaction "
                f"{at.old.xmax - 1} was published, but it only knows those below {seen.now.xmax}. "
                f"It was put back from a copy of its files. {self._remedy()}"
            )
        self._refuse_strays(seen)
        return at.opened(seen.now)

    def _page(
        self, reading: Reading, at: OutboxCursor, seen: Sighting
    ) -> tuple[OutboxRows, OutboxCursor]:
        """Read on; a window left empty makes way for the next. Gives the cursor behind the rows."""
        asked = self._size.rows
        rows = reading.rows(at, asked)
        if not rows and at.new != seen.now:
            at = at.closed().opened(seen.now)
            rows = reading.rows(at, asked)
        page = self._size.fitting(rows)
        if page:
            at = at.advanced(page.last_position, page.newest_transaction)
        exhausted = len(page) == len(rows) < asked
        return page, at.closed() if exhausted else at

    def _batch(self, rows: OutboxRows, at: OutboxCursor) -> Batch:
        wait_seconds = self._rest(found=bool(rows), more=not at.resting)
        return RowBatch(rows, self._maker.make, self._drafts, at.to_json(), wait_seconds)

    def _rest(self, *, found: bool, more: bool) -> float:
        if more:
            return 0.0
        doubled = min(self._wait_seconds * 2, self._settings.max_wait_seconds)
        self._wait_seconds = self._settings.min_wait_seconds if found else doubled
        return self._wait_seconds

    def _refuse_strays(self, seen: Sighting) -> None:
        if seen.stray_rows:
            raise Fatal(
                f"{self._subject()}: the table holds rows with transaction ids that this database "
                "has not reached: they were copied from another one and would be published late, "
                "in a wrong order. Renumber them as “Restore and failover” in docs/outbox.md says"
            )

    def _subject(self) -> str:
        return f"outbox source {self.name} at {self._database.where}"

    def _remedy(self) -> str:
        return (
            f"Nothing was read. Look at what is missing, then let `backbone source rewind "
            f"{self.name}` publish a window again with the same ids (docs/outbox.md, “Restore and "
            "failover”)"
        )
