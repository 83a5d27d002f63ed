"""What every view of the catalog must do; a new one gets these tests for its row."""

from collections import defaultdict
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backbone.contracts.catalog import Contracts
from backbone.fact import Fact
from backbone.memory.log import MemoryReader
from backbone.recorded_fact import fact_of
from backbone.settings import REPOSITORY
from processors.catalog import VIEWS
from processors.refold import refold
from tests.contract.fact_values import payloads
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
        known = {each["name"] for each in CONTRACTS[fact].schema["fields"]}
        assert set(fields) <= known
        assert CONTRACTS[fact].topic == VIEWS[name].topic
