"""Which schemas may be decoded with at all. What is refused, and why, is said in shape.py."""

import json
from typing import Any

from backbone.contracts.schema_problem import SchemaProblem
from backbone.contracts.shape import Record, read_shape
from backbone.errors import Poison, PoisonReason


def refuse(schema: Any) -> None:
    """Raise Poison(SCHEMA_REFUSED) for a schema that must not meet untrusted bytes."""
    safe_shape(schema)


def safe_shape(schema: Any) -> Record:
    """Read the shape of a schema as `json.loads` gave it. Raises Poison(SCHEMA_REFUSED)."""
    try:
        return read_shape(schema)
    except SchemaProblem as problem:
        raise Poison(
            PoisonReason.SCHEMA_REFUSED, f"the writer's schema is refused: {problem}"
        ) from problem


def schema_of(text: str) -> Any:
    """Read a schema's JSON text. Raises Poison(SCHEMA_REFUSED) for what is not JSON."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Poison(
            PoisonReason.SCHEMA_REFUSED, "the writer's schema is refused: it is not JSON"
        ) from error
