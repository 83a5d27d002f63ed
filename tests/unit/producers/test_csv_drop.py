"""CSV files dropped into a folder: each row a fact or a reject, each once, whatever the file."""

import json
import os
from collections.abc import Mapping
from dataclasses import MISSING, fields
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backbone.errors import Fatal, Misconfigured, Poison, PoisonReason, Transient
from backbone.source import Batch, Cursor
from producers.csv_drop import CsvDropSource, Settings
from producers.csv_drop.position import REMEMBERED_FILES

HEADER = "stock_code,price,effective_at\n"
COLUMNS = ("stock_code", "price", "effective_at")
A = "A,1.50,2011-10-06\n"
B = "B,2.50,2011-10-07\n"
C = "C,3.50,2011-10-08\n"


def parse(row: Mapping[str, str]) -> dict[str, Any]:
    """Stands for the contract: a date must be one, and prices are not negative."""
    if row["price"].startswith("-"):
        raise Poison(PoisonReason.INVALID, "the row breaks its contract", ["price: negative"])
    at = datetime.fromisoformat(row["effective_at"]).replace(tzinfo=UTC)
    return {"stock_code": row["stock_code"], "price": row["price"], "effective_at": at}


def source_of(path: Path, **changes: Any) -> CsvDropSource:
    fixed: dict[str, Any] = {
        "path": path,
        "fact_type": "pricing.PriceChanged",
        "columns": COLUMNS,
        "key_field": "stock_code",
        "time_field": "effective_at",
        "source": "/connectors/price-list",
    }
    return CsvDropSource("price-list", Settings(**(fixed | changes)), parse)


