"""The property: whatever the writers do, every committed row comes once, in its key's order, soon.

Writers interleave, sleep inside transactions, roll back, use savepoints and take their transaction
id early. A stranger's transaction stays open all the while. Two naive readers read the same trace.
"""

import random
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from backbone.source import Cursor
from tests.integration.outbox.cluster import Connection
from tests.integration.outbox.naive import BehindLast, BelowXmin
from tests.integration.outbox.shop import Shop, again, count

pytestmark = pytest.mark.postgres

WRITERS = 6
TRANSACTIONS = 120  # of each writer
KEYS = ("a", "b", "c", "d", "e")  # fewer than writers: every key has several

Row = tuple[str, str, int]  # id, key, counter


class Writer:
    """Writes by a seeded schedule and keeps what was committed, and when."""

    def __init__(self, connection: Connection, seed: str) -> None:
        self._connection = connection
        self._dice = random.Random(seed)
        self._rows: list[Row] = []
        self.committed: dict[Row, float] = {}

    def run(self) -> None:
        for _ in range(TRANSACTIONS):
            self._rows = []
            with self._connection.transaction():
                self._transaction()
            ended = time.monotonic()
            self.committed |= dict.fromkeys(self._rows, ended)

    def _transaction(self) -> None:
        if self._chance(0.3):  # the id is taken early, the row written late
            self._connection.execute("SELECT pg_current_xact_id()")
            self._dawdle(0.02)
        # Locks are taken in the order of the keys, so that no two writers wait for each other.
        for key in sorted(self._dice.sample(KEYS, k=self._dice.choice((1, 1, 2)))):
            self._change(key)
        if self._chance(0.3):
            self._dawdle(0.03)
        if self._chance(0.2):
            self._rows = []
            raise psycopg.Rollback

    def _change(self, key: str) -> None:
        self._rows.append(count(self._connection, key))
        if self._chance(0.3):
            self._savepoint(key, undone=self._chance(0.5))

    def _savepoint(self, key: str, *, undone: bool) -> None:
        with self._connection.transaction():
            row = count(self._connection, key)
            if undone:
                raise psycopg.Rollback
            self._rows.append(row)

    def _chance(self, share: float) -> bool:
        return self._dice.random() < share

    def _dawdle(self, seconds: float) -> None:
        time.sleep(self._dice.uniform(0, seconds))


class Relay:
    """Polls as the SourceRunner does, and dies between a poll and its publication now and then."""

    def __init__(self, shop: Shop, seed: int) -> None:
        self._shop = shop
        self._dice = random.Random(seed)
        self._source = shop.source(max_rows=7)
        self._cursor: Cursor | None = None
        self.published: list[tuple[Row, float]] = []

    def poll(self) -> bool:
        """Publish one batch; tells whether there may be more at once."""
        for _ in range(self._dice.choice((0, 0, 0, 1, 2))):
            self._source.poll(self._cursor)  # read, never published
        if self._dice.random() < 0.02:
            self._source = self._shop.source(max_rows=self._dice.choice((1, 7, 1000)))
        batch = self._source.poll(self._cursor)
        now = time.monotonic()
        assert not batch.rejects
        self.published += [
            ((fact.envelope.id, fact.key, fact.data["counter"]), now) for fact in batch.facts
        ]
        self._cursor = again(batch.cursor)
        time.sleep(batch.wait_seconds)
        return not batch.empty


class Trace:
    """One run: six writers, a stranger and three readers of the same table."""

    def __init__(self, shop: Shop, seed: int) -> None:
        self._writing = threading.Event()
        self._stranger = shop.connect()
        self.writers = [Writer(shop.connect(), f"{seed}/{number}") for number in range(WRITERS)]
        self.relay = Relay(shop, seed)
        self.behind_last = BehindLast(shop.connect())
        self.below_xmin = BelowXmin(shop.connect())

    def run(self) -> None:
        self._stranger.execute("BEGIN")
        self._stranger.execute("SELECT pg_current_xact_id()")
        self._writing.set()
        with ThreadPoolExecutor(WRITERS + 3) as threads:
            readers = [
                threads.submit(self._until_drained, poll)
                for poll in (self.relay.poll, self.behind_last.poll, self.below_xmin.poll)
            ]
            writers = [threads.submit(writer.run) for writer in self.writers]
            errors = [writer.exception() for writer in writers]
            self._writing.clear()
            errors += [reader.exception() for reader in readers]
        assert errors == [None] * (WRITERS + 3)

    def end_stranger(self) -> None:
        self._stranger.execute("ROLLBACK")

    def _until_drained(self, poll: Callable[[], bool]) -> None:
        while self._writing.is_set() | poll():
            time.sleep(0.001)  # leave the processor to the writers

    @property
    def committed(self) -> dict[Row, float]:
        return {row: at for writer in self.writers for row, at in writer.committed.items()}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_committed_row_comes_once_in_its_keys_order_and_within_a_second(
    shop: Shop, seed: int
) -> None:
    trace = Trace(shop, seed)
    trace.run()

    committed, published = trace.committed, trace.relay.published
    assert len(committed) > WRITERS * TRANSACTIONS / 2
    assert sorted(row for row, _ in published) == sorted(committed)
    assert _by_key([(key, counter) for (_, key, counter), _ in published]) == _in_order(committed)
    # the stranger's transaction is open all the while; 0.25 s where nothing else runs
    assert max(at - committed[row] for row, at in published) < 3.0

    assert trace.below_xmin.read == []  # the stranger held everything up
    lost = {(key, counter) for _, key, counter in committed} - set(trace.behind_last.read)
    assert lost

    trace.end_stranger()
    trace.below_xmin.poll()
    assert len(trace.below_xmin.read) == len(committed)
    assert _by_key(trace.below_xmin.read) != _in_order(committed)


def _in_order(committed: dict[Row, float]) -> dict[str, list[int]]:
    """Each key's counters as its row lock gave them: a rollback takes its number back."""
    last = {key: max(counter for _, k, counter in committed if k == key) for key in KEYS}
    return {key: list(range(1, last[key] + 1)) for key in KEYS}


def _by_key(read: Sequence[tuple[str, int]]) -> dict[str, list[int]]:
    found = defaultdict(list)
    for key, counter in read:
        found[key].append(counter)
    return dict(sorted(found.items()))
