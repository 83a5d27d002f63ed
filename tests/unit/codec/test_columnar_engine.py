"""The columnar engine: what it takes, what it leaves to the row engine, and what hurts nobody."""

from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any

import pytest

from backbone.codec import expansion
from backbone.codec.columnar_engine import FEW
from backbone.codec.container import varint
from backbone.codec.row_engine import MAX_PAYLOAD_BYTES, RowDecoder, RowEncoder
from backbone.errors import Poison, PoisonReason
from tests.unit.codec.awkward import (
    AWKWARD,
    Case,
    array,
    case_of,
    contract_of,
    record,
)
from tests.unit.codec.payloads import Maker
from tests.unit.codec.test_value_domain import BAD_BYTES, LAXITIES, ONE_GOOD, VALUES

SIMPLE = record("F", key="string", n="long")


def _case(schema: dict[str, Any]) -> Case:
    return case_of("F", schema, contract_of(schema))


def _text(content: bytes) -> bytes:
    return varint(len(content)) + content


def _fact(number: int) -> bytes:
    return _text(b"key %d" % number) + varint(number)


class Counting:
    """The row engine, and how often it was asked."""

    def __init__(self, rows: RowDecoder) -> None:
        self._rows = rows
        self.asked = 0

    def decode(self, payload: bytes) -> dict[str, Any]:
        self.asked += 1
        return self._rows.decode(payload)


@pytest.fixture
def simple() -> Case:
    return _case(SIMPLE)


@pytest.fixture
def counting(simple: Case, monkeypatch: pytest.MonkeyPatch) -> Counting:
    made = Counting(simple.rows)
    monkeypatch.setattr(simple.columns, "_rows", made)
    return made


# the value domain


def _both(kind: Any, payload: bytes) -> tuple[Any, Any]:
    """What each engine makes of a fact with one field, as value or as reason and message."""
    case = _case({"type": "record", "name": "Happened", "fields": [{"name": "it", "type": kind}]})
    columns = case.columns.decode([payload])
    by_columns: Any = [data for _, data in columns.rows()]
    by_columns += [(each.reason, str(each)) for each in columns.poisons.values()]
    try:
        return case.rows.decode(payload), by_columns[0]
    except Poison as poison:
        return (poison.reason, str(poison)), by_columns[0]


IN_COLUMNS = [line for line, case in VALUES.items() if "map" not in str(case.type)]


@pytest.mark.parametrize(("line", "value"), [each for each in ONE_GOOD if each[0] in IN_COLUMNS])
def test_a_line_of_the_value_domain_holds_for_what_is_accepted(line: str, value: Any) -> None:
    kind = VALUES[line].type
    schema = {"type": "record", "name": "Happened", "fields": [{"name": "it", "type": kind}]}
    payload = RowEncoder(contract_of(schema)).encode({"it": value})
    by_rows, by_columns = _both(kind, payload)
    assert by_columns == by_rows == {"it": value}


@pytest.mark.parametrize(
    ("line", "payload", "reason"), [each for each in BAD_BYTES if each[0] in IN_COLUMNS]
)
def test_a_line_of_the_value_domain_holds_for_what_is_refused(
    line: str, payload: bytes, reason: PoisonReason
) -> None:
    by_rows, by_columns = _both(VALUES[line].type, payload)
    assert by_columns == by_rows
    assert by_columns[0] is reason


@pytest.mark.parametrize(
    ("line", "kind", "payload", "value"), [each for each in LAXITIES if "map" not in str(each[1])]
)
def test_a_laxity_of_the_row_engine_is_one_of_the_columnar_engine(
    line: str, kind: Any, payload: bytes, value: Any
) -> None:
    by_rows, by_columns = _both(kind, payload)
    assert by_columns == by_rows == {"it": value}, line


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        (["null", "long"], varint(2) + varint(5)),
        (["long", "null"], varint(2)),
        (["null", "long"], varint(-2) + varint(5)),
        (array(["null", "long"]), varint(1) + varint(2) + varint(5) + varint(0)),
    ],
)
def test_a_third_branch_is_refused_though_no_column_shows_it(kind: Any, payload: bytes) -> None:
    by_rows, by_columns = _both(kind, payload)
    assert by_columns == by_rows
    assert by_columns[0] in {PoisonReason.UNDECODABLE, PoisonReason.TRAILING_BYTES}


