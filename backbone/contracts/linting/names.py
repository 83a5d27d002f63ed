"""N: names that say what is meant, and that Avro and Java take."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from backbone.contracts.linting.code import (
    INSTANT,
    LINE,
    STATE,
    Code,
    Example,
    Found,
    with_field,
)
from backbone.contracts.linting.words import COMMANDS, JAVA, MEASURES, PAST, UNITS
from backbone.contracts.nodes import Json, Part, bare

_SNAKE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_PASCAL = re.compile(r"([A-Z][a-z0-9]*)+")
_UPPER = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*")
_WORD = re.compile(r"[A-Z][a-z0-9]*")
_COUNTED = frozenset({"int", "long", "float", "double"})
_MOMENTS = frozenset({"timestamp-micros", "date"})

CODES: Mapping[str, Code] = {
    "N001": Code(
        "the fact is not named in PascalCase and the past tense",
        "say what happened: OrderPlaced",
        "A fact has happened and cannot be undone or refused; its name says so.",
        Example({"name": "HappenThing"}, file="happen_thing.v1.avsc"),
        Example({"name": "ThingSold"}, file="thing_sold.v1.avsc"),
    ),
    "N002": Code(
        "the file is not named after its fact",
        "OrderPlaced lives in order_placed.v1.avsc",
        "Whoever looks for a fact looks for its file.",
        Example(file="something_else.v1.avsc"),
        Example(),
    ),
    "N003": Code(
        "a field is not in snake_case",
        "write stock_code, not stockCode",
        "The name becomes a column, a JSON member and an attribute: one spelling serves them all.",
        with_field("int", name="itIs"),
        with_field("int", name="it_is"),
    ),
    "N004": Code(
        "an enum's symbol is not in UPPER_SNAKE",
        "write PARTLY_PAID",
        "Symbols become constants in every language.",
        with_field({**STATE, "symbols": ["UNKNOWN", "paid"]}),
        with_field(STATE),
    ),
    "N005": Code(
        "the fact has no namespace",
        "give it its domain's: shop.sales",
        "Two domains may have a fact of the same name; the namespace tells them apart.",
        Example({"namespace": ""}),
        Example({"namespace": "shop.sales"}),
    ),
    "N006": Code(
        "an instant is not named *_at",
        "write placed_at",
        "Whoever sees the name knows what it is, without the schema.",
        with_field(INSTANT, name="since"),
        with_field(INSTANT, name="begun_at"),
    ),
    "N007": Code(
        "a type is not named in PascalCase",
        "write OrderLine",
        "Types become classes in every language.",
        with_field({**LINE, "name": "order_line"}),
        with_field({**LINE, "name": "OrderLine"}),
    ),
    "N008": Code(
        "a command, where a fact is meant",
        "say what happened, not what somebody should do: OrderPlaced, not PlaceOrder",
        "A command has one receiver, who may refuse it. A fact has any number of readers, and what "
        "it says is so; that something was requested is only a command in other words.",
        Example({"name": "PlaceThing"}, file="place_thing.v1.avsc"),
        Example({"name": "ThingPlaced"}, file="thing_placed.v1.avsc"),
    ),
    "N009": Code(
        "a measure without its unit",
        "write weight_grams, duration_seconds",
        "A number whose unit stands elsewhere is read in the wrong one some day.",
        with_field("int", name="weight"),
        with_field("int", name="weight_grams"),
    ),
    "N010": Code(
        "a word that Java keeps for itself",
        "write item_class, or another word",
        "Classes that are made of the schema get another name there, or do not compile.",
        with_field("string", name="class"),
        with_field("string", name="item_class"),
    ),
}


def of_fact(file: str, schema: Json) -> Found:
    name = str(schema.get("name"))
    if _is_command(name):
        yield "N008", ""
    elif not _PASCAL.fullmatch(name) or not _is_past(_WORD.findall(name)[-1]):
        yield "N001", ""
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
    if Path(file).name.partition(".")[0] != snake:
        yield "N002", ""
    namespace = str(schema.get("namespace", ""))
    if not namespace and "." not in name:
        yield "N005", ""
    if JAVA.intersection(namespace.split(".")):
        yield "N010", "namespace"


def _is_command(name: str) -> bool:
    words = _WORD.findall(name)
    if not words:
        return False
    return words[-1] == "Requested" or (words[0] in COMMANDS and not _is_past(words[-1]))


def _is_past(word: str) -> bool:
    return word.endswith("ed") or word in PAST


def _type_name(part: Part) -> Iterator[str]:
    if part.node.get("type") == "record" and part.above and not _PASCAL.fullmatch(part.name):
        yield "N007"


def _symbols(part: Part) -> Iterator[str]:
    symbols = part.node.get("symbols")
    if part.node.get("type") != "enum" or not isinstance(symbols, list):
        return
    if not all(_UPPER.fullmatch(str(each)) for each in symbols):
        yield "N004"


def _field_name(part: Part) -> Iterator[str]:
    if not _SNAKE.fullmatch(part.name):
        yield "N003"
    if part.name in JAVA:
        yield "N010"
    inner = bare(part.node.get("type"))
    instant = inner.get("logicalType") == "timestamp-micros"
    if instant and not part.name.endswith("_at"):
        yield "N006"


def _unit(part: Part) -> Iterator[str]:
    inner = bare(part.node.get("type"))
    logical = inner.get("logicalType")
    counted = logical == "decimal" or (inner.get("type") in _COUNTED and logical not in _MOMENTS)
    words = set(part.name.split("_"))
    if counted and words & MEASURES and not words & UNITS:
        yield "N009"


TYPE_CHECKS: Sequence[Callable[[Part], Iterator[str]]] = (_type_name, _symbols)
FIELD_CHECKS: Sequence[Callable[[Part], Iterator[str]]] = (_field_name, _unit)
