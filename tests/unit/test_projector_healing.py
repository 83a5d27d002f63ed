"""An emptied or older store is claimed again and healed, whatever happens meanwhile."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import replace

import pytest

from backbone.errors import Fenced, Transient
from processors.prices import PRICES
from tests.view_bench import Bench, Worker


@pytest.fixture
def prices() -> Bench:
    return Bench(PRICES)


def _at_the_next_claim(bench: Bench, worker: Worker, accidents: Iterator[None]) -> None:
    """An accident between the claim and the first status, where the log's ends are asked for."""

    def ends() -> Mapping[int, int]:
        next(accidents, None)
        return bench.admin.ends(bench.view.topic)

    worker.projector._store = replace(worker.projector._store, ends=ends)


def test_a_store_emptied_again_while_it_is_claimed_is_claimed_again(prices: Bench) -> None:
    # a second FLUSHALL straight after the first one ended the process
    def emptied() -> Iterator[None]:
        prices.views.flush()
        yield

    prices.price("A", "1.00", seconds=1)
    worker = prices.worker()
    worker.run()
    _at_the_next_claim(prices, worker, emptied())
    prices.views.flush()
    worker.run(6)
    assert prices.served()["A"]["price"] == "1.0000"


def test_healing_goes_on_when_a_service_was_away_straight_after_the_claim(prices: Bench) -> None:
    # the second try wrote with the token of before the claim, and was fenced by it
    def away() -> Iterator[None]:
        raise Transient("the log does not answer")
        yield

    prices.price("A", "1.00", seconds=1)
    worker = prices.worker()
    worker.run()
    _at_the_next_claim(prices, worker, away())
    prices.price("B", "1.00", seconds=1)
    prices.views.flush()
    worker.run(6)
    assert sorted(prices.served()) == ["A", "B"]


def test_an_older_copy_is_not_served_as_current_until_it_is_healed(prices: Bench) -> None:
    prices.price("A", "1.00", seconds=1)
    worker = prices.worker()
    worker.run()
    copy = deepcopy(prices.views._partitions)
    prices.price("A", "2.00", seconds=2)
    worker.run()
    prices.views._partitions = copy
    worker.run(1)
    assert prices.status().rebuilding
    worker.run()
    assert prices.served()["A"]["price"] == "2.0000"
    assert not prices.status().rebuilding


def test_an_older_copy_with_the_claim_of_a_predecessor_is_healed_too(prices: Bench) -> None:
    # it was taken for a successor's claim, and the only owner stopped
    prices.views.writer().claim(prices.id, 0)
    copy = deepcopy(prices.views._partitions)
    prices.price("A", "1.00", seconds=1)
    worker = prices.worker()
    worker.run()
    prices.views._partitions = copy
    worker.run()
    assert prices.served()["A"]["price"] == "1.0000"


def test_a_paused_worker_does_not_take_a_restarted_store_from_its_new_owner(prices: Bench) -> None:
    # the other run id alone made it claim, and the owner was fenced
    worker = prices.worker()
    worker.run()
    prices.views.restart()
    prices.views.writer().claim(prices.id, 0)
    with pytest.raises(Fenced):
        worker.run(1)