def drop(folder: Path, content: str | bytes, name: str = "prices.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def read(source: CsvDropSource, cursor: Cursor | None = None) -> list[Batch]:
    """Polls until nothing more is there."""
    batches = []
    while True:
        batch = source.poll(cursor)
        batches.append(batch)
        if batch.wait_seconds > 0:
            source.close()
            return batches
        cursor = json.loads(json.dumps(batch.cursor))


def keys(batches: list[Batch]) -> list[str]:
    return [fact.key for batch in batches for fact in batch.facts]


def rejected(batches: list[Batch]) -> list[tuple[str, bytes, str]]:
    """Where, which bytes, why."""
    return [
        (reject.origin.position, reject.origin.value, str(reject.poison))
        for batch in batches
        for reject in batch.rejects
    ]


def codes(batches: list[Batch]) -> list[str]:
    return [reject.poison.reason for batch in batches for reject in batch.rejects]


def test_a_row_becomes_a_fact_with_its_envelope_and_origin(tmp_path: Path) -> None:
    drop(tmp_path, HEADER + "22423,10.95,2011-10-06\n")

    (fact,) = source_of(tmp_path).poll(None).facts

    assert fact.type == "pricing.PriceChanged"
    assert fact.key == "22423"
    assert fact.data == {
        "stock_code": "22423",
        "price": "10.95",
        "effective_at": datetime(2011, 10, 6, tzinfo=UTC),
    }
    assert fact.envelope.source == "/connectors/price-list"
    assert fact.envelope.time == datetime(2011, 10, 6, tzinfo=UTC)
    assert fact.envelope.sequence == "prices.csv:0000000002"
    # a public contract: another id for the same row would double it downstream
    assert fact.envelope.id == "dc70b48f-e442-5612-84fd-7da587b8603d"
    assert fact.origin is not None
    assert fact.origin.position == "prices.csv:2"
    assert fact.origin.value == b"22423,10.95,2011-10-06"
    assert fact.origin.columns == COLUMNS


def test_a_byte_order_mark_and_crlf_are_no_part_of_the_rows(tmp_path: Path) -> None:
    drop(tmp_path, b"\xef\xbb\xbf" + (HEADER + A + B).replace("\n", "\r\n").encode())

    batches = read(source_of(tmp_path))

    assert keys(batches) == ["A", "B"]
    assert batches[0].facts[0].origin is not None
    assert batches[0].facts[0].origin.value == b"A,1.50,2011-10-06"


def test_quoted_cells_hold_delimiters_quotes_and_line_ends(tmp_path: Path) -> None:
    drop(tmp_path, HEADER + '"a,""b""\r\nc",1.50,2011-10-06\r\n' + B)

    batches = read(source_of(tmp_path))

    assert keys(batches) == ['a,"b"\r\nc', "B"]
    origins = [fact.origin for fact in batches[0].facts]
    assert [(o.position, o.value) for o in origins if o] == [
        ("prices.csv:2", b'"a,""b""\r\nc",1.50,2011-10-06'),
        ("prices.csv:4", b"B,2.50,2011-10-07"),
    ]


def test_a_quote_inside_an_unquoted_cell_is_a_character(tmp_path: Path) -> None:
    drop(tmp_path, HEADER + 'PIPE 5",1.50,2011-10-06\n' + B)

    assert keys(read(source_of(tmp_path))) == ['PIPE 5"', "B"]


def test_the_delimiter_is_the_declared_one(tmp_path: Path) -> None:
    drop(tmp_path, (HEADER + A).replace(",", ";"))

    assert keys(read(source_of(tmp_path, delimiter=";"))) == ["A"]


def test_an_empty_cell_reaches_the_parser_as_an_empty_text(tmp_path: Path) -> None:
    drop(tmp_path, HEADER + "A,,2011-10-06\n")

    assert source_of(tmp_path).poll(None).facts[0].data["price"] == ""


def test_files_are_read_in_the_order_of_their_names_each_once(tmp_path: Path) -> None:
    drop(tmp_path, HEADER + B, "2.csv")
    drop(tmp_path, HEADER + A, "1.csv")
    first = read(source_of(tmp_path))

    drop(tmp_path, HEADER + C, "3.csv")
    second = read(source_of(tmp_path), first[-1].cursor)

    assert keys(first) == ["A", "B"]
    assert keys(second) == ["C"]


def test_files_still_being_written_are_left_alone(tmp_path: Path) -> None:
    drop(tmp_path, HEADER + A, "1.csv.part")
    drop(tmp_path, HEADER + A, ".2.csv")
    (tmp_path / "3.csv").mkdir()

    batch = source_of(tmp_path).poll(None)

    assert batch.empty
    assert batch.wait_seconds == 1.0


def test_the_path_may_be_a_single_file(tmp_path: Path) -> None:
    path = drop(tmp_path, HEADER + A + B)
    drop(tmp_path, HEADER + C, "other.csv")

    assert keys(read(source_of(path, max_batch_rows=1))) == ["A", "B"]


def test_empty_and_header_only_files_give_nothing(tmp_path: Path) -> None:
    drop(tmp_path, "", "1.csv")
    drop(tmp_path, HEADER, "2.csv")
    drop(tmp_path, HEADER.strip(), "3.csv")
    drop(tmp_path, "\n\n", "4.csv")
    drop(tmp_path, HEADER + A, "5.csv")

    batches = read(source_of(tmp_path))

    assert keys(batches) == ["A"]
    assert rejected(batches) == []


def test_blank_lines_are_no_rows(tmp_path: Path) -> None:
    drop(tmp_path, "\n" + HEADER + A + "\n\r\n" + B + "\n")

    batches = read(source_of(tmp_path))

    assert keys(batches) == ["A", "B"]
    assert rejected(batches) == []
    assert batches[0].facts[1].envelope.sequence == "prices.csv:0000000006"


def test_the_last_row_needs_no_line_end(tmp_path: Path) -> None:
    drop(tmp_path, HEADER + A + B.strip())

    assert keys(read(source_of(tmp_path))) == ["A", "B"]


def test_a_batch_ends_after_the_declared_rows(tmp_path: Path) -> None:
    drop(tmp_path, HEADER + A + B + C)

    batches = read(source_of(tmp_path, max_batch_rows=2))

    assert [len(batch.facts) for batch in batches] == [2, 1, 0]


def test_a_batch_ends_after_the_declared_bytes(tmp_path: Path) -> None:
    rows = "".join(f"{number:06d},1.50,2011-10-06\n" for number in range(10_000))
    drop(tmp_path, HEADER + rows)

    batches = read(source_of(tmp_path, max_batch_bytes=100_000, max_batch_rows=10_000))

    assert len(keys(batches)) == 10_000
    assert all(len(batch.facts) * 24 < 200_000 for batch in batches)
    assert len(batches) > 2


def test_the_same_cursor_gives_the_same_rows_again(tmp_path: Path) -> None:
    """A poll whose batch was not published is repeated, also by another process."""
    drop(tmp_path, HEADER + A + B + C)
    source = source_of(tmp_path, max_batch_rows=1)
    cursor = source.poll(None).cursor

    once = source.poll(cursor)
    again = source.poll(cursor)
    elsewhere = source_of(tmp_path, max_batch_rows=1).poll(cursor)

    assert once == again == elsewhere
    assert [fact.key for fact in once.facts] == ["B"]


def test_a_row_has_the_same_id_in_another_file_and_column_order(tmp_path: Path) -> None:
    drop(tmp_path, HEADER + A + B, "1.csv")
    drop(tmp_path, "price,effective_at,stock_code\n2.50,2011-10-07,B\n", "2.csv")

    facts = [fact for batch in read(source_of(tmp_path)) for fact in batch.facts]

    assert facts[1].envelope.id == facts[2].envelope.id
    assert facts[1].data == facts[2].data
    assert facts[0].envelope.id != facts[1].envelope.id


def test_the_id_is_a_uuid5_of_all_cells(tmp_path: Path) -> None:
    drop(tmp_path, HEADER + "".join(f"é{number},1,2011-10-06\n" for number in range(50)))
    namespace = uuid5(NAMESPACE_URL, "/connectors/price-list#pricing.PriceChanged")

    ids = [fact.envelope.id for fact in source_of(tmp_path).poll(None).facts]

    assert ids == [str(uuid5(namespace, f"é{n}\0001\0002011-10-06")) for n in range(50)]


def test_two_prices_of_one_key_at_one_instant_have_two_ids(tmp_path: Path) -> None:
    drop(tmp_path, HEADER + "A,1.50,2011-10-06\nA,1.60,2011-10-06\nA,1.50,2011-10-06\n")

    ids = [fact.envelope.id for fact in source_of(tmp_path).poll(None).facts]

    assert ids[0] != ids[1]
    assert ids[0] == ids[2]  # the same statement made twice


def test_cells_cannot_be_shifted_into_the_same_id(tmp_path: Path) -> None:
    drop(tmp_path, HEADER + "A1,1,2011-10-06\nA,11,2011-10-06\n")

    first, second = source_of(tmp_path).poll(None).facts

    assert first.envelope.id != second.envelope.id


def test_positions_sort_as_text_as_the_rows_were_read(tmp_path: Path) -> None:
    for name in ("a.csv", "a.csv.1.csv", "b.csv"):
        drop(tmp_path, HEADER + A * 11, name)

    positions = [f.envelope.sequence for b in read(source_of(tmp_path)) for f in b.facts]

    assert positions == sorted(positions)
    assert len(positions) == 33


def test_a_row_that_breaks_its_contract_is_rejected_and_the_others_go_on(tmp_path: Path) -> None:
    drop(tmp_path, HEADER + A + "X,-1,2011-10-06\n" + B)

    batches = read(source_of(tmp_path))

    assert keys(batches) == ["A", "B"]
    assert codes(batches) == ["invalid"]
    (reject,) = batches[0].rejects
    assert reject.origin.position == "prices.csv:3"
    assert reject.origin.value == b"X,-1,2011-10-06"
    assert reject.origin.columns == COLUMNS
    assert reject.fact_type == "pricing.PriceChanged"
    assert reject.poison.violations == ("price: negative",)


def test_a_parser_that_breaks_down_costs_one_row_and_quotes_nothing(tmp_path: Path) -> None:
    drop(tmp_path, HEADER + "X,1,secret\n" + A)

    batches = read(source_of(tmp_path))

    assert keys(batches) == ["A"]
    assert codes(batches) == ["handler_failed"]
    assert rejected(batches)[0][2] == "the parser raised ValueError"


def test_a_row_without_a_key_is_rejected(tmp_path: Path) -> None:
    drop(tmp_path, HEADER + ",1.50,2011-10-06\n" + A)

    batches = read(source_of(tmp_path))

    assert keys(batches) == ["A"]
    assert codes(batches) == ["bad_key"]


def test_a_row_with_broken_utf8_is_rejected_and_the_others_go_on(tmp_path: Path) -> None:
    drop(tmp_path, (HEADER + A).encode() + b"caf\xe9,1,2011-10-06\n" + B.encode())

    batches = read(source_of(tmp_path))

    assert keys(batches) == ["A", "B"]
    assert codes(batches) == ["unparsable"]
    assert rejected(batches) == [
        (
            "prices.csv:3",
            b"caf\xe9,1,2011-10-06",
            "the row is not UTF-8: byte 4 of it cannot be read",
        )
    ]


def test_a_row_with_a_nul_byte_is_rejected(tmp_path: Path) -> None:
    drop(tmp_path, HEADER + A + "X\0,1,2011-10-06\n" + B)

    batches = read(source_of(tmp_path))

    assert keys(batches) == ["A", "B"]
    assert rejected(batches) == [
        ("prices.csv:3", b"X\0,1,2011-10-06", "the row contains a NUL byte")
    ]


@pytest.mark.parametrize(("row", "count"), [("X,1", 2), ("X,1,2011-10-06,GBP", 4), (" ", 1)])
def test_a_row_of_another_width_is_rejected(tmp_path: Path, row: str, count: int) -> None:
    drop(tmp_path, f"{HEADER}{A}{row}\n{B}")

    batches = read(source_of(tmp_path))

    assert keys(batches) == ["A", "B"]
    assert codes(batches) == ["unparsable"]
    assert rejected(batches) == [
        ("prices.csv:3", row.encode(), f"the row has {count} of 3 columns")
    ]


def test_text_behind_a_closing_quote_costs_its_row_alone(tmp_path: Path) -> None:
    drop(tmp_path, HEADER + A + '"Best" mug,1,2011-10-06\n' + B)

    batches = read(source_of(tmp_path))

    assert keys(batches) == ["A", "B"]
    assert rejected(batches) == [
        (
            "prices.csv:3",
            b'"Best" mug,1,2011-10-06',
            "text stands behind a closing quote: a quote inside quotes is written twice",
        )
    ]


def test_a_lone_carriage_return_costs_its_row_alone(tmp_path: Path) -> None:
    drop(tmp_path, HEADER + A + "X\rY,1,2011-10-06\n" + B)

    batches = read(source_of(tmp_path))

    assert keys(batches) == ["A", "B"]
    assert rejected(batches)[0][2].startswith("a carriage return stands outside quotes")


def test_a_file_truncated_in_a_row_keeps_the_rows_before_it(tmp_path: Path) -> None:
    drop(tmp_path, HEADER + A + "B,2.5")

    batches = read(source_of(tmp_path))

    assert keys(batches) == ["A"]
    assert rejected(batches) == [("prices.csv:3", b"B,2.5", "the row has 2 of 3 columns")]


def test_a_file_truncated_in_a_quoted_cell_rejects_each_line_of_it(tmp_path: Path) -> None:
    drop(tmp_path, HEADER + A + '"B\n' + C)

    batches = read(source_of(tmp_path))

    message = "the file ends inside a quoted field opened in line 3"
    assert keys(batches) == ["A"]
    assert rejected(batches) == [
        ("prices.csv:3", b'"B', message),
        ("prices.csv:4", b"C,3.50,2011-10-08", message),
    ]


def test_an_unclosed_quote_swallows_no_more_than_the_limit(tmp_path: Path) -> None:
    drop(tmp_path, HEADER + '"X,1,2011-10-06\n' + A * 20 + B)

    batches = read(source_of(tmp_path, max_row_bytes=40))

    assert len(rejected(batches)) == 2
    assert keys(batches) == ["A"] * 19 + ["B"]
    assert rejected(batches)[1] == (
        "prices.csv:3",
        b"A,1.50,2011-10-06",
        "a quoted field opened in line 2 is not closed within 40 bytes",
    )


def test_an_unclosed_quote_ends_at_the_next_quoted_cell(tmp_path: Path) -> None:
    drop(tmp_path, HEADER + '"X,1,2011-10-06\n' + A + '"B",2,2011-10-07\n' + C)

    batches = read(source_of(tmp_path))

    assert keys(batches) == ["C"]
    assert [position for position, _, _ in rejected(batches)] == [
        "prices.csv:2",
        "prices.csv:3",
        "prices.csv:4",
    ]


def test_a_row_beyond_the_limit_is_rejected_with_its_head(tmp_path: Path) -> None:
    long = "X" * 300_000 + ",1,2011-10-06"
    drop(tmp_path, f"{HEADER}{A}{long}\n{B}")

    batches = read(source_of(tmp_path, max_row_bytes=100_000))

    assert keys(batches) == ["A", "B"]
    assert codes(batches) == ["too_large"]
    position, value, message = rejected(batches)[0]
    assert (position, value) == ("prices.csv:3", b"X" * 100_000)
    assert message.startswith("the row has 300,014 bytes with its line end, 100,000 are allowed")


def test_a_cell_beyond_the_readers_limit_is_rejected(tmp_path: Path) -> None:
    drop(tmp_path, HEADER + A + "X" * 131_073 + ",1,2011-10-06\n" + B)

    batches = read(source_of(tmp_path))

    assert keys(batches) == ["A", "B"]
    assert codes(batches) == ["too_large"]
    assert rejected(batches)[0][2] == "a cell is longer than 131,072 characters"


def test_a_row_as_long_as_the_limit_is_read(tmp_path: Path) -> None:
    row = "X" * 87 + ",1,2011-10-06"
    drop(tmp_path, f"{HEADER}{A}{row}\r\n{B}")

    assert keys(read(source_of(tmp_path, max_row_bytes=len(row)))) == ["A", "X" * 87, "B"]
    assert codes(read(source_of(tmp_path, max_row_bytes=len(row) - 1))) == ["too_large"]


def test_a_row_longer_than_a_block_and_a_batch_is_read(tmp_path: Path) -> None:
    drop(tmp_path, HEADER + A + '"' + "x\n" * 50_000 + '",1,2011-10-06\n' + B)

    batches = read(source_of(tmp_path, max_batch_bytes=10))

    assert keys(batches) == ["A", "x\n" * 50_000, "B"]


@pytest.mark.parametrize(
    ("header", "problem"),
    [
        ("stock_code,price\n", "lacks effective_at"),
        ("stock_code,secret,effective_at\n", "lacks price and has unknown names in column 2"),
        ("stock_code,price,price,effective_at\n", "has price more than once"),
        ("stock_code,price,effective_at,x\n", "has unknown names in column 4"),
    ],
)
def test_a_header_that_does_not_fit_rejects_every_row(
    tmp_path: Path, header: str, problem: str
) -> None:
    drop(tmp_path, header + A + B)
    drop(tmp_path, HEADER + C, "sound.csv")

    batches = read(source_of(tmp_path, max_batch_rows=2))

    message = f"the header row {problem}; expected are stock_code, price, effective_at"
    assert keys(batches) == ["C"]
    assert set(codes(batches)) == {"unparsable"}
    assert rejected(batches) == [
        ("prices.csv:1", header.strip().encode(), message),
        ("prices.csv:2", b"A,1.50,2011-10-06", message),
        ("prices.csv:3", b"B,2.50,2011-10-07", message),
    ]


def test_a_wrong_delimiter_is_guessed_in_the_message(tmp_path: Path) -> None:
    drop(tmp_path, "\ufeff" + (HEADER + A).replace(",", ";"))

    batches = read(source_of(tmp_path))

    assert len(rejected(batches)) == 2
    assert rejected(batches)[1][2].endswith("Its delimiter seems to be ';', declared is ','")


def test_a_folder_that_is_missing_is_waited_for(tmp_path: Path) -> None:
    with pytest.raises(Transient, match=r"missing cannot be read .*Waiting: put it there"):
        source_of(tmp_path / "missing").poll(None)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_waited_for(tmp_path: Path) -> None:
    drop(tmp_path, HEADER + A).chmod(0)

    with pytest.raises(Transient, match="Permission denied"):
        source_of(tmp_path).poll(None)


def half_read(tmp_path: Path) -> tuple[CsvDropSource, Cursor]:
    drop(tmp_path, HEADER + A + B + C)
    source = source_of(tmp_path, max_batch_rows=1)
    return source, source.poll(None).cursor


def test_a_partly_read_file_that_is_gone_is_waited_for(tmp_path: Path) -> None:
    source, cursor = half_read(tmp_path)
    (tmp_path / "prices.csv").unlink()

    with pytest.raises(Transient, match="It was read up to line 3; its rest is still to come"):
        source.poll(cursor)

    drop(tmp_path, HEADER + A + B + C)
    assert keys(read(source, cursor)) == ["B", "C"]


@pytest.mark.parametrize("content", [HEADER + A + B + C + C, HEADER + A, HEADER + C + B + A])
@pytest.mark.parametrize("restarted", [False, True])
def test_a_partly_read_file_that_changed_stops_the_source(
    tmp_path: Path, content: str, *, restarted: bool
) -> None:
    source, cursor = half_read(tmp_path)
    drop(tmp_path, content, "new")
    (tmp_path / "new").rename(tmp_path / "prices.csv")

    with pytest.raises(Fatal, match=r"prices\.csv .*Put the original back and drop the new"):
        (source_of(tmp_path) if restarted else source).poll(cursor)


def test_a_file_copied_back_unchanged_is_read_on(tmp_path: Path) -> None:
    source, cursor = half_read(tmp_path)
    drop(tmp_path, HEADER + A + B + C, "copy")
    (tmp_path / "copy").rename(tmp_path / "prices.csv")

    assert keys(read(source, cursor)) == ["B", "C"]


@pytest.mark.parametrize(("content", "copied_with_its_time"), [(C, False), (A + B, True)])
def test_a_finished_file_that_changed_stops_the_source_once_nothing_else_waits(
    tmp_path: Path, content: str, *, copied_with_its_time: bool
) -> None:
    path = drop(tmp_path, HEADER + A)
    modified_ns = path.stat().st_mtime_ns
    cursor = read(source_of(tmp_path))[-1].cursor
    drop(tmp_path, HEADER + content)
    os.utime(path, ns=(1, modified_ns if copied_with_its_time else 1))
    drop(tmp_path, HEADER + B, "sale.csv")
    source = source_of(tmp_path)

    batch = source.poll(cursor)

    assert keys([batch]) == ["B"]
    with pytest.raises(Fatal, match=r"another content now.*sorts behind sale\.csv"):
        source.poll(batch.cursor)


def test_a_finished_file_that_was_only_touched_is_not_read_again(tmp_path: Path) -> None:
    path = drop(tmp_path, HEADER + A)
    cursor = read(source_of(tmp_path))[-1].cursor
    os.utime(path, ns=(1, 1))

    assert source_of(tmp_path).poll(cursor).empty


def test_a_file_that_comes_late_stops_the_source(tmp_path: Path) -> None:
    drop(tmp_path, HEADER + A, "1.csv")
    drop(tmp_path, HEADER + B, "3.csv")
    cursor = read(source_of(tmp_path))[-1].cursor
    drop(tmp_path, HEADER + C, "2.csv")

    with pytest.raises(Fatal, match=r"2\.csv came late.*sorts behind 3\.csv"):
        source_of(tmp_path).poll(cursor)


def test_finished_files_may_be_taken_away(tmp_path: Path) -> None:
    drop(tmp_path, HEADER + A, "1.csv")
    drop(tmp_path, HEADER + B, "2.csv")
    cursor = read(source_of(tmp_path))[-1].cursor
    (tmp_path / "1.csv").unlink()
    (tmp_path / "2.csv").unlink()

    assert source_of(tmp_path).poll(cursor).empty


def test_a_file_name_that_is_not_utf8_stops_the_source(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"pr\xfcfe.csv")).touch()

    with pytest.raises(Fatal, match=r"pr\\xfcfe\.csv is not UTF-8\. Rename"):
        source_of(tmp_path).poll(None)


