"""Restores, failovers and crashes: the relay stops, or goes on without losing a row."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress

import psycopg
import pytest

from backbone.errors import Fatal, Misconfigured
from tests.integration.outbox.cluster import Cluster
from tests.integration.outbox.shop import Shop, again, count, counters, insert, put

pytestmark = pytest.mark.postgres

REMEDY = "backbone source rewind shop.*docs/outbox.md"


@pytest.fixture
def standby(cluster: Cluster) -> Iterator[Cluster]:
    standby = Cluster.standby_of(cluster)
    yield standby
    standby.remove()


def test_another_cluster_stops_the_relay_and_the_message_has_the_remedy(
    shop: Shop, other_cluster: Cluster, shop_in: Callable[[Cluster], Shop]
) -> None:
    count(shop.connect(), "a")
    before = shop.source().poll(None)
    restored = shop_in(other_cluster)
    count(restored.connect(), "a")

    with pytest.raises(Fatal, match=REMEDY) as caught:
        restored.source().poll(again(before.cursor))

    here = restored.source().poll(None).cursor
    assert f"belongs to database {before.cursor['system']} timeline 1" in str(caught.value)
    assert f"this is {here['system']} timeline 1" in str(caught.value)


def test_a_promoted_standby_stops_the_relay_until_it_is_rewound(
    shop: Shop, standby: Cluster
) -> None:
    count(shop.connect(), "a")
    before = shop.source().poll(None)
    promoted = shop.source(dsn=standby.dsn(shop.database))

    with standby.connect(shop.database) as connection:
        _wait_for(connection, "SELECT count(*) = 1 FROM outbox")
        with pytest.raises(Misconfigured, match="is a standby"):
            promoted.poll(again(before.cursor))
        connection.execute("SELECT pg_promote()")
    with pytest.raises(Fatal, match="timeline 2.*" + REMEDY):
        promoted.poll(again(before.cursor))

    assert promoted.poll(promoted.rewound(position=0)).facts == before.facts  # the same ids


def test_a_cursor_of_another_timeline_is_refused(shop: Shop) -> None:
    relay = shop.source()
    cursor = {**relay.poll(None).cursor, "timeline": 7}

    with pytest.raises(Fatal, match=r"timeline 7, but this is .* timeline 1"):
        relay.poll(cursor)


def test_a_database_put_back_from_a_copy_of_its_files_is_noticed(shop: Shop) -> None:
    relay = shop.source()
    cursor = {**relay.poll(None).cursor, "old": "90000000:90000000:", "new": "90000000:90000000:"}

    with pytest.raises(Fatal, match="gone back in time.*" + REMEDY):
        relay.poll(cursor)


def test_rows_copied_from_another_database_are_refused(shop: Shop) -> None:
    writer = shop.connect()
    put(writer)
    writer.execute("ALTER TABLE outbox DISABLE TRIGGER append_only")
    writer.execute("UPDATE outbox SET tx_id = '90000000'")

    for _ in range(2):  # not only when it connects
        with pytest.raises(Fatal, match="Renumber them"):
            shop.source().poll(None)


def test_a_crash_gives_a_transaction_id_out_again_and_its_second_owners_row_is_not_lost(
    other_cluster: Cluster, shop_in: Callable[[Cluster], Shop]
) -> None:
    # Postgres writes an abort to disk a moment later. Crash in that moment, and the id is new again
    # although a snapshot has shown it as ended.
    shop = shop_in(other_cluster)
    writer, relay = shop.connect(), shop.source()
    insert(writer, "a", 1)
    wal_writer = _one(writer, "SELECT pid FROM pg_stat_activity WHERE backend_type = 'walwriter'")
    os.kill(wal_writer, signal.SIGSTOP)

    rolled_back = _xid_of_a_rollback(writer)
    batch = relay.poll(None)
    _crash(other_cluster, writer, wal_writer)
    writer = shop.connect()
    writer.execute("BEGIN")
    given_again = _one(writer, "SELECT pg_current_xact_id()::text::bigint")
    insert(writer, "a", 2)
    writer.execute("COMMIT")

    assert given_again == rolled_back  # else this test shows nothing
    with suppress(psycopg.Error):
        relay.close()
    assert counters(shop.source().poll(again(batch.cursor))) == [("a", 2)]


def _xid_of_a_rollback(connection: psycopg.Connection[tuple[object, ...]]) -> int:
    connection.execute("BEGIN")
    xid = _one(connection, "SELECT pg_current_xact_id()::text::bigint")
    connection.execute("ROLLBACK")
    return xid


def _crash(
    cluster: Cluster, connection: psycopg.Connection[tuple[object, ...]], wal_writer: int
) -> None:
    """Kill a session: Postgres ends all others, the stopped one with a push, and recovers."""
    os.kill(connection.info.backend_pid, signal.SIGKILL)
    os.kill(wal_writer, signal.SIGKILL)
    with suppress(psycopg.OperationalError):
        while True:  # until the crash has reached this session
            connection.execute("SELECT 1")
    cluster.wait_until_ready()


def _one(connection: psycopg.Connection[tuple[object, ...]], query: str) -> int:
    found = connection.execute(query).fetchone()
    assert found is not None
    assert isinstance(found[0], int)
    return found[0]


def _wait_for(connection: psycopg.Connection[tuple[object, ...]], query: str) -> None:
    connection.execute("SET statement_timeout = '10s'")
    while True:
        with suppress(psycopg.errors.UndefinedTable):
            found = connection.execute(query).fetchone()
            if found and found[0]:
                return
