"""One view on memory twins, and the workers that keep it."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from backbone.codec.codec import Codec
from backbone.codec.columnar_engine import columnar
from backbone.contracts.catalog import Contracts
from backbone.envelope import to_headers
from backbone.fact import Envelope, Fact
from backbone.log import Message, TopicSpec
from backbone.memory.follower import MemoryFollower
from backbone.memory.log import MemoryAdmin, MemoryAppender, MemoryLog
from backbone.memory.reader import MemoryReader
from backbone.middleware.dead_letters import dead_letters
from backbone.middleware.retry import retry
from backbone.patience import Patience
from backbone.record import RecordBatch
from backbone.registry.memory import MemoryRegistry
from backbone.replay.retries import Retries, RetryLog
from backbone.runner import Pace, Runner
from backbone.settings import REPOSITORY
from backbone.topics import replayed_topic, retry_topic
from backbone.views.memory_store import MemoryViews
from backbone.views.store import Status, ViewId
from processors.projector import Projector, Store
from processors.view import View

START = datetime(2026, 1, 1, tzinfo=UTC)
PRICE = "shop.pricing.PriceChanged"


@dataclass
class Bench:
    """One view on memory twins, and the worker that keeps it."""

    view: View
    log: MemoryLog = field(default_factory=MemoryLog)
    views: MemoryViews = field(default_factory=MemoryViews)
    partitions: int = 1
    contracts: Contracts = field(default_factory=lambda: Contracts.load(REPOSITORY / "avro"))

    def __post_init__(self) -> None:
        registry = MemoryRegistry()
        for contract in self.contracts.values():
            registry.register(contract.subject, contract.registered)
        self.codec = Codec(self.contracts, registry, batch_engine=columnar)
        self.codec.check(list(self.contracts))
        self.admin = MemoryAdmin(self.log)
        self.admin.create(TopicSpec(self.view.topic, self.partitions))
        self.admin.create(TopicSpec(f"dlq.{self.view.name}", 1))
        self.admin.create(TopicSpec(retry_topic(self.view.name), self.partitions))
        self.admin.create(TopicSpec(replayed_topic(self.view.name), self.partitions))
        self.id = ViewId(self.view.name, 1, self.partitions)

    def publish(self, fact_type: str, key: str, **data: Any) -> None:
        contract = self.contracts[fact_type]
        envelope = Envelope("id", contract.system_of_record, START, "7")
        value = self.codec.encode(Fact(fact_type, key, data, envelope))
        headers = to_headers(envelope, contract.ce_type)
        self.append(Message(contract.topic, key.encode(), value, headers))

    def append(self, message: Message) -> None:
        MemoryAppender(self.log).append([message])

    def price(self, code: str, price: str, seconds: int) -> None:
        at = START + timedelta(seconds=seconds)
        money = {"price": Decimal(price), "currency": "GBP"}
        self.publish(PRICE, code, stock_code=code, effective_at=at, **money)

    def worker(self, max_records: int = 1_000_000) -> "Worker":
        return Worker(self, max_records)

    def served(self) -> dict[str, Mapping[str, Any]]:
        found, after = dict[str, Mapping[str, Any]](), None
        while True:
            page = asyncio.run(self.views.reader().page(self.id, after, 1_000))
            found |= {key: entry.value for key, entry in page.entries}
            after = page.next_key
            if after is None:
                return found

    def status(self) -> Status:
        found = asyncio.run(self.views.reader().statuses(self.id))[0]
        assert found is not None
        return found

    def dead(self) -> int:
        return len(list(MemoryReader(self.log).scan(f"dlq.{self.view.name}")))


class Worker:
    """One process: `run` so many polls, then leave or be forgotten as if killed."""

    def __init__(self, bench: Bench, max_records: int = 1_000_000) -> None:
        store = Store(bench.id, bench.views.writer(), lambda: bench.admin.ends(bench.view.topic))
        self.projector = Projector(bench.view, bench.contracts, bench.codec, store)
        name, appender, patience = bench.view.name, MemoryAppender(bench.log), Patience("t")
        stack = [retry(patience), dead_letters(name, appender)]
        topic, replayed = retry_topic(name), replayed_topic(name)
        log = RetryLog(
            MemoryFollower(bench.log, topic),
            lambda: bench.log.topics[topic].topic_id,
            replayed,
            MemoryReader(bench.log),
            appender,
        )
        again = [retry(patience), dead_letters(name, appender, lambda _: False)]
        retries = Retries(self.projector, again, patience, log)
        pace = Pace(max_records=max_records)
        self.runner = Runner(self.projector, stack, patience, pace, retries)
        self.subscription = bench.log.subscription("group", bench.view.topic, self.runner)

    def run(self, polls: int = 3) -> None:
        self.runner.run(self.subscription, _after(polls))


def _after(polls: int) -> Callable[[], bool]:
    left = [polls]

    def stop() -> bool:
        left[0] -= 1
        return left[0] < 0

    return stop


def batch_of(worker: Worker) -> RecordBatch:
    first, *_ = worker.subscription.poll(1_000_000, 0)
    assert isinstance(first, RecordBatch)
    return first
