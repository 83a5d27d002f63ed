"""The composition root of sinks: beside cli/wiring.py, for it takes Polars and ClickHouse's client,
which most processes do without."""

from collections.abc import Mapping
from functools import partial

from backbone.codec.codec import Codec
from backbone.codec.columnar_engine import columnar
from backbone.codec.rule_checking import RuleCheckingDecoder
from backbone.contracts.catalog import Contracts
from backbone.dead_letters import topic_of
from backbone.kafka.fetch import chosen
from backbone.kafka.publisher import KafkaAppender
from backbone.log import KeepingSubscription
from backbone.middleware.agreement import agreed
from backbone.middleware.dead_letters import dead_letters
from backbone.middleware.metrics import measure
from backbone.middleware.retry import retry
from backbone.patience import Patience
from backbone.record import Middleware
from backbone.registry.port import Registry
from backbone.replay.packing import MAX_ROWS
from backbone.runner import Pace, Runner
from backbone.topics import replayed_topic, retry_topic
from backbone.warehouse.clickhouse_reader import ClickHouseReader
from backbone.warehouse.clickhouse_store import ClickHouseWriter
from backbone.warehouse.store import WarehouseReader, WarehouseWriter
from cli import wiring
from cli.agreement import agreement
from consumers.catalog import SINKS
from consumers.clickhouse.judging import Rehearsal
from consumers.clickhouse.loader import Loader
from consumers.clickhouse.retry_loader import RetryLoader, Telling, Warehouse
from consumers.clickhouse.tables import Tables

MAX_RECORDS = 20_000  # a poll: decoded, waiting and under way at once, within 400 MB


def clickhouse_url() -> str:
    return wiring.settings().services.clickhouse_url.get_secret_value()


def warehouse_writer() -> WarehouseWriter:
    return ClickHouseWriter(clickhouse_url())


def warehouse_reader() -> WarehouseReader:
    return ClickHouseReader(clickhouse_url())


def sink_runner(
    name: str, topic: str, *, park_all: bool = False
) -> tuple[Runner, KeepingSubscription, Loader]:
    """Raises Transient and Misconfigured: the topics are looked at."""
    wiring.topics_as_declared({topic, topic_of(name)})
    loader = Loader(name, _tables(topic, wiring.registry()), warehouse_writer())
    base, patience = wiring.kafka(f"sink-{name}"), Patience(name)
    stack: list[Middleware] = [
        measure(name),
        retry(patience),
        agreed(agreement(), [each.type for each in wiring.contracts().of_topic(topic)]),
        dead_letters(
            name,
            KafkaAppender(base),
            lambda partition: not park_all and loader.may_stop(partition),
        ),
    ]
    runner = Runner(loader, stack, patience, Pace(max_records=MAX_RECORDS))
    subscription = chosen.subscription(base, sink_group(name, topic), topic, runner)
    loader.attach(subscription)
    return runner, subscription, loader


def retry_runner(name: str) -> tuple[Runner, KeepingSubscription]:
    """What the sink is to try again, of all of its topics. Raises as `sink_runner`."""
    topic, replayed = retry_topic(name), replayed_topic(name)
    wiring.topics_as_declared({topic, replayed, topic_of(name)})
    base, patience, admin = wiring.kafka(f"sink-{name}"), Patience(name), wiring.topic_admin()
    appender = KafkaAppender(base)
    warehouse = Warehouse(warehouse_writer(), warehouse_reader())
    stack: list[Middleware] = [
        measure(name),
        retry(patience),
        # whether a replay goes on is for its own run to say
        dead_letters(name, appender, lambda _: False),
    ]
    telling = Telling(appender, replayed, lambda: admin.starts(topic))
    loader = RetryLoader(name, all_tables(name), warehouse, stack, telling)
    pace = Pace(max_records=MAX_RECORDS // MAX_ROWS)  # each may be a pack
    runner = Runner(loader, [retry(patience)], patience, pace)
    subscription = chosen.subscription(base, sink_group(name, topic), topic, runner)
    loader.attach(subscription)
    return runner, subscription


def rehearsal(name: str) -> Rehearsal:
    """What today's code makes of facts that the sink has passed; it changes nothing."""
    return Rehearsal(all_tables(name), warehouse_reader())


def all_tables(name: str) -> Mapping[str, Tables]:
    """Of each topic that the sink reads."""
    schemas = wiring.registry()
    topics = SINKS[name].topics(wiring.contracts())
    return {topic: _tables(topic, schemas) for topic in topics}


def _tables(topic: str, schemas: Registry) -> Tables:
    return Tables(wiring.contracts(), topic, schemas, partial(_codec, schemas))


def _codec(schemas: Registry, known: Contracts) -> Codec:
    """It decodes batches at once, unless it asks for value rules again."""
    if wiring.settings().readers_check_rules:
        return Codec(known, schemas, engine=RuleCheckingDecoder)
    return Codec(known, schemas, batch_engine=columnar)


def sink_group(name: str, topic: str) -> str:
    """A group of its own for each topic: each has members for as many partitions as it has."""
    return f"{wiring.settings().app}.{name}.{topic}"
