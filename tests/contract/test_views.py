"""What every view of the catalog must do; a new one gets these tests for its row."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any, ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backbone.contracts.catalog import Contracts
from backbone.contracts.shape import Array, Map, Nullable, Record, Shape
from backbone.fact import Fact
from backbone.memory.reader import MemoryReader
from backbone.recorded_fact import fact_of
from backbone.settings import REPOSITORY
from processors.catalog import VIEWS
from processors.refold import refold
from processors.view import Document, Reads, View, served
from tests.contract.fact_values import payloads
from tests.contract.watched_reads import (
    Undeclared,
    Watched,
    changed,
    every_path,
    fold,
    grafted,
    undeclared_sources,
    within,
)
from tests.view_bench import Bench

CONTRACTS = Contracts.load(REPOSITORY / "avro")
Facts = list[tuple[str, dict[str, Any]]]


def histories(name: str) -> st.SearchStrategy[Facts]:
    """Facts of the types that the view reads, in any order."""
    kinds = [st.tuples(st.just(fact), payloads(CONTRACTS[fact])) for fact in VIEWS[name].reads]
    return st.lists(st.one_of(*kinds), min_size=1, max_size=12)


def _bench(name: str, history: Facts) -> Bench:
    made = Bench(VIEWS[name], contracts=CONTRACTS)
    for fact, data in history:
        made.publish(fact, data[CONTRACTS[fact].key], **data)
    return made


@pytest.mark.parametrize("name", VIEWS)
def test_a_restart_at_any_point_gives_what_one_run_gives(name: str) -> None:
    @settings(max_examples=40, deadline=None)
    @given(history=histories(name), data=st.data())
    def holds(history: Facts, data: st.DataObject) -> None:
        whole, broken = _bench(name, history), _bench(name, history)
        whole.worker().run(polls=2)
        for _ in history:
            worker = broken.worker(max_records=data.draw(st.integers(1, 4)))
            worker.run(polls=1)
            worker.subscription.close()
        broken.worker().run(polls=2)
        assert broken.served() == whole.served()
        assert broken.dead() == whole.dead() == 0

    holds()


@pytest.mark.parametrize("name", VIEWS)
def test_a_fact_told_twice_changes_nothing(name: str) -> None:
    @settings(max_examples=40, deadline=None)
    @given(history=histories(name))
    def holds(history: Facts) -> None:
        once, twice = _bench(name, history), _bench(name, [*history, history[-1]])
        once.worker().run(polls=2)
        twice.worker().run(polls=2)
        assert twice.served() == once.served()

    holds()


@pytest.mark.parametrize("name", VIEWS)
def test_the_whole_log_again_gives_the_same_view(name: str) -> None:
    @settings(max_examples=40, deadline=None)
    @given(history=histories(name))
    def holds(history: Facts) -> None:
        bench = _bench(name, history)
        worker = bench.worker()
        worker.run(polls=2)
        before = bench.served()
        bench.views.flush()
        worker.run(polls=3)
        assert bench.served() == before

    holds()


@pytest.mark.parametrize("name", VIEWS)
def test_the_plain_fold_gives_what_the_projector_stores(name: str) -> None:
    """`explain` and `ledger` judge by it: value, version, position and origin of each entry."""

    @settings(max_examples=40, deadline=None)
    @given(history=histories(name))
    def holds(history: Facts) -> None:
        bench = _bench(name, history)
        bench.worker().run(polls=2)
        facts: dict[str, list[Fact]] = defaultdict(list)
        for record in MemoryReader(bench.log).scan(VIEWS[name].topic):
            fact = fact_of(record, bench.codec, 1)
            facts[fact.key].append(fact)
        entries = bench.views.writer().read(bench.id, 0, list(facts))
        assert [refold(VIEWS[name], each) for each in facts.values()] == entries

    holds()


@pytest.mark.parametrize("name", VIEWS)
def test_a_view_reads_only_fields_that_its_contracts_have(name: str) -> None:
    for fact, fields in VIEWS[name].reads.items():
        assert set(fields) <= every_field(CONTRACTS[fact].shape, "")
        assert CONTRACTS[fact].topic == VIEWS[name].topic


def every_field(shape: Shape, path: str) -> set[str]:
    """Paths of fields, lists and maps passed through."""
    match shape:
        case Nullable(inner) | Array(inner) | Map(inner):
            return every_field(inner, path)
        case Record():
            below = [(f"{path}.{each.name}".lstrip("."), each.shape) for each in shape.fields]
            return {found for name, part in below for found in {name} | every_field(part, name)}
    return set()


@pytest.mark.parametrize("name", VIEWS)
def test_a_view_reads_what_it_declares_and_nothing_else(name: str) -> None:
    assert never_read(VIEWS[name]) == set()


def never_read(view: View) -> set[tuple[str, str]]:
    """What is declared and was not looked at; raises Undeclared for the other way round."""
    watched = Watched(view)

    @settings(max_examples=60, deadline=None, derandomize=True, database=None)
    @given(history=_of_one_key(view))
    def look(history: Facts) -> None:
        fold(view, history, watched)

    look()
    return watched.declared() - watched.seen


def _of_one_key(view: View) -> st.SearchStrategy[Facts]:
    kinds = [st.tuples(st.just(fact), payloads(CONTRACTS[fact])) for fact in view.reads]
    return st.lists(st.one_of(*kinds), min_size=1, max_size=5)


@pytest.mark.parametrize("name", VIEWS)
def test_what_a_view_serves_comes_from_where_it_says(name: str) -> None:
    assert wrong_origins(VIEWS[name]) == {}


def wrong_origins(view: View) -> dict[str, Any]:
    """Fields that are served and not declared, that change with a fact field which they are not
    said to come from, and that are said to come from one with which they never change."""
    found: dict[str, Any] = defaultdict(set)
    moved: set[tuple[str, tuple[str, str]]] = set()
    places = sorted(Watched(view).declared())
    kinds = {kind: CONTRACTS[kind] for kind in view.reads}

    @settings(max_examples=60, deadline=None, derandomize=True, database=None)
    @given(history=_of_one_key(view), others=st.tuples(*map(payloads, kinds.values())))
    def look(history: Facts, others: tuple[dict[str, Any], ...]) -> None:
        before = fold(view, history)
        found["served and not declared"] |= _unserved(view, before)
        for at, (kind, path) in product(range(len(history)), places):
            if history[at][0] == kind:
                other = (kind, others[list(kinds).index(kind)])
                spoiled = grafted(history[at], other, path)
                moves = changed(before, fold(view, [*history[:at], spoiled, *history[at + 1 :]]))
                found[f"moved by {path}"] |= undeclared_sources(view, (kind, path), moves)
                moved.update((each, (kind, path)) for each in moves)

    look()
    found["never moved"] = {
        (name, kind, path)
        for name, origins in served(view).items()
        for kind, paths in origins.items()
        for path in paths
        if not any(within(each, name) and (kind, path) == of for each, of in moved)
    }
    return {name: each for name, each in found.items() if each}


def _unserved(view: View, document: Any) -> set[str]:
    """An empty list has the path of the list, whose members alone are declared."""
    return {
        each
        for each in every_path(document)
        if not any(within(each, name) or within(name, each) for name in served(view))
    }


CANCELLED = "shop.sales.OrderCancelled"


@dataclass
class Reasons:
    """A view as somebody may write it; the tests below spoil its declarations."""

    name: str = "reasons"
    version: int = 1
    topic: str = "sales.order.v1"
    key: str = "order_id"
    example: str = "1"
    freshness_seconds: int = 60
    description: str = "Why orders were cancelled."
    reads: ClassVar[Reads] = {CANCELLED: ("reason", "cancelled_at")}
    serves: ClassVar[Mapping[str, Reads]] = {
        "why": {CANCELLED: ("reason",)},
        "at": {CANCELLED: ("cancelled_at",)},
    }

    def apply(self, state: Document | None, fact: Fact) -> Document | None:
        del state
        return {"why": fact.data["reason"], "at": fact.shown("cancelled_at")}


def test_a_sound_declaration_is_found_sound() -> None:
    assert never_read(Reasons()) == set()
    assert wrong_origins(Reasons()) == {}


def test_an_undeclared_read_is_found() -> None:
    class Spoiled(Reasons):
        reads: ClassVar[Reads] = {CANCELLED: ("reason",)}

    with pytest.raises(Undeclared, match="reasons reads cancelled_at of"):
        never_read(Spoiled())


def test_a_fact_read_as_a_whole_is_found() -> None:
    class Spoiled(Reasons):
        def apply(self, state: Document | None, fact: Fact) -> Document | None:
            del state
            return {**fact.data}

    with pytest.raises(Undeclared, match="as a whole"):
        never_read(Spoiled())


def test_a_declared_field_that_is_never_read_is_found() -> None:
    class Spoiled(Reasons):
        reads: ClassVar[Reads] = {CANCELLED: ("reason", "cancelled_at", "order_id")}

    assert never_read(Spoiled()) == {(CANCELLED, "order_id")}


@pytest.mark.parametrize(
    ("serves", "wrong"),
    [
        ({"why": {CANCELLED: ("reason",)}}, "served and not declared"),
        (
            {"why": {CANCELLED: ("cancelled_at",)}, "at": {CANCELLED: ("cancelled_at",)}},
            "moved by reason",
        ),
        (
            {
                "why": {CANCELLED: ("reason", "cancelled_at")},
                "at": {CANCELLED: ("cancelled_at",)},
            },
            "never moved",
        ),
    ],
)
def test_a_wrong_origin_is_found(serves: Mapping[str, Reads], wrong: str) -> None:
    view = Reasons()
    view.serves = serves  # type: ignore[misc] # a ClassVar
    assert wrong in wrong_origins(view)
