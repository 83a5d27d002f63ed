"""What a reader expects of a field, against what the field has become."""

from collections.abc import Callable, Iterator

from backbone.impact.outline import Node
from backbone.impact.reader import Expectation
from backbone.impact.rule_changes import implied
from backbone.impact.units import units_of

Unmet = Iterator[tuple[str, str]]
"""The expectation's name, and how it is not met."""


def unmet(expected: Expectation, field: Node) -> Unmet:
    """Everything that the reader depends on and the field does not keep."""
    for check in _CHECKS:
        yield from check(expected, field)


def newly_unmet(expected: Expectation, before: Node | None, after: Node) -> Unmet:
    """Only what was kept before: the rest is nothing that the change has done."""
    known = set(unmet(expected, before)) if before is not None else set()
    yield from (each for each in unmet(expected, after) if each not in known)


def _symbols(expected: Expectation, field: Node) -> Unmet:
    if not expected.symbols:
        return
    surprising = [each for each in field.symbols if each not in expected.symbols]
    waited_for = sorted(expected.symbols - set(field.symbols))
    if surprising:
        yield "symbols", f"it does not know what to do with {', '.join(surprising)}"
    if waited_for:
        yield "symbols", f"{', '.join(waited_for)}, which it acts on, no longer exists"


def _digits(expected: Expectation, field: Node) -> Unmet:
    if expected.precision is not None and field.precision > expected.precision:
        yield "precision", f"it has room for {expected.precision} digits, not {field.precision}"
    if expected.scale is not None and field.scale != expected.scale:
        yield "scale", f"it counts on {expected.scale} decimal places, not {field.scale}"


def _unit(expected: Expectation, field: Node) -> Unmet:
    if expected.unit and expected.unit not in units_of(field.doc):
        found = ", ".join(sorted(units_of(field.doc))) or "no unit that is known"
        yield "unit", f"it takes the value in {expected.unit}, and the contract says {found}"


def _rules(expected: Expectation, field: Node) -> Unmet:
    for name, asked in expected.rules.items():
        if not implied(name, asked, field.rules):
            yield "rules", f"it counts on {name} {asked}, which is no longer enforced"


_CHECKS: tuple[Callable[[Expectation, Node], Unmet], ...] = (_symbols, _digits, _unit, _rules)
