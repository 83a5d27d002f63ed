"""Reading a row or a JSON object and writing its payload in one pass of straight code
(backbone/contracts/straight.py), where nobody asks for the fact in between.

It takes what `straight_parser` reads and `straight_encoder` writes, and gives the same bytes.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from backbone.codec.straight_encoder import BITS, ON, SMALL, VARINTS, varint
from backbone.contracts.cross_rules import has_cross_rules
from backbone.contracts.domain import EPOCH, INT32, INT64
from backbone.contracts.rules import MAX_KNOWN, MAX_KNOWN_LENGTH, bounds_of
from backbone.contracts.shape import Array, Field, Leaf, Nullable, Record, Shape
from backbone.contracts.straight import Code, Straight, is_plain, write_fields, write_rules
from backbone.contracts.straight_parser import DECIMAL, INSTANT, WHOLE

_NAMES = {
    "datetime": datetime,
    "fromisoformat": datetime.fromisoformat,
    "UTC": UTC,
    "EPOCH": EPOCH,
    "decimal": DECIMAL,
    "whole": WHOLE,
    "instant": INSTANT,
    "varint": varint,
    "on": ON,
    "varints": VARINTS,
}


def straight_writer(shape: Record, wanted: Sequence[str], prefix: bytes) -> Straight | None:
    """Gives `prefix` and the payload, and the wanted fields as they were read; None for a shape
    with parts that are not written out, with rules across fields, or without such fields."""
    if has_cross_rules(shape):
        return None
    if not is_plain(shape, frozenset(_LEAVES)) or not set(wanted) <= {f.name for f in shape.fields}:
        return None
    code = Code(_NAMES)
    code.line(f"out = bytearray({code.constant(prefix)})")
    places: dict[str, str] = {}

    def field(each: Field, found: str) -> None:
        places[each.name] = found
        _write(code, each.shape, each, found)

    write_fields(code, shape, "v0", field)
    code.line(f"return bytes(out), {', '.join(places[name] for name in wanted)}")
    return code.compiled()


def _write(code: Code, shape: Shape, field: Field | None, value: str) -> None:
    """`field` has the rules of this value; an array's items have none."""
    match shape:
        case Nullable(inner):
            null, present = ("0", "2") if shape.null_first else ("2", "0")
            with code.inside(f"if {value} is None:"):
                code.line(f"out.append({null})")
            with code.inside("else:"):
                code.line(f"out.append({present})")
                _write(code, inner, field, value)
        case Array(items):
            _array(code, items, field, value)
        case Record():
            write_fields(code, shape, value, lambda each, found: _field(code, each, found))
        case Leaf():
            _LEAVES[shape.logical or shape.kind](code, shape, field, value)


def _field(code: Code, field: Field, value: str) -> None:
    _write(code, field.shape, field, value)


def _array(code: Code, items: Shape, field: Field | None, value: str) -> None:
    item = code.new()
    code.doubt_if(f"type({value}) is not list")
    _rules(code, field, value)
    with code.inside(f"if {value}:"):
        code.line(f"out += varint(len({value}) << 1)")
        with code.inside(f"for {item} in {value}:"):
            _write(code, items, None, item)
    code.line("out.append(0)")


def _string(code: Code, _: Leaf, field: Field | None, value: str) -> None:
    """Most texts come again: the bytes of those that are in order are remembered."""
    data, known = code.new(), code.constant({})
    code.doubt_if(f"type({value}) is not str")
    code.line(f"{data} = {known}.get({value})")
    with code.inside(f"if {data} is None:"):
        _text(code, field, value, data)
        code.line(f"if len({known}) >= {MAX_KNOWN}: {known}.clear()")
        code.line(f"if len({value}) <= {MAX_KNOWN_LENGTH}: {known}[{value}] = {data}")
    code.line(f"out += {data}")


def _text(code: Code, field: Field | None, value: str, data: str) -> None:
    size = code.new()
    code.doubt_if(f"'\\0' in {value}")
    _rules(code, field, value)
    code.line(f"{data} = {value}.encode()")  # raises for half a surrogate pair
    code.line(f"{size} = len({data}) << 1")
    code.line(f"{data} = (varints[{size}] if {size} < {SMALL} else varint({size})) + {data}")


def _integer(low: int, high: int) -> Callable[[Code, Leaf, Field | None, str], None]:
    def write(code: Code, _: Leaf, field: Field | None, value: str) -> None:
        with code.inside(f"if type({value}) is not int:"):
            code.doubt_if(f"type({value}) is not str or whole({value}) is None")
            code.line(f"{value} = int({value})")
        code.doubt_if(f"not {low} <= {value} <= {high}")
        _bounds(code, field, value, 0)
        _zigzag(code, value)

    return write


def _zigzag(code: Code, number: str) -> None:
    twice = code.new()
    code.line(f"{twice} = {number} << 1 if {number} >= 0 else ~({number} << 1)")
    code.line(f"out += varints[{twice}] if {twice} < {SMALL} else varint({twice})")


def _decimal(code: Code, leaf: Leaf, field: Field | None, value: str) -> None:
    """Digits to a whole number of the last place, which needs no Decimal. More places than the
    scale has are in doubt: they may be zeros."""
    zeros = code.constant(tuple("0" * (leaf.scale - places) for places in range(leaf.scale + 1)))
    whole, part, number, size = code.new(), code.new(), code.new(), code.new()
    code.doubt_if(f"type({value}) is not str or decimal({value}) is None")
    code.line(f"{whole}, _, {part} = {value}.partition('.')")
    code.line(f"{number} = int({whole} + {part} + {zeros}[len({part})])")  # raises IndexError
    code.doubt_if(f"not {number} or not {-(10**leaf.precision)} < {number} < {10**leaf.precision}")
    _bounds(code, field, number, leaf.scale)
    code.line(f"{size} = {number}.bit_length() // 8 + 1")
    code.line(f"out += varints[{size} << 1]")
    code.line(f"out += {number}.to_bytes({size}, 'big', signed=True)")


def _instant(code: Code, _: Leaf, __: Field | None, value: str) -> None:
    since, micros = code.new(), code.new()
    code.doubt_if(f"type({value}) is not str or instant({value}) is None")
    code.line(f"{value} = fromisoformat({value})")
    code.doubt_if(f"{value}.tzinfo is not UTC")
    code.line(f"{since} = {value} - EPOCH")
    seconds = f"{since}.days * 86400 + {since}.seconds"
    code.line(f"{micros} = ({seconds}) * 1000000 + {since}.microseconds << 1")
    # of the years 1970 to 3111: four times two bytes
    with code.inside(f"if {1 << 3 * BITS} <= {micros} < {1 << 4 * BITS}:"):
        first = " + ".join(
            f"on[{micros} >> {shift} & {SMALL - 1}]" for shift in (0, BITS, 2 * BITS)
        )
        code.line(f"out += {first} + varints[{micros} >> {3 * BITS}]")
    with code.inside("else:"):
        code.line(f"out += varint({micros} if {micros} >= 0 else ~{micros})")


def _rules(code: Code, field: Field | None, value: str) -> None:
    if field is not None:
        write_rules(code, field, value)


def _bounds(code: Code, field: Field | None, number: str, scale: int) -> None:
    if field is not None:
        for outside, bound in bounds_of(field, scale):
            code.doubt_if(f"{number} {outside} {code.constant(bound)}")


_LEAVES: Mapping[str, Callable[[Code, Leaf, Field | None, str], None]] = {
    "string": _string,
    "int": _integer(*INT32),
    "long": _integer(*INT64),
    "decimal": _decimal,
    "timestamp-micros": _instant,
}
