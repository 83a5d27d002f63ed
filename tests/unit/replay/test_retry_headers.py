"""What an owner needs of the header of a retry: one by one, and of many at once."""

import pytest

from backbone.dead_letters import FIRST_FAILED_AT
from backbone.fact import LogPosition
from backbone.record import Headers, RecordBatch
from backbone.replay.mark_columns import MarkColumns
from backbone.replay.retry_headers import (
    BY,
    COUNT,
    ID,
    OF,
    ORIGINAL,
    RETRY,
    About,
    Marks,
    Original,
    Run,
    Stood,
    marked,
    own_headers,
    split_place,
)
from backbone.replay.retry_texts import as_text, spoken, unspoken

RUN = Run("r1", "tester|with a bar")
FAILED = "2020-01-01T00:00:00Z"
TEXT: Headers = [
    (ID, b"r1"),
    (COUNT, b"1"),
    (OF, b"dlq.orders/0/7|letters"),
    (BY, b"tester|with a bar"),
    (ORIGINAL, b"sales.order.v1|facts|2|7|1007"),
]


def retry(offset: int, first_failed_at: str | None = FAILED) -> Headers:
    of = LogPosition("letters", "dlq.orders", 0, offset)
    original = Original(LogPosition("facts", "sales.order.v1", 2, offset), 1_000 + offset)
    return marked([("ce_id", b"x")], RUN, of, original, first_failed_at)


def test_a_retry_has_one_header_which_holds_the_record_s_own() -> None:
    assert [name for name, _ in retry(7)] == [RETRY]
    assert own_headers(retry(7)) == [("ce_id", b"x")]


@pytest.mark.parametrize("value", [None, b"", b"a\0b", b"\xff|"])
def test_whatever_a_header_holds_is_given_back(value: bytes | None) -> None:
    of = LogPosition("letters", "dlq.orders", 0, 7)
    own: Headers = [("ce_id", b"x"), ("strange", value), ("ce_id", b"again")]
    many = [marked(own, RUN, of, None) for _ in range(3)]

    assert own_headers(many[0]) == own
    assert [*MarkColumns.of_headers(many).own] == [own] * 3
    assert as_text(many[0])[:3] == own


def test_a_retry_says_where_it_stood_at_first() -> None:
    found = Marks.of_headers(retry(7))

    about = About(
        "r1", "dlq.orders/0", "letters", "sales.order.v1|facts|2|", "tester|with a bar", ("ce_id",)
    )
    assert found == Marks(about, 7, 7, 1_007)
    assert found.place() == ("dlq.orders/0/7", "letters")


def test_a_retry_without_a_record_of_its_own_says_what_is_replayed() -> None:
    of = LogPosition("letters", "dlq.shop", 0, 3)

    found = Marks.of_headers(marked([], RUN, of, None))

    assert (found.place(), found.offset) == (("dlq.shop/0/3", "letters"), None)


def test_a_dead_letter_says_the_same_as_text() -> None:
    assert as_text(retry(7)) == [("ce_id", b"x"), (FIRST_FAILED_AT, FAILED.encode()), *TEXT]
    assert as_text(retry(7, None)) == [("ce_id", b"x"), *TEXT]


def test_what_earlier_releases_wrote_is_read() -> None:
    now, then = Marks.of_headers(retry(7)), Marks.of_headers(TEXT)

    assert then == now._replace(about=now.about._replace(by="", names=()))


def test_a_message_that_was_replayed_before_is_counted_on() -> None:
    of = LogPosition("letters", "dlq.orders", 0, 8)

    again = marked(as_text(retry(7)), RUN, of, None)

    assert dict(as_text(again))[COUNT] == b"2"


