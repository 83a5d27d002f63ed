import json
from typing import Any

from backbone.registry.compatibility import Conflict, conflicts

STATE = {"type": "enum", "name": "State", "symbols": ["A", "B"], "default": "A"}


def record(*fields: Any) -> str:
    listed = [{"name": name, "type": kind} for name, kind in fields]
    return json.dumps({"type": "record", "name": "R", "namespace": "test", "fields": listed})


def test_a_type_that_another_field_uses_by_name_is_kept() -> None:
    # Fields that are the same in both are left out before they are compared.
    before = record(("first", STATE), ("second", "State"), ("count", "int"))
    after = record(("first", STATE), ("second", "State"), ("count", "long"))
    after = after.replace('"second"', '"second", "doc": "Told."')
    assert conflicts([before], after) == [
        Conflict(1, True, ("count",), "reader type: int not compatible with writer type: long")
    ]


def test_a_field_inside_of_an_optional_record_is_found_without_the_records_name() -> None:
    def place(*fields: Any) -> Any:
        return ["null", {**json.loads(record(*fields)), "name": "Place"}]

    (found,) = conflicts(
        [record(("place", place(("x", "int"))))],
        record(("place", place(("x", "int"), ("y", "int")))),
    )
    assert (found.fields, found.forward) == (("place",), False)


def test_a_null_that_a_reader_cannot_take_is_told_with_its_field() -> None:
    (found,) = conflicts([record(("note", ["null", "int"]))], record(("note", "int")))
    assert (found.fields, found.version, found.forward) == (("note",), 1, False)


def test_what_is_no_schema_is_told_as_such() -> None:
    (found,) = conflicts([], '{"type": "nonsense"}')
    assert (found.version, str(found)[:23]) == (0, "not a valid Avro schema")
