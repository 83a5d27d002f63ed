"""Changes of value rules: whether the new ones let less through, more, or something else."""

import json
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from backbone.impact.change import Change

_UPPER = frozenset({"maximum", "exclusiveMaximum", "maxLength", "maxItems"})
_LOWER = frozenset({"minimum", "exclusiveMinimum", "minLength", "minItems"})
RULE_NAMES = _UPPER | _LOWER | {"pattern", "format", "enum"}
"""What a reader may count on; of the last three only that they stay as they are."""


def rule_changes(path: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for name in [*new, *(name for name in old if name not in new)]:
        if old.get(name) == new.get(name):
            continue
        yield Change(_kind(name, old, new), path, _shown(name, old), _shown(name, new))


def implied(name: str, asked: Any, rules: Mapping[str, Any]) -> bool:
    """Whether `rules` let nothing through that the rule `name` with the value `asked` refuses, as
    far as the same rule says so."""
    if name not in rules:
        return False
    return rules[name] == asked or _tighter(name, asked, rules[name])


def _kind(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    if name not in old:
        return "rule_tightened"
    if name not in new:
        return "rule_loosened"
    if _tighter(name, old[name], new[name]):
        return "rule_tightened"
    return "rule_loosened" if _tighter(name, new[name], old[name]) else "rule_changed"


def _tighter(name: str, old: Any, new: Any) -> bool:
    compare = _ORDER.get(name)
    numbers = _number(old), _number(new)
    if compare is None or numbers[0] is None or numbers[1] is None:
        return False
    return compare(numbers[0], numbers[1])


def _lower(old: Decimal, new: Decimal) -> bool:
    return new < old


def _higher(old: Decimal, new: Decimal) -> bool:
    return new > old


_ORDER: Mapping[str, Callable[[Decimal, Decimal], bool]] = {
    **dict.fromkeys(_UPPER, _lower),
    **dict.fromkeys(_LOWER, _higher),
}


def _number(value: Any) -> Decimal | None:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


def _shown(name: str, rules: Mapping[str, Any]) -> str:
    return f"{name} {json.dumps(rules[name], ensure_ascii=False)}" if name in rules else "no rule"
