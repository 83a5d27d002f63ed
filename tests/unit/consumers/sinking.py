"""A warehouse sink on memory twins: a topic, its registry, the loader and its runner."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from backbone.backoff import Backoff
from backbone.codec.codec import Codec
from backbone.codec.columnar_engine import columnar
from backbone.contracts.catalog import Contracts
from backbone.contracts.contract import Contract
from backbone.dead_letters import topic_of
from backbone.fact import Envelope, Fact
from backbone.log import Message, TopicSpec
from backbone.memory.log import MemoryAdmin, MemoryAppender, MemoryLog
from backbone.memory.reader import MemoryReader
from backbone.middleware.dead_letters import dead_letters
from backbone.middleware.retry import retry
from backbone.patience import Patience
from backbone.record import Record
from backbone.registry.memory import MemoryRegistry
from backbone.runner import Pace, Runner
from backbone.warehouse.memory_store import MemoryWarehouse
from backbone.warehouse.store import Counts, Place
from backbone.warehouse.table import FactTable
from consumers.clickhouse.loader import Loader
from consumers.clickhouse.tables import Tables

TOPIC = "pricing.price.v1"
PRICE = "shop.pricing.PriceChanged"
GROUP = "test.warehouse"
START = datetime(2026, 1, 1, tzinfo=UTC)
CONTRACTS = Contracts.load(Path(__file__).parents[3] / "avro")


def one_partition(contract: Contract = CONTRACTS[PRICE]) -> Contracts:
    return Contracts({PRICE: replace(contract, partitions=1)})


def price(number: int) -> dict[str, Any]:
    return {
        "stock_code": f"C{number % 7}",
        "price": Decimal(number + 1) / 4,
        "currency": "GBP",
        "effective_at": START + timedelta(seconds=number),
    }


@dataclass
class Sinking:
    """One partition of prices, and loaders that share its group one after the other."""

    contracts: Contracts = field(default_factory=one_partition)
    log: MemoryLog = field(default_factory=MemoryLog)
    registry: MemoryRegistry = field(default_factory=MemoryRegistry)
    warehouse: MemoryWarehouse = field(default_factory=MemoryWarehouse)
    enough: int = 1  # records of an insert: a poll's

    def __post_init__(self) -> None:
        admin = MemoryAdmin(self.log)
        admin.create(TopicSpec(TOPIC, 1))
        admin.create(TopicSpec(topic_of("warehouse"), 1))
        self.writer = self.writer_of(self.contracts)

    def writer_of(self, contracts: Contracts) -> Codec:
        for each in contracts.values():
            self.registry.register(each.subject, each.registered)
        codec = Codec(contracts, self.registry)
        codec.check(list(contracts))
        return codec

    # the topic

    def publish(
        self, facts: Sequence[Mapping[str, Any]], writer: Codec | None = None, *, kind: str = PRICE
    ) -> None:
        for data in facts:
            envelope = Envelope(f"id-{len(self.records)}", "/test", START, "1")
            key = data["stock_code"]
            value = (writer or self.writer).encode(Fact(kind, key, data, envelope))
            headers = [("ce_id", envelope.id.encode()), ("ce_source", b"/test")]
            MemoryAppender(self.log).append([Message(TOPIC, key.encode(), value, headers)])

    def publish_poison(self, count: int = 1) -> None:
        for _ in range(count):
            MemoryAppender(self.log).append([Message(TOPIC, b"k", b"no frame", [])])

    @property
    def records(self) -> Sequence[Record]:
        return self.log.topics[TOPIC].partitions[0]

    @property
    def dead(self) -> list[int]:
        """Offsets of the dead letters."""
        found = MemoryReader(self.log).scan(topic_of("warehouse"))
        return [int(dict(each.headers)["__connect.errors.offset"] or b"-1") for each in found]

    @property
    def noted(self) -> tuple[int, str]:
        """The group's offset, and what stands beside it but for the topic's id."""
        kept = self.log.groups[GROUP].committed[0]
        return kept.offset, kept.note.rpartition(":")[0]

    @property
    def offset(self) -> int:
        kept = self.log.groups[GROUP].committed.get(0)
        return kept.offset if kept else 0

    def rewind(self, offset: int, note: str = "") -> None:
        kept = self.log.groups[GROUP].committed[0]
        self.log.groups[GROUP].committed[0] = kept._replace(offset=offset, note=note)

    # the sink

    @contextmanager
    def loader(self, records_a_poll: int = 1_000) -> Iterator["Loading"]:
        tables = Tables(
            *(self.contracts, TOPIC, self.registry),
            lambda known: Codec(known, self.registry, batch_engine=columnar),
        )
        loader = Loader("warehouse", tables, self.warehouse, self.enough)
        patience = Patience("warehouse", Backoff(first_seconds=0.0, most_seconds=0.0))
        letters = dead_letters("warehouse", MemoryAppender(self.log), loader.may_stop)
        pace = Pace(max_records=records_a_poll)
        runner = Runner(loader, [retry(patience), letters], patience, pace)
        subscription = self.log.subscription(GROUP, TOPIC, runner)
        loader.attach(subscription)
        yield Loading(runner, subscription, loader)
        loader.close()

    def load(self, records_a_poll: int = 1_000) -> None:
        """Until everything is loaded and nothing is pending; then the loader leaves."""
        with self.loader(records_a_poll) as loading:
            loading.until(lambda: self.loaded)
            loading.leave()

    @property
    def loaded(self) -> bool:
        kept = self.log.groups[GROUP].committed.get(0)
        return (
            kept is not None and kept.offset == len(self.records) and kept.note.startswith("loaded")
        )

    # the warehouse

    @property
    def table(self) -> FactTable:
        return FactTable(self.contracts[PRICE])

    @property
    def place(self) -> Place:
        return Place(self.log.topics[TOPIC].topic_id, 0)

    @property
    def rows(self) -> dict[int, Mapping[str, Any]]:
        """What the view has, the fact's own fields by offset."""
        names = [each.name for each in self.table.contract.shape.fields]
        return {
            row["_kafka_offset"]: {name: row[name] for name in names}
            for row in self.warehouse.rows(self.table, self.place, 0, 10**9)
        }

    @property
    def counts(self) -> Counts:
        return self.warehouse.counts(self.table, self.place, 0, 10**9)

    @property
    def next_offset(self) -> int:
        (found,) = self.warehouse.complete_up_to(self.table)
        return found.next_offset


@dataclass
class Loading:
    runner: Runner
    subscription: Any
    loader: Loader

    def until(self, condition: Callable[[], bool], rounds: int = 1_000) -> None:
        left = iter(range(rounds))
        self.runner.run(self.subscription, lambda: condition() or next(left, None) is None)
        assert condition(), "it never came true"

    @property
    def delivered(self) -> int:
        """The offset of the record that is polled next."""
        return int(self.subscription._member.positions[0])

    def leave(self) -> None:
        self.subscription.close()

    def vanish(self) -> None:
        """As a killed process: the group gives its partitions to others, and it is told nothing."""
        member = self.subscription._member
        member.positions.clear()
        member._group.members.remove(member)
        member.joined = False
