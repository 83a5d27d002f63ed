"""Straight code: one Python function for a whole shape, for the values that nearly all facts hold.

A walk of small functions (backbone/contracts/walk.py) spends most of its time calling them. Here
the same steps are written out one after the other and compiled once per contract, as dataclasses
do with `__init__`. Such a function takes the ordinary case only and gives None for everything
else, also for what is wrong: the walk then decides, and says why. So the walk alone says what is
accepted, and tests/unit/codec/test_straight.py holds that both give the same.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from backbone.contracts.cross_rules import cross_rules
from backbone.contracts.rules import broken_by
from backbone.contracts.shape import NO_DEFAULT, Array, Field, Leaf, Nullable, Record, Shape

Straight = Callable[[Any], Any]
"""Gives the result, or None where the walk must decide. Raises what its steps raise, which means
None too: the caller catches everything."""

DOUBT = "return None"


class Code:
    """Lines under way, the names that they use, and how deep they are indented."""

    def __init__(self, names: Mapping[str, Any]) -> None:
        self.names: dict[str, Any] = dict(names)
        self._lines: list[str] = []
        self._depth = 1
        self._count = 0

    def line(self, text: str) -> None:
        self._lines.append("    " * self._depth + text)

    def doubt_if(self, condition: str) -> None:
        self.line(f"if {condition}: {DOUBT}")

    def inside(self, header: str) -> "Code":
        """`with code.inside("if …:"):` indents what comes."""
        self.line(header)
        return self

    def __enter__(self) -> None:
        self._depth += 1

    def __exit__(self, *_: object) -> None:
        self._depth -= 1

    def new(self) -> str:
        """A name of its own, for a variable."""
        self._count += 1
        return f"v{self._count}"

    def constant(self, value: Any) -> str:
        """The name under which the code finds a value that was made beforehand."""
        name = f"c{len(self.names)}"
        self.names[name] = value
        return name

    def compiled(self) -> Straight | None:
        """None where Python does not take it: loops may stand in one another twenty deep."""
        source = "\n".join(["def straight(v0):", *self._lines])
        # the text is made of this package's own lines and of quoted field names
        try:
            exec(compile(source, "<straight code>", "exec"), self.names)  # noqa: S102 - of these lines
        except (SyntaxError, RecursionError, MemoryError):
            return None
        made: Straight = self.names["straight"]
        return made


@dataclass(frozen=True, slots=True)
class Steps:
    """What a reading turn writes for a record, and for each kind of leaf."""

    record: Callable[[Code, Record, str], str]
    leaves: Mapping[str, Callable[[Code, Leaf, str], None]]


def write_value(code: Code, shape: Shape, value: str, steps: Steps) -> str:
    """Write how `value` is read; give the name of what was read, often the same variable."""
    match shape:
        case Nullable(inner):
            with code.inside(f"if {value} is not None:"):
                code.line(f"{value} = {write_value(code, inner, value, steps)}")
        case Array(items):
            return _write_list(code, items, value, steps)
        case Record():
            return steps.record(code, shape, value)
        case Leaf():
            steps.leaves[shape.logical or shape.kind](code, shape, value)
    return value


def _write_list(code: Code, items: Shape, value: str, steps: Steps) -> str:
    made, item = code.new(), code.new()
    code.doubt_if(f"type({value}) is not list")
    code.line(f"{made} = []")
    with code.inside(f"for {item} in {value}:"):
        code.line(f"{made}.append({write_value(code, items, item, steps)})")
    return made


def write_text(code: Code, _: Leaf, value: str) -> None:
    code.doubt_if(f"type({value}) is not str or '\\0' in {value}")
    with code.inside(f"if not {value}.isascii():"):
        code.line(f"{value}.encode()")  # raises for half a surrogate pair


def write_rules(code: Code, field: Field, value: str) -> None:
    """A null is asked for nothing."""
    for broken in broken_by(field):
        call = f"{code.constant(broken)}({value})"
        code.doubt_if(f"{value} is not None and {call}" if _nullable(field) else call)


def write_cross_rules(code: Code, shape: Record, values: Mapping[str, str]) -> None:
    """`values` are the variables that hold the record's fields."""
    for rule in cross_rules(shape):
        asked = ", ".join(values[field] for field in rule.fields)
        code.doubt_if(f"not {code.constant(rule.holds)}({asked})")


def write_fields(code: Code, shape: Record, value: str, each: Callable[[Field, str], None]) -> None:
    """Take the record `value` apart into a variable per field, absent ones by their default, and
    let `each` write what comes of it. Unknown fields are for the walk to name."""
    code.doubt_if(f"type({value}) is not dict")
    absent = code.new()
    code.line(f"{absent} = 0")
    for field in shape.fields:
        found = code.new()
        _write_found(code, field, f"{found} = {value}", found, absent)
        each(field, found)
    code.doubt_if(f"len({value}) + {absent} != {len(shape.fields)}")


def _write_found(code: Code, field: Field, taken: str, found: str, absent: str) -> None:
    if field.default is NO_DEFAULT or isinstance(field.default, list | dict):
        code.line(f"{taken}[{field.name!r}]")
        return
    nothing = code.constant(NO_DEFAULT)
    code.line(f"{taken}.get({field.name!r}, {nothing})")
    with code.inside(f"if {found} is {nothing}:"):
        code.line(f"{absent} += 1")
        code.line(f"{found} = {code.constant(field.default)}")


def _nullable(field: Field) -> bool:
    return isinstance(field.shape, Nullable)


def is_plain(shape: Shape, kinds: frozenset[str]) -> bool:
    """Whether every part can be written out; `kinds` are those of the leaves."""
    match shape:
        case Leaf():
            return (shape.logical or shape.kind) in kinds and shape.kind != "fixed"
        case Nullable(inner) | Array(inner):
            return is_plain(inner, kinds)
        case Record():
            return all(is_plain(each.shape, kinds) for each in shape.fields)
    return False