def test_two_blocks_as_long_as_one_do_not_hide_a_third_branch() -> None:
    """Sixty-four items in one block have a count of two bytes, so have blocks of 63 and one: every
    item of the first stands a byte further to the front, its value where a branch is looked for."""
    items = (varint(2) + varint(1)) * 63
    payload = varint(63) + items + varint(1) + varint(1) + varint(1) + varint(0)
    by_rows, by_columns = _both(array(["null", "long"]), payload)
    assert by_columns == by_rows
    assert by_columns[0] is PoisonReason.UNDECODABLE


# batches


def test_facts_are_known_by_their_places_in_the_batch(simple: Case) -> None:
    columns = simple.columns.decode([_fact(1), b"\1", _fact(3)], [7, 8, 12])
    assert columns.indexes == [7, 12]
    assert list(columns.rows()) == [
        (7, {"key": "key 1", "n": 1}),
        (12, {"key": "key 3", "n": 3}),
    ]
    assert list(columns.poisons) == [8]


def test_an_empty_batch_has_no_facts(simple: Case) -> None:
    columns = simple.columns.decode([])
    assert (len(columns), list(columns.rows()), columns.poisons) == (0, [], {})


def test_a_poison_is_what_the_row_engine_says(simple: Case) -> None:
    payload = _text(b"a\0") + varint(1)
    (poison,) = simple.columns.decode([payload]).poisons.values()
    assert poison.reason is PoisonReason.OUT_OF_DOMAIN
    assert poison.violations == ("key: must not hold a NUL character",)


def test_a_poison_keeps_neither_frames_nor_payload_alive(simple: Case) -> None:
    (poison,) = simple.columns.decode([b"\x14secret"]).poisons.values()
    assert (poison.__traceback__, poison.__context__) == (None, None)


def test_ordinary_facts_are_not_asked_about_one_by_one(simple: Case, counting: Counting) -> None:
    facts = [_fact(number) for number in range(1_000)]
    assert len(simple.columns.decode(facts)) == 1_000
    assert counting.asked == 0


def test_one_damaged_fact_among_many_is_found_by_halving(simple: Case, counting: Counting) -> None:
    facts = [_fact(number) for number in range(5_000)]
    facts[3_217] = facts[3_217][:-1]
    columns = simple.columns.decode(facts)
    assert list(columns.poisons) == [3_217]
    assert len(columns) == 4_999
    assert counting.asked <= FEW


def test_what_one_fact_lost_and_the_next_has_too_much_is_found(simple: Case) -> None:
    """Joined without guards, the two would read as two other facts."""
    facts = [_fact(number) for number in range(300)]
    facts[150], facts[151] = facts[150][:-1], facts[150][-1:] + facts[151]
    assert sorted(simple.columns.decode(facts).poisons) == [150, 151]


@pytest.mark.parametrize(
    "payload",
    [
        varint(2**40) + b"x",
        varint(2**62) + b"x",
        b"\xff" * 9 + b"\1",
        b"\x80" * 200,
        b"",
        _text(b"x") + b"\x80" * 10,
    ],
)
def test_bytes_that_make_the_engine_panic_are_poison(simple: Case, payload: bytes) -> None:
    facts = [_fact(number) for number in range(300)]
    columns = simple.columns.decode([*facts[:200], payload, *facts[200:]])
    assert list(columns.poisons) == [200]
    assert len(columns) == 300


def test_a_payload_above_four_mebibytes_is_too_large_and_its_neighbours_are_read(
    simple: Case,
) -> None:
    large = _text(b"x" * MAX_PAYLOAD_BYTES) + varint(1)
    columns = simple.columns.decode([_fact(1), large, _fact(2)])
    assert columns.poisons[1].reason is PoisonReason.TOO_LARGE
    assert columns.indexes == [0, 2]


def test_several_threads_may_decode_at_once(simple: Case) -> None:
    batches = [[_fact(number + 1_000 * batch) for number in range(500)] for batch in range(8)]
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(simple.columns.decode, batches))
    assert [columns.numbers("n")[-1] for columns in found] == [499 + 1_000 * at for at in range(8)]


def test_a_batch_that_is_cut_is_read_whole(simple: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expansion, "MAX_ROWS", 7)
    columns = simple.columns.decode([_fact(number) for number in range(100)])
    assert columns.numbers("n") == list(range(100))


def test_random_facts_of_every_schema_are_vouched_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nearly all: a number near the end of its range is left to the row engine."""
    for name, schema in AWKWARD.items():
        case, random = _case(schema), Random(name)
        counting = Counting(case.rows)
        monkeypatch.setattr(case.columns, "_rows", counting)
        case.columns.decode([Maker(random).write(case.shape) for _ in range(500)])
        assert counting.asked < 400, name