def test_the_cursor_stays_small_and_a_late_file_is_found_among_many(tmp_path: Path) -> None:
    for number in range(100, 200):
        drop(tmp_path, HEADER + f"{number},1,2011-10-06\n", f"prices-{number}.csv")
    batches = read(source_of(tmp_path))
    (tmp_path / "prices-110.csv").unlink()

    cursor = source_of(tmp_path).poll(batches[-1].cursor).cursor
    drop(tmp_path, HEADER + A, "prices-111b.csv")

    assert len(keys(batches)) == 100
    assert len(json.dumps(cursor)) < REMEMBERED_FILES * 110
    with pytest.raises(Fatal, match=r"prices-111b\.csv came late"):
        source_of(tmp_path).poll(cursor)


def test_a_cursor_of_another_kind_of_source_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Fatal, match=r"not one of a CSV drop.*delete its cursor topic and run"):
        source_of(tmp_path).poll({"position": 4711})


def test_every_setting_says_what_it_is() -> None:
    assert [each.name for each in fields(Settings) if not each.metadata.get("help")] == []


def test_the_system_of_record_has_no_default() -> None:
    required = [each.name for each in fields(Settings) if each.default is MISSING]

    assert "source" in required


def test_settings_report_every_problem_at_once(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured) as raised:
        source_of(tmp_path, delimiter="x", columns=("a", "a"), max_batch_rows=0, key_field="")

    assert str(raised.value) == (
        "csv_drop: key_field is empty; columns names a column twice; delimiter must be one of "
        '"," ";" "\\t" "|"; max_batch_rows must be more than 0.'
    )


