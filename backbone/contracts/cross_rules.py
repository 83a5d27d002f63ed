"""Cross-field rules: what a contract asks of several fields of a record together.

    "rules": [{"name": "adds_up", "expr": "net + tax == total", "message": "must add up"}]

They stand in the record that has the fields, the fact's own or one inside it, and hold where facts
enter, as the rules of single fields do (backbone/contracts/rules.py).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from backbone.contracts.expression import compiled
from backbone.contracts.schema_problem import BadRule, SchemaProblem
from backbone.contracts.shape import Record, Shape, parts
from backbone.contracts.walk import Convert, Unfit

_MEMBERS = ("name", "expr", "message")


@dataclass(frozen=True, slots=True)
class CrossRule:
    """`holds` takes the values of `fields`, each of the field's own type."""

    name: str
    message: str
    fields: tuple[str, ...]
    holds: Callable[..., bool]


def cross_rules(record: Record) -> tuple[CrossRule, ...]:
    """Compile the record's own rules. Raises SchemaProblem for one that cannot be asked."""
    made = tuple(_rule(each, record) for each in record.rules)
    if len({each.name for each in made}) < len(made):
        raise BadRule("rules", "has two of one name")
    return made


def has_cross_rules(shape: Shape) -> bool:
    own = bool(shape.rules) if isinstance(shape, Record) else False
    return own or any(has_cross_rules(each) for each in parts(shape))


def cross_rule_of(record: Record) -> Convert | None:
    """Compile the check of a record whose fields are in order; None without rules."""
    rules = cross_rules(record)
    if not rules:
        return None

    def check(value: Any) -> Any:
        found = [
            ("", each.message)
            for each in rules
            if not each.holds(*[value[field] for field in each.fields])
        ]
        if found:
            raise Unfit.of(found)
        return value

    return check


def _rule(given: Any, record: Record) -> CrossRule:
    if not isinstance(given, Mapping) or sorted(given) != sorted(_MEMBERS):
        raise BadRule("rules", f"a rule has {', '.join(_MEMBERS)} and nothing else")
    if not all(isinstance(each, str) and each.strip() for each in given.values()):
        raise BadRule("rules", f"a rule's {', '.join(_MEMBERS)} are texts")
    try:
        fields, holds = compiled(given["expr"], record)
    except SchemaProblem as problem:
        raise BadRule("rules", f"the rule {given['name']!r} {problem.what}") from None
    return CrossRule(given["name"], given["message"], fields, holds)
