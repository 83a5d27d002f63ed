"""What a source adds: how long one of its transactions takes, of few facts, with its cursor."""

import time
from collections.abc import Mapping
from typing import Any

from backbone.log import Message
from bench.process import serve
from bench.statistics import percentile
from cli import wiring


def transactions(arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """`times` transactions of `size` facts each to `topic`, published as a source does."""
    topic, publisher = arguments["topic"], wiring.publisher("price-list", 0)
    publisher.open()
    taken = []
    for number in range(arguments["times"]):
        messages = [Message(topic, b"%d" % each, b"x" * 30) for each in range(arguments["size"])]
        began = time.perf_counter()
        publisher.publish(messages, b'{"cursor":{"n":%d}}' % number)
        taken.append((time.perf_counter() - began) * 1000)
    publisher.close()
    return {
        "transaction_p50_ms": percentile(taken, 0.5),
        "transaction_p99_ms": percentile(taken, 0.99),
    }


if __name__ == "__main__":
    serve(transactions)
