"""The headers that become columns, however publishers write them."""

import pytest

from backbone.record import Headers
from consumers.clickhouse.headers import named_in


def usual(number: int) -> Headers:
    values = (b"1.0", b"id-%d" % number, b"/test", b"t", b"2020", b"%d" % number)
    names = ("specversion", "id", "source", "type", "time", "sequence")
    return [(f"ce_{name}", value) for name, value in zip(names, values, strict=True)]


def correlated(number: int) -> Headers:
    return [("ce_correlationid", b"c-%d" % number), *usual(number), ("traceparent", b"x")]


@pytest.mark.parametrize("count", [1, 256, 700])
def test_headers_that_all_have_the_same_names(count: int) -> None:
    ids = [b"id-%d" % each for each in range(count)]

    assert named_in([*map(usual, range(count))]) == (ids, [b"/test"] * count, [None] * count)
    assert named_in([*map(correlated, range(count))]) == (
        ids,
        [b"/test"] * count,
        [b"c-%d" % each for each in range(count)],
    )


def test_headers_of_several_publishers() -> None:
    found = named_in([usual(1), correlated(2), [], [("other", b"x"), ("ce_id", None)]])

    assert found == (
        [b"id-1", b"id-2", None, None],
        [b"/test", b"/test", None, None],
        [None, b"c-2", None, None],
    )


def test_records_without_headers() -> None:
    assert named_in([[], []]) == ([None, None], [None, None], [None, None])
    assert named_in([]) == ([], [], [])


def test_of_headers_that_repeat_the_last_one_counts() -> None:
    assert named_in([[*usual(1), ("ce_id", b"again")], [*usual(2), ("ce_id", b"once more")]])[
        0
    ] == [
        b"again",
        b"once more",
    ]


def test_names_that_line_up_only_across_records() -> None:
    names = [("ce_id", b"mine"), ("ce_source", b"/mine")]

    assert named_in([names, [*names, ("ce_id", b"late")], [("ce_source", b"/other")]])[0] == [
        b"mine",
        b"late",
        None,
    ]
