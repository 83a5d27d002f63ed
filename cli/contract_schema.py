"""The JSON Schema of a contract file, written from the linter's own table:
avro/contract.schema.json, for editors."""

import json
import sys
from collections.abc import Mapping
from typing import Any

from backbone.contracts.attributes import ATTRIBUTES
from backbone.contracts.contract import PII

_SAID = {"type": "string", "pattern": r"\S"}
_RULE = {
    "type": "object",
    "properties": {"name": _SAID, "expr": _SAID, "message": _SAID},
    "required": ["name", "expr", "message"],
    "additionalProperties": False,
}
_TAGS = {"type": "array", "items": {"type": "string"}}
_FIELD = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "doc": {"type": "string"},
        "confluent:tags": _TAGS,
        "rules": {
            "description": "What is asked of a value beyond its type: docs/contract-lint.md.",
            "type": "object",
        },
    },
    "required": ["name", "type"],
}


def schema() -> Mapping[str, Any]:
    """What `backbone contracts lint` says of the `contract` attribute, as JSON Schema."""
    attributes = {
        name: {**each.schema, "description": f"{each.remedy[:1].upper()}{each.remedy[1:]}."}
        for name, each in ATTRIBUTES.items()
    }
    contract = {
        "description": "What its owners promise about the fact. Nothing of it is registered.",
        "type": "object",
        "properties": attributes,
        "required": [name for name, each in ATTRIBUTES.items() if each.required],
        "additionalProperties": False,
        "allOf": [_DEPRECATED, _REASON],
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A fact's contract",
        "description": "An Avro record with the `contract` attribute (docs/contract-lint.md).",
        "type": "object",
        "properties": {
            "type": {"const": "record"},
            "name": {"type": "string"},
            "doc": {"type": "string"},
            "contract": contract,
            "rules": {"type": "array", "items": _RULE},
            "fields": {"type": "array", "minItems": 1, "items": _FIELD},
        },
        "required": ["type", "name", "contract", "fields"],
        "if": {"$ref": "#/$defs/personal"},
        "then": {"properties": {"contract": {"required": ["erasure_subject"]}}},
        "$defs": {"personal": _personal()},
    }


def _personal() -> Mapping[str, Any]:
    """Whether a part, or one below it, is tagged as personal data."""
    below = {"$ref": "#/$defs/personal"}
    tagged = {"confluent:tags": {"type": "array", "contains": {"const": PII}}}
    inside = [
        {"type": "object", "properties": {name: below}, "required": [name]}
        for name in ("fields", "type", "items", "values")
    ]
    return {
        "anyOf": [
            {"type": "object", "properties": tagged, "required": ["confluent:tags"]},
            {"type": "array", "contains": below},
            *inside,
        ]
    }


_DEPRECATED = {
    "if": {"properties": {"status": {"const": "deprecated"}}, "required": ["status"]},
    "then": {"required": ["sunset"]},
}
# null needs a reason, and nothing else may have one
_REASON = {
    "if": {
        "properties": {"erasure_subject": {"type": "null"}},
        "required": ["erasure_subject"],
    },
    "then": {"required": ["erasure_reason"]},
    "else": {"not": {"required": ["erasure_reason"]}},
}


def text() -> str:
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(text())
