"""Checking and writing a fact in straight code (backbone/contracts/straight.py).

The bytes are those that the row engine's fastavro writes, field by field in one pass.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal

from backbone.contracts.domain import EPOCH, EXACT, INT32, INT64, UUID
from backbone.contracts.shape import Array, Field, Leaf, Nullable, Record, Shape
from backbone.contracts.straight import (
    Code,
    Straight,
    is_plain,
    write_cross_rules,
    write_fields,
    write_rules,
)

BITS = 14  # two bytes of a varint at a time
_MASK = (1 << BITS) - 1
ON = [bytes((low & 0x7F | 0x80, low >> 7 | 0x80)) for low in range(1 << BITS)]
SMALL = 1 << BITS
"""The first number that does not stand in `VARINTS`."""
VARINTS = [
    bytes((low,)) if low < 0x80 else bytes((low & 0x7F | 0x80, low >> 7))  # noqa: PLR2004 - 7 bits
    for low in range(1 << BITS)
]


def varint(number: int) -> bytes:
    """A number from 0 on, seven bits a byte, the lowest first."""
    out = b""
    while number > _MASK:
        out += ON[number & _MASK]
        number >>= BITS
    return out + VARINTS[number]


_NAMES = {
    "Decimal": Decimal,
    "datetime": datetime,
    "UTC": UTC,
    "EPOCH": EPOCH,
    "EXACT": EXACT,
    "uuid": UUID.fullmatch,
    "varint": varint,
    "last": VARINTS,
}


def straight_encoder(shape: Record) -> Straight | None:
    """Gives the payload; None for a shape with parts that are not written out."""
    if not is_plain(shape, frozenset(_LEAVES)):
        return None
    code = Code(_NAMES)
    code.line("out = bytearray()")
    _write(code, shape, "v0")
    code.line("return bytes(out)")
    return code.compiled()


def _write(code: Code, shape: Shape, value: str) -> None:
    match shape:
        case Nullable(inner):
            null, present = ("0", "2") if shape.null_first else ("2", "0")
            with code.inside(f"if {value} is None:"):
                code.line(f"out.append({null})")
            with code.inside("else:"):
                code.line(f"out.append({present})")
                _write(code, inner, value)
        case Array(items):
            _array(code, items, value)
        case Record():
            _record(code, shape, value)
        case Leaf():
            _LEAVES[shape.logical or shape.kind](code, shape, value)


def _record(code: Code, shape: Record, value: str) -> None:
    found: dict[str, str] = {}

    def field(each: Field, here: str) -> None:
        found[each.name] = here
        _field(code, each, here)

    write_fields(code, shape, value, field)
    write_cross_rules(code, shape, found)


def _field(code: Code, field: Field, value: str) -> None:
    """What was written before a rule is found broken is thrown away with the rest."""
    _write(code, field.shape, value)
    write_rules(code, field, value)


def _array(code: Code, items: Shape, value: str) -> None:
    item = code.new()
    code.doubt_if(f"type({value}) is not list")
    with code.inside(f"if {value}:"):
        code.line(f"out += varint(len({value}) << 1)")
        with code.inside(f"for {item} in {value}:"):
            _write(code, items, item)
    code.line("out.append(0)")


def _string(code: Code, _: Leaf, value: str) -> None:
    text = code.new()
    code.doubt_if(f"type({value}) is not str or '\\0' in {value}")
    code.line(f"{text} = {value}.encode()")  # raises for half a surrogate pair
    _bytes(code, text)


def _uuid(code: Code, leaf: Leaf, value: str) -> None:
    code.doubt_if(f"uuid({value}) is None")
    _string(code, leaf, value)


def _bytes(code: Code, data: str) -> None:
    size = code.new()
    code.line(f"{size} = len({data}) << 1")
    code.line(f"out += last[{size}] if {size} <= {_MASK} else varint({size})")
    code.line(f"out += {data}")


def _integer(low: int, high: int) -> Callable[[Code, Leaf, str], None]:
    def write(code: Code, _: Leaf, value: str) -> None:
        code.doubt_if(f"type({value}) is not int or not {low} <= {value} <= {high}")
        _zigzag(code, value)

    return write


def _zigzag(code: Code, number: str) -> None:
    """Small numbers first: 0, -1, 1, -2 …"""
    code.line(f"out += varint({number} << 1 if {number} >= 0 else ~({number} << 1))")


def _decimal(code: Code, leaf: Leaf, value: str) -> None:
    quantum = code.constant(Decimal((0, (1,), -leaf.scale)))
    limit = code.constant(Decimal((0, (1,), leaf.precision - leaf.scale)))
    below = code.constant(-Decimal((0, (1,), leaf.precision - leaf.scale)))
    number, data = code.new(), code.new()
    code.doubt_if(f"type({value}) is not Decimal or not {below} < {value} < {limit}")
    with code.inside(f"if not {value}.same_quantum({quantum}):"):
        exact = code.new()
        code.line(f"{exact} = {value}.quantize({quantum})")
        code.doubt_if(f"{exact} != {value}")
        code.line(f"{value} = {exact}")
    code.line(f"{number} = int({value}.scaleb({leaf.scale}, EXACT))")
    size = f"{number}.bit_length() // 8 + 1"
    code.line(f"{data} = {number}.to_bytes({size}, 'big', signed=True)")
    _bytes(code, data)


def _instant(code: Code, _: Leaf, value: str) -> None:
    since, micros = code.new(), code.new()
    code.doubt_if(f"type({value}) is not datetime or {value}.tzinfo is not UTC")
    code.line(f"{since} = {value} - EPOCH")
    seconds = f"{since}.days * 86400 + {since}.seconds"
    code.line(f"{micros} = ({seconds}) * 1000000 + {since}.microseconds")
    _zigzag(code, micros)


def _boolean(code: Code, _: Leaf, value: str) -> None:
    code.doubt_if(f"type({value}) is not bool")
    code.line(f"out.append(1 if {value} else 0)")


_LEAVES: Mapping[str, Callable[[Code, Leaf, str], None]] = {
    "boolean": _boolean,
    "string": _string,
    "uuid": _uuid,
    "int": _integer(*INT32),
    "long": _integer(*INT64),
    "decimal": _decimal,
    "timestamp-micros": _instant,
}
