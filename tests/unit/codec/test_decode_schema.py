"""Which schemas are read in columns, as what, and how much memory they may take."""

from typing import Any

import pytest

from backbone.codec import expansion
from backbone.codec.columnar_engine import ColumnarDecoder, columnar
from backbone.codec.decode_schema import Unsupported, decode_schema
from backbone.codec.expansion import Expansion
from backbone.contracts.catalog import Contracts
from backbone.contracts.schema_problem import SchemaProblem
from backbone.contracts.shape import read_shape
from tests.unit.codec.awkward import AWKWARD, DECIMAL, STATE, array, contract_of, fixed, record

SIMPLE = record("F", key="string", n="long")


def test_every_contract_of_ours_is_read_in_columns(contracts: Contracts) -> None:
    for contract in contracts.values():
        assert columnar(contract.schema, contract.shape, contract)


@pytest.mark.parametrize("name", AWKWARD)
def test_an_awkward_schema_is_read_in_columns(name: str) -> None:
    contract = contract_of(AWKWARD[name])
    assert columnar(contract.schema, contract.shape, contract)


@pytest.mark.parametrize(
    "kind",
    [
        {"type": "map", "values": "long"},
        ["null", {"type": "map", "values": "string"}],
        array({"type": "map", "values": DECIMAL}),
        record("Inner", m={"type": "map", "values": "long"}),
    ],
)
def test_a_schema_with_a_map_is_for_the_row_engine(kind: Any) -> None:
    contract = contract_of(record("F", key="string", it=kind))
    assert not columnar(contract.schema, contract.shape, contract)
    with pytest.raises(Unsupported, match="it has a map"):
        ColumnarDecoder(contract.schema, contract.shape, contract)


def test_a_union_of_three_reaches_neither_engine() -> None:
    with pytest.raises(SchemaProblem, match="only unions of null and one type"):
        read_shape(record("F", it=["null", "long", "string"]))


def _with_default(kind: Any, default: Any) -> dict[str, Any]:
    schema = record("F", key="string", n="long")
    schema["fields"].append({"name": "new", "type": kind, "default": default})
    return schema


@pytest.mark.parametrize(
    ("writer", "ours"),
    [
        (record("F", key="string", n="int"), SIMPLE),
        (record("F", key="string", n=["null", "long"]), SIMPLE),
        (record("F", key="string"), SIMPLE),
        (SIMPLE, _with_default(array("long"), [])),
        (SIMPLE, _with_default("double", 0)),
        (SIMPLE, _with_default("string", "a\0")),
        (
            record("F", key="string", n="long", s=STATE),
            record("F", key="string", n="long", s={**STATE, "symbols": ["PAID", "UNKNOWN"]}),
        ),
        (
            record("F", key="string", m="long"),
            {**SIMPLE, "fields": [SIMPLE["fields"][0], {**SIMPLE["fields"][1], "aliases": ["m"]}]},
        ),
    ],
)
def test_a_schema_that_is_resolved_value_by_value_is_for_the_row_engine(
    writer: dict[str, Any], ours: dict[str, Any]
) -> None:
    assert not columnar(writer, read_shape(writer), contract_of(ours))


def test_a_schema_that_neither_engine_can_take_is_not_supported() -> None:
    contract = contract_of(SIMPLE)
    assert not columnar({"type": "nothing"}, contract.shape, contract)


def test_the_decode_schema_is_wire_compatible_and_names_nothing_twice() -> None:
    holder = record("Holder", one=STATE, two=["State", "null"], b="boolean")
    rewritten = decode_schema(read_shape(record("F", a=holder, b="Holder", c=DECIMAL, d="int")))
    inner = [["long", ["long", "null"], {"type": "fixed", "size": 1}]] * 2
    fields = {each["name"]: each["type"] for each in rewritten["fields"]}
    names: list[str] = []

    def bare(kind: Any) -> Any:
        if not isinstance(kind, dict):
            return kind
        names.append(kind.pop("name"))
        return [bare(each["type"]) for each in kind["fields"]] if "fields" in kind else kind

    assert [bare(fields[name]) for name in ("a", "b")] == inner
    assert (fields["c"], fields["d"]) == ("bytes", "long")
    assert len(set(names)) == len(names) == 4
    assert list(fields) == ["#row", "a", "b", "c", "d", "#guard"]


# how much memory it may take


def test_a_batch_is_cut_by_what_it_can_become(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expansion, "MAX_CELLS", 100)
    cut = Expansion(read_shape(SIMPLE)).cut  # two cells a fact, and one a byte
    assert list(cut([8] * 10)) == [range(10)]
    assert list(cut([8] * 11)) == [range(10), range(10, 11)]
    assert [run for run in cut([8, 99, 8]) if run] == [range(1), range(1, 2), range(2, 3)]


@pytest.mark.parametrize(
    "kind",
    [
        array(["null", record("Wide", **{f"f{number}": ["null", "long"] for number in range(50)})]),
        array(["null", fixed("Large", 1_000)]),
    ],
)
def test_a_schema_whose_absent_values_take_much_memory_is_for_the_row_engine(kind: Any) -> None:
    contract = contract_of(record("F", key="string", it=kind))
    assert not columnar(contract.schema, contract.shape, contract)
