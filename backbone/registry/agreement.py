"""Agreement: whether the contracts of this process are still those of the registry.

Told by the ContractWatch, asked before every batch (backbone/middleware/agreement.py) and every
transaction (`AgreedPublisher`), and by /readyz.
"""

import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import NamedTuple

from backbone import metrics
from backbone.errors import Transient
from backbone.log import Message, Publisher
from backbone.logs import logger


class Drift(NamedTuple):
    """`kind` is a metric's label, `what` says what happened and what to do."""

    kind: str
    what: str


class Agreement:
    """Of all facts until told otherwise. Safe between threads."""

    def __init__(self) -> None:
        self._drifts: Mapping[str, Drift] = {}
        self._changed = threading.Lock()
        self._log = logger("contracts")

    @property
    def drifts(self) -> Mapping[str, Drift]:
        """By fact type."""
        return self._drifts

    def tell(self, looked_at: Collection[str], found: Mapping[str, Drift]) -> None:
        """What was found of the facts that were looked at; what is new of it is logged and
        counted."""
        with self._changed:
            before = self._drifts
            others = {fact: each for fact, each in before.items() if fact not in looked_at}
            self._drifts = {**others, **found}
        for fact in looked_at:
            self._say(fact, before.get(fact), found.get(fact))
        metrics.CONTRACTS_CHECKED.set_to_current_time()

    def _say(self, fact: str, before: Drift | None, now: Drift | None) -> None:
        metrics.CONTRACT_DRIFT.labels(fact).set(1 if now else 0)
        if now and now != before:
            metrics.CONTRACT_DRIFTS.labels(fact, now.kind).inc()
            self._log.error("contract drifted", fact=fact, kind=now.kind, why=now.what)
        elif before and not now:
            self._log.info("contract agrees again", fact=fact)

    def require(self, facts: Collection[str]) -> None:
        """Raises Transient while one of these has drifted: whoever works with it waits in place,
        and goes on by itself once the registry is as it was."""
        drifted = [each.what for fact, each in self._drifts.items() if fact in facts]
        if drifted:
            raise Transient(f"refused, for contracts have drifted: {'; '.join(drifted)}")


class AgreedPublisher:
    """A Publisher (backbone/log.py) that begins no transaction while a contract has drifted."""

    def __init__(self, inner: Publisher, agreement: Agreement, facts: Collection[str]) -> None:
        self._inner = inner
        self._agreement = agreement
        self._facts = facts

    def open(self) -> bytes | None:
        return self._inner.open()

    def publish(self, messages: Iterable[Message], cursor: bytes | Callable[[], bytes]) -> None:
        self._agreement.require(self._facts)
        self._inner.publish(messages, cursor)

    def check(self) -> None:
        self._inner.check()

    def close(self) -> None:
        self._inner.close()
