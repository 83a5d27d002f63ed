"""What an expression means, and what is wrong with one that means nothing."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from backbone.contracts.expression import compiled
from backbone.contracts.schema_problem import SchemaProblem
from backbone.contracts.shape import Record, read_shape

DECIMAL = {"type": "bytes", "logicalType": "decimal", "precision": 38, "scale": 18}
MICROS = {"type": "long", "logicalType": "timestamp-micros"}
DATE = {"type": "int", "logicalType": "date"}
STATE = {"type": "enum", "name": "State", "symbols": ["UNKNOWN", "PAID"], "default": "UNKNOWN"}
PLACE = {
    "type": "record",
    "name": "Place",
    "fields": [{"name": "country", "type": ["null", "string"]}, {"name": "x", "type": "int"}],
}
TYPES = {
    "a": DECIMAL,
    "b": DECIMAL,
    "c": DECIMAL,
    "maybe": ["null", DECIMAL],
    "ratio": "double",
    "n": "int",
    "m": ["null", "long"],
    "flag": "boolean",
    "maybe_flag": ["null", "boolean"],
    "at": MICROS,
    "until": ["null", MICROS],
    "day": DATE,
    "last": ["null", DATE],
    "text": "string",
    "note": ["null", "string"],
    "state": STATE,
    "raw": "bytes",
    "lines": {"type": "array", "items": "int"},
    "place": PLACE,
    "home": ["null", "Place"],
}
SHAPE: Record = read_shape(
    {
        "type": "record",
        "name": "F",
        "fields": [{"name": name, "type": kind} for name, kind in TYPES.items()],
    }
)
AT = datetime(2026, 1, 1, tzinfo=UTC)
FACT: dict[str, Any] = {
    "a": Decimal("0.1"),
    "b": Decimal("0.2"),
    "c": Decimal("0.3"),
    "maybe": None,
    "ratio": 0.1,
    "n": 2,
    "m": None,
    "flag": False,
    "maybe_flag": None,
    "at": AT,
    "until": AT + timedelta(microseconds=1),
    "day": date(2026, 1, 1),
    "last": None,
    "text": "ab",
    "note": None,
    "state": "PAID",
    "raw": b"",
    "lines": [1, 2, 3],
    "place": {"country": None, "x": 1},
    "home": None,
}


def _holds(text: str, **changes: Any) -> bool:
    fields, holds = compiled(text, SHAPE)
    fact = {**FACT, **changes}
    found: bool = holds(*[fact[each] for each in fields])
    assert found is True or found is False
    return found


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("a + b == c", True),  # no fraction of two makes it otherwise
        ("a + b != c", False),
        ("a * 3 == c && a < 0.2 && a > -0.1", True),
        ("a - b == -0.1", True),
        ("-a == -0.1", True),
        ("ratio == 0.1", True),
        ("n + 1 >= 3 && n * 2 - 1 == 3", True),
        ("n + 1 * 2 == 4", True),
        ("(n + 1) * 2 == 6", True),
        ("n < 2 || text == 'ab'", True),
        ("n < 2 && text == 'ab' || state == \"PAID\"", True),
        ("n < 2 && (text == 'ab' || state == 'PAID')", False),
        ("!flag", True),
        ("flag || !maybe_flag", True),  # a null is asked for nothing
        ("until > at", True),
        ("at >= until", False),
        ("until - at <= duration('1h30m5s')", True),
        ("until - at > duration('1s')", False),
        ("last >= day", True),
        ("last != null && last >= day", False),
        ("note == null && place.country == null && home == null", True),
        ("home.country == 'CH'", True),
        ("home.x > 5", True),
        ("place.x > 5", False),
        ("place.country == 'CH'", True),
        ("place.country != null || home.country != null", False),
        ("size(lines) == 3 && size(text) == 2 && size(note) > 100", True),
        ("maybe + a > 100", True),
        ("m * 2 > n", True),
        ("true && !flag == true", True),
    ],
)
def test_an_expression_holds_or_does_not(text: str, holds: bool) -> None:
    assert _holds(text) is holds


def test_money_is_compared_to_its_last_place() -> None:
    large = Decimal("99999999999999999999.000000000000000001")
    larger = Decimal("99999999999999999999.000000000000000002")
    assert _holds("a == b", a=large, b=large)
    assert not _holds("a == b", a=large, b=larger)
    assert not _holds("a + 0 == b + 0", a=large, b=larger)
    assert _holds("a * b < c * b", a=large, b=large, c=larger)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "ends too early"),
        ("a ==", "ends too early"),
        ("a == b c", "does not expect 'c'"),
        ("a @ b", "cannot be read from '@ b' on"),
        ("(a == b", "lacks a ')'"),
        ("nothing == 1", "names 'nothing', which is no field of F"),
        ("place.city == 'x'", "names 'city', which is no field of Place"),
        ("n.x == 1", "asks for 'x' of what is no record"),
        ("a", "is a decimal where a condition is needed"),
        ("a == text", "compares decimal == text"),
        ("a == ratio", "compares decimal == double"),
        ("at > day", "compares instant > date"),
        ("text < 'b'", "compares text < text"),
        ("flag > flag", "compares bool > bool"),
        ("place == place", "compares record == record"),
        ("n == null", "compares by == null what is no nullable field"),
        ("m < null", "compares by < null what is no nullable field"),
        ("n + m == null", "compares by == null what is no nullable field"),
        ("text + text == 'abab'", "cannot work out text + text"),
        ("at + at == at", "cannot work out instant + instant"),
        ("state == 'PIAD'", "compares an enum with 'PIAD', which is none of its symbols"),
        ("!(a == b)", "has a ! before something else than a boolean field"),
        ("!n", "has a ! before something else than a boolean field"),
        ("size(n) == 1", "size() is of a text or a list"),
        ("matches(text) == 1", "has no function 'matches'"),
        ("at - at > duration('soon')", "gives duration() something else than"),
        ("at - at > duration('')", "gives duration() something else than"),
        ("a == b" * 200, "has more than 1,000 characters"),
        ("(" * 300 + "a == b" + ")" * 300, "nests deeper than Python takes"),
        ("__import__('os')", "has no function '__import__'"),
    ],
)
def test_an_expression_that_means_nothing_is_refused_with_its_reason(text: str, what: str) -> None:
    with pytest.raises(SchemaProblem) as caught:
        compiled(text, SHAPE)
    assert what in caught.value.what
