import gzip
import zlib

import lz4.frame
import pytest
from backports import zstd

from cli.stack.clickhouse_statement import Refused, Statement, statement


def asked(body: bytes = b"", encoding: str = "", **arguments: str) -> Statement:
    return statement(arguments, body, encoding)


def test_a_select_stands_in_the_address_or_in_the_body() -> None:
    assert asked(query="SELECT 1").text == "SELECT 1"
    assert asked(b"SELECT 1").text == "SELECT 1"
    assert asked(b"SELECT 1").data is None


def test_the_data_of_an_insert_begins_behind_its_first_line() -> None:
    one = asked(b"INSERT INTO t (a, b)\nFORMAT Native\n\x01\x02\nrest")
    two = asked(b"\x01\x02\nrest", query="INSERT INTO t (a, b) FORMAT Native")

    assert one.text.strip() == "INSERT INTO t (a, b)\nFORMAT Native"
    assert two.text.strip() == "INSERT INTO t (a, b) FORMAT Native"
    assert one.data == two.data == b"\x01\x02\nrest"


def test_an_insert_without_a_format_brings_no_data() -> None:
    assert asked(b"INSERT INTO t VALUES (1, 'FORMATTED')").data is None
    assert asked(b"INSERT INTO t SELECT * FROM u").data is None


def test_an_insert_reads_its_data_from_a_file_before_its_settings_and_its_format() -> None:
    plain = asked(b"x", query="INSERT INTO t FORMAT Native")
    settled = asked(b"x", query="INSERT INTO t SETTINGS a = 1 FORMAT Native")

    assert " ".join(plain.reading("/f").split()) == "INSERT INTO t FROM INFILE '/f' FORMAT Native"
    assert " ".join(settled.reading("/f").split()) == (
        "INSERT INTO t FROM INFILE '/f' SETTINGS a = 1 FORMAT Native"
    )


@pytest.mark.parametrize(
    ("encoding", "encode"),
    [
        ("gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("lz4", lz4.frame.compress),
        ("zstd", zstd.compress),
        ("", bytes),
    ],
)
def test_a_body_is_decoded(encoding: str, encode: object) -> None:
    assert callable(encode)

    assert asked(encode(b"SELECT 1"), encoding).text == "SELECT 1"


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "lz4", "zstd", "brotli"])
def test_a_body_that_is_not_what_it_says_is_refused(encoding: str) -> None:
    with pytest.raises(Refused, match=encoding):
        asked(b"SELECT 1", encoding)


def test_what_is_no_parameter_and_not_of_the_interface_is_a_setting() -> None:
    found = asked(
        query="SELECT {a:String}",
        param_a="x",
        database="d",
        default_format="Native",
        session_id="s",
        insert_deduplication_token="it's",
    )

    assert found.parameters == {"a": "x"}
    assert found.settings == {"insert_deduplication_token": "it's"}
    assert (found.database, found.output) == ("d", "Native")
    assert found.setting() == r"SET insert_deduplication_token = 'it\'s'"
    assert found.resetting() == "SET insert_deduplication_token = DEFAULT"


@pytest.mark.parametrize(
    "arguments", [{"database": "a`; DROP"}, {"default_format": "x y"}, {"a = 1, b": "2"}]
)
def test_a_name_that_is_none_is_refused(arguments: dict[str, str]) -> None:
    with pytest.raises(Refused):
        asked(b"SELECT 1", "", **arguments)
