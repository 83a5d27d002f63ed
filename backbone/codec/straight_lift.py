"""Lifting raw values (backbone/codec/raw.py) in straight code (backbone/contracts/straight.py)."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal

from backbone.contracts.domain import EPOCH, EXACT, INT32, INT64, MAX_MICROS, MIN_MICROS
from backbone.contracts.shape import MAX_DECIMAL_BYTES, Field, Leaf, Record
from backbone.contracts.straight import (
    Code,
    Steps,
    Straight,
    is_plain,
    write_fields,
    write_text,
    write_value,
)

_NAMES = {
    "Decimal": Decimal,
    "EPOCH": EPOCH,
    "EXACT": EXACT,
    "timedelta": timedelta,
    "from_bytes": int.from_bytes,
}


def straight_lift(shape: Record) -> Straight | None:
    """Lifts what `compile_lift` lifts; None for a shape with parts that are not written out."""
    if not is_plain(shape, frozenset(_LEAVES)):
        return None
    code = Code(_NAMES)
    code.line(f"return {_record(code, shape, 'v0')}")
    return code.compiled()


def _record(code: Code, shape: Record, value: str) -> str:
    lifted: list[str] = []

    def field(each: Field, found: str) -> None:
        lifted.append(f"{each.name!r}: {write_value(code, each.shape, found, _STEPS)}")

    write_fields(code, shape, value, field)
    return f"{{{', '.join(lifted)}}}"


def _integer(low: int, high: int) -> Callable[[Code, Leaf, str], None]:
    def write(code: Code, _: Leaf, value: str) -> None:
        code.doubt_if(f"type({value}) is not int or not {low} <= {value} <= {high}")

    return write


def _boolean(code: Code, _: Leaf, value: str) -> None:
    code.doubt_if(f"type({value}) is not bool")


def _decimal(code: Code, leaf: Leaf, value: str) -> None:
    limit = 10**leaf.precision
    code.doubt_if(f"not 0 < len({value}) <= {MAX_DECIMAL_BYTES}")
    code.line(f"{value} = from_bytes({value}, 'big', signed=True)")
    code.doubt_if(f"not {-limit} < {value} < {limit}")
    code.line(f"{value} = Decimal({value}).scaleb({-leaf.scale}, EXACT)")


def _instant(code: Code, _: Leaf, value: str) -> None:
    code.doubt_if(f"not {MIN_MICROS} <= {value} <= {MAX_MICROS}")
    code.line(f"{value} = EPOCH + timedelta(0, 0, {value})")


_LEAVES: Mapping[str, Callable[[Code, Leaf, str], None]] = {
    "string": write_text,
    "int": _integer(*INT32),
    "long": _integer(*INT64),
    "boolean": _boolean,
    "decimal": _decimal,
    "timestamp-micros": _instant,
}
_STEPS = Steps(_record, _LEAVES)
