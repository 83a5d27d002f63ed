"""What a source's cursors say against what stands in its topics: the sums."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from backbone.cursor_record import CursorRecord
from backbone.dead_letters import from_reject
from backbone.errors import Poison, PoisonReason
from backbone.fact import LogPosition, Origin
from backbone.ledger import source_lines
from backbone.ledger.interval import Bounds, CursorSpan, span
from backbone.ledger.line import Line
from backbone.ledger.source_lines import Publisher
from backbone.record import Record
from backbone.replay.mending import Retried
from backbone.source import Reject
from tests.unit.ledger.books import NOON, TOPIC, Books, message


def cursor(published: int, rejected: int = 0, **more: Any) -> CursorRecord:
    return CursorRecord({}, published + rejected, published, rejected, **more)


def publisher(found: CursorSpan, newest_ms: int | None = None) -> Publisher:
    newest = found.until_ms if newest_ms is None else newest_ms
    return Publisher("shop", [TOPIC], found, newest)


def until(at: int, published: int, rejected: int = 0) -> Publisher:
    return publisher(CursorSpan(last=cursor(published, rejected), until_ms=at))


def line(books: Books, source: Publisher) -> Line:
    return source_lines.published_line(books.scanned(), [source])


def wrong(found: Line) -> dict[str, tuple[int, list[str]]]:
    kinds = found.wrong.kinds()
    return {name: (each.count, each.first) for name, each in kinds.items() if each.count}


def test_everything_published_is_there() -> None:
    books = Books()
    at = books.append(message(1), message(2))

    found = line(books, until(at, 2))

    assert (found.expected, found.found, found.balances) == (2, 2, True)


def test_a_lost_fact_is_counted() -> None:
    books = Books()
    at = books.append(message(1), message(3))

    assert wrong(line(books, until(at, 3))) == {"missing": (1, [])}


def test_a_fact_that_stands_there_twice_is_counted_and_named() -> None:
    books = Books()
    at = books.append(message(1), message(2), message(2))

    assert wrong(line(books, until(at, 2))) == {"double": (1, [f"{TOPIC}/0/2"])}


def test_a_fact_written_behind_the_newest_cursor_is_nobodys() -> None:
    books = Books()
    at = books.append(message(1))
    books.append(message(2))

    assert wrong(line(books, until(at, 1))) == {"unknown": (1, [])}


def test_a_copy_written_behind_the_newest_cursor_is_double() -> None:
    books = Books()
    at = books.append(message(1), message(2))
    books.append(message(1))

    assert wrong(line(books, until(at, 2))) == {"double": (1, [f"{TOPIC}/0/2"])}


def test_what_is_published_meanwhile_is_not_judged() -> None:
    books = Books()
    at = books.append(message(1))
    newest = books.append(message(2))
    source = Publisher("shop", [TOPIC], until(at, 1).span, newest)

    assert line(books, source).balances is True


def test_a_row_that_the_source_gave_twice_is_only_remarked() -> None:
    books = Books()
    at = books.append(message(1), message(1))

    found = line(books, until(at, 2))

    assert found.balances is True
    assert found.remarks == ("1 repeat an id: the source gave a row twice, or was rewound",)


def test_expired_facts_leave_it_open() -> None:
    books = Books()
    at = books.append(message(1), message(2))

    found = source_lines.published_line(books.scanned(first=1, start=1), [until(at, 2)])

    assert found.balances is None
    assert "expired" in found.note


def test_an_interval_begins_behind_the_cursor_before_it() -> None:
    books = Books()
    first = books.append(message(1), message(2))
    second = books.append(message(3))
    found = span(_cursors((first, cursor(2)), (second, cursor(3))), Bounds(first + 1, second))

    assert (found.published, found.after_ms, found.until_ms) == (1, first, second)
    assert line(books, publisher(found)).balances is True


def test_an_interval_whose_first_cursor_was_compacted_away_is_not_judged() -> None:
    books = Books()
    first = books.append(message(1), message(2))
    records = _cursors((first, cursor(2)), offset=7)

    assert line(books, publisher(span(records, Bounds(first - 1, first)))).balances is None


def test_the_whole_interval_needs_no_earlier_cursor() -> None:
    books = Books()
    at = books.append(message(1), message(2))
    records = _cursors((at, cursor(2)), offset=7)

    assert line(books, publisher(span(records, Bounds(None, at)))).balances is True


def test_a_source_of_two_topics_says_how_much_went_to_which() -> None:
    books = Books()
    at = books.append(message(1))
    told = CursorSpan(last=cursor(5, facts={TOPIC: 1, "other": 4}), until_ms=at)

    assert line(books, Publisher("shop", [TOPIC, "other"], told, at)).balances is True


def test_a_source_of_two_topics_that_did_not_say_is_not_judged() -> None:
    books = Books()
    at = books.append(message(1))
    told = CursorSpan(last=cursor(5), until_ms=at)

    assert line(books, Publisher("shop", [TOPIC, "other"], told, at)).balances is None


def test_a_lost_dead_letter_is_counted() -> None:
    found = source_lines.rejected_line(until(1000, 5, 2), [_letter("outbox:1")])

    assert wrong(found) == {"missing": (1, [])}


def test_a_dead_letter_that_stands_there_twice_is_named() -> None:
    letters = [_letter("outbox:1"), _letter("outbox:2"), _letter("outbox:2")]

    found = source_lines.rejected_line(until(1000, 5, 2), letters)

    assert wrong(found) == {"double": (1, ["outbox:2"])}


def test_mended_rejects_are_facts_beside_the_published_ones() -> None:
    books = Books()
    at = books.append(message(1), message(2), message(3))
    told = CursorSpan(last=cursor(2, 1, retried=Retried("r", 1, mended=1)), until_ms=at)

    assert line(books, publisher(told)).balances is True
    assert source_lines.read_line(publisher(told)).balances is True


def test_a_row_that_was_rejected_once_more_is_one_rejected_row() -> None:
    again = _letter("outbox:1")
    again = replace(again, headers=[*again.headers, ("replay.count", b"1")])

    found = source_lines.rejected_line(until(1000, 5, 1), [_letter("outbox:1"), again])

    assert found.balances is True


def test_read_is_published_and_rejected() -> None:
    told = CursorSpan(last=CursorRecord({}, 8, 5, 2), until_ms=1000)

    assert wrong(source_lines.read_line(publisher(told))) == {"missing": (1, [])}


def _cursors(*told: tuple[int, CursorRecord], offset: int = 0) -> Iterator[Record]:
    for number, (at, each) in enumerate(told):
        place = LogPosition("c", "cursor.shop", 0, offset + number)
        yield Record(place, b"cursor", each.to_bytes(), (), at)


def _letter(position: str) -> Record:
    poison = Poison(PoisonReason.INVALID, "no")
    made = from_reject("shop", Reject(Origin(position, b"{}"), poison), NOON)
    place = LogPosition("d", "dlq.shop", 0, 0)
    return Record(place, made.key, made.value, made.headers, 1000)
