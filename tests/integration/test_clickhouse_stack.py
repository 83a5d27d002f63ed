"""The embedded ClickHouse through its HTTP interface, asked as anybody asks one."""

import gzip
import io
import threading
import urllib.error
import urllib.request
import zlib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import clickhouse_connect
import lz4.frame
import polars as pl
import pytest
from backports import zstd
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError

from cli.stack.stack import Stack

pytestmark = pytest.mark.clickhouse
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """ClickHouse and nothing else."""
    stack = Stack(Path(tmp_path_factory.mktemp("stack")) / "state")
    stack.start("clickhouse")
    yield stack
    stack.down(wipe=True)


def address(stack: Stack) -> str:
    (found,) = (one.address for one in stack.status() if one.name == "clickhouse")
    return f"http://{found}"


@pytest.fixture
def client(alone: Stack, unique: str) -> Iterator[Client]:
    place = urlsplit(address(alone))
    made = clickhouse_connect.get_client(host=place.hostname, port=place.port or 0)
    made.command(f"CREATE DATABASE {unique}")
    made.database = unique
    yield made
    made.command(f"DROP DATABASE {unique}")
    made.close()


def ask(stack: Stack, body: bytes = b"", path: str = "/", **arguments: str) -> bytes:
    request = urllib.request.Request(f"{address(stack)}{path}?{urlencode(arguments)}", body or None)
    with DIRECT.open(request, timeout=20) as answer:
        found: bytes = answer.read()
        return found


def test_it_says_that_it_is_there(alone: Stack) -> None:
    assert ask(alone, path="/ping") == b"Ok.\n"


def test_a_statement_may_stand_in_the_address_or_in_the_body(alone: Stack) -> None:
    assert ask(alone, query="SELECT 1") == b"1\n"
    assert ask(alone, b"SELECT 2") == b"2\n"
    assert ask(alone, b"SELECT 3 AS a FORMAT JSONEachRow") == b'{"a":3}\n'
    assert ask(alone, b"SELECT 4 AS a", default_format="JSONEachRow") == b'{"a":4}\n'


def test_parameters_are_bound_and_never_read_as_statements(client: Client) -> None:
    odd = "it's \\ a `name`; {b:UInt8}\nnext"

    found = client.query("SELECT {a:String}, {b:UInt8}", parameters={"a": odd, "b": 7})

    assert found.result_rows == [(odd, 7)]


def test_the_ordinary_client_inserts_and_reads(client: Client) -> None:
    client.command("CREATE TABLE t (a Int64, s LowCardinality(String)) ENGINE = Memory")

    client.insert("t", [[1, "one"], [2, "zwei"]], column_names=["a", "s"])

    assert client.query("SELECT * FROM t ORDER BY a").result_rows == [(1, "one"), (2, "zwei")]


@pytest.mark.parametrize("encoding", [None, "lz4", "zstd", "gzip", "deflate"])
def test_a_table_of_arrow_is_inserted_whatever_encodes_it(
    client: Client, encoding: str | None
) -> None:
    client.command("CREATE TABLE t (a Int64, s String) ENGINE = Memory")
    stream = io.BytesIO()
    pl.DataFrame({"a": [1, 2], "s": ["x", "\n\0"]}).write_ipc_stream(stream)

    data = _encoded(stream.getvalue(), encoding)
    client.raw_insert("t", ["a", "s"], data, None, "ArrowStream", encoding)

    assert client.query("SELECT * FROM t ORDER BY a").result_rows == [(1, "x"), (2, "\n\0")]


def _encoded(data: bytes, encoding: str | None) -> bytes:
    encoders = {"lz4": lz4.frame.compress, "zstd": zstd.compress, "gzip": gzip.compress}
    if encoding is None:
        return data
    return zlib.compress(data) if encoding == "deflate" else encoders[encoding](data)


def test_an_error_has_clickhouse_s_number_and_text(alone: Stack, client: Client) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        ask(alone, b"SELECT * FROM nowhere")
    assert refused.value.code == 500
    assert refused.value.headers["X-ClickHouse-Exception-Code"] == "60"
    assert b"UNKNOWN_TABLE" in refused.value.read()
    refused.value.close()

    with pytest.raises(DatabaseError, match="UNKNOWN_TABLE"):
        client.query("SELECT * FROM nowhere")


def test_settings_hold_for_their_own_request_alone_also_after_an_error(client: Client) -> None:
    asked = "SELECT getSetting('max_block_size')"

    assert client.query(asked, settings={"max_block_size": 7}).result_rows == [(7,)]
    with pytest.raises(DatabaseError):
        client.query("SELECT nothing", settings={"max_block_size": 7})
    assert client.query(asked).result_rows == [(65409,)]


def test_a_token_that_came_before_inserts_nothing(client: Client) -> None:
    client.command(
        "CREATE TABLE t (a Int64) ENGINE = MergeTree ORDER BY a "
        "SETTINGS non_replicated_deduplication_window = 100"
    )
    for token in ("x", "x", "y", "x"):
        settings = {"insert_deduplication_token": token, "insert_deduplicate": 1}
        client.insert("t", [[1]], column_names=["a"], settings=settings)

    assert client.query("SELECT count() FROM t").result_rows == [(2,)]


def test_databases_are_those_of_each_request(alone: Stack, client: Client) -> None:
    client.command("CREATE TABLE t (a Int64) ENGINE = Memory")

    assert client.command("EXISTS TABLE t") == 1
    assert ask(alone, b"EXISTS TABLE t") == b"0\n"


def test_statements_of_several_clients_wait_for_one_another(alone: Stack, client: Client) -> None:
    client.command("CREATE TABLE t (a Int64, b String) ENGINE = MergeTree ORDER BY a")

    def insert(number: int) -> None:
        for row in range(20):
            ask(
                alone,
                f"INSERT INTO t FORMAT CSV\n{row},{number}\n".encode(),
                database=str(client.database),
                max_block_size=str(number + 1),
            )

    threads = [threading.Thread(target=insert, args=(number,)) for number in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert client.query("SELECT count(), uniq(a, b) FROM t").result_rows == [(80, 80)]


def test_a_kill_loses_no_row_that_was_acknowledged(alone: Stack, client: Client) -> None:
    client.command("CREATE TABLE t (a Int64) ENGINE = MergeTree ORDER BY a")
    for row in range(20):
        client.insert("t", [[row]], column_names=["a"])
    before = address(alone)

    alone.kill("clickhouse")
    alone.start("clickhouse")

    assert address(alone) == before
    assert client.query("SELECT count() FROM t").result_rows == [(20,)]
