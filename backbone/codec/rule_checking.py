"""Value rules asked again where facts are read, for who wants that (docs/contract-lint.md).

Fact by fact, in the row engine: a process that reads so decodes nothing in columns.
"""

from typing import Any

from backbone.codec.row_engine import RowDecoder
from backbone.contracts.contract import Contract
from backbone.contracts.cross_rules import cross_rule_of
from backbone.contracts.parse import broken
from backbone.contracts.rules import rule_of
from backbone.contracts.shape import Leaf, Record
from backbone.contracts.walk import Convert, Leaves, Unfit, compile_walk


class RuleCheckingDecoder:
    """An engine's Decoder (backbone/codec/engine.py); raises Poison(INVALID) too."""

    def __init__(self, writer: Any, shape: Record, contract: Contract) -> None:
        self._name = contract.name
        self._rows = RowDecoder(writer, shape, contract)
        self._check = compile_walk(contract.shape, Leaves(_as_it_is, rule_of, cross_rule_of))

    def decode(self, payload: bytes) -> dict[str, Any]:
        data = self._rows.decode(payload)
        try:
            self._check(data)
        except Unfit as unfit:
            raise broken(self._name, unfit) from None
        return data


def _as_it_is(_: Leaf) -> Convert:
    return lambda value: value
