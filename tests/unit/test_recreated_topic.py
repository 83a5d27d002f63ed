"""A topic that was deleted and created again, and has more records by now than the old one had."""

import pytest

from backbone.errors import Fatal
from backbone.log import TopicSpec
from processors.prices import PRICES
from tests.view_bench import Bench


def test_a_view_is_not_built_on_from_another_topic_of_the_same_name() -> None:
    bench = Bench(PRICES)
    bench.price("A", "1.00", seconds=1)
    first = bench.worker()
    first.run()
    first.subscription.close()
    bench.log.delete(PRICES.topic)
    bench.admin.create(TopicSpec(PRICES.topic, 1))
    for code in ("B", "C"):
        bench.price(code, "1.00", seconds=1)
    with pytest.raises(Fatal, match="backbone view rebuild prices"):
        bench.worker().run()
    assert list(bench.served()) == ["A"]
