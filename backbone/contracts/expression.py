"""Expressions of cross-field rules: a small part of CEL, exact with money, compiled to Python.

    expires_at > authorized_at
    net_amount + tax_amount == total_amount
    status != 'SHIPPED' || (shipped_at != null && size(lines) > 0)
    ends_on - starts_on <= duration('8760h')

What there is: fields by their dotted path, numbers, texts, true, false, null, `+ - *`, the six
comparisons, `&& ||`, brackets, `!` before a boolean field, `size()` of a text or a list, and
`duration()`. What it means is CEL's, but that decimals are exact, dates are days, and **a
comparison with a null holds**: of what is absent nothing is asked, unless by `== null`.
docs/decisions/0011-cross-field-rules.md says why no CEL library serves.
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from decimal import Context, Decimal
from typing import Any, NamedTuple

from backbone.contracts.expression_tokens import MAX_LENGTH, tokens, wrong
from backbone.contracts.shape import Array, Leaf, Map, Nullable, Record, Shape

# No sum or product of an expression that long has as many digits: nothing is rounded.
_EXACT = Context(prec=MAX_LENGTH * 40)
_ORDER = ("<", "<=", ">", ">=")
_COMPARE = ("==", "!=", *_ORDER)
_DURATION = re.compile(r"(?:([0-9]{1,7})h)?(?:([0-9]{1,7})m)?(?:([0-9]{1,9})s)?")
_KINDS = {
    **dict.fromkeys(("int", "long"), "int"),
    **dict.fromkeys(("float", "double"), "double"),
    **dict.fromkeys(("string", "enum", "uuid"), "text"),
    "boolean": "bool",
    "decimal": "decimal",
    "timestamp-micros": "instant",
    "date": "date",
}
_NUMBERS = ("int", "double", "decimal", "point")
_SIZED = ("text", "list")


class Term(NamedTuple):
    """A part that was read: its kind, as Python, and what of it may be null, outermost first.
    A `point` is a literal such as 0.1, which is of the kind of what it meets."""

    kind: str
    code: str
    nulls: tuple[str, ...] = ()
    is_field: bool = False
    symbols: tuple[str, ...] = ()
    literal: str = ""


class Expression:
    """Reads one expression of a record. `source` is Python, of the variables in `fields`."""

    def __init__(self, text: str, record: Record) -> None:
        """Raises SchemaProblem, which says what is wrong with it."""
        self._record = record
        self.fields: dict[str, str] = {}  # field: variable
        self.constants: dict[str, Any] = {"exact": _EXACT}
        self._tokens = tokens(text)
        self._at = 0
        self.source = _holds(self._or())
        if self._at < len(self._tokens):
            raise wrong(f"does not expect {self._tokens[self._at][1]!r}")

    # from the loosest to the tightest

    def _or(self) -> Term:
        term = self._and()
        while self._takes("||"):
            term = Term("bool", f"({_holds(term)} or {_holds(self._and())})")
        return term

    def _and(self) -> Term:
        term = self._comparison()
        while self._takes("&&"):
            term = Term("bool", f"({_holds(term)} and {_holds(self._comparison())})")
        return term

    def _comparison(self) -> Term:
        left = self._sum()
        sign = self._takes(*_COMPARE)
        return self._compared(left, sign, self._sum()) if sign else left

    def _sum(self) -> Term:
        term = self._product()
        while sign := self._takes("+", "-"):
            term = self._calculated(term, sign, self._product())
        return term

    def _product(self) -> Term:
        term = self._single()
        while self._takes("*"):
            term = self._calculated(term, "*", self._single())
        return term

    def _single(self) -> Term:
        if self._takes("!"):
            return _denied(self._single())
        if self._takes("-"):
            return self._negative()
        if self._takes("("):
            term = self._or()
            self._must(")")
            return term._replace(is_field=False)
        kind, word = self._next()
        if kind == "number":
            return Term("point" if "." in word else "int", str(Decimal(word)))
        if kind == "text":
            return Term("text", self._constant(word[1:-1]), literal=word[1:-1])
        if kind == "name":
            return self._named(word)
        raise wrong(f"does not expect {word!r}")

    def _negative(self) -> Term:
        term = self._single()
        if term.kind == "point":
            return term._replace(code=str(-Decimal(term.code)))
        return self._calculated(Term("int", "0"), "-", term)

    def _named(self, word: str) -> Term:
        if word in {"true", "false"}:
            return Term("bool", word.capitalize())
        if word == "null":
            return Term("null", "None")
        if not self._takes("("):
            return self._path(word)
        made = self._call(word)
        self._must(")")
        return made

    def _call(self, word: str) -> Term:
        if word == "duration":
            kind, text = self._next()
            return Term("duration", self._constant(_duration(text if kind == "text" else "")))
        if word != "size":
            raise wrong(f"has no function {word!r}: there are size and duration")
        term = self._single()
        if term.kind not in _SIZED:
            raise wrong("size() is of a text or a list")
        return Term("int", f"len({term.code})", term.nulls)

    def _path(self, word: str) -> Term:
        shape, code, nulls = self._field(self._record, word), self._variable(word), []
        while True:
            if isinstance(shape, Nullable):
                nulls.append(code)
                shape = shape.inner
            if not self._takes("."):
                symbols = shape.symbols if isinstance(shape, Leaf) else ()
                return Term(_kind(shape), code, tuple(nulls), is_field=True, symbols=symbols)
            inner = self._next()[1]
            if not isinstance(shape, Record):
                raise wrong(f"asks for {inner!r} of what is no record")
            shape, code = self._field(shape, inner), f"{code}[{inner!r}]"

    def _field(self, record: Record, name: str) -> Shape:
        found = next((each.shape for each in record.fields if each.name == name), None)
        if found is None:
            raise wrong(f"names {name!r}, which is no field of {record.name}")
        return found

    # what comes of two

    def _compared(self, left: Term, sign: str, right: Term) -> Term:
        if "null" in (left.kind, right.kind):
            return _asked_for_null(left, sign, right)
        _must_be_symbol(left, right)
        _must_be_symbol(right, left)
        left, right = self._alike(left, right), self._alike(right, left)
        fits = left.kind == right.kind or {left.kind, right.kind} in (_MIXED, _COUNTED)
        ordered = left.kind not in ("bool", "text", "record", "list")
        if not fits or left.kind in ("record", "list") or (sign in _ORDER and not ordered):
            raise wrong(f"compares {left.kind} {sign} {right.kind}")
        absent = [f"{code} is None" for code in dict.fromkeys((*left.nulls, *right.nulls))]
        return Term("bool", f"({' or '.join([*absent, f'{left.code} {sign} {right.code}'])})")

    def _calculated(self, left: Term, sign: str, right: Term) -> Term:
        left, right = self._alike(left, right), self._alike(right, left)
        nulls = (*left.nulls, *right.nulls)
        kinds = {left.kind, right.kind}
        if kinds in ({"instant"}, {"date"}) and sign == "-":
            return Term("duration", f"({left.code} - {right.code})", nulls)
        if kinds in ({"decimal"}, _MIXED):
            call = {"+": "add", "-": "subtract", "*": "multiply"}[sign]
            return Term("decimal", f"exact.{call}({left.code}, {right.code})", nulls)
        if kinds <= {"int", "double"}:
            kind = "double" if "double" in kinds else "int"
            return Term(kind, f"({left.code} {sign} {right.code})", nulls)
        raise wrong(f"cannot work out {left.kind} {sign} {right.kind}")

    def _alike(self, term: Term, other: Term) -> Term:
        """A literal with a point as what it meets: exact beside decimals, a float beside floats."""
        if term.kind != "point":
            return term
        if other.kind == "double":
            return Term("double", repr(float(term.code)))
        return Term("decimal", self._constant(Decimal(term.code)))

    # words

    def _takes(self, *signs: str) -> str:
        if self._at < len(self._tokens) and self._tokens[self._at][1] in signs:
            return self._next()[1]
        return ""

    def _must(self, sign: str) -> None:
        if not self._takes(sign):
            raise wrong(f"lacks a {sign!r}")

    def _next(self) -> tuple[str, str]:
        if self._at >= len(self._tokens):
            raise wrong("ends too early")
        self._at += 1
        return self._tokens[self._at - 1]

    def _variable(self, field: str) -> str:
        return self.fields.setdefault(field, f"f{len(self.fields)}")

    def _constant(self, value: Any) -> str:
        name = f"c{len(self.constants)}"
        self.constants[name] = value
        return name


_MIXED = {"int", "decimal"}
_COUNTED = {"int", "double"}


def _holds(term: Term) -> str:
    """As a condition; a boolean field that is null holds, as a comparison with it would."""
    if term.kind != "bool":
        raise wrong(f"is a {term.kind} where a condition is needed")
    if not term.nulls:
        return term.code
    return f"({' or '.join([*(f'{each} is None' for each in term.nulls), term.code])})"


def _denied(term: Term) -> Term:
    """Of a comparison it would make what a null holds for into what it breaks."""
    if term.kind != "bool" or not term.is_field:
        raise wrong("has a ! before something else than a boolean field: write the opposite")
    return Term("bool", f"(not {term.code})", term.nulls)


def _asked_for_null(left: Term, sign: str, right: Term) -> Term:
    asked = right if left.kind == "null" else left
    if sign not in ("==", "!=") or not asked.is_field or not asked.nulls:
        raise wrong(f"compares by {sign} null what is no nullable field")
    absent = " or ".join(f"{code} is None" for code in asked.nulls)
    return Term("bool", f"({absent})" if sign == "==" else f"(not ({absent}))")


def _must_be_symbol(enum: Term, other: Term) -> None:
    if enum.symbols and other.literal and other.literal not in enum.symbols:
        raise wrong(f"compares an enum with {other.literal!r}, which is none of its symbols")


def _kind(shape: Shape) -> str:
    match shape:
        case Leaf():
            return _KINDS.get(shape.logical or shape.kind, "bytes")
        case Array() | Map():
            return "list"
    return "record"


def _duration(text: str) -> timedelta:
    found = _DURATION.fullmatch(text[1:-1])
    if found is None or not text[1:-1]:
        raise wrong("gives duration() something else than '36h', '90m' or '1h30m5s'")
    hours, minutes, seconds = (int(each or 0) for each in found.groups())
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)


def compiled(text: str, record: Record) -> tuple[tuple[str, ...], Any]:
    """The fields that an expression asks for, and a function of their values. Raises
    SchemaProblem."""
    try:
        made = Expression(text, record)
    except RecursionError:
        raise wrong("nests deeper than Python takes") from None
    names: Mapping[str, Any] = {**made.constants, "__builtins__": {"len": len}}
    variables = ", ".join(made.fields.values())
    try:
        # made of the lines above: names of variables, checked signs and constants
        holds = eval(f"lambda {variables}: {made.source}", dict(names))  # noqa: S307 - of a text this module made
    except (SyntaxError, RecursionError, MemoryError):
        raise wrong("nests deeper than Python takes") from None
    return tuple(made.fields), holds
