"""What an owner needs of the headers of a retry: one by one, and of many at once."""

from backbone.fact import LogPosition
from backbone.record import Headers
from backbone.replay.retry_headers import (
    ID,
    OF,
    ORIGINAL,
    MarkColumns,
    Marks,
    Original,
    Run,
    marked,
)

RUN = Run("r1", "tester")


def retry(offset: int) -> Headers:
    of = LogPosition("letters", "dlq.orders", 0, offset)
    original = Original(LogPosition("facts", "sales.order.v1", 2, offset), 1_000 + offset)
    return marked([("ce_id", b"x")], RUN, of, original, "2020-01-01T00:00:00Z")


def test_many_are_read_as_each_alone() -> None:
    foreign: Headers = [(OF, b"\xff|id"), ("other", None), (ID, b"r2")]
    headers = [retry(0), retry(1), [], foreign, [*retry(2), ("behind", b"x")], [(ID, None)]]
    alone = [Marks.of_headers(each) for each in headers]

    found = MarkColumns.of_headers(headers)

    assert [Marks(*each) for each in zip(*found, strict=True)] == alone
    places, topic_ids, runs = found.names()
    assert [*zip(places, topic_ids, strict=True)] == [each.place() for each in alone]
    assert runs == ["r1", "r1", "", "r2", "r1", ""]


def test_marks_in_another_order_are_found_by_their_names() -> None:
    foreign: Headers = [(OF, b"o|t"), ("a", b"1"), (ID, b"r"), ("b", b"2"), (ORIGINAL, b"p")]

    assert Marks.of_headers(foreign) == Marks(replay=b"r", of=b"o|t", original=b"p")


def test_a_retry_says_where_it_stood_at_first() -> None:
    found = Marks.of_headers(retry(7))

    assert found.original == b"sales.order.v1|facts|2|7|1007"
    assert found.place() == ("dlq.orders/0/7", "letters")
