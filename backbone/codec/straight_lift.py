"""Lifting raw values (backbone/codec/raw.py) in straight code (backbone/contracts/straight.py)."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal

from backbone.contracts.domain import EPOCH, EXACT, INT32, INT64, MAX_MICROS, MIN_MICROS
from backbone.contracts.shape import MAX_DECIMAL_BYTES, Array, Field, Leaf, Nullable, Record, Shape
from backbone.contracts.straight import Code, Straight, is_plain, write_fields

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


def _value(code: Code, shape: Shape, value: str) -> str:
    """Write how `value` is lifted; give an expression for what it becomes."""
    match shape:
        case Nullable(inner):
            with code.inside(f"if {value} is not None:"):
                code.line(f"{value} = {_value(code, inner, value)}")
        case Array(items):
            return _array(code, items, value)
        case Record():
            return _record(code, shape, value)
        case Leaf():
            _LEAVES[shape.logical or shape.kind](code, shape, value)
    return value


def _record(code: Code, shape: Record, value: str) -> str:
    lifted: list[str] = []

    def field(each: Field, found: str) -> None:
        lifted.append(f"{each.name!r}: {_value(code, each.shape, found)}")

    write_fields(code, shape, value, field)
    return f"{{{', '.join(lifted)}}}"


def _array(code: Code, items: Shape, value: str) -> str:
    made, item = code.new(), code.new()
    code.doubt_if(f"type({value}) is not list")
    code.line(f"{made} = []")
    with code.inside(f"for {item} in {value}:"):
        code.line(f"{made}.append({_value(code, items, item)})")
    return made


def _string(code: Code, _: Leaf, value: str) -> None:
    code.doubt_if(f"type({value}) is not str or '\\0' in {value}")
    with code.inside(f"if not {value}.isascii():"):
        code.line(f"{value}.encode()")  # raises for half a surrogate pair


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
    "string": _string,
    "int": _integer(*INT32),
    "long": _integer(*INT64),
    "boolean": _boolean,
    "decimal": _decimal,
    "timestamp-micros": _instant,
}
