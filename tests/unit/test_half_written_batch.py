"""A batch of which only the first part was written: of a fold, and of a latest by key."""

import pytest

from backbone.views.part import MAX_KEYS
from processors.orders import CANCELLED, Orders
from processors.prices import PRICES
from processors.view import View
from tests.view_bench import START, Bench, batch_of

COUNT = 2 * MAX_KEYS + 500


def _write_the_first_part_and_die(bench: Bench) -> int:
    """Gives how many parts there were."""
    worker = bench.worker()
    batch = batch_of(worker)
    worker.projector.step(batch)
    held = worker.projector._held[0]
    bench.views.writer().write(bench.id, 0, held.token, held.worked_out()[0])
    worker.subscription.close()
    return len(held.worked_out())


def _cancel(bench: Bench, number: int) -> None:
    key = f"K{number}"
    bench.publish(CANCELLED, key, order_id=key, cancelled_at=START, reason=None)


@pytest.mark.parametrize("view", [Orders(), PRICES], ids=["fold", "latest"])
def test_the_next_worker_goes_on_behind_the_part_that_was_written(view: View) -> None:
    bench = Bench(view)
    for number in range(COUNT):
        if view.name == "orders":
            _cancel(bench, number)
        else:
            bench.price(f"K{number}", "1.00", seconds=number)
    assert _write_the_first_part_and_die(bench) == 3
    assert len(bench.served()) == MAX_KEYS
    bench.worker().run()
    assert len(bench.served()) == COUNT
