"""The outbox's database: one connection, two questions, errors named by what to do next."""

import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, LiteralString
from uuid import UUID

import psycopg
from psycopg import conninfo, errors, sql

from backbone.errors import BackboneError, Fatal, Misconfigured, Transient
from backbone.timeouts import STATEMENT_TIMEOUT_MS
from producers.outbox.connection import NoAnswerError, PunctualConnection
from producers.outbox.page import ReadLess
from producers.outbox.row import POSITION_DIGITS, OutboxRow
from producers.outbox.rows import OutboxRows
from producers.outbox.snapshot import Identity, OutboxCursor, Sighting, Snapshot
from producers.outbox.table import DEFAULT_TABLE, table_name

# Together the bound of one poll, below backbone.timeouts.SOURCE_POLL_MS: connecting (to each host
# that the DSN names), and then all that one reading asks.
CONNECT_SECONDS = 3
READING_SECONDS = 8.0

_PARAMETERS: dict[str, Any] = {
    "connect_timeout": CONNECT_SECONDS,
    "client_encoding": "utf8",
    # A peer that vanished without a word is given up after about nine seconds, not two hours.
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 2,
    "tcp_user_timeout": 9000,
}
_OPTIONS = f"-c statement_timeout={STATEMENT_TIMEOUT_MS}ms -c TimeZone=UTC"

# The timeline is that of the WAL being written. pg_control_checkpoint() still told the old one ten
# seconds after a promotion (tried): it follows the next checkpoint, which takes its time.
_LOOK: LiteralString = """
SELECT pg_is_in_recovery(),
       (SELECT system_identifier::text FROM pg_control_system()),
       CASE WHEN NOT pg_is_in_recovery()
            THEN substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) END,
       pg_current_snapshot()::text
"""

# Rows that nobody here can have committed. Asked once per connection: the scan passes every row of
# a transaction in flight, and there may be a million of them.
_STRAYS: LiteralString = """
SELECT EXISTS (SELECT FROM {table} WHERE tx_id >= pg_snapshot_xmax(pg_current_snapshot()))
"""

# What became visible between the two snapshots. `ended` ran in `old` and runs no more in `new`: a
# literal, because the planner takes ARRAY(SELECT pg_snapshot_xip(old)) for ten ids whatever it
# holds, and then walks the whole outbox for an idle poll (96 ms against 0.4 with 1,000 rows a
# transaction and pages of 100, tried). occurred_at is NULL where Python has no such instant: the
# driver would fail the whole read for one row.
_SELECT: LiteralString = """
SELECT position, tx_id::text::bigint, id::text, aggregateid, type, payload::text, headers::text,
       CASE WHEN occurred_at BETWEEN '0001-01-02Z' AND '9999-12-30Z' THEN occurred_at END
FROM {table}
"""
_WINDOW: LiteralString = """
WHERE (tx_id >= pg_snapshot_xmax(%(old)s::pg_snapshot)
       AND tx_id < pg_snapshot_xmax(%(new)s::pg_snapshot)
       OR tx_id = ANY(%(ended)s::xid8[]))
  AND pg_visible_in_snapshot(tx_id, %(new)s::pg_snapshot)
  AND position > %(position)s
ORDER BY position
LIMIT %(limit)s
"""
_ROWS: LiteralString = f"{_SELECT}{_WINDOW}"

# A page as one row of columns: taking five thousand rows apart costs the client four times as much.
# What separates texts cannot stand in JSON or in a number; where it stands in a key or a type the
# columns differ in length, and the page is read row by row. All columns are put together in one
# pass over the rows in the order of the subquery.
_COLUMNS: LiteralString = f"""
SELECT string_agg(lpad(position::text, {POSITION_DIGITS}, '0'), E'\\x1e'),
       string_agg(tx_id::text, E'\\x1e'),
       string_agg(id::text, E'\\x1e'),
       string_agg(aggregateid, E'\\x1e'),
       string_agg(type, E'\\x1e'),
       string_agg(payload::text, E'\\x1e'),
       string_agg(coalesce(headers::text, ''), E'\\x1e'),
       string_agg(coalesce(to_char(
           CASE WHEN occurred_at BETWEEN '0001-01-02Z' AND '9999-12-30Z' THEN occurred_at END,
           'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), ''), E'\\x1e')
FROM (SELECT position, tx_id, id, aggregateid, type, payload, headers, occurred_at
      FROM {{table}}{_WINDOW}) AS page
"""  # noqa: S608 - of this file's own text
_BETWEEN = "\x1e"

