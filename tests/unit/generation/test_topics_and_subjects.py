"""What is checked in is what the commands do: made by the same code."""

import hashlib
import json

from avro.schema import RecordSchema, parse

from backbone.generation.catalog import ARTEFACTS
from backbone.generation.estate import Estate
from backbone.registry.memory import MemoryRegistry
from cli.contracts import register_all
from tests.unit.generation.estates import AVRO, own


def test_topics_are_those_that_are_applied() -> None:
    made = json.loads(ARTEFACTS["topics"].make(own())["topics.json"])
    specs = {each.name: each for each in own().topics}

    assert {name: (each["partitions"], each["config"]) for name, each in made.items()} == {
        name: (each.partitions, dict(each.config)) for name, each in specs.items()
    }
    assert list(made) == sorted(specs)


def test_subjects_hold_what_is_registered() -> None:
    registry = MemoryRegistry()
    subjects = [each.subject for each in register_all(AVRO, registry)]
    made = ARTEFACTS["subjects"].make(own())

    assert sorted(made) == sorted(f"subjects/{each}.json" for each in subjects)
    for subject in subjects:
        [text] = registry.versions(subject)
        found = json.loads(made[f"subjects/{subject}.json"])
        assert found["schema"] == json.loads(text)
        assert found["sha256"] == hashlib.sha256(text.encode()).hexdigest()


def test_apache_avro_reads_every_subject(wide: Estate) -> None:
    for estate in (own(), wide):
        for text in ARTEFACTS["subjects"].make(estate).values():
            found = json.loads(text)
            schema = parse(json.dumps(found["schema"]))
            assert isinstance(schema, RecordSchema)
            assert found["subject"] == f"{found['subject'].partition('-')[0]}-{schema.fullname}"
