"""The two ways of reading an outbox that are often recommended, to show that they are wrong."""

from tests.integration.outbox.cluster import Connection

_COLUMNS = (
    "SELECT position, tx_id::text::bigint, aggregateid, (payload->>'counter')::int FROM outbox"
)


class BehindLast:
    """`position > last`: loses a row whose transaction ends after a later position's."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._last = 0
        self.read: list[tuple[str, int]] = []

    def poll(self) -> bool:
        """Read on; tells whether anything was found."""
        before = len(self.read)
        query = f"{_COLUMNS} WHERE position > %s ORDER BY position"
        for position, _, key, counter in self._connection.execute(query, [self._last]):
            self._last = position
            self.read.append((key, counter))
        return len(self.read) > before


class BelowXmin:
    """`(tx_id, position)` below the oldest running transaction: stalls, and reorders a key."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._last = (0, 0)
        self.read: list[tuple[str, int]] = []

    def poll(self) -> bool:
        """Read on; tells whether anything was found."""
        before = len(self.read)
        query = (
            f"{_COLUMNS} WHERE (tx_id, position) > (%s::text::xid8, %s) "
            "AND tx_id < pg_snapshot_xmin(pg_current_snapshot()) ORDER BY tx_id, position"
        )
        for position, tx_id, key, counter in self._connection.execute(query, self._last):
            self._last = (tx_id, position)
            self.read.append((key, counter))
        return len(self.read) > before
