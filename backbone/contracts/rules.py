"""Value rules: what a contract asks of a field beyond its type, under JSON Schema's names.

Rules hold where facts enter (parsing and encoding). They are not asked again when facts are read:
a rule that is tightened later does not make the past unreadable.
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from backbone.contracts.domain import EXACT
from backbone.contracts.schema_problem import BadRule
from backbone.contracts.shape import Array, Field, Leaf, Map, Nullable
from backbone.contracts.walk import Convert, Unfit

_NUMBERS = frozenset({"int", "long", "float", "double", "decimal"})
Broken = Callable[[Any], bool]
# What one pattern remembers of texts that match it: about two megabytes at most.
MAX_KNOWN = 10_000
MAX_KNOWN_LENGTH = 128


def rule_of(field: Field) -> Convert | None:
    """Compile the check of a field's rules, for values that are not null; None without rules.

    Raises SchemaProblem for a rule that does not exist or does not suit the field's type.
    """
    checks = _checks(field)
    if not checks:
        return None

    def check(value: Any) -> Any:
        found = [("", what) for broken, what in checks if broken(value)]
        if found:
            raise Unfit.of(found)
        return value

    return check


def broken_by(field: Field) -> tuple[Broken, ...]:
    """The field's rules as conditions of a value that is not null; raises as `rule_of`."""
    return tuple(broken for broken, _ in _checks(field))


def bounds_of(field: Field, scale: int) -> tuple[tuple[str, Decimal | float], ...]:
    """The bounds of a number: what broken ones are to it (<=, <, >), and the bound in units of the
    `scale`th place. Raises as `rule_of`."""
    _checks(field)
    return tuple(
        (_OUTSIDE[name], _in_units(_bound(field, given), scale))
        for name, given in field.rules.items()
        if name in _OUTSIDE
    )


def _in_units(bound: Decimal | float, scale: int) -> Decimal | float:
    if not isinstance(bound, Decimal):
        return bound
    units = bound.scaleb(scale, EXACT)
    return int(units) if units == units.to_integral_value(context=EXACT) else units


def _checks(field: Field) -> tuple[tuple[Broken, str], ...]:
    return tuple(_rule(field, name, given) for name, given in field.rules.items())


def _rule(field: Field, name: str, given: Any) -> tuple[Broken, str]:
    if name not in _RULES:
        known = ", ".join(_RULES)
        raise BadRule(field.name, f"has the rule {name!r}; there are {known}")
    kinds, make = _RULES[name]
    if _kind(field) not in kinds:
        raise BadRule(field.name, f"the rule {name!r} does not suit its type")
    return make(field, given)


def _kind(field: Field) -> str:
    shape = field.shape.inner if isinstance(field.shape, Nullable) else field.shape
    match shape:
        case Leaf():
            return shape.logical or shape.kind
        case Array():
            return "array"
        case Map():
            return "map"
    return "record"


def _bound(field: Field, given: Any) -> Decimal | float:
    """Decimals are bounded by text, for a JSON number would be a float; numbers by numbers."""
    if _kind(field) != "decimal" and isinstance(given, int | float) and not isinstance(given, bool):
        return given
    if _kind(field) == "decimal" and isinstance(given, str):
        return _decimal(field, given)
    raise BadRule(field.name, "a bound is text for a decimal, a number otherwise")


def _decimal(field: Field, given: str) -> Decimal:
    try:
        bound = Decimal(given)
    except InvalidOperation:
        bound = Decimal("NaN")
    if not bound.is_finite():
        raise BadRule(field.name, "a bound is not a number")
    return bound


def _exclusive_minimum(field: Field, given: Any) -> tuple[Broken, str]:
    bound = _bound(field, given)
    return lambda value: value <= bound, f"must be greater than {given}"


def _minimum(field: Field, given: Any) -> tuple[Broken, str]:
    bound = _bound(field, given)
    return lambda value: value < bound, f"must be at least {given}"


def _maximum(field: Field, given: Any) -> tuple[Broken, str]:
    bound = _bound(field, given)
    return lambda value: value > bound, f"must be at most {given}"


def _pattern(field: Field, given: Any) -> tuple[Broken, str]:
    if not isinstance(given, str) or not given.startswith("^") or not given.endswith("$"):
        raise BadRule(field.name, "a pattern is text and anchored: ^...$")
    try:
        # fullmatch, for Python's $ lets a line break through behind the text.
        matches = re.compile(given[1:-1]).fullmatch
    except re.error as error:
        raise BadRule(field.name, f"its pattern is not a regular expression: {error}") from None
    known: set[str] = set()  # a fact is asked twice, and most texts come again

    def broken(value: str) -> bool:
        if value in known:
            return False
        if matches(value) is None:
            return True
        if len(known) >= MAX_KNOWN:
            known.clear()
        if len(value) <= MAX_KNOWN_LENGTH:
            known.add(value)
        return False

    return broken, f"must match {given}"


def _count(field: Field, given: Any) -> int:
    if not isinstance(given, int) or isinstance(given, bool) or given < 0:
        raise BadRule(field.name, "a length is a whole number from 0")
    return given


def _min_items(field: Field, given: Any) -> tuple[Broken, str]:
    count = _count(field, given)
    return lambda value: len(value) < count, f"must have at least {given} items"


def _max_items(field: Field, given: Any) -> tuple[Broken, str]:
    count = _count(field, given)
    return lambda value: len(value) > count, f"must have at most {given} items"


def _min_length(field: Field, given: Any) -> tuple[Broken, str]:
    count = _count(field, given)
    return lambda value: len(value) < count, f"must have at least {given} characters"


def _max_length(field: Field, given: Any) -> tuple[Broken, str]:
    count = _count(field, given)
    return lambda value: len(value) > count, f"must have at most {given} characters"


_OUTSIDE = {"exclusiveMinimum": "<=", "minimum": "<", "maximum": ">"}
_Make = Callable[[Field, Any], tuple[Broken, str]]
_RULES: Mapping[str, tuple[frozenset[str], _Make]] = {
    "exclusiveMinimum": (_NUMBERS, _exclusive_minimum),
    "minimum": (_NUMBERS, _minimum),
    "maximum": (_NUMBERS, _maximum),
    "pattern": (frozenset({"string"}), _pattern),
    "minItems": (frozenset({"array"}), _min_items),
    "maxItems": (frozenset({"array"}), _max_items),
    "minLength": (frozenset({"string"}), _min_length),
    "maxLength": (frozenset({"string"}), _max_length),
}
