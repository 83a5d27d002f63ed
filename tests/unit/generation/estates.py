"""Estates to generate from: the project's own, and one whose fact has every shape there is."""

import json
from collections.abc import Mapping
from copy import deepcopy
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from backbone import topics
from backbone.contracts.catalog import Contracts
from backbone.generation.estate import Deployment, Estate, ViewTerms

AVRO = Path(__file__).parents[3] / "avro"
DEPLOYMENT = Deployment(
    app="backbone",
    kafka="kafka.example:9092",
    registry="http://registry.example:8081",
    redis="redis.example:6379",
    clickhouse="clickhouse.example:8123",
    database="backbone",
    at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
)
MONEY = {"type": "bytes", "logicalType": "decimal", "precision": 12, "scale": 2}
INSTANT = {"type": "long", "logicalType": "timestamp-micros"}
PII: Mapping[str, Any] = {"confluent:tags": ["PII"]}


def field(name: str, kind: Any, doc: str = "What it is.", **more: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, "doc": doc, **more}


def maybe(name: str, kind: Any, **more: Any) -> dict[str, Any]:
    return field(name, ["null", kind], default=None, **more)


def record(name: str, *fields: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "record", "name": name, "doc": f"A {name}.", "fields": list(fields), **more}


MOOD = {"type": "enum", "name": "Mood", "symbols": ["UNKNOWN", "GOOD"], "default": "UNKNOWN"}
PART = record(
    "Part",
    field("number", "int", rules={"minimum": 1, "maximum": 99}),
    field("price", MONEY, rules={"exclusiveMinimum": "0"}),
    field("signed_by", "string", **PII),
    maybe("noted_by", "string", **PII),
)
ADDRESS = record(
    "Address", field("street", "string", **PII), maybe("floor", "int"), **PII, namespace="shop.crm"
)
WIDE = record(
    "ThingMeasured",
    field("thing_id", "string", rules={"pattern": "^a|b$", "maxLength": 9}),
    field("measured_at", INSTANT, doc='A \\ in a """doc""" that ends in "*/"'),
    field("currency", "string"),
    maybe("price", MONEY, rules={"minimum": "0"}),
    field("mood", MOOD),
    maybe("earlier_mood", "Mood"),
    field("day", {"type": "int", "logicalType": "date"}),
    field("reference", {"type": "string", "logicalType": "uuid"}),
    field("ratio", "double"),
    field("is_last", "boolean"),
    field("ticks", "long"),
    field("class", "string", doc="Python's own word, and " + "a long doc, " * 20),
    field("parts", {"type": "array", "items": PART}, rules={"minItems": 1}),
    maybe("spare_part", "Part"),
    maybe("home", ADDRESS),
    field("nicknames", {"type": "array", "items": "string"}, **PII),
    maybe("birth_day", {"type": "int", "logicalType": "date"}, **PII),
    field("salary", MONEY, **PII),
    field("rows", {"type": "array", "items": {"type": "array", "items": "long"}}),
    namespace="shop.wide",
)
MAPPED = record(
    "ThingMapped",
    field("thing_id", "string"),
    field("texts", {"type": "map", "values": "string"}),
    field("parts", {"type": "map", "values": PART}),
    field("secrets", {"type": "map", "values": "string"}, **PII),
    namespace="shop.wide",
)
FACT: Mapping[str, Any] = {
    "thing_id": "b",
    "measured_at": datetime(2026, 1, 2, 3, 4, 5, 678900, tzinfo=UTC),
    "currency": "EUR",
    "price": Decimal("1.50"),
    "mood": "GOOD",
    "earlier_mood": None,
    "day": date(2026, 1, 2),
    "reference": "6f8ae3c4-0000-4000-8000-00000000000a",
    "ratio": 0.5,
    "is_last": True,
    "ticks": 2**60,
    "class": "first",
    "parts": [
        {"number": 7, "price": Decimal("2.25"), "signed_by": "Ann", "noted_by": None},
        {"number": 8, "price": Decimal("0.10"), "signed_by": "Bob", "noted_by": "Eve"},
    ],
    "spare_part": {"number": 9, "price": Decimal("9.99"), "signed_by": "Joe", "noted_by": None},
    "home": {"street": "Elm Street", "floor": 3},
    "nicknames": ["Annie"],
    "birth_day": date(1990, 1, 2),
    "salary": Decimal("4000.00"),
    "rows": [[1, 2], []],
}


def estate_of(contracts: Contracts, *views: ViewTerms) -> Estate:
    return Estate(
        contracts=contracts,
        topics=topics.declared(contracts, ["drop"], ["view", "warehouse"]),
        views=views,
        sinks={"warehouse": sorted(contracts)},
        deployment=DEPLOYMENT,
    )


def own() -> Estate:
    prices = ViewTerms(
        name="prices",
        version=1,
        topic="pricing.price.v1",
        description="What things cost.",
        reads={"shop.pricing.PriceChanged": ("stock_code", "price")},
        serves={
            "stock_code": {"shop.pricing.PriceChanged": ()},
            "price": {"shop.pricing.PriceChanged": ("price",)},
        },
    )
    return estate_of(Contracts.load(AVRO), prices)


def wide(folder: Path, *records: Mapping[str, Any]) -> Estate:
    """Of these records as contracts; of every shape where none is given."""
    for each in records or (WIDE, MAPPED):
        write(each, folder)
    return estate_of(Contracts.load(folder))


def write(schema: Mapping[str, Any], folder: Path) -> None:
    """With operational attributes as a contract of the project's has them."""
    known = json.loads((AVRO / "pricing" / "price_changed.v1.avsc").read_text())["contract"]
    terms = {**known, "topic": "wide.thing.v1", "key": "thing_id", "order": "log"}
    made = {**deepcopy(dict(schema)), "contract": terms}
    name = "".join(f"_{each.lower()}" if each.isupper() else each for each in schema["name"])
    (folder / f"{name.lstrip('_')}.v1.avsc").write_text(json.dumps(made))
