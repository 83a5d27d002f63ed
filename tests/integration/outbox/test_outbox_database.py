"""The adapter against a real Postgres: errors by what to do next, plans, and rows as written."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from psycopg import errors, sql

from backbone.errors import Fatal, Misconfigured, PoisonReason, Transient
from producers.outbox.database import _ROWS
from producers.outbox.table import create_table, table_name
from tests.integration.outbox.cluster import Cluster
from tests.integration.outbox.shop import Shop, again, count, counters, insert, put

pytestmark = pytest.mark.postgres


def test_a_terminated_connection_is_transient_and_the_next_poll_goes_on_exactly(
    shop: Shop,
) -> None:
    writer, relay = shop.connect(), shop.source()
    count(writer, "a")
    first = relay.poll(None)
    count(writer, "a")

    writer.execute(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
        "WHERE application_name = 'backbone-outbox' AND datname = current_database()"
    )
    with pytest.raises(Transient, match="the same read is tried again"):
        relay.poll(again(first.cursor))

    assert counters(relay.poll(again(first.cursor))) == [("a", 2)]


def test_a_server_that_is_away_is_transient_and_the_message_shows_no_password(shop: Shop) -> None:
    relay = shop.source(dsn="postgresql://relay:hush@127.0.0.1:1/shop")

    with pytest.raises(Transient) as caught:
        relay.poll(None)

    assert "127.0.0.1:1/shop" in str(caught.value)
    assert "hush" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_read_that_waits_too_long_is_transient(shop: Shop) -> None:
    hasty = shop.source(dsn=shop.cluster.dsn(shop.database) + "?options=-c%20lock_timeout%3D1")
    locker = shop.connect()

    locker.execute("BEGIN")
    locker.execute("LOCK outbox IN ACCESS EXCLUSIVE MODE")

    with pytest.raises(Transient, match="55P03"):
        hasty.poll(None)


def test_a_missing_table_says_where_its_ddl_is(shop: Shop) -> None:
    shop.connect().execute("DROP TABLE outbox")

    with pytest.raises(Misconfigured, match=r"run the DDL of docs/outbox.md"):
        shop.source().poll(None)


def test_a_role_that_may_not_read_says_which_page_has_the_grants(shop: Shop) -> None:
    admin = shop.connect()
    admin.execute("DROP ROLE IF EXISTS relay")
    admin.execute("CREATE ROLE relay LOGIN")
    relay = shop.source(dsn=shop.cluster.dsn(shop.database, user="relay"))

    with pytest.raises(Misconfigured, match=r"“Grants” in docs/outbox.md"):
        relay.poll(None)

    admin.execute("GRANT SELECT ON outbox TO relay")
    count(admin, "a")
    assert counters(relay.poll(None)) == [("a", 1)]  # SELECT is all it needs
    admin.execute("DROP OWNED BY relay")
    admin.execute("DROP ROLE relay")


def test_the_relay_cannot_write(shop: Shop) -> None:
    relay = shop.source()
    relay.poll(None)

    with (
        pytest.raises(Fatal, match="ReadOnlySqlTransaction"),
        relay._database.reading() as reading,
    ):
        reading._ask("INSERT INTO {table} DEFAULT VALUES RETURNING 1")  # type: ignore[attr-defined]


def test_a_window_in_a_large_outbox_is_found_by_an_index(shop: Shop) -> None:
    writer = shop.connect()
    for _ in range(40):
        writer.execute(
            "INSERT INTO outbox (id, aggregatetype, aggregateid, type, payload) "
            "SELECT gen_random_uuid(), 'order', n::text, 'Counted', '{}' "
            "FROM generate_series(1, 500) n"
        )
    writer.execute("ANALYZE outbox")
    newest = writer.execute("SELECT max(tx_id)::text::bigint FROM outbox").fetchone()
    assert newest is not None
    xid = newest[0]

    now = f"{xid + 1}:{xid + 1}:"
    recent = {"old": f"{xid - 1}:{xid}:{xid - 1}", "new": now, "ended": f"{{{xid - 1}}}"}
    backlog = {"old": "1:1:", "new": now, "ended": "{}"}

    def plan(window: dict[str, str]) -> str:
        query = sql.SQL("EXPLAIN " + _ROWS).format(table=table_name())
        rows = writer.execute(query, {**window, "position": 0, "limit": 1000})
        return "\n".join(line for (line,) in rows)

    assert "Bitmap Index Scan on outbox_tx_id" in plan(recent)
    assert "Index Scan using outbox_pkey" in plan(backlog)
    assert "Seq Scan" not in plan(recent) + plan(backlog)


def test_the_table_can_be_created_again_and_by_several_at_once(cluster: Cluster) -> None:
    with cluster.connect() as connection:
        connection.execute("CREATE SCHEMA IF NOT EXISTS sales")

    def create() -> None:
        with cluster.connect() as connection:
            connection.execute(create_table("sales.outbox"))

    with ThreadPoolExecutor(4) as threads:
        ended = [threads.submit(create) for _ in range(8)]

    assert [each.exception() for each in ended] == [None] * 8


def test_a_row_cannot_be_changed_once_it_is_written(shop: Shop) -> None:
    writer = shop.connect()
    insert(writer, "a", 1)

    with pytest.raises(errors.RaiseException, match="append-only"):
        writer.execute("UPDATE outbox SET type = 'Other'")


def test_a_poisoned_row_keeps_its_bytes_and_stops_no_other(shop: Shop) -> None:
    writer, relay = shop.connect(), shop.source()
    put(writer, aggregateid="a", payload='{"key": "a",  "price": 1.10}')
    put(writer, aggregateid="b", payload='{"key":"b","key":"b"}')
    put(writer, aggregateid="c", payload='{ "key" : "other" }')
    put(writer, aggregateid="d", payload='["d"]')
    put(writer, aggregateid="e", type="Uncounted", payload='{"key":"e"}')
    put(writer, aggregateid="f", payload='{"key":"f"}', occurred_at="infinity")
    put(
        writer,
        aggregateid="g",
        payload='{"key":"g"}',
        headers='{"traceparent": ' + "9" * 5000 + "}",
    )
    put(writer, aggregateid="h", payload='{"key":"h","n":' + "9" * 5000 + "}")
    put(writer, aggregateid="i", payload="[" * 5000 + "]" * 5000)

    batch = relay.poll(None)

    assert [fact.origin and fact.origin.value for fact in batch.facts] == [
        b'{"key": "a",  "price": 1.10}',
        b'{"key":"g"}',
    ]
    assert [(reject.origin.key, reject.poison.reason) for reject in batch.rejects] == [
        (b"b", PoisonReason.UNPARSABLE),
        (b"c", PoisonReason.BAD_KEY),
        (b"d", PoisonReason.UNPARSABLE),
        (b"e", PoisonReason.UNEXPECTED_FACT),
        (b"f", PoisonReason.INVALID),
        (b"h", PoisonReason.UNPARSABLE),
        (b"i", PoisonReason.UNPARSABLE),
    ]
    assert batch.rejects[1].origin.value == b'{ "key" : "other" }'
