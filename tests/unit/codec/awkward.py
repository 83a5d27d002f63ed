"""Schemas that an engine may stumble over, and both engines made for them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from backbone.codec.columnar_engine import ColumnarDecoder
from backbone.codec.row_engine import RowDecoder
from backbone.contracts.catalog import Contracts
from backbone.contracts.contract import Contract
from backbone.contracts.shape import Record, read_shape

DECIMAL = {"type": "bytes", "logicalType": "decimal", "precision": 19, "scale": 4}
SMALL_DECIMAL = {"type": "bytes", "logicalType": "decimal", "precision": 5, "scale": 2}
LARGE_DECIMAL = {"type": "bytes", "logicalType": "decimal", "precision": 38, "scale": 18}
MICROS = {"type": "long", "logicalType": "timestamp-micros"}
DATE = {"type": "int", "logicalType": "date"}
UUID = {"type": "string", "logicalType": "uuid"}
STATE = {"type": "enum", "name": "State", "symbols": ["UNKNOWN", "PAID", "SENT"]}
NAMED = ("test.thing.v1", "key", "log", 1, "forever", "us", "/test", 60, "public", "any", "draft")


def fixed(name: str, size: int, **more: Any) -> dict[str, Any]:
    return {"type": "fixed", "name": name, "size": size, **more}


def record(name: str, **fields: Any) -> dict[str, Any]:
    listed = [{"name": field, "type": kind} for field, kind in fields.items()]
    return {"type": "record", "name": name, "fields": listed}


def array(items: Any) -> dict[str, Any]:
    return {"type": "array", "items": items}


LINE = record("Line", code="string", state=["null", STATE], price=DECIMAL, note=["string", "null"])
POINT = record("Point", x="double", y=["null", "float"], at=MICROS)
INNER = record("Inner", a=["null", "string"], b=array(["null", "long"]), c="boolean")

AWKWARD: dict[str, dict[str, Any]] = {
    "plain": record("F", key="string", a="long", b="int", c="boolean", d="double", e="float"),
    "text": record("F", key="string", a="string", b=["null", "string"], c=UUID, d=["null", UUID]),
    "times": record("F", key="string", a=MICROS, b=["null", MICROS], c=DATE, d=[DATE, "null"]),
    "decimals": record(
        "F",
        key="string",
        a=DECIMAL,
        b=SMALL_DECIMAL,
        c=LARGE_DECIMAL,
        d=fixed("D9", 9, logicalType="decimal", precision=19, scale=4),
        e=fixed("D4", 4, logicalType="decimal", precision=6, scale=0),
    ),
    "nullable_decimals": record(
        "F",
        key="string",
        a=["null", DECIMAL],
        b=[SMALL_DECIMAL, "null"],
        c=["null", fixed("D16", 16, logicalType="decimal", precision=20, scale=4)],
        d=array(["null", DECIMAL]),
    ),
    "bytes": record(
        "F",
        key="string",
        a="bytes",
        b=["null", "bytes"],
        c=fixed("F3", 3),
        d=[fixed("F2", 2), "null"],
    ),
    "enums": record(
        "F",
        key="string",
        a=STATE,
        b=["null", "State"],
        c=record("Holder", state="State", other=["State", "null"]),
        d=array("State"),
    ),
    "lines": record("F", key="string", lines=array(LINE), after="long"),
    "lists": record(
        "F",
        key="string",
        a=array(array("int")),
        b=["null", array("string")],
        c=array(["null", array(["boolean", "null"])]),
        d=array("boolean"),
        e=array("double"),
    ),
    "reused": record(
        "F", key="string", one=POINT, two=["null", "Point"], many=array("Point"), last="Point"
    ),
    "nested": record(
        "F",
        key="string",
        a=["null", record("Outer", inner=["null", INNER], also="Inner", n=["int", "null"])],
        b=["Outer", "null"],
        c=array(["null", "Inner"]),
    ),
    "fixed_only": record("F", a=fixed("F4", 4), b="double", c=fixed("F1", 1)),
}


@dataclass(frozen=True)
class Case:
    """A writer's schema read for a contract, by both engines."""

    name: str
    shape: Record
    rows: RowDecoder
    columns: ColumnarDecoder


def contract_of(schema: dict[str, Any]) -> Contract:
    return Contract(schema["name"], 1, schema, *NAMED)


def case_of(name: str, writer: Any, contract: Contract) -> Case:
    shape = read_shape(writer)
    rows, columns = RowDecoder(writer, shape, contract), ColumnarDecoder(writer, shape, contract)
    return Case(name, shape, rows, columns)


def evolved() -> Iterator[Case]:
    """Facts of older and newer versions of a schema than our contract."""
    line = record("Line", code="string", price=DECIMAL)
    old = record("F", key="string", gone=["null", DECIMAL], lines=array(line), n="long")
    ours = record("F", n="long", key="string", lines=array(line))
    defaults: dict[str, tuple[Any, Any]] = {
        "a": (["null", "string"], None),
        "b": ("string", "x"),
        "c": ("long", 5),
    }
    defaults |= {"d": ("boolean", True), "e": (STATE, "PAID"), "f": ("double", 0.5)}
    for name, (kind, default) in defaults.items():
        ours["fields"].append({"name": name, "type": kind, "default": default})
    yield case_of("evolved", old, contract_of(ours))


def cases(contracts: Contracts) -> dict[str, Case]:
    found = {each.name: case_of(each.name, each.schema, each) for each in contracts.values()}
    found |= {name: case_of(name, kind, contract_of(kind)) for name, kind in AWKWARD.items()}
    return found | {each.name: each for each in evolved()}
