"""The JSON Schema that editors use, and the linter: both say the same of a contract."""

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from backbone.contracts.attributes import ATTRIBUTES
from backbone.contracts.lint import lint
from backbone.contracts.linting.code import IN_ORDER, changed
from cli.contract_schema import text

Write = Callable[..., Path]
PUBLISHED = Path(__file__).parents[3] / "avro" / "contract.schema.json"
# What of the linter's codes is about the attributes, and not about the fields that they name.
ABOUT_ATTRIBUTES = {"C002", "C007", "C008"}
GONE = object()
PII = {"confluent:tags": ["PII"]}
NOTE = {"name": "note", "type": ["null", "string"], "default": None, "doc": "d"}
PERSON = {"type": "record", "name": "Person", "doc": "d", "fields": [NOTE], **PII}
SUPPRESSION = {"code": "N003", "field": "itIs", "reason": "Known so.", "until": "2999-12-31"}

GOOD: list[dict[str, Any]] = [
    {},
    {"topic": "a.b-c.v12"},
    {"partitions": 1000},
    {"retention": "forever"},
    {"retention": "99999d"},
    {"freshness_seconds": 31_536_000},
    *({"classification": each} for each in ("public", "internal", "confidential", "restricted")),
    *({"status": each} for each in ("draft", "active", "retired")),
    {"status": "deprecated", "sunset": "2999-12-31"},
    {"sunset": "2028-02-29"},
    {"expected_per_day": 0},
    {"expected_per_day": 10**12},
    {"erasure_subject": "thing_id"},
    {"erasure_subject": None, "erasure_reason": "Nobody's."},
    {"suppressions": []},
]
BAD: list[dict[str, Any]] = [
    *({name: GONE} for name, each in ATTRIBUTES.items() if each.required),
    *({name: None} for name in ATTRIBUTES if name != "erasure_subject"),
    *({name: ""} for name in ATTRIBUTES),
    *({name: " "} for name in ATTRIBUTES),
    *({name: 0} for name in ATTRIBUTES if name != "expected_per_day"),
    *({name: [1]} for name in ATTRIBUTES),
    {"colour": "red"},
    {"topic": "Sales.order.v1"},
    {"topic": "sales.order"},
    {"topic": "sales.order.v0"},
    {"partitions": 1001},
    {"partitions": True},
    {"partitions": "4"},
    {"partitions": 1.5},
    {"retention": "12h"},
    {"retention": "0d"},
    {"retention": "100000d"},
    {"retention": "forever and a day"},
    {"freshness_seconds": 31_536_001},
    {"classification": "secret"},
    {"status": "Active"},
    {"status": "deprecated"},
    {"sunset": "2027-02-30"},
    {"sunset": "2027-6-30"},
    {"sunset": "20270630"},
    {"sunset": "soon"},
    {"expected_per_day": -1},
    {"erasure_subject": None},
    {"erasure_reason": "Nobody's."},
    {"erasure_subject": "thing_id", "erasure_reason": "Nobody's."},
    {"system_of_record": "services/shop"},
    *({"suppressions": [{**SUPPRESSION, name: ""}]} for name in ("code", "reason", "until")),
    {"suppressions": [{"code": "N003"}]},
    {"suppressions": [{**SUPPRESSION, "more": 1}]},
    {"suppressions": SUPPRESSION},
]
PERSONAL: list[Any] = [
    {**NOTE, **PII},
    {"name": "who", "type": PERSON, "doc": "d"},
    {"name": "who", "type": ["null", PERSON], "default": None, "doc": "d"},
    {"name": "who", "type": {"type": "array", "items": PERSON}, "doc": "d"},
    {"name": "who", "type": {"type": "map", "values": PERSON}, "doc": "d"},
]


def _schema(attributes: dict[str, Any], *fields: Any) -> dict[str, Any]:
    made = dict(changed({"contract": attributes, "fields": [*IN_ORDER["fields"], *fields]}))
    made["contract"] = {
        name: value for name, value in made["contract"].items() if value is not GONE
    }
    return made


CASES = [
    *((_schema(each), True) for each in GOOD),
    *((_schema(each), False) for each in BAD),
    *((_schema({}, each), False) for each in PERSONAL),
    *((_schema({"erasure_subject": "thing_id"}, each), True) for each in PERSONAL),
    (_schema({}, {**NOTE, "confluent:tags": []}), True),
]


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Names of the cases that the validator refuses, as editors and CI run it."""
    folder = tmp_path_factory.mktemp("cases")
    files = []
    for number, (schema, _) in enumerate(CASES):
        files.append(folder / f"{number}.json")
        files[-1].write_text(json.dumps(schema))
    command = [
        sys.executable,
        "-m",
        "check_jsonschema",
        "-o",
        "json",
        "--schemafile",
        str(PUBLISHED),
    ]
    done = subprocess.run([*command, *map(str, files)], capture_output=True, text=True, check=False)
    answer = json.loads(done.stdout)
    assert not answer["parse_errors"]
    return {Path(each["filename"]).stem for each in answer["errors"]}


@pytest.mark.parametrize("number", range(len(CASES)))
def test_the_validator_and_the_linter_say_the_same(
    number: int, refused: set[str], tmp_path: Path
) -> None:
    schema, good = CASES[number]
    (tmp_path / "thing_happened.v1.avsc").write_text(json.dumps(schema))
    found = {each.code for each in lint(tmp_path, today=date(2026, 11, 29))}
    shown = json.dumps(schema["contract"])
    assert (str(number) not in refused) is good, shown
    assert not found & ABOUT_ATTRIBUTES if good else found & ABOUT_ATTRIBUTES, shown


def test_the_published_schema_is_the_one_that_is_made() -> None:
    assert PUBLISHED.read_text() == text(), "run `make docs`"


def test_our_contracts_are_in_order_for_the_validator(avro: Path) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--schemafile", str(PUBLISHED)]
    done = subprocess.run(
        [*command, *sorted(map(str, avro.rglob("*.avsc")))],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_a_wrong_attribute_is_named_with_file_field_and_remedy(write: Write) -> None:
    (found,) = lint(write(contract={"expected_per_day": "many"}))
    assert (found.file, found.field) == (
        "thing_happened.v1.avsc",
        "contract.expected_per_day",
    )
    assert found.remedy == "give how many facts a usual day brings, a whole number"