# Looking back: everything that stands before a cursor, whichever window it was read in.
_READ: LiteralString = f"""{_SELECT}
WHERE (pg_visible_in_snapshot(tx_id, %(old)s::pg_snapshot)
       OR pg_visible_in_snapshot(tx_id, %(new)s::pg_snapshot) AND position <= %(position)s)
  AND position > %(behind)s
ORDER BY position
LIMIT %(limit)s
"""
_ONE: LiteralString = f"{_SELECT} WHERE id = %(id)s"
_OLDEST: LiteralString = "SELECT min(position) FROM {table}"

_HIGHEST: LiteralString = "SELECT tx_id::text::bigint FROM {table} ORDER BY tx_id DESC LIMIT 1"

_NOT_READY = (errors.UndefinedTable, errors.UndefinedColumn, errors.UndefinedFunction)
_REFUSED = (
    errors.InsufficientPrivilege,
    errors.InvalidAuthorizationSpecification,
    errors.InvalidPassword,
    errors.InvalidCatalogName,
)
_TOO_MUCH: dict[type[psycopg.Error], str] = {
    errors.QueryCanceled: f"The read took longer than {STATEMENT_TIMEOUT_MS / 1000:g} s and is "
    "tried again with fewer rows. If that repeats, the planner does not know the table: ANALYZE it",
    # a column of a page holds 1 GiB at most
    errors.ProgramLimitExceeded: "The rows are too large to come at once: fewer are read",
}
_HOST = re.compile(r"[A-Za-z0-9._:,/-]*")
_PORT = re.compile(r"[0-9,]+")


class Reading:
    """One short read-only transaction: everything in it is seen at one moment."""

    def __init__(
        self, connection: PunctualConnection, table: str, where: str, *, first: bool
    ) -> None:
        self._connection = connection
        self._table = table_name(table)
        self._where = where
        self._first = first  # of its connection

    def look(self) -> Sighting:
        """Ask which database this is and which transactions have ended. Asked before any rows."""
        recovering, system, timeline, snapshot = self._ask(_LOOK)[0]
        if recovering:
            raise Misconfigured(
                f"{self._where} is a standby: its snapshots do not list running transactions, so "
                "rows would be lost. Read the outbox from the primary "
                "(target_session_attrs=read-write in the DSN)"
            )
        strays = self._first and self._ask(_STRAYS)[0][0]
        return Sighting(Identity(system, int(timeline, 16)), Snapshot.parse(snapshot), strays)

    def rows(self, cursor: OutboxCursor, limit: int) -> OutboxRows:
        """Give the open window's next rows in position order, at most `limit`."""
        window = {
            "old": str(cursor.old),
            "new": str(cursor.new),
            "ended": f"{{{','.join(map(str, cursor.ended))}}}",
            "position": cursor.position,
            "limit": limit,
        }
        found = [(each or "").split(_BETWEEN) for each in self._ask(_COLUMNS, window)[0]]
        sequences, tx_ids, ids, aggregateids, types, payloads, headers, times = found
        if len(set(map(len, found))) > 1 or sequences != sorted(sequences):
            return OutboxRows.of([OutboxRow(*row) for row in self._ask(_ROWS, window)])
        if sequences == [""]:
            return OutboxRows.of([])
        return OutboxRows(
            sequences,
            tx_ids,
            ids,
            aggregateids,
            types,
            payloads,
            [each or None for each in headers],
            [each or None for each in times],
        )

    def highest(self) -> int:
        """Give the largest transaction id in the table, 0 when it is empty."""
        found = self._ask(_HIGHEST)
        return int(found[0][0]) if found else 0

    # looking back, for `explain` and `ledger`

    def row(self, event_id: UUID) -> OutboxRow | None:
        found = self._ask(_ONE, {"id": event_id})
        return OutboxRow(*found[0]) if found else None

    def read(self, cursor: OutboxCursor, behind: int, limit: int) -> Sequence[OutboxRow]:
        """Give what stands before a cursor and behind a position, in position order."""
        place = {
            "old": str(cursor.old),
            "new": str(cursor.new),
            "position": cursor.position,
            "behind": behind,
            "limit": limit,
        }
        return [OutboxRow(*row) for row in self._ask(_READ, place)]

    def oldest(self) -> int | None:
        """Give the smallest position in the table, None when it is empty."""
        found: int | None = self._ask(_OLDEST)[0][0]
        return found

    def _ask(self, query: LiteralString, values: dict[str, Any] | None = None) -> list[Any]:
        return self._connection.execute(sql.SQL(query).format(table=self._table), values).fetchall()


