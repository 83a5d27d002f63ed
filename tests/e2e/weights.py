"""`backbone` with a fact of two majors, grams and kilograms, and the bridge between them."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from backbone.settings import REPOSITORY
from backbone.source import Source
from cli.main import main
from producers.bridge.declaration import Bridge
from producers.bridge.source import BridgeSource
from producers.catalog import SOURCES
from producers.context import SourceContext

OLD, NEW = "lab.WeightTaken", "lab.v2.WeightTaken"
OLD_TOPIC, NEW_TOPIC = "lab.weight.v1", "lab.weight.v2"
NAME = "weights-v1"


def carry(data: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Nothing is nothing to tell."""
    if not data["kilograms"]:
        return None
    return {"thing_id": data["thing_id"], "grams": int(data["kilograms"] * 1000)}


def bridge(context: SourceContext) -> Source:
    declared = Bridge(NAME, NEW, OLD, carry)
    return BridgeSource(declared, context.contracts, context.reader, context.decoder)


def contracts(folder: Path) -> Path:
    """The project's contracts, and both majors of the weight."""
    made = folder / "contracts"
    shutil.copytree(REPOSITORY / "avro", made)
    (made / "lab").mkdir()
    kilograms = {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 3}
    majors = {
        "v1": _schema(OLD, OLD_TOPIC, {"name": "grams", "type": "int"}),
        "v2": _schema(NEW, NEW_TOPIC, {"name": "kilograms", "type": kilograms}),
    }
    for major, schema in majors.items():
        (made / "lab" / f"weight_taken.{major}.avsc").write_text(json.dumps(schema))
    return made


def _schema(name: str, topic: str, field: Mapping[str, Any]) -> dict[str, Any]:
    namespace, _, record = name.rpartition(".")
    return {
        "type": "record",
        "name": record,
        "namespace": namespace,
        "doc": "A thing was weighed.",
        "contract": {
            "topic": topic,
            "key": "thing_id",
            "order": "log",
            "owner": "lab-team",
            "system_of_record": "/services/lab",
            "partitions": 2,
            "retention": "forever",
            "freshness_seconds": 60,
            "classification": "internal",
            "residency": "any",
            "status": "active",
        },
        "fields": [
            {"name": "thing_id", "type": "string", "doc": "Which."},
            {"doc": "How heavy.", **field},
        ],
    }


if __name__ == "__main__":
    cast("dict[str, Any]", SOURCES)[NAME] = bridge  # of this process alone
    main()
