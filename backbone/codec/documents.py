"""Documents: a fact's data as JSON values, in the one form that every engine renders.

Decimals are text with all their decimal places ("2.5500"), instants text in UTC with six digits of
a second ("2011-10-04T09:00:00.000000Z"), dates and UUIDs text, numbers numbers.
"""

from collections.abc import Callable, Mapping

from backbone.contracts.contract import Contract
from backbone.contracts.shape import Leaf
from backbone.contracts.walk import Convert, Leaves, compile_walk
from backbone.errors import Misconfigured

_UTC_OFFSET = len("+00:00")


def compile_document(contract: Contract) -> Convert:
    """Compile the rendering of accepted data. Raises Misconfigured for a contract with bytes."""

    def leaf(leaf: Leaf) -> Convert:
        kind = leaf.logical or leaf.kind
        if kind in {"bytes", "fixed"}:
            raise Misconfigured(
                f"{contract.type} has a field of {kind}, which JSON cannot show: "
                "declare it as a string, or as a decimal"
            )
        return _RENDERINGS.get(kind, _same)(leaf)

    return compile_walk(contract.shape, Leaves(leaf))


def _same(_: Leaf) -> Convert:
    return lambda value: value


def _decimal(leaf: Leaf) -> Convert:
    form = f".{leaf.scale}f"
    return lambda value: format(value, form)


def _instant(_: Leaf) -> Convert:
    return lambda value: f"{value.isoformat(timespec='microseconds')[:-_UTC_OFFSET]}Z"


def _date(_: Leaf) -> Convert:
    return lambda value: value.isoformat()


_RENDERINGS: Mapping[str, Callable[[Leaf], Convert]] = {
    "decimal": _decimal,
    "timestamp-micros": _instant,
    "date": _date,
}