@pytest.mark.parametrize(
    "foreign",
    [
        [],
        [(OF, b"\xff|id"), ("other", None), (ID, b"r2")],
        [(ID, None)],
        [(RETRY, None)],
        [(RETRY, b"2|1|1|1|1||[]")],
        [(RETRY, b"1|1|1|1|1||nonsense")],
        [(RETRY, b'1|1|1|1|1||["a", 1]')],
        [(RETRY, b'1|1|1|1|1||["r", "dlq.x/0", "id", "", "", [1]]')],
        [(RETRY, b'1|1|1|1|1||["r", "dlq.x/0", "id", "", "", ["a"]]')],
        [(RETRY, b'1|1|1|1|1||["r", "dlq.x/0", "id", "", "", ["a"]]\0x\0y')],
        [(RETRY, b'1|-1|1|1|1||["r", "dlq.x/0", "id", "", "", ["ce_id"]]\0x')],
        [(RETRY, b'1|1|-1|1|1||["r", "dlq.x/0", "id", "t|i|0|", "", ["ce_id"]]\0x')],
        [(RETRY, b'1|+1|1|1|1||["r", "dlq.x/0", "id", "", "", ["ce_id"]]\0x')],
        [(RETRY, b'1|1|1|+1|1||["r", "dlq.x/0", "id", "t|i|0|", "", ["ce_id"]]\0x')],
        [(RETRY, b'1|1||1|1||["r", "dlq.x/0", "id", "t|i|0|", "", ["ce_id"]]\0x')],
        [(RETRY, b'1|%s|1|1|1||["r", "dlq.x/0", "id", "", "", []]' % (b"9" * 5_000))],
        [(RETRY, b'1|1|%s|1|1||["r", "dlq.x/0", "id", "t|i|0|", "", []]' % (b"9" * 19))],
        [(RETRY, b'1|1|1|1|1||{"a":1,"b":1,"c":1,"d":1,"e":1,"f":1}')],
        [(OF, b"dlq.x/0/" + b"9" * 5_000), (ORIGINAL, b"t|i|0|" + b"9" * 5_000 + b"|1")],
        [*retry(2), ("behind", b"x")],
        marked([("another", b"x")], RUN, LogPosition("l", "dlq.orders", 0, 1), None),
    ],
)
def test_many_are_read_as_each_alone(foreign: Headers) -> None:
    headers = [retry(0), foreign, retry(1)]

    found = MarkColumns.of_headers(headers)

    assert [*map(found.row, range(3))] == [*map(Marks.of_headers, headers)]
    assert [*found.own] == [own_headers(each) for each in headers]


def test_an_offset_below_zero_is_none() -> None:
    header = b'1|1|-1|1|1||["r", "dlq.x/0", "id", "t|i|0|", "", []]'

    assert [*MarkColumns.of_headers([[(RETRY, header)]]).offsets] == [None]


def test_who_writes_dead_letters_sees_text_and_who_reads_many_does_not() -> None:
    own = MarkColumns.of_headers([retry(7)]).own
    batch = RecordBatch(
        "t", "id", 0, [7, 8], [b"k"] * 2, [b"v"] * 2, [*own, [("held", b"")]], [0, 0]
    )
    tried = RecordBatch("t", "id", 0, [7], [b"k"], [b"v"], own, [0])

    told = spoken(batch, tried, [retry(7)])

    assert told.record(0).headers == as_text(retry(7))
    assert told.record(1).headers == [("held", b"")]
    assert [*told.headers[:1]] == [as_text(retry(7))]
    assert unspoken(told).headers is batch.headers
    assert unspoken(batch) is batch


@pytest.mark.parametrize("digits", ["9" * 5_000, "9" * 19, "-1", "+1", "\u0661", ""])
def test_what_is_no_number_of_ours_is_none(digits: str) -> None:
    assert Stood.read(f"t|i|{digits}|") is None
    assert split_place(f"dlq.x/0/{digits}") == (f"dlq.x/0/{digits}", None)
    found = Marks.of_headers([(OF, f"x/{digits}|i".encode()), (ORIGINAL, f"|{digits}|1".encode())])
    assert (found.number, found.offset, found.published_ms) == (None, None, None)