def test_a_time_field_that_is_no_instant_is_a_misconfiguration(tmp_path: Path) -> None:
    drop(tmp_path, HEADER + A)

    with pytest.raises(Misconfigured, match=r"price of pricing\.PriceChanged is not an instant"):
        source_of(tmp_path, time_field="price").poll(None).facts  # noqa: B018 - made when asked for


def everything(batches: list[Batch]) -> list[tuple[str, bytes, str, str]]:
    """Every input in the order of its kind: position, bytes, id or reason, key or message."""
    return [
        (f.origin.position, f.origin.value, f.envelope.id, f.key)
        for batch in batches
        for f in batch.facts
        if f.origin
    ] + [
        (r.origin.position, r.origin.value, str(r.poison.reason), str(r.poison))
        for batch in batches
        for r in batch.rejects
    ]


def read_with_restarts(path: Path, sizes: list[tuple[int, int, bool]]) -> list[Batch]:
    """Each step polls with its own batch size, some from a new process and a stored cursor, and
    some twice, as after a crash before the batch was published."""
    batches: list[Batch] = []
    cursor: Cursor | None = None
    source = source_of(path, max_row_bytes=60)
    for step in range(10_000):
        rows, size, restart = sizes[step % len(sizes)]
        if restart:
            source.close()
            source = source_of(path, max_row_bytes=60, max_batch_rows=rows, max_batch_bytes=size)
            source.poll(cursor)
        batch = source.poll(cursor)
        batches.append(batch)
        if batch.wait_seconds > 0:
            break
        cursor = json.loads(json.dumps(batch.cursor))
    source.close()
    return batches


