"""The projector and a real Redis that restarts."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from backbone.views.redis_store import RedisViewWriter
from processors.prices import PRICES
from tests.view_bench import Bench, Worker

pytestmark = pytest.mark.redis

CLAIM = "{prices:0}:1:claim"


@pytest.fixture
def on_redis() -> Iterator[Callable[[Worker, str], None]]:
    """Let a worker write there instead of into memory."""
    writers: list[RedisViewWriter] = []

    def move(worker: Worker, url: str) -> None:
        writers.append(RedisViewWriter(url))
        worker.projector._store = replace(worker.projector._store, writer=writers[-1])

    yield move
    for each in writers:
        each.close()


def test_a_store_that_restarted_is_claimed_again_although_it_has_kept_everything(
    own_redis: Any, on_redis: Callable[[Worker, str], None]
) -> None:
    """Claim and offset are as they were: that it is another server only its run id tells."""
    server, bench = own_redis(), Bench(PRICES)
    bench.price("A", "1.00", seconds=1)
    worker = bench.worker()
    on_redis(worker, server.url)
    worker.run()
    claim, entry = server.ask("GET", CLAIM), server.ask("GET", "{prices:0}:1:e:A")
    server.ask("SAVE")
    server.stop()
    server.start()
    assert (server.ask("GET", CLAIM), server.ask("GET", "{prices:0}:1:e:A")) == (claim, entry)
    worker.run()
    assert server.ask("GET", CLAIM) not in (claim, None)
    assert server.ask("GET", "{prices:0}:1:e:A") == entry
