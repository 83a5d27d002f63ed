"""How much one poll of an outbox gives: bounded in rows and in bytes, whatever the rows are."""

import math

import pytest

from backbone.source import Batch, Cursor
from producers.outbox.page import FIRST_ROWS, ReadLess
from producers.outbox.row import OutboxRow
from tests.unit.producers.described_outbox import Database, row, source


def sized(position: int, size: int, headers: str | None = None) -> OutboxRow:
    """A row of so many bytes, in letters of two bytes."""
    filled = size - len('{"order_id":"7","":""}') - len(headers or "")
    payload = f'{{"order_id":"7","":"{"é" * (filled // 2)}{"e" * (filled % 2)}"}}'
    return row(position, payload, headers=headers)


def positions(batch: Batch) -> list[int]:
    return [int(fact.envelope.sequence) for fact in batch.facts]


def test_a_page_is_cut_to_the_rows_that_fit_and_the_next_one_goes_on_behind_them() -> None:
    database = Database(*(sized(number, 100) for number in range(1, 6)))
    relay = source(database, max_batch_bytes=200)

    first = relay.poll(None)
    second = relay.poll(first.cursor)
    third = relay.poll(second.cursor)

    assert [positions(each) for each in (first, second, third)] == [[1, 2], [3, 4], [5]]
    told = (first.cursor["old"], first.cursor["new"], first.cursor["position"])
    assert (told, first.cursor["highest"]) == (("1:1:", "100:100:", 2), 12)
    assert [first.wait_seconds, second.wait_seconds] == [0.0, 0.0]
    assert (third.cursor["old"], third.cursor["position"]) == ("16:16:", 0)


def test_a_row_larger_than_a_page_comes_alone() -> None:
    relay = source(Database(sized(1, 500), sized(2, 50), sized(3, 500)), max_batch_bytes=100)

    first = relay.poll(None)
    second = relay.poll(first.cursor)
    third = relay.poll(second.cursor)

    assert [positions(each) for each in (first, second, third)] == [[1], [2], [3]]


def test_headers_count_as_well() -> None:
    headers = f'{{"other":"{"h" * 60}"}}'
    relay = source(Database(sized(1, 100, headers), sized(2, 100, headers)), max_batch_bytes=199)

    assert positions(relay.poll(None)) == [1]


def test_so_many_rows_are_asked_for_as_fit_and_more_again_after_small_ones() -> None:
    large = [sized(number, 500) for number in range(1, 11)]
    small = [sized(number, 50) for number in range(11, 60)]
    database = Database(*large, *small)
    relay = source(database, max_batch_bytes=1_000)

    cursor: Cursor | None = None
    given: list[Batch] = []
    while not given or not given[-1].empty:
        given.append(relay.poll(cursor))
        cursor = given[-1].cursor

    assert [each for batch in given for each in positions(batch)] == list(range(1, 60))
    assert database.asked[:11] == [10, 2, 2, 2, 2, 2, 4, 8, 10, 10, 10]


def test_a_page_that_was_not_full_does_not_tell_that_more_would_fit() -> None:
    database = Database(*(sized(number, 500) for number in range(1, 11)))
    relay = source(database, max_batch_bytes=1_000)
    cursor = relay.poll(None).cursor
    database.table[2:] = [row(11)]

    for _ in range(3):
        cursor = relay.poll(cursor).cursor

    assert database.asked == [10, 2, 2, 2]


def test_what_does_not_come_in_time_is_asked_for_in_halves_and_more_again_afterwards() -> None:
    database = Database(*(row(number) for number in range(1, 60)))
    relay = source(database)
    database.too_many = 1
    for _ in range(5):
        with pytest.raises(ReadLess):
            relay.poll(None)
    database.too_many = math.inf

    cursor = None
    for _ in range(5):
        cursor = relay.poll(cursor).cursor

    assert database.asked == [10, 5, 2, 1, 1, 1, 2, 4, 8, 10]


def test_the_first_page_is_a_small_one_whatever_may_come_later() -> None:
    database = Database()
    source(database, max_rows=5_000).poll(None)

    assert set(database.asked) == {FIRST_ROWS}
