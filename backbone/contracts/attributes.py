"""The `contract` attribute of a schema file: its names, and what each may hold."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

FOREVER = "forever"
CLASSIFICATIONS = ("public", "internal", "confidential", "restricted")
STATUSES = ("draft", "active", "deprecated", "retired")
# <domain>.<entity>.v<major>, in what Kafka takes as a topic's name.
TOPIC = re.compile(r"[a-z][a-z0-9-]*\.[a-z][a-z0-9-]*\.v[1-9][0-9]*")
_RETENTION = re.compile(r"[1-9][0-9]{0,4}d")
# More partitions than this in one topic is a slip of the finger.
_MAX_PARTITIONS = 1_000

Problem = tuple[str, str, str]
"""Field, what is wrong, remedy."""


def problems(attributes: Mapping[str, Any]) -> Iterator[Problem]:
    for name in attributes.keys() - _EXPECTED.keys():
        yield f"contract.{name}", "is not known", f"known are {', '.join(_EXPECTED)}"
    for name, (fits, remedy) in _EXPECTED.items():
        if name not in attributes:
            yield f"contract.{name}", "is missing", remedy
        elif not fits(attributes[name]):
            yield f"contract.{name}", "has a value it cannot have", remedy


def _text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _whole(low: int, high: int) -> Callable[[Any], bool]:
    return lambda value: type(value) is int and low <= value <= high


def _retention(value: Any) -> bool:
    return isinstance(value, str) and (value == FOREVER or bool(_RETENTION.fullmatch(value)))


_EXPECTED: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "topic": (
        lambda value: isinstance(value, str) and bool(TOPIC.fullmatch(value)),
        'name it <domain>.<entity>.v<major>, such as "sales.order.v1"',
    ),
    "key": (_text, "name the field that holds the aggregate's id"),
    "order": (_text, 'give "log", or the field whose value orders the facts of one key'),
    "owner": (_text, "name the team to ask"),
    "system_of_record": (
        lambda value: isinstance(value, str) and value.startswith("/"),
        'give the one ce_source that may publish it, such as "/services/shop"',
    ),
    "partitions": (
        _whole(1, _MAX_PARTITIONS),
        f"give a whole number from 1 to {_MAX_PARTITIONS:,}",
    ),
    "retention": (_retention, f'give "{FOREVER}" or days such as "30d"'),
    "freshness_seconds": (
        _whole(1, 31_536_000),
        "give the seconds within which a fact must be readable",
    ),
    "classification": (
        lambda value: value in CLASSIFICATIONS,
        f"choose one of {', '.join(CLASSIFICATIONS)}",
    ),
    "residency": (_text, 'give the region the data may lie in, or "any"'),
    "status": (lambda value: value in STATUSES, f"choose one of {', '.join(STATUSES)}"),
}
