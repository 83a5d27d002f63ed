import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from backbone.contracts.catalog import Contracts
from backbone.errors import Misconfigured
from backbone.impact.reader import Channel, Expectation
from backbone.impact.reader_files import load
from backbone.impact.report import current
from backbone.settings import REPOSITORY

KNOWN = {"test.ThingHappened": frozenset({"thing_id", "price", "lines", "lines.count"})}
SOUND = """
name: shop
team: shop-team
contact: "#shop"
facts:
  test.ThingHappened: [thing_id, lines.count]
"""


def written(folder: Path, text: str, name: str = "shop.yaml") -> Path:
    (folder / name).write_text(text)
    return folder


def test_a_list_of_fields_is_read_by_the_topic(tmp_path: Path) -> None:
    (found,) = load(written(tmp_path, SOUND), KNOWN)
    assert (found.name, found.channel, found.team, found.contact, found.ours) == (
        *("shop", Channel.TOPIC, "shop-team", "#shop", False),
    )
    assert list(found.reads["test.ThingHappened"]) == ["thing_id", "lines.count"]


def test_what_is_expected_of_a_field_is_kept(tmp_path: Path) -> None:
    text = SOUND.replace(
        "[thing_id, lines.count]",
        "{thing_id: , price: {scale: 4, unit: net, rules: {minimum: 0}, symbols: [A]}}",
    ).replace("team:", "through: model\nfreshness_seconds: 60\nteam:")
    (found,) = load(written(tmp_path, text), KNOWN)
    assert found.reads["test.ThingHappened"]["price"] == Expectation(
        symbols=frozenset({"A"}), scale=4, unit="net", rules={"minimum": 0}
    )
    assert (found.channel, found.freshness_seconds) == (Channel.MODEL, 60)


def test_no_folder_is_no_reader(tmp_path: Path) -> None:
    assert load(tmp_path / "gone", KNOWN) == []


MISTAKES = {
    "is no YAML": "name: [",
    "line 7 is no YAML (name stands there twice)": SOUND + "name: shop\n",
    "is no reader: give name, team, contact, facts": "- shop",
    "team is missing: name the team to ask": SOUND.replace("team: shop-team\n", ""),
    "contact has a value it cannot have: say where": SOUND.replace('"#shop"', "[1]"),
    "owner is not known: known are name, team": SOUND + "owner: me\n",
    "name is not the file's: write shop": SOUND.replace("name: shop", "name: store"),
    "through has a value it cannot have: choose one of gateway": SOUND + "through: mail\n",
    "freshness_seconds has a value": SOUND + "freshness_seconds: 0\n",
    "facts.test.Other is no fact: facts are test.ThingHappened": SOUND.replace(
        "test.ThingHappened", "test.Other"
    ),
    "facts.test.ThingHappened.total is no field of it: fields are lines": SOUND.replace(
        "lines.count", "total"
    ),
    "facts.test.ThingHappened names no field": SOUND.replace("[thing_id, lines.count]", "[]"),
    "price is no expectation: leave it empty, or give": SOUND.replace(
        "[thing_id, lines.count]", "{price: 4}"
    ),
    "price.digits is not known: known are symbols": SOUND.replace(
        "[thing_id, lines.count]", "{price: {digits: 4}}"
    ),
    "price.scale has a value it cannot have: give the decimal": SOUND.replace(
        "[thing_id, lines.count]", "{price: {scale: '4'}}"
    ),
    "price.unit has a value it cannot have: choose one of": SOUND.replace(
        "[thing_id, lines.count]", "{price: {unit: bananas}}"
    ),
    "price.rules has a value it cannot have: give value rules": SOUND.replace(
        "[thing_id, lines.count]", "{price: {rules: {smell: 1}}}"
    ),
}


@pytest.mark.parametrize("said", MISTAKES)
def test_each_mistake_says_where_what_and_what_to_do(tmp_path: Path, said: str) -> None:
    with pytest.raises(Misconfigured, match=re.escape(said)) as caught:
        load(written(tmp_path, MISTAKES[said]), KNOWN)
    assert "shop.yaml: " in str(caught.value)


def test_everything_wrong_is_told_at_once(tmp_path: Path) -> None:
    written(tmp_path, "name: [")
    written(tmp_path, SOUND, "store.yml")
    with pytest.raises(Misconfigured) as caught:
        load(tmp_path, KNOWN)
    assert str(caught.value).count("\n") == 2


def schema() -> Any:
    return json.loads((REPOSITORY / "readers" / "schema.json").read_text())


def refused_by_schema(text: str) -> bool:
    try:
        jsonschema.validate(yaml.safe_load(text), schema())
    except (yaml.YAMLError, jsonschema.ValidationError):
        return True
    return False


BEYOND_A_SCHEMA = ("stands there twice", "is not the file's", "is no fact", "is no field of it")


@pytest.mark.parametrize("said", MISTAKES)
def test_the_schema_for_editors_refuses_the_same(said: str) -> None:
    assert refused_by_schema(MISTAKES[said]) != any(each in said for each in BEYOND_A_SCHEMA)
    assert not refused_by_schema(SOUND)


def test_our_own_registered_readers_are_in_order() -> None:
    revisions = current(REPOSITORY / "avro")
    fields = {each.type: frozenset(each.outline) for each in revisions}
    assert set(fields) == set(Contracts.load(REPOSITORY / "avro"))
    for path in (REPOSITORY / "readers").glob("*.yaml"):
        assert not refused_by_schema(path.read_text())
    assert load(REPOSITORY / "readers", fields)
