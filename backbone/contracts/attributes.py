"""The `contract` attribute of a schema file: its names, and what each may hold.

Said once, as JSON Schema: `avro/contract.schema.json` is made of this table, and the check here
reads the same words.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any, NamedTuple

FOREVER = "forever"
CLASSIFICATIONS = ("public", "internal", "confidential", "restricted")
STATUSES = ("draft", "active", "deprecated", "retired")
# <domain>.<entity>.v<major>, in what Kafka takes as a topic's name.
TOPIC = re.compile(r"[a-z][a-z0-9-]*\.[a-z][a-z0-9-]*\.v[1-9][0-9]*")
# More partitions than this in one topic is a slip of the finger.
_MAX_PARTITIONS = 1_000
_YEAR_SECONDS = 31_536_000
_TEXT = {"type": "string", "pattern": r"\S"}

Problem = tuple[str, str, str]
"""Field, what is wrong, remedy."""
JsonSchema = Mapping[str, Any]


class Attribute(NamedTuple):
    """`schema` is JSON Schema, of the few words that `fits` knows."""

    schema: JsonSchema
    remedy: str
    required: bool = True


ATTRIBUTES: Mapping[str, Attribute] = {
    "topic": Attribute(
        {"type": "string", "pattern": f"^{TOPIC.pattern}$"},
        'name it <domain>.<entity>.v<major>, such as "sales.order.v1"',
    ),
    "key": Attribute(_TEXT, "name the field that holds the aggregate's id"),
    "order": Attribute(_TEXT, 'give "log", or the field whose value orders the facts of one key'),
    "owner": Attribute(_TEXT, "name the team to ask"),
    "system_of_record": Attribute(
        {"type": "string", "pattern": "^/"},
        'give the one ce_source that may publish it, such as "/services/shop"',
    ),
    "partitions": Attribute(
        {"type": "integer", "minimum": 1, "maximum": _MAX_PARTITIONS},
        f"give a whole number from 1 to {_MAX_PARTITIONS:,}",
    ),
    "retention": Attribute(
        {"type": "string", "pattern": f"^({FOREVER}|[1-9][0-9]{{0,4}}d)$"},
        f'give "{FOREVER}" or days such as "30d"',
    ),
    "freshness_seconds": Attribute(
        {"type": "integer", "minimum": 1, "maximum": _YEAR_SECONDS},
        "give the seconds within which a fact must be readable",
    ),
    "classification": Attribute(
        {"enum": list(CLASSIFICATIONS)}, f"choose one of {', '.join(CLASSIFICATIONS)}"
    ),
    "residency": Attribute(_TEXT, 'give the region the data may lie in, or "any"'),
    "status": Attribute({"enum": list(STATUSES)}, f"choose one of {', '.join(STATUSES)}"),
    "expected_per_day": Attribute(
        {"type": "integer", "minimum": 0},
        "give how many facts a usual day brings, a whole number",
        required=False,
    ),
    "erasure_subject": Attribute(
        {"type": ["string", "null"], "pattern": r"\S"},
        "name the field that says whose data it is, or null and an `erasure_reason`",
        required=False,
    ),
    "erasure_reason": Attribute(
        _TEXT, "say why nobody's data can be erased from it", required=False
    ),
    "sunset": Attribute(
        {"type": "string", "format": "date"},
        'give the day after which nobody may rely on it, such as "2027-06-30"',
        required=False,
    ),
    "suppressions": Attribute(
        {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "code": {"type": "string", "pattern": "^[A-Z][0-9]{3}$"},
                    "field": {"type": "string"},
                    "reason": _TEXT,
                    "until": {"type": "string", "format": "date"},
                },
                "required": ["code", "field", "reason", "until"],
                "additionalProperties": False,
            },
        },
        "list what is let through: code, field, reason and an until-date each",
        required=False,
    ),
}


def problems(attributes: Mapping[str, Any]) -> Iterator[Problem]:
    for name in attributes.keys() - ATTRIBUTES.keys():
        yield f"contract.{name}", "is not known", f"known are {', '.join(ATTRIBUTES)}"
    for name, (schema, remedy, required) in ATTRIBUTES.items():
        if name in attributes and not fits(schema, attributes[name]):
            yield f"contract.{name}", "has a value it cannot have", remedy
        elif required and name not in attributes:
            yield f"contract.{name}", "is missing", remedy


def fits(schema: JsonSchema, value: Any) -> bool:
    """Whether JSON Schema would take the value, for the words that this module uses."""
    kinds = schema.get("type", ())
    if kinds and not any(_KINDS[kind](value) for kind in ([kinds] if _text(kinds) else kinds)):
        return False
    return all(_WORDS[word](said, value, schema) for word, said in schema.items())


def day(value: Any) -> date | None:
    """A date as JSON Schema's format of that name has it; None for anything else."""
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _whole(value: Any) -> bool:
    return type(value) is int


def _properties(said: Any, value: Any) -> bool:
    return all(fits(said[name], each) for name, each in value.items() if name in said)


_KINDS: Mapping[str, Callable[[Any], bool]] = {
    "string": _text,
    "integer": _whole,
    "null": lambda value: value is None,
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
}
_WORDS: Mapping[str, Callable[[Any, Any, JsonSchema], bool]] = {
    "type": lambda *_: True,
    "enum": lambda said, value, _: _text(value) and value in said,
    # Python's $ would let a line break through behind the text
    "pattern": lambda said, value, _: (
        not _text(value) or bool(re.search(said.replace("$", r"\Z"), value))
    ),
    "format": lambda _, value, __: day(value) is not None,
    "minimum": lambda said, value, _: value >= said,
    "maximum": lambda said, value, _: value <= said,
    "items": lambda said, value, _: all(fits(said, each) for each in value),
    "properties": lambda said, value, _: _properties(said, value),
    "required": lambda said, value, _: set(said) <= value.keys(),
    "additionalProperties": lambda _, value, schema: value.keys() <= schema["properties"].keys(),
}
