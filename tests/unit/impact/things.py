"""Small contracts for the tests of impact."""

import json
from pathlib import Path
from typing import Any

from backbone.impact.reader import NOTHING, Channel, Expectation, Reader
from backbone.impact.revision import Revision

FACT = "test.ThingHappened"
FILE = "thing_happened.v1.avsc"
CONTRACT = {
    "topic": "test.thing.v1",
    "key": "thing_id",
    "order": "log",
    "owner": "us",
    "system_of_record": "/test",
    "partitions": 2,
    "retention": "30d",
    "freshness_seconds": 60,
    "classification": "internal",
    "residency": "any",
    "status": "active",
}


def field(name: str, kind: Any = "int", **more: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, "doc": "A value.", **more}


def thing(*fields: dict[str, Any], **contract: Any) -> Revision:
    identity = {"name": "thing_id", "type": "string", "doc": "Which."}
    schema = {
        "type": "record",
        "name": "ThingHappened",
        "namespace": "test",
        "doc": "It happened.",
        "contract": {**CONTRACT, **contract},
        "fields": [identity, *fields],
    }
    return Revision(FILE, schema)


def write(revision: Revision, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / revision.file).write_text(json.dumps(revision.schema))


def reader(channel: Channel, *paths: str, **more: Any) -> Reader:
    expectation = Expectation(**more) if more else NOTHING
    ours = channel in {Channel.VIEW, Channel.GATEWAY, Channel.WAREHOUSE}
    return Reader("it", channel, {FACT: dict.fromkeys(paths, expectation)}, ours=ours)
