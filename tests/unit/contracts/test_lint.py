import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from backbone.contracts.lint import lint
from backbone.contracts.linting.catalog import CODES
from backbone.contracts.linting.code import Example
from backbone.contracts.linting.page import page, rows

Write = Callable[..., Path]
DOCS = Path(__file__).parents[3] / "docs"
TODAY = date(2026, 11, 29)
KEY = {"name": "thing_id", "type": "string", "doc": "Which."}
MONEY = {"type": "bytes", "logicalType": "decimal", "precision": 19, "scale": 4}
INSTANT = {"type": "long", "logicalType": "timestamp-micros"}
STATE = {"type": "enum", "name": "State", "symbols": ["UNKNOWN"], "default": "UNKNOWN", "doc": "d"}
LINE = {"type": "record", "name": "Line", "doc": "d", "fields": [{**KEY}]}


def _with(kind: Any, name: str = "it", **more: Any) -> dict[str, Any]:
    """A contract with one more field."""
    return {"fields": [KEY, {"name": name, "type": kind, "doc": "It.", **more}]}


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
    "tagged above": {
        **_with({**LINE, "confluent:tags": ["PII"], "fields": [{**KEY, "name": "email"}]}),
        "contract": {"erasure_subject": "thing_id"},
    },
    "nobody's to erase": {
        **_with("string", name="email", **{"confluent:tags": ["PII"]}),
        "contract": {"erasure_subject": None, "erasure_reason": "Only the shop's own."},
    },
    "a command that is over": {
        "name": "CancelThingSent",
        "name_of_file": "cancel_thing_sent.v1.avsc",
    },
    "a measure of a decimal with its unit": _with(MONEY, name="net_weight_kilograms"),
    "a day": _with({"type": "int", "logicalType": "date"}, name="age_date"),
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


def _of_example(directory: Path, example: Example) -> list[str]:
    for name, text in example.files().items():
        (directory / name).write_text(text)
    return [each.code for each in lint(directory, example.registered(), TODAY)]


@pytest.mark.parametrize("code", CODES)
def test_a_failing_example_is_found_and_nothing_else(tmp_path: Path, code: str) -> None:
    assert _of_example(tmp_path, CODES[code].bad) == [code]


@pytest.mark.parametrize("code", CODES)
def test_the_mended_example_is_in_order(tmp_path: Path, code: str) -> None:
    assert _of_example(tmp_path, CODES[code].good) == []


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


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("OrderThing", ["N001"]),
        ("CreateThing", ["N008"]),
        ("ThingRefundRequested", ["N008"]),
        ("ThingRequestedOften", ["N001"]),
    ],
)
def test_a_fact_is_told_from_a_command(write: Write, name: str, codes: list[str]) -> None:
    found = _codes(write, {"name": name})
    assert [each for each in found if each != "N002"] == codes


@pytest.mark.parametrize(
    ("until", "codes"),
    [("2026-11-29", []), ("2026-11-28", ["C011", "N003"]), ("soon", ["C002", "N003"])],
)
def test_what_is_let_through_is_found_again_after_its_day(
    write: Write, until: str, codes: list[str]
) -> None:
    suppression = {"code": "N003", "field": "itIs", "reason": "Known so.", "until": until}
    changes = {**_with("int", name="itIs"), "contract": {"suppressions": [suppression]}}
    assert _codes(write, changes, today=TODAY) == codes


def test_a_contract_that_no_process_takes_is_never_let_through(write: Write) -> None:
    suppression = {"code": "C003", "field": "contract.key", "reason": "r", "until": "2999-01-01"}
    changes = {"contract": {"key": "nothing", "suppressions": [suppression]}}
    assert _codes(write, changes) == ["C003", "C010"]


@pytest.mark.parametrize(
    ("contract", "codes"),
    [
        ({"erasure_subject": "nobody"}, ["C007"]),
        ({"erasure_subject": None}, ["C007"]),
        ({"erasure_reason": "why"}, ["C007"]),
        ({"erasure_subject": "thing_id", "erasure_reason": "why"}, ["C007"]),
        ({"erasure_subject": None, "erasure_reason": "why"}, []),
    ],
)
def test_whose_data_it_is_is_said_once_and_by_a_field_that_exists(
    write: Write, contract: dict[str, Any], codes: list[str]
) -> None:
    assert _codes(write, {"contract": contract}) == codes


def test_a_type_inside_a_type_without_a_name_of_its_own_is_read_through(write: Write) -> None:
    # the linter ended with a traceback
    assert _codes(write, _with({"type": {"type": "long", "logicalType": "date"}}, name="x")) == [
        "S001"
    ]


def test_every_code_has_its_page_and_its_row() -> None:
    pages = {path.stem: path.read_text() for path in (DOCS / "lint").glob("*.md")}
    assert pages == {code: page(code) for code in CODES}, "run `make docs`"
    assert rows() in (DOCS / "contract-lint.md").read_text(), "run `make docs`"
