"""T: types that every reader reads alike."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from backbone.contracts.linting.code import (
    CURRENCY,
    INSTANT,
    KEY,
    LINE,
    MONEY,
    STATE,
    Code,
    Example,
    having,
    with_field,
)
from backbone.contracts.nodes import Part, bare, fields

_MONEY = re.compile(
    r"(^|_)(price|amount|total|cost|fee|balance|tax|vat|discount|revenue|money)($|_)"
)
_TIME = re.compile(r"(.+_)?(timestamp|datetime|date|time)")
_BARE = frozenset({"int", "long", "string"})
_ENDED = {"name": "ThingEnded", "doc": "It ended."}

CODES: Mapping[str, Code] = {
    "T001": Code(
        "a nullable field does not begin with null and default to it",
        'write "type": ["null", ...], "default": null',
        "Older Avro takes a union's default for its first branch only, and without a default the "
        "field can never be added or left out.",
        with_field(["string", "null"], default=None),
        with_field(["null", "string"], default=None),
    ),
    "T002": Code(
        "an enum has no default",
        'give "default": "UNKNOWN", for readers without a symbol',
        "A new symbol breaks every reader that does not have it, unless its enum has a default. "
        "It must be there from the first version.",
        with_field({name: value for name, value in STATE.items() if name != "default"}),
        with_field(STATE),
    ),
    "T003": Code(
        "a field named *_at is no instant",
        'write "logicalType": "timestamp-micros"',
        "Whoever sees the name takes it for an instant in UTC.",
        with_field("long", name="seen_at"),
        with_field(["null", INSTANT], name="seen_at", default=None),
    ),
    "T004": Code(
        "money without its currency",
        "put a currency field beside it or above it",
        "An amount alone is added to one of another currency some day.",
        with_field(MONEY, name="unit_price"),
        Example({"fields": [KEY, {"name": "price", "type": MONEY, "doc": "It."}, CURRENCY]}),
    ),
    "T005": Code(
        "money as a binary fraction",
        "write a decimal with precision and scale",
        "0.1 and 0.2 are not 0.3 there.",
        with_field("double", name="total_amount"),
        Example({"fields": [KEY, {"name": "total_amount", "type": MONEY, "doc": "It."}, CURRENCY]}),
    ),
    "T006": Code(
        "a field of plain bytes",
        "write a string or a decimal: no document shows bytes",
        "A JSON document, a table and a person can do nothing with them.",
        with_field("bytes"),
        with_field("string"),
    ),
    "T007": Code(
        "an alias",
        "add the new field and deprecate the old one: readers differ on aliases",
        "Implementations may leave aliases away, and registries do not always honour them.",
        with_field("int", aliases=["old"]),
        with_field("int"),
    ),
    "T008": Code(
        "a shared type that is another one elsewhere",
        "write it the same in every contract, or give it a name of its own",
        "Money is inlined in every fact that has it. Readers hold one class for the name, so it "
        "must be one type.",
        Example(
            having({**LINE, "namespace": "shared"}),
            beside={
                "thing_ended.v1.avsc": {
                    **_ENDED,
                    **having({**LINE, "namespace": "shared", "fields": [KEY, CURRENCY]}),
                }
            },
        ),
        Example(
            having({**LINE, "namespace": "shared"}),
            beside={
                "thing_ended.v1.avsc": {**_ENDED, **having({**LINE, "namespace": "shared"})},
            },
        ),
    ),
    "T009": Code(
        "a moment as a bare number or text",
        "write an instant named *_at, or a date",
        "Nobody can tell seconds from milliseconds, or which of two numbers is the month.",
        with_field("long", name="event_time"),
        with_field({"type": "int", "logicalType": "date"}, name="event_date"),
    ),
}


def _enum(part: Part) -> Iterator[str]:
    if part.node.get("type") == "enum" and "default" not in part.node:
        yield "T002"


def _alias(part: Part) -> Iterator[str]:
    if "aliases" in part.node:
        yield "T007"


def _field_type(part: Part) -> Iterator[str]:
    declared = part.node.get("type")
    if isinstance(declared, list) and "null" in declared:
        default = part.node.get("default", "none at all")
        if declared[0] != "null" or default is not None:
            yield "T001"
    inner = bare(declared)
    if inner.get("type") in {"bytes", "fixed"} and inner.get("logicalType") != "decimal":
        yield "T006"


def _moment(part: Part) -> Iterator[str]:
    inner = bare(part.node.get("type"))
    logical = inner.get("logicalType")
    if part.name.endswith("_at") and logical != "timestamp-micros":
        yield "T003"
    if _TIME.fullmatch(part.name) and inner.get("type") in _BARE and logical is None:
        yield "T009"


def _money(part: Part) -> Iterator[str]:
    if not _MONEY.search(part.name):
        return
    inner = bare(part.node.get("type"))
    if inner.get("type") in {"float", "double"}:
        yield "T005"
    near = [str(each.get("name")) for record in part.above for each in fields(record)]
    if inner.get("logicalType") == "decimal" and not any("currency" in name for name in near):
        yield "T004"


TYPE_CHECKS: Sequence[Callable[[Part], Iterator[str]]] = (_enum, _alias)
FIELD_CHECKS: Sequence[Callable[[Part], Iterator[str]]] = (_alias, _field_type, _moment, _money)
