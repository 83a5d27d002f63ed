"""One poll is bounded, in bytes and in time, whatever the rows and the server are."""

import os
import signal
import socket
import time
from itertools import repeat

import pytest

from backbone.errors import Transient
from backbone.source import Batch, Cursor
from producers.outbox import database
from producers.outbox.page import ReadLess
from producers.outbox.source import OutboxSource
from tests.integration.outbox.shop import Shop, again, counters, insert, put

pytestmark = pytest.mark.postgres

LARGE = 100_000
MIB = 1024 * 1024


def drained(relay: OutboxSource) -> list[Batch]:
    given: list[Batch] = []
    cursor: Cursor | None = None
    while not given or not given[-1].empty:
        given.append(relay.poll(cursor))
        cursor = again(given[-1].cursor)
    return given[:-1]


def size(batch: Batch) -> int:
    return sum(len(fact.origin.value) for fact in batch.facts if fact.origin)


def test_large_rows_come_in_several_batches_each_bounded_all_once_and_in_order(shop: Shop) -> None:
    writer, relay = shop.connect(), shop.source()
    with writer.transaction():
        for number in range(300):
            payload = {"key": "a", "counter": number, "text": os.urandom(LARGE // 2).hex()}
            put(writer, payload=payload)

    given = drained(relay)

    told = [each for batch in given for each in counters(batch)]
    assert told == [("a", number) for number in range(300)]
    assert len(given) == 4
    assert [size(each) for each in given if size(each) > 8 * MIB] == []


def test_a_read_that_the_server_cancels_is_tried_again_with_fewer_rows(shop: Shop) -> None:
    hasty = shop.source(max_rows=10)
    locker = shop.connect()
    hasty.poll(None)
    hasty._database._connection.execute("SET statement_timeout = 1")  # type: ignore[attr-defined]
    locker.execute("BEGIN")
    locker.execute("LOCK outbox IN ACCESS EXCLUSIVE MODE")

    with pytest.raises(ReadLess, match=r"QueryCanceled \(57014\).*with fewer rows"):
        hasty.poll(None)

    locker.execute("ROLLBACK")
    assert hasty._size.rows == 5
    assert hasty.poll(None).empty


def test_a_page_that_postgres_cannot_hold_at_once_is_asked_for_again_with_fewer_rows(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    relay = shop.source(max_rows=10)
    relay.poll(None)
    # raises at once what a column of more than 1 GiB raises after seconds
    monkeypatch.setattr(
        database,
        "_COLUMNS",
        "SELECT repeat('x', 2000000000) FROM {table} "
        "WHERE %(old)s || %(new)s || %(ended)s || %(position)s || %(limit)s <> ''",
    )
    insert(shop.connect(), "a", 1)

    with pytest.raises(ReadLess, match=r"ProgramLimitExceeded \(54000\).*fewer are read"):
        relay.poll(None)

    assert relay._size.rows == 5


def test_keys_and_types_that_hold_the_separator_are_read_row_by_row(shop: Shop) -> None:
    writer, relay = shop.connect(), shop.source()
    insert(writer, "a", 1)
    insert(writer, "b\x1ec", 2)
    insert(writer, "d", 3)

    (batch,) = drained(relay)

    assert counters(batch) == [("a", 1), ("b\x1ec", 2), ("d", 3)]


def test_a_server_that_is_frozen_is_given_up_in_time_and_read_again(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    writer, relay = shop.connect(), shop.source()
    insert(writer, "a", 1)
    first = relay.poll(None)
    insert(writer, "a", 2)
    found = writer.execute(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() "
        "AND application_name = 'backbone-outbox'"
    ).fetchone()
    assert found is not None
    monkeypatch.setattr(database, "READING_SECONDS", 0.5)

    os.kill(found[0], signal.SIGSTOP)
    began = time.monotonic()
    try:
        with pytest.raises(ReadLess, match=r"Postgres did not answer within 0\.5 s"):
            relay.poll(again(first.cursor))
        assert time.monotonic() - began < 1.5
        assert counters(relay.poll(again(first.cursor))) == [("a", 2)]
    finally:
        os.kill(found[0], signal.SIGCONT)
    assert caplog.messages == []  # psycopg's own


def test_all_that_one_reading_asks_ends_in_time_together(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    relay = shop.source()
    relay.poll(None)
    monkeypatch.setattr(database, "READING_SECONDS", 1.0)

    began, nap = time.monotonic(), "SELECT pg_sleep(0.3)"
    with pytest.raises(ReadLess), relay._database.reading() as reading:
        list(map(reading._ask, repeat(nap)))  # type: ignore[attr-defined]

    assert 1.0 <= time.monotonic() - began < 2.0


def test_a_server_that_does_not_take_a_connection_is_transient_in_time(shop: Shop) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=1) as silent:
        relay = shop.source(dsn=f"postgresql://relay@127.0.0.1:{silent.getsockname()[1]}/shop")
        began = time.monotonic()
        with pytest.raises(Transient, match="Postgres did not answer"):
            relay.poll(None)

    assert time.monotonic() - began < database.CONNECT_SECONDS + 1