class OutboxDatabase:
    """Connects at the first reading and again after an error; `where` never shows a password."""

    def __init__(self, dsn: str, table: str = DEFAULT_TABLE) -> None:
        self._conninfo, self.where = _conninfo(dsn)
        self._table = table
        table_name(table)
        self._connection: PunctualConnection | None = None

    @contextmanager
    def reading(self) -> Iterator[Reading]:
        """Open a short transaction to read in; connects first where it must.

        Raises Transient when Postgres does not answer (the next reading connects again), ReadLess
        when it did not answer in time, Misconfigured when the table or a right is missing, Fatal
        for any other refusal.
        """
        try:
            first = self._connection is None
            connection = self._connection or self._connect()
            connection.deadline = time.monotonic() + READING_SECONDS
            with connection.transaction():
                yield Reading(connection, self._table, self.where, first=first)
        except Fatal:
            self.close()  # the next reading is a first one again
            raise
        except psycopg.Error as error:
            self.close()
            # Not chained: a server's message may quote a row.
            raise self._named(error) from None

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _connect(self) -> PunctualConnection:
        # Unprepared: every window is planned with its own values, so that a small one uses the
        # index on tx_id and a backlog the one on position.
        connection = PunctualConnection.connect(
            self._conninfo, autocommit=True, prepare_threshold=None
        )
        connection.read_only = True
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        self._connection = connection
        return connection

    def _named(self, error: psycopg.Error) -> BackboneError:
        # Without a sqlstate it is the client library's own message, which quotes no row.
        reason = error.sqlstate or " ".join(str(error).split())
        what = f"outbox {self._table} at {self.where}: {type(error).__name__} ({reason})"
        match error:
            case _ if isinstance(error, _NOT_READY):
                return Misconfigured(
                    f"{what}. The table is not there or not whole, or Postgres is older than 13: "
                    "run the DDL of docs/outbox.md"
                )
            case _ if isinstance(error, _REFUSED):
                return Misconfigured(
                    f"{what}. The relay's role lacks a right, or the DSN a right name: see "
                    "“Grants” in docs/outbox.md"
                )
            case errors.QueryCanceled() | errors.ProgramLimitExceeded() | NoAnswerError():
                return ReadLess(f"{what}. {_TOO_MUCH.get(type(error), _silent())}")
            case psycopg.OperationalError() | psycopg.InterfaceError():
                return Transient(f"{what}. Postgres did not answer; the same read is tried again")
            case _:
                return Fatal(f"{what}. Reading on could lose rows: look into the server's log")


def _silent() -> str:
    said = f"Postgres did not answer within {READING_SECONDS:g} s"
    return f"{said}; the read is tried again with fewer rows"


def _conninfo(dsn: str) -> tuple[str, str]:
    """Give the connection string with our parameters, and where it leads, for messages."""
    try:
        given = conninfo.conninfo_to_dict(dsn)
    except psycopg.Error:
        raise Misconfigured(
            "the outbox's DSN is not a Postgres connection string (it is not shown: it may hold a "
            "password). Write postgresql://user:password@host:port/database"
        ) from None
    host = str(given.get("host") or given.get("hostaddr") or "localhost")
    port = str(given.get("port") or 5432)
    if not _HOST.fullmatch(host) or not _PORT.fullmatch(port):
        raise Misconfigured(
            "host and port in the outbox's DSN are not readable as such (they are not shown): "
            "percent-encode @ : / in the password"
        )
    where = f"{host}:{port}/{given.get('dbname') or given.get('user') or ''}"
    options = f"{given.get('options') or ''} {_OPTIONS}".strip()
    ours = {**_PARAMETERS, "options": options}
    ours.setdefault("application_name", given.get("application_name") or "backbone-outbox")
    return conninfo.make_conninfo(dsn, **ours), where
