"""What was changed in the registry by hand is found at the next look, and told once."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from backbone import metrics
from backbone.contracts.catalog import Contracts
from backbone.contracts.contract import Contract
from backbone.errors import Transient
from backbone.log import Message
from backbone.middleware.agreement import agreed
from backbone.record import Outcomes, RecordBatch
from backbone.registry.agreement import AgreedPublisher, Agreement, Drift
from backbone.registry.contract_watch import ContractWatch
from backbone.registry.memory import MemoryRegistry
from backbone.settings import REPOSITORY

PRICE, PLACED = "shop.pricing.PriceChanged", "shop.sales.OrderPlaced"
CONTRACTS = Contracts.load(REPOSITORY / "avro")


class Handled(MemoryRegistry):
    """A registry that somebody lays hands on."""

    away = False

    def lookup(self, subject: str, schema_text: str) -> int | None:
        if self.away:
            raise Transient("the registry is away")
        return super().lookup(subject, schema_text)

    def delete(self, contract: Contract) -> None:
        self._subjects.pop(contract.subject)

    def open_up(self, contract: Contract) -> None:
        self._guarded.discard(contract.subject)

    def renumber(self, contract: Contract) -> None:
        self._subjects[contract.subject] = [99]
        self._texts[99] = contract.registered
        self._ids = dict.fromkeys(self._ids, 99)


class Bench:
    def __init__(self) -> None:
        self.registry = Handled()
        for name in (PRICE, PLACED):
            self.registry.require_full_transitive(CONTRACTS[name].subject)
            self.registry.register(CONTRACTS[name].subject, CONTRACTS[name].registered)
        self.agreement = Agreement()
        watched = [CONTRACTS[PRICE], CONTRACTS[PLACED]]
        self.watch = ContractWatch(watched, self.registry, self.agreement)
        self.watch.look()

    def drifted(self) -> dict[str, str]:
        self.watch.look()
        return {fact: each.kind for fact, each in self.agreement.drifts.items()}


@pytest.fixture
def bench() -> Bench:
    return Bench()


def _other_version(**changes: Any) -> str:
    schema = {**json.loads(CONTRACTS[PRICE].registered), **changes}
    return json.dumps(schema)


def test_what_is_as_it_was_agrees(bench: Bench) -> None:
    assert bench.drifted() == {}


def test_a_version_that_lives_with_ours_is_how_a_change_comes(bench: Bench) -> None:
    fields = json.loads(CONTRACTS[PRICE].registered)["fields"]
    note = {"name": "note", "type": ["null", "string"], "default": None, "doc": "A note."}
    newer = _other_version(fields=[*fields, note])
    bench.registry.register(CONTRACTS[PRICE].subject, newer)
    assert bench.drifted() == {}


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("unregistered", lambda registry: registry.delete(CONTRACTS[PRICE])),
        ("unguarded", lambda registry: registry.open_up(CONTRACTS[PRICE])),
        ("other_id", lambda registry: registry.renumber(CONTRACTS[PRICE])),
    ],
)
def test_a_subject_that_was_changed_by_hand_is_found(
    bench: Bench, kind: str, change: Callable[[Handled], None]
) -> None:
    change(bench.registry)
    found = bench.drifted()
    assert found.get(PRICE) == kind


def test_a_version_that_does_not_live_with_ours_is_found(bench: Bench) -> None:
    bench.registry.open_up(CONTRACTS[PRICE])
    other = _other_version(fields=[{"name": "stock_code", "type": "int"}])
    bench.registry.register(CONTRACTS[PRICE].subject, other)
    bench.registry.require_full_transitive(CONTRACTS[PRICE].subject)
    assert bench.drifted() == {PRICE: "incompatible"}


def test_an_earlier_version_that_is_gone_is_found() -> None:
    bench = Bench()
    older = bench.registry
    older.open_up(CONTRACTS[PRICE])
    older.register(CONTRACTS[PRICE].subject, _other_version(doc="Older."))
    older.require_full_transitive(CONTRACTS[PRICE].subject)
    bench.watch = ContractWatch([CONTRACTS[PRICE]], older, bench.agreement)
    assert bench.drifted() == {}
    older._subjects[CONTRACTS[PRICE].subject].pop()
    assert bench.drifted() == {PRICE: "version_lost"}


def test_what_is_mended_agrees_again(bench: Bench) -> None:
    bench.registry.delete(CONTRACTS[PRICE])
    assert bench.drifted() == {PRICE: "unregistered"}
    bench.registry.register(CONTRACTS[PRICE].subject, CONTRACTS[PRICE].registered)
    assert bench.drifted() == {}


def test_a_registry_that_is_away_changes_nothing(bench: Bench) -> None:
    bench.registry.away = True
    with pytest.raises(Transient):
        bench.watch.look()
    assert bench.agreement.drifts == {}


def test_a_drift_is_counted_and_logged_once_however_often_it_is_seen(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    counter = metrics.CONTRACT_DRIFTS.labels(PRICE, "unregistered")
    gauge = metrics.CONTRACT_DRIFT.labels(PRICE)
    before = counter._value.get()
    bench.registry.delete(CONTRACTS[PRICE])
    bench.drifted()
    bench.drifted()
    assert counter._value.get() == before + 1
    assert gauge._value.get() == 1
    said = capsys.readouterr()
    assert (said.out + said.err).count("contract drifted") == 1
    bench.registry.register(CONTRACTS[PRICE].subject, CONTRACTS[PRICE].registered)
    bench.drifted()
    assert gauge._value.get() == 0


DRIFT = Drift("unregistered", "gone: register it")


def test_what_works_with_a_drifted_fact_is_refused_and_nothing_else(bench: Bench) -> None:
    bench.agreement.tell([PRICE], {PRICE: DRIFT})
    bench.agreement.require([PLACED])
    with pytest.raises(Transient, match="refused, for contracts have drifted: gone: register it"):
        bench.agreement.require([PLACED, PRICE])


class Taken:
    """A Publisher that notes what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def open(self) -> bytes | None:
        self.asked.append("open")
        return b"cursor"

    def publish(self, messages: Any, cursor: Any) -> None:  # noqa: ARG002 - as the port has it
        self.asked.append("publish")

    def check(self) -> None:
        self.asked.append("check")

    def close(self) -> None:
        self.asked.append("close")


def test_no_transaction_begins_with_a_drifted_fact(bench: Bench) -> None:
    taken = Taken()
    publisher = AgreedPublisher(taken, bench.agreement, [PRICE])
    messages = [Message("t", b"k", b"v", [])]
    assert publisher.open() == b"cursor"
    publisher.publish(messages, b"1")
    bench.agreement.tell([PRICE], {PRICE: DRIFT})
    with pytest.raises(Transient):
        publisher.publish(messages, b"2")
    publisher.check()
    publisher.close()
    bench.agreement.tell([PRICE], {})
    publisher.publish(messages, b"2")
    assert taken.asked == ["open", "publish", "check", "close", "publish"]


def test_no_batch_is_worked_on_with_a_drifted_fact(bench: Bench) -> None:
    worked: list[RecordBatch] = []

    def step(batch: RecordBatch) -> Outcomes:
        worked.append(batch)
        return Outcomes(0)

    batch: Any = object()
    guarded = agreed(bench.agreement, [PRICE])(step)
    bench.agreement.tell([PRICE], {PRICE: DRIFT})
    with pytest.raises(Transient):
        guarded(batch)
    assert worked == []
    bench.agreement.tell([PRICE], {})
    guarded(batch)
    assert worked == [batch]
