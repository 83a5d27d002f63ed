import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from backbone.contracts.lint import lint
from backbone.contracts.lint_codes import CODES

Write = Callable[..., Path]
PAGE = Path(__file__).parents[3] / "docs" / "contract-lint.md"
KEY = {"name": "thing_id", "type": "string", "doc": "Which."}
MONEY = {"type": "bytes", "logicalType": "decimal", "precision": 19, "scale": 4}
INSTANT = {"type": "long", "logicalType": "timestamp-micros"}
STATE = {"type": "enum", "name": "State", "symbols": ["UNKNOWN"], "default": "UNKNOWN", "doc": "d"}
LINE = {"type": "record", "name": "Line", "doc": "d", "fields": [{**KEY}]}


def _with(kind: Any, name: str = "it", **more: Any) -> dict[str, Any]:
    """A contract with one more field."""
    return {"fields": [KEY, {"name": name, "type": kind, "doc": "It.", **more}]}


# One failing example per code, as changes to a sound contract.
FAILING: dict[str, dict[str, Any]] = {
    "C001": {"name_of_file": "thing_happened.avsc"},
    "C002": {"contract": {"owner": ""}},
    "C003": {"contract": {"key": "nothing"}},
    "C004": {"contract": {"order": "thing_id"}},
    "C006": {"contract": {"topic": "test.thing.v2"}},
    "S001": _with(["int", "string"]),
    "S002": _with("int", default="five"),
    "S003": _with({**LINE, "fields": [{"name": "above", "type": "Line", "doc": "d"}]}),
    "S004": _with({"type": "array", "items": "null"}),
    "S005": _with({"type": "long", "logicalType": "timestamp-millis"}, name="seen_at"),
    "S006": _with("int", rules={"max": 5}),
    "N001": {"name": "HappenThing", "name_of_file": "happen_thing.v1.avsc"},
    "N002": {"name_of_file": "something_else.v1.avsc"},
    "N003": _with("int", name="itIs"),
    "N004": _with({**STATE, "symbols": ["UNKNOWN", "paid"]}),
    "N005": {"namespace": ""},
    "N006": _with(INSTANT, name="since"),
    "N007": _with({**LINE, "name": "order_line"}),
    "T001": _with(["string", "null"], default=None),
    "T002": _with({name: value for name, value in STATE.items() if name != "default"}),
    "T003": _with("long", name="seen_at"),
    "T004": _with(MONEY, name="unit_price"),
    "T005": _with("double", name="total_amount"),
    "T006": _with("bytes"),
    "T007": _with("int", aliases=["old"]),
    "O001": _with("int", doc=" "),
    "P001": _with("string", name="customer_id"),
}
SOUND: dict[str, dict[str, Any]] = {
    "as it is": {},
    "a currency beside money": {
        "fields": [
            KEY,
            {"name": "price", "type": MONEY, "doc": "d"},
            {"name": "currency", "type": "string", "doc": "d"},
        ]
    },
    "a currency above money": {
        "fields": [
            KEY,
            {"name": "currency", "type": "string", "doc": "d"},
            {
                "name": "lines",
                "doc": "d",
                "type": {
                    "type": "array",
                    "items": {**LINE, "fields": [{"name": "price", "type": MONEY, "doc": "d"}]},
                },
            },
        ]
    },
    "said to be nobody's": _with("string", name="address", **{"confluent:tags": []}),
    "tagged above": _with(
        {**LINE, "confluent:tags": ["PII"], "fields": [{**KEY, "name": "email"}]}
    ),
    "a product's name": _with("string", name="product_name"),
    "an irregular past": {"name": "ThingSold", "name_of_file": "thing_sold.v1.avsc"},
    "a nullable instant": _with(["null", INSTANT], name="seen_at", default=None),
    "an enum": _with(STATE),
}


def _codes(write: Write, changes: dict[str, Any], **more: Any) -> list[str]:
    changed = dict(changes)
    file = changed.pop("name_of_file", "thing_happened.v1.avsc")
    directory = write(file, changed.pop("contract", None), **changed)
    return [finding.code for finding in lint(directory, **more)]


@pytest.mark.parametrize(("code", "changes"), FAILING.items(), ids=FAILING)
def test_a_failing_example_is_found_and_nothing_else(
    write: Write, code: str, changes: dict[str, Any]
) -> None:
    assert _codes(write, changes) == [code]


@pytest.mark.parametrize("changes", SOUND.values(), ids=SOUND)
def test_nothing_is_found_in_a_sound_contract(write: Write, changes: dict[str, Any]) -> None:
    assert _codes(write, changes) == []


def test_the_projects_own_contracts_are_in_order(avro: Path) -> None:
    assert lint(avro) == []


def test_facts_of_a_topic_that_disagree_are_found(write: Write) -> None:
    write()
    codes = _codes(
        write,
        {
            "name_of_file": "thing_ended.v1.avsc",
            "name": "ThingEnded",
            "contract": {"partitions": 3},
        },
    )
    assert codes == ["C005"]


@pytest.mark.parametrize(
    ("before", "now", "codes"),
    [
        (MONEY, {**MONEY, "scale": 2}, ["D001"]),
        (MONEY, {**MONEY, "precision": 20}, ["D001"]),
        (MONEY, MONEY, []),
        (INSTANT, {"type": "long"}, ["D002"]),
        ({"type": "long"}, INSTANT, ["D002"]),
        (["null", MONEY], ["null", {**MONEY, "scale": 2}], ["D001"]),
        ("int", "long", []),
    ],
)
def test_what_registries_let_through_is_found_against_any_earlier_version(
    write: Write, before: Any, now: Any, codes: list[str]
) -> None:
    earlier = [json.dumps({"type": "record", "name": "T", **_with(before, name="it_at")}), "{}"]
    previous = {"test.thing.v1-test.ThingHappened": earlier}
    found = _codes(write, _with(now, name="it_at"), previous=previous)
    assert [code for code in found if code[0] == "D"] == codes


def test_a_finding_says_where_what_and_what_to_do(write: Write) -> None:
    directory = write(**_with("int", name="itIs"))
    finding = lint(directory)[0]
    assert (finding.code, finding.file, finding.field) == ("N003", "thing_happened.v1.avsc", "itIs")
    assert finding.what == "a field is not in snake_case"
    assert finding.remedy == "write stock_code, not stockCode"


def test_every_code_is_on_the_page_and_has_a_failing_example() -> None:
    rows = re.findall(r"^\| ([A-Z][0-9]{3}) \| (.+?) \| (.+?) \|$", PAGE.read_text(), re.MULTILINE)
    assert {code: (what, remedy) for code, what, remedy in rows} == dict(CODES)
    assert set(CODES) == {*FAILING, "C005", "D001", "D002"}
