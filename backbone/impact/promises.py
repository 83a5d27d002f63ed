"""Changes of the `contract` attribute: what the owners promise about a fact beside its fields."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from backbone.contracts.attributes import CLASSIFICATIONS, FOREVER
from backbone.impact.change import FACT, Change


def changes(before: Any, after: Any) -> Iterator[Change]:
    """One change per attribute; schemas out of a registry have none, and nothing is said."""
    if not isinstance(before, Mapping) or not isinstance(after, Mapping):
        return
    for name in [*after, *(name for name in before if name not in after)]:
        old, new = before.get(name), after.get(name)
        if old != new:
            yield Change(_kind(name, old, new), FACT, _shown(name, old), _shown(name, new))


def _kind(name: str, old: Any, new: Any) -> str:
    if name == "retention":
        return "retention_shortened" if _days(new) < _days(old) else "retention_lengthened"
    if name == "freshness_seconds":
        return "freshness_loosened" if _number(new) > _number(old) else "freshness_tightened"
    if name == "classification":
        raised = _level(new) > _level(old)
        return "classification_raised" if raised else "classification_lowered"
    if name == "status":
        return {"deprecated": "deprecated", "retired": "retired"}.get(str(new), "status_changed")
    if name == "sunset":
        return "sunset_changed"
    return f"{name}_changed" if name in _OF_THEIR_OWN else "attribute_changed"


_OF_THEIR_OWN = frozenset(
    {"topic", "key", "order", "partitions", "residency", "owner", "system_of_record"}
)


def _days(retention: Any) -> float:
    if retention == FOREVER:
        return float("inf")
    digits = str(retention).removesuffix("d")
    return float(digits) if digits.isdigit() else 0.0


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _level(classification: Any) -> int:
    known = list(CLASSIFICATIONS)
    return known.index(classification) if classification in known else -1


def _shown(name: str, value: Any) -> str:
    if value is None:
        return f"no {name}"
    return f"{name} {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"
