"""Rules across fields hold at the producer, whatever road a fact takes, and for readers who ask."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from itertools import product
from typing import Any

import pytest

from backbone.codec.column_writer import column_writer
from backbone.codec.row_engine import RowDecoder, RowEncoder
from backbone.codec.rule_checking import RuleCheckingDecoder
from backbone.codec.straight_encoder import straight_encoder
from backbone.contracts.contract import Contract
from backbone.contracts.parse import compile_parser, parse
from backbone.contracts.straight_parser import straight_parser
from backbone.contracts.walk import Unfit
from backbone.errors import Poison, PoisonReason
from tests.unit.codec.awkward import NAMED

DECIMAL = {"type": "bytes", "logicalType": "decimal", "precision": 19, "scale": 4}
MICROS = {"type": "long", "logicalType": "timestamp-micros"}
LINE = {
    "type": "record",
    "name": "Line",
    "rules": [{"name": "some", "expr": "sold <= had", "message": "more sold than there were"}],
    "fields": [{"name": "had", "type": "int"}, {"name": "sold", "type": "int", "default": 1}],
}
SCHEMA = {
    "type": "record",
    "name": "Happened",
    "rules": [
        {"name": "adds_up", "expr": "net + tax == total", "message": "does not add up"},
        {"name": "later", "expr": "until > at", "message": "until must be after at"},
    ],
    "fields": [
        {"name": "key", "type": "string"},
        {"name": "net", "type": DECIMAL},
        {"name": "tax", "type": ["null", DECIMAL], "default": None},
        {"name": "total", "type": DECIMAL},
        {"name": "at", "type": MICROS},
        {"name": "until", "type": ["null", MICROS], "default": None},
        {"name": "lines", "type": {"type": "array", "items": LINE}},
    ],
}
WITHOUT = {
    **SCHEMA,
    "rules": [],
    "fields": [
        *SCHEMA["fields"][:-1],
        {
            "name": "lines",
            "type": {"type": "array", "items": {**LINE, "rules": []}},
        },
    ],
}
CONTRACT = Contract("Happened", 1, SCHEMA, *NAMED)
LAX = Contract("Happened", 1, WITHOUT, *NAMED)
GOOD = {
    "key": "k",
    "net": "1.1",
    "tax": "0.2",
    "total": "1.3",
    "at": "2026-01-01T00:00:00Z",
    "until": "2026-01-01T00:00:00.000001Z",
    "lines": [{"had": 2, "sold": 2}],
}
NO_SUM = "does not add up"
NO_TIME = "until must be after at"
NO_LINE = "lines[1]: more sold than there were"


def _rows() -> Iterator[tuple[dict[str, Any], list[str]]]:
    """Rows, each with what is wrong with it."""
    totals = [("1.3", []), ("1.3001", [NO_SUM])]
    untils = [(GOOD["until"], []), (None, []), (GOOD["at"], [NO_TIME])]
    lines = [([], []), ([{"had": 1}, {"had": 1, "sold": 2}], [NO_LINE])]
    for (total, no_sum), (until, no_time), (line, no_line) in product(totals, untils, lines):
        # the rules of a record are asked once everything in it is in order
        yield (
            {**GOOD, "total": total, "until": until, "lines": line},
            no_line or [*no_sum, *no_time],
        )
    yield {**GOOD, "tax": None, "total": "7"}, []
    yield {**GOOD, "total": "1.30001"}, ["total: must have at most 4 decimal places"]


ROWS = list(_rows())


@pytest.mark.parametrize(("row", "wrong"), ROWS)
def test_a_row_that_breaks_a_rule_is_refused_by_name(row: dict[str, Any], wrong: list[str]) -> None:
    if not wrong:
        assert parse(CONTRACT, row)["key"] == "k"
        return
    with pytest.raises(Poison) as caught:
        parse(CONTRACT, row)
    assert caught.value.reason is PoisonReason.INVALID
    assert list(caught.value.violations) == wrong


@pytest.mark.parametrize(("row", "wrong"), ROWS)
def test_straight_code_takes_what_the_walk_takes_and_nothing_else(
    row: dict[str, Any], wrong: list[str]
) -> None:
    straight, walk = straight_parser(CONTRACT.shape), compile_parser(CONTRACT.shape)
    assert straight is not None
    try:
        found = straight(row)
    except Exception:  # noqa: BLE001 - its caller goes on with the walk
        found = None
    assert (found is not None) == (not wrong)
    if found is not None:
        assert found == walk(row)
    else:
        with pytest.raises(Unfit):
            walk(row)


@pytest.mark.parametrize(("row", "wrong"), [each for each in ROWS if "1.30001" not in str(each)])
def test_a_fact_that_breaks_a_rule_is_not_written(row: dict[str, Any], wrong: list[str]) -> None:
    fact = parse(LAX, row)
    straight = straight_encoder(CONTRACT.shape)
    assert straight is not None
    assert (straight(fact) is not None) == (not wrong)
    if not wrong:
        assert RowEncoder(CONTRACT).encode(fact) == RowEncoder(LAX).encode(fact)
        return
    with pytest.raises(Poison) as caught:
        RowEncoder(CONTRACT).encode(fact)
    assert list(caught.value.violations) == wrong


def test_a_shape_with_rules_is_not_written_without_being_parsed() -> None:
    assert column_writer(CONTRACT.shape, b"") is None
    assert column_writer(LAX.shape, b"") is not None
    inside = {**WITHOUT, "fields": SCHEMA["fields"]}
    assert column_writer(Contract("Happened", 1, inside, *NAMED).shape, b"") is None


@pytest.mark.parametrize(("row", "wrong"), [each for each in ROWS if "1.30001" not in str(each)])
def test_a_reader_that_asks_finds_what_another_writer_let_through(
    row: dict[str, Any], wrong: list[str]
) -> None:
    payload = RowEncoder(LAX).encode(parse(LAX, row))
    assert RowDecoder(WITHOUT, LAX.shape, CONTRACT).decode(payload)["key"] == "k"
    asking = RuleCheckingDecoder(WITHOUT, LAX.shape, CONTRACT)
    if not wrong:
        assert asking.decode(payload) == parse(LAX, row)
        return
    with pytest.raises(Poison) as caught:
        asking.decode(payload)
    assert caught.value.reason is PoisonReason.INVALID
    assert list(caught.value.violations) == wrong


def test_a_rule_asks_of_decimals_and_instants_as_they_are() -> None:
    fact = parse(CONTRACT, GOOD)
    assert fact["total"] == Decimal("1.3000")
    assert fact["until"] == datetime(2026, 1, 1, 0, 0, 0, 1, tzinfo=UTC)
