"""Headers as columns, however publishers write them: nothing is lost of them."""

from collections.abc import Sequence
from random import Random

import pytest

from backbone.header_columns import HeaderColumns, chosen_headers, header_columns
from backbone.record import Header, Headers

NAMES = ("ce_id", "ce_source", "ce_correlationid")


def usual(number: int) -> Headers:
    values = (b"1.0", b"id-%d" % number, b"/test", b"t", b"2020", b"%d" % number)
    names = ("specversion", "id", "source", "type", "time", "sequence")
    return [(f"ce_{name}", value) for name, value in zip(names, values, strict=True)]


def correlated(number: int) -> Headers:
    return [("ce_correlationid", b"c-%d" % number), *usual(number), ("traceparent", b"x")]


def lists(rows: Sequence[Headers], names: Sequence[str]) -> list[list[bytes | None]]:
    return [[*each] for each in header_columns(rows, names)]


@pytest.mark.parametrize("count", [1, 256, 700])
def test_headers_that_all_have_the_same_names(count: int) -> None:
    ids: list[bytes | None] = [b"id-%d" % each for each in range(count)]
    sources: list[bytes | None] = [b"/test"] * count

    found = lists([*map(usual, range(count))], NAMES)
    assert found == [ids, sources, [None] * count]
    found = lists([*map(correlated, range(count))], NAMES)
    assert found == [ids, sources, [b"c-%d" % each for each in range(count)]]


def test_headers_of_several_publishers() -> None:
    rows = [usual(1), correlated(2), [], [("other", b"x"), ("ce_id", None)]]

    assert lists(rows, NAMES) == [
        [b"id-1", b"id-2", None, None],
        [b"/test", b"/test", None, None],
        [None, b"c-2", None, None],
    ]


def test_records_without_headers() -> None:
    assert lists([[], []], NAMES) == [[None, None]] * 3
    assert lists([], NAMES) == [[], [], []]
    assert [*HeaderColumns([[], ()])] == [[], []]


def test_of_headers_that_repeat_the_last_one_counts() -> None:
    rows = [[*usual(1), ("ce_id", b"again")], [*usual(2), ("ce_id", b"once more")]]

    assert lists(rows, NAMES)[0] == [b"again", b"once more"]
    assert [*HeaderColumns(rows)] == rows


def test_names_that_line_up_only_across_records() -> None:
    names = [("ce_id", b"mine"), ("ce_source", b"/mine")]
    rows = [names, [*names, ("ce_id", b"late")], [("ce_source", b"/other")]]

    assert lists(rows, NAMES)[0] == [b"mine", b"late", None]


def _rows(random: Random, count: int) -> list[list[Header]]:
    """Runs of records alike, and others between them."""
    rows: list[list[Header]] = []
    while len(rows) < count:
        names = [random.choice((*NAMES, "other")) for _ in range(random.randrange(4))]
        for _ in range(random.choice((1, 1, 2, 30))):
            values = [random.choice((None, b"", b"%d" % len(rows))) for _ in names]
            rows.append([*zip(names, values, strict=True)])
    return rows[:count]


@pytest.mark.parametrize("seed", range(8))
def test_whatever_was_added_and_however_it_is_given_back(seed: int) -> None:
    random = Random(seed)
    rows = _rows(random, 300)
    found, rest, cut = HeaderColumns(), HeaderColumns(), random.randrange(300)
    for start in range(0, cut, 100):
        found.add(rows[start : min(start + 100, cut)])
    rest.add(rows[cut:])
    found.extend(rest)

    assert len(found) == 300
    assert [*found] == rows == [found[place] for place in range(300)]
    assert found[-7] == rows[-7]
    assert found[40:250:3] == rows[40:250:3]
    with pytest.raises(IndexError):
        found[300]
    assert lists(found, NAMES) == [[dict(row).get(name) for row in rows] for name in NAMES]


@pytest.mark.parametrize("columns", [False, True])
def test_the_headers_in_some_places(*, columns: bool) -> None:
    rows = _rows(Random(9), 200)
    places = [3, 50, 4, 199]
    chosen = chosen_headers(HeaderColumns(rows) if columns else rows, places)

    assert [*chosen] == [rows[place] for place in places]
    assert [*chosen[1:3]] == [rows[50], rows[4]]
    wanted = [[dict(rows[place]).get(name) for place in places] for name in NAMES]
    assert lists(chosen, NAMES) == wanted


def test_one_header_alone() -> None:
    found = HeaderColumns([[("a", b"1")]] * 3)
    found.extend(HeaderColumns([[("a", None)]]))

    assert found.only("a") == [b"1", b"1", b"1", None]
    assert found.only("b") is None
    assert HeaderColumns([[("a", b"1")], [("a", b"1"), ("b", b"2")]]).only("a") is None
    assert HeaderColumns([[("a", b"1")], []]).only("a") is None
    assert HeaderColumns().only("a") == []