CELLS = st.sampled_from(["A", "é", '"q,""x"""', '"two\nlines"', "", " ", '5"', '"', "x" * 61])
ROWS = st.lists(CELLS, max_size=3).map(",".join) | st.sampled_from([A.strip(), B.strip()])
LINE_ENDS = st.sampled_from(["\n", "\r\n", "\n\n"])
FILES = st.lists(st.tuples(ROWS, LINE_ENDS), max_size=25).map(
    lambda lines: "".join(row + end for row, end in lines).encode()
)
TAILS = st.sampled_from([b"", b"A,1.50,2011-10-06", b'"open', b"\xff\xfe\n", b"\0\n", b"\r"])
SIZES = st.lists(
    st.tuples(st.integers(1, 7), st.integers(1, 200), st.booleans()), min_size=1, max_size=6
)


@settings(max_examples=200, deadline=None)
@given(files=st.lists(st.tuples(FILES, TAILS), min_size=1, max_size=3), sizes=SIZES)
def test_however_it_is_cut_and_restarted_every_row_comes_once_and_in_order(
    files: list[tuple[bytes, bytes]], sizes: list[tuple[int, int, bool]]
) -> None:
    with TemporaryDirectory() as folder:
        for number, (body, tail) in enumerate(files):
            drop(Path(folder), HEADER.encode() + body + tail, f"{number}.csv")

        whole = read(source_of(Path(folder), max_row_bytes=60))
        pieces = read_with_restarts(Path(folder), sizes)

        assert everything(pieces) == everything(whole)


@settings(max_examples=100, deadline=None)
@given(body=FILES, tail=TAILS)
def test_the_inputs_are_the_bytes_of_the_file(body: bytes, tail: bytes) -> None:
    """Nothing lost and nothing made up: the rows put together again are the file without its
    line ends and blank lines."""
    with TemporaryDirectory() as folder:
        drop(Path(folder), HEADER.encode() + body + tail)

        inputs = everything(read(source_of(Path(folder), max_row_bytes=10_000)))

    inputs.sort(key=lambda entry: int(entry[0].rpartition(":")[2]))
    found = b"\n".join(value for _, value, _, _ in inputs)
    assert squeezed(found) == squeezed(body + tail)


def squeezed(content: bytes) -> list[bytes]:
    lines = (line.removesuffix(b"\r") for line in content.split(b"\n"))
    return [line for line in lines if line]
