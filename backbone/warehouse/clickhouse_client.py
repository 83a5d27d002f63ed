"""ClickHouse's client as the warehouse needs it, and the one table that translates its errors.

Over HTTP, and so the same against a server and the embedded engine.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import unquote, urlsplit

import clickhouse_connect
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError
from clickhouse_connect.driver.exceptions import Error as DriverError

from backbone.errors import BackboneError, Fatal, Misconfigured, Transient
from backbone.timeouts import WAREHOUSE_MS
from backbone.warehouse.table import quoted

CONNECT_TIMEOUT_SECONDS = 3
_UNKNOWN_TABLE = 60
_UNKNOWN_DATABASE = 81
_DEFAULT = "default"

_BUSY = {
    159: "took too long",  # TIMEOUT_EXCEEDED
    202: "has too many queries at once",
    209: "did not answer in time",
    210: "could not be reached",
    236: "broke off",
    241: "is out of memory",
    242: "is read-only",
    243: "has no disk space left",
    252: "has too many parts to merge",
    319: "does not know what became of the insert",
    394: "broke off",
    425: "failed",  # SYSTEM_ERROR
    999: "lost its Keeper",
}
_REFUSED = {
    _UNKNOWN_DATABASE: "Name a database that exists, or a user who may create it",
    115: "It does not know a setting that the loader needs: a newer server is needed",
    192: "Check the user in BACKBONE_CLICKHOUSE_URL",
    193: "Check the password in BACKBONE_CLICKHOUSE_URL",
    194: "A password is needed in BACKBONE_CLICKHOUSE_URL",
    497: "Grant the user what it needs (docs/warehouse.md)",
    516: "Check user and password in BACKBONE_CLICKHOUSE_URL",
}

# A batch is one insert of its own, repeated with the same token until it is known to be there.
_AS_BYTES = {"String": "bytes"}
_SETTINGS: Mapping[str, int] = {"async_insert": 0, "insert_deduplicate": 1}


class NoTable(Misconfigured):
    """Nobody has made the table yet."""


class ClickHouse:
    """Connects at the first use. May be used from several threads."""

    def __init__(self, url: str) -> None:
        place = urlsplit(url)
        if place.scheme not in {"http", "https"} or not place.hostname:
            raise Misconfigured(
                "BACKBONE_CLICKHOUSE_URL is none: write http://user:password@host:8123/database"
            )
        self._database = place.path.strip("/") or _DEFAULT
        self._address = f"{place.hostname}:{place.port or ''}"
        self._where: dict[str, Any] = {
            "interface": place.scheme,
            "host": place.hostname,
            "port": place.port or (8443 if place.scheme == "https" else 8123),
            "username": unquote(place.username) if place.username else None,
            "password": unquote(place.password or ""),
        }
        self._client: Client | None = None

    def command(self, statement: str, **parameters: Any) -> None:
        with self._translated("changing its tables"):
            self._connected().command(statement, parameters=parameters)

    def insert_values(self, target: str, values: str, settings: Mapping[str, int]) -> None:
        """Few rows, as they are written in a statement: that is quicker than handing over any."""
        listed = ", ".join(f"{name} = {value}" for name, value in {**_SETTINGS, **settings}.items())
        with self._translated("inserting"):
            self._connected().command(f"INSERT INTO {target} SETTINGS {listed} VALUES {values}")

    def select(
        self, statement: str, **parameters: Any
    ) -> tuple[Sequence[str], Sequence[Sequence[Any]]]:
        """Names and rows; texts as their bytes, for bytes are texts there."""
        with self._translated("reading"):
            found = self._connected().query(
                statement, parameters=parameters, query_formats=_AS_BYTES, tz_mode="aware"
            )
            return found.column_names, found.result_rows

    def insert(self, target: str, stream: bytes, settings: Mapping[str, Any]) -> None:
        """Rows as an Arrow stream into a table and its columns, or into what is selected of them:
        what stands between INSERT INTO and FORMAT."""
        with self._translated("inserting"):
            self._connected().raw_insert(
                target,
                insert_block=stream,
                settings={**_SETTINGS, **settings},
                fmt="ArrowStream",
            )

    def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            with suppress(ClickHouseError):
                client.close()

    def _connected(self) -> Client:
        if self._client is None:
            self._client = self._first_connection()
        return self._client

    def _first_connection(self) -> Client:
        try:
            return self._connect(self._database)
        except DriverError as error:
            if error.code != _UNKNOWN_DATABASE:
                raise
        self._create_database()
        return self._connect(self._database)

    def _connect(self, database: str) -> Client:
        return clickhouse_connect.get_client(
            **self._where,
            database=database,
            compress=False,
            connect_timeout=CONNECT_TIMEOUT_SECONDS,
            send_receive_timeout=WAREHOUSE_MS // 1000,
            autogenerate_session_id=False,  # statements of several threads need no session
            query_retries=0,  # trying again is decided by whoever knows what may be repeated
        )

    def _create_database(self) -> None:
        client = self._connect(_DEFAULT)
        try:
            client.command(f"CREATE DATABASE IF NOT EXISTS {quoted(self._database)}")
        finally:
            client.close()

    @contextmanager
    def _translated(self, doing: str) -> Iterator[None]:
        try:
            yield
        except (ClickHouseError, OSError) as error:
            # without its text and its cause: a server quotes what it could not read
            raise translate(error, doing, self._address) from None


def translate(error: Exception, doing: str, address: str) -> BackboneError:
    """Name the error by what the caller must do."""
    code = error.code if isinstance(error, DriverError) else None
    where = f"ClickHouse at {address}"
    if code is None:
        return Transient(
            f"{where} did not answer while {doing}: check that it runs and that this is its address"
        )
    assert isinstance(error, DriverError)
    named = f"({error.name or 'error'}, {code})"
    if code in _BUSY:
        return Transient(f"{where} {_BUSY[code]} while {doing} {named}")
    if code == _UNKNOWN_TABLE:
        return NoTable(f"{where} has no such table {named}. Run the sink once: it makes its tables")
    if code in _REFUSED:
        return Misconfigured(f"{where} refused {doing} {named}. {_REFUSED[code]}")
    return Fatal(
        f"{where} refused {doing} {named}: its log (system.query_log) says why. Nothing was "
        "skipped: mend the table or the contract and start again"
    )
