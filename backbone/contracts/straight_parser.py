"""Reading a row or a JSON object in straight code (backbone/contracts/straight.py)."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal

from backbone.contracts.domain import INT32, INT64
from backbone.contracts.shape import Field, Leaf, Record
from backbone.contracts.straight import (
    Code,
    Steps,
    Straight,
    is_plain,
    write_cross_rules,
    write_fields,
    write_rules,
    write_text,
    write_value,
)

DECIMAL = re.compile(r"[+-]?[0-9]{1,60}(\.[0-9]{1,60})?").fullmatch
WHOLE = re.compile(r"-?[0-9]{1,18}").fullmatch
# the commonest writing of an instant; the walk knows the others
INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?Z"
).fullmatch
_NAMES = {
    "Decimal": Decimal,
    "fromisoformat": datetime.fromisoformat,
    "UTC": UTC,
    "decimal": DECIMAL,
    "whole": WHOLE,
    "instant": INSTANT,
}


def straight_parser(shape: Record) -> Straight | None:
    """Reads what `compile_parser` reads; None for a shape with parts that are not written out."""
    if not is_plain(shape, frozenset(_LEAVES)):
        return None
    code = Code(_NAMES)
    made = _record(code, shape, "v0")
    code.line(f"return {made}")
    return code.compiled()


def _record(code: Code, shape: Record, value: str) -> str:
    taken: dict[str, str] = {}

    def field(each: Field, found: str) -> None:
        taken[each.name] = write_value(code, each.shape, found, _STEPS)
        write_rules(code, each, taken[each.name])

    write_fields(code, shape, value, field)
    write_cross_rules(code, shape, taken)
    made = code.new()
    listed = ", ".join(f"{name!r}: {read}" for name, read in taken.items())
    code.line(f"{made} = {{{listed}}}")
    return made


def _integer(low: int, high: int) -> Callable[[Code, Leaf, str], None]:
    def write(code: Code, _: Leaf, value: str) -> None:
        with code.inside(f"if type({value}) is not int:"):
            code.doubt_if(f"type({value}) is not str or whole({value}) is None")
            code.line(f"{value} = int({value})")
        code.doubt_if(f"not {low} <= {value} <= {high}")

    return write


def _decimal(code: Code, leaf: Leaf, value: str) -> None:
    quantum = code.constant(Decimal((0, (1,), -leaf.scale)))
    limit = code.constant(Decimal((0, (1,), leaf.precision - leaf.scale)))
    below = code.constant(-Decimal((0, (1,), leaf.precision - leaf.scale)))
    code.doubt_if(f"type({value}) is not str or decimal({value}) is None")
    code.line(f"{value} = Decimal({value})")
    code.doubt_if(f"not {value} or not {below} < {value} < {limit}")
    with code.inside(f"if not {value}.same_quantum({quantum}):"):
        exact = code.new()
        code.line(f"{exact} = {value}.quantize({quantum})")
        code.doubt_if(f"{exact} != {value}")
        code.line(f"{value} = {exact}")


def _instant(code: Code, _: Leaf, value: str) -> None:
    code.doubt_if(f"type({value}) is not str or instant({value}) is None")
    code.line(f"{value} = fromisoformat({value})")
    code.doubt_if(f"{value}.tzinfo is not UTC")


_LEAVES: Mapping[str, Callable[[Code, Leaf, str], None]] = {
    "string": write_text,
    "int": _integer(*INT32),
    "long": _integer(*INT64),
    "decimal": _decimal,
    "timestamp-micros": _instant,
}
_STEPS = Steps(_record, _LEAVES)
