from typing import Any

import pytest

from backbone.codec.meaning import refuse_other_meanings
from backbone.contracts.shape import Record, read_shape
from backbone.errors import Poison, PoisonReason

INSTANT = {"type": "long", "logicalType": "timestamp-micros"}
UUID = {"type": "string", "logicalType": "uuid"}


def money(scale: int, precision: int = 19) -> dict[str, Any]:
    return {"type": "bytes", "logicalType": "decimal", "precision": precision, "scale": scale}


def shape(kind: Any) -> Record:
    return read_shape({"type": "record", "name": "R", "fields": [{"name": "x", "type": kind}]})


def inside(kind: Any) -> Any:
    fields = [{"name": "y", "type": kind}]
    return {"type": "array", "items": {"type": "record", "name": "I", "fields": fields}}


@pytest.mark.parametrize(
    ("written", "ours"),
    [
        (money(4), money(2)),
        (["null", money(4)], money(2)),
        (money(4), ["null", money(2)]),
        ({"type": "map", "values": money(4)}, {"type": "map", "values": money(2)}),
        (money(4), "bytes"),
        (INSTANT, "long"),
        ("long", INSTANT),
    ],
)
def test_another_scale_or_logical_type_is_refused(written: Any, ours: Any) -> None:
    # Once amounts were read with the contract's scale, whatever they were written with.
    with pytest.raises(Poison, match=r"x was written as .* and the contract says") as caught:
        refuse_other_meanings(shape(written), shape(ours))
    assert caught.value.reason is PoisonReason.SCHEMA_REFUSED


def test_a_field_inside_of_a_list_is_named_by_its_path() -> None:
    with pytest.raises(Poison, match=r"x\.y was written as decimal\(19, 4\)"):
        refuse_other_meanings(shape(inside(money(4))), shape(inside(money(2))))


@pytest.mark.parametrize(
    ("written", "ours"),
    [(money(2, 9), money(2)), ("string", UUID), (UUID, "string"), ("int", "long")],
)
def test_what_is_read_as_itself_or_looked_at_elsewhere_passes(written: Any, ours: Any) -> None:
    refuse_other_meanings(shape(written), shape(ours))
