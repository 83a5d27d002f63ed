"""Every artefact, judged by its own ecosystem's validator, which finds what is wrong in a copy."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from referencing import Registry, Resource

from tests.validators.tools import FOLDER, TOOLS, run, tool


def broken(path: Path, what: str, wrong: str) -> Path:
    """A copy of the file with something wrong in it."""
    text = path.read_text()
    assert what in text
    copy = path.with_name(f"broken-{path.name}")
    copy.write_text(text.replace(what, wrong, 1))
    return copy


def test_a_missing_validator_skips_on_a_laptop_and_fails_in_ci(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    outcomes = (pytest.skip.Exception, pytest.fail.Exception)
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(outcomes) as laptop:
        tool("bin/none")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(outcomes) as ci:
        tool("bin/none")

    assert (laptop.type, ci.type) == outcomes
    assert "run `make validators`" in str(ci.value)


def test_asyncapis_parser_takes_the_document(written: Path) -> None:
    tool("npm/node_modules/@asyncapi/parser")
    document = written / "asyncapi" / "asyncapi.yaml"
    wrong = broken(document, "partitions: 4", 'partitions: "four"')
    bad_avro = written / "avro.yaml"
    bad_avro.write_text(document.read_text().replace('type: "record"', 'type: "rekord"', 1))
    found = run("node", FOLDER / "asyncapi.cjs", TOOLS / "npm", document, wrong, bad_avro)

    taken, refused, unread = found.stdout.splitlines()
    assert re.fullmatch(r"asyncapi\.yaml: \d+ messages", taken)
    assert "bindings.kafka.partitions" in refused
    assert "payload.schema" in unread


USE = """\
import type { Facts, FactType } from "./typescript/index.js";

const name: FactType = "%(fact)s";
export function key(fact: Facts["%(fact)s"]): string {
  return `${name} ${fact.%(key)s}`;
}
"""


def test_the_typescript_compiler_takes_the_types(written: Path) -> None:
    compiler = tool("npm/node_modules/.bin/tsc")
    folder = written / "typescript"
    own = (folder / "typescript" / "shop" / "sales").exists()
    fact, key = (
        ("shop.sales.OrderPlaced", "order_id") if own else ("shop.wide.ThingMeasured", "class")
    )
    (folder / "use.ts").write_text(USE % {"fact": fact, "key": key})
    (folder / "wrong.ts").write_text(USE % {"fact": fact, "key": "gone"})
    command = (compiler, "--strict", "--noEmit", "--noUnusedLocals", "--target", "es2022")

    assert run(*command, folder / "use.ts").stdout == ""
    assert "Property 'gone' does not exist" in run(*command, folder / "wrong.ts").stdout


def test_datacontract_lint_takes_every_contract(written: Path) -> None:
    contracts = sorted((written / "odcs").glob("*.yaml"))
    wrong = broken(contracts[0], 'logicalType: "string"', 'logicalType: "text"')
    found = run(tool("odcs/bin/python"), FOLDER / "odcs.py", *contracts, wrong)

    *taken, refused = found.stdout.splitlines()
    assert taken == [f"{each.name}: passed" for each in contracts], found.stderr
    assert refused.startswith(f"{wrong.name}: failed")


def test_kubeconform_takes_the_manifests(written: Path) -> None:
    manifests = written / "kafkatopics" / "kafkatopics.yaml"
    command = (
        *(tool("bin/kubeconform"), "-strict", "-summary", "-output", "json"),
        *("-schema-location", FOLDER / "{{.ResourceKind}}-kafka-{{.ResourceAPIVersion}}.json"),
    )
    found = json.loads(run(*command, manifests).stdout)
    wrong = run(*command, broken(manifests, "partitions: 1", "partition: 1"))

    assert found["resources"] == []
    assert found["summary"]["valid"] == manifests.read_text().count("kind:") > 0
    assert found["summary"] == {**found["summary"], "invalid": 0, "errors": 0, "skipped": 0}
    assert "'partition' not allowed" in wrong.stdout


def openlineage() -> "tuple[Registry[Any], dict[str, Any]]":
    loaded = [json.loads(each.read_text()) for each in (FOLDER / "openlineage").glob("*.json")]
    resources: list[Resource[Any]] = list(map(Resource.from_contents, loaded))
    registry: Registry[Any] = Registry().with_resources(
        (str(each.id()), each) for each in resources
    )
    return registry, {each["$id"]: each for each in loaded}


def problems(event: dict[str, Any]) -> list[str]:
    """Of the event by its schemaURL, and of each facet by its own."""
    registry, schemas = openlineage()
    facets = [
        ({name: facet}, schemas[facet["_schemaURL"]])
        for place in (event.get("dataset"), event.get("job"), *event.get("outputs", ()))
        for name, facet in (place or {}).get("facets", {}).items()
    ]
    found = [(event, {"$ref": event["schemaURL"]}), *facets]
    checked = [
        best_match(
            Draft202012Validator(
                schema, registry=registry, format_checker=Draft202012Validator.FORMAT_CHECKER
            ).iter_errors(value)
        )
        for value, schema in found
    ]
    return [f"{each.json_path}: {each.message}" for each in checked if each]


def test_openlineages_schemas_take_every_event(written: Path) -> None:
    lines = (written / "openlineage" / "openlineage.ndjson").read_text().splitlines()
    events = [json.loads(line) for line in lines]

    assert [problem for each in events for problem in problems(each)] == []
    assert {each["schemaURL"].rpartition("/")[2] for each in events} == {
        "DatasetEvent",
        "JobEvent",
    }


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("eventTime",), None, "None is not of type 'string'"),
        (("dataset", "namespace"), 1, "1 is not of type 'string'"),
        (("dataset", "facets", "schema", "fields"), [{}], "'name' is a required property"),
    ],
)
def test_an_event_that_is_wrong_is_found(
    path: tuple[str, ...], value: Any, said: str, written: Path
) -> None:
    line = (written / "openlineage" / "openlineage.ndjson").read_text().splitlines()[0]
    event = json.loads(line)
    inner = event
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = value

    assert said in "; ".join(problems(event))


def test_json_schemas_are_ones(written: Path) -> None:
    schemas = sorted((written / "json-schema").rglob("*.json"))

    assert schemas
    for each in schemas:
        Draft202012Validator.check_schema(json.loads(each.read_text()))
