import json
from typing import Any

import pytest

from backbone.contracts.safety import refuse, schema_of
from backbone.errors import Poison, PoisonReason


def _record(*kinds: Any, name: str = "Happened") -> dict[str, Any]:
    fields = [{"name": f"f{index}", "type": kind} for index, kind in enumerate(kinds)]
    return {"type": "record", "name": name, "fields": fields}


def _doubling(levels: int) -> dict[str, Any]:
    """Types that use one another twice: two to the power of `levels` once written out."""
    inner: Any = _record("int", name="T0")
    for level in range(1, levels):
        inner = _record(inner, f"T{level - 1}", name=f"T{level}")
    return _record(inner)


def _deep(levels: int) -> dict[str, Any]:
    inner: Any = "int"
    for _ in range(levels):
        inner = {"type": "array", "items": inner}
    return _record(inner)


EMPTY = {"type": "record", "name": "Empty", "fields": []}
REFUSED = {
    "itself inside": _record({"type": "array", "items": "Happened"}),
    "itself through another": _record(_record(["null", "Happened"], name="Other")),
    "an array of null": _record({"type": "array", "items": "null"}),
    "a map of null": _record({"type": "map", "values": "null"}),
    "an array of empty records": _record({"type": "array", "items": EMPTY}),
    "an array of fixed(0)": _record(
        {"type": "array", "items": {"type": "fixed", "name": "F", "size": 0}}
    ),
    "a null field": _record("null"),
    "no fields": EMPTY,
    "deep nesting": _deep(32),
    "thirty doublings": _doubling(30),
    "no record": "string",
    "an unknown type": _record("Nothing"),
    "a union of three": _record(["null", "int", "string"]),
    "a union in a union": _record(["null", ["null", "int"]]),
    "a union of one": _record(["int"]),
    "a name twice": _record(_record("int", name="X"), _record("int", name="X")),
    "a field twice": {**_record(), "fields": [{"name": "a", "type": "int"}] * 2},
    "a name that Java refuses": _record("int", name="bad-name"),
    "a type named as Avro's own": _record(_record("int", name="string")),
    "a decimal without precision": _record({"type": "bytes", "logicalType": "decimal"}),
    "a decimal with scale over precision": _record(
        {"type": "bytes", "logicalType": "decimal", "precision": 2, "scale": 3}
    ),
    "an unsupported logical type": _record({"type": "long", "logicalType": "timestamp-millis"}),
    "an enum's symbol twice": _record({"type": "enum", "name": "E", "symbols": ["A", "A"]}),
    "a list": [],
    "a number": 5,
}
ACCEPTED = {
    "plain fields": _record("int", "string", ["null", "double"], ["bytes", "null"]),
    "a type used twice": _record(_record("int", name="X"), "X"),
    "some nesting": _deep(20),
    "a few doublings": _doubling(8),
}


@pytest.mark.parametrize("schema", REFUSED.values(), ids=REFUSED)
def test_a_schema_that_must_not_meet_hostile_bytes_is_refused(schema: Any) -> None:
    with pytest.raises(Poison, match="the writer's schema is refused: ") as caught:
        refuse(schema)
    assert caught.value.reason is PoisonReason.SCHEMA_REFUSED


@pytest.mark.parametrize("schema", ACCEPTED.values(), ids=ACCEPTED)
def test_an_ordinary_schema_is_accepted(schema: Any) -> None:
    refuse(schema)


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000])
def test_a_schema_that_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(Poison) as caught:
        schema_of(text)
    assert caught.value.reason is PoisonReason.SCHEMA_REFUSED


def test_the_message_names_the_place() -> None:
    line = _record({"type": "array", "items": "null"}, name="Line")
    with pytest.raises(Poison, match=r"f0\[\]\.f0\[\]: null takes no bytes"):
        refuse(_record({"type": "array", "items": line}))


def test_json_is_given_back_as_it_is() -> None:
    assert schema_of(json.dumps(ACCEPTED["some nesting"])) == ACCEPTED["some nesting"]
