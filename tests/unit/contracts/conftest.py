import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from backbone.contracts.catalog import Contracts

AVRO = Path(__file__).parents[3] / "avro"


@pytest.fixture(scope="session")
def avro() -> Path:
    return AVRO


@pytest.fixture(scope="session")
def contracts() -> Contracts:
    """The project's own contracts."""
    return Contracts.load(AVRO)


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write a sound contract file, changed as asked; returns the directory.

    Arguments replace members of the record; `contract` and `field` update what is there.
    """

    def build(
        file: str = "thing_happened.v1.avsc",
        contract: dict[str, Any] | None = None,
        **changes: Any,
    ) -> Path:
        schema = {**_sound(), **changes}
        schema["contract"] = {**_sound()["contract"], **(contract or {})}
        (tmp_path / file).write_text(json.dumps(schema))
        return tmp_path

    return build


def _sound() -> dict[str, Any]:
    return {
        "type": "record",
        "name": "ThingHappened",
        "namespace": "test",
        "doc": "It happened.",
        "contract": {
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
        },
        "fields": [{"name": "thing_id", "type": "string", "doc": "Which."}],
    }
