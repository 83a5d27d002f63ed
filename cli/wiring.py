"""The composition root: real clients are made here and nowhere else, from the settings.

Nothing happens at import; every function makes something new unless it says otherwise.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from backbone import topics
from backbone.codec.codec import Codec
from backbone.codec.rule_checking import RuleCheckingDecoder
from backbone.contracts.catalog import Contracts
from backbone.dead_letters import topic_of
from backbone.kafka import config
from backbone.kafka.admin import KafkaTopicAdmin
from backbone.kafka.headers import EveryHeader, FewHeaders
from backbone.kafka.membership import KafkaMembership
from backbone.kafka.publisher import KafkaAppender, KafkaPublisher
from backbone.kafka.reader import KafkaReader
from backbone.kafka.subscription import KafkaSubscription
from backbone.log import TopicSpec, TopicState
from backbone.middleware.agreement import agreed
from backbone.middleware.dead_letters import dead_letters
from backbone.middleware.metrics import measure
from backbone.middleware.retry import retry
from backbone.patience import Patience
from backbone.record import Middleware
from backbone.registry.agreement import AgreedPublisher
from backbone.registry.port import Registry
from backbone.registry.reading import ReadingRegistry
from backbone.replay.retries import Retries
from backbone.runner import Runner
from backbone.settings import Settings, load
from backbone.source import Source
from backbone.source_runner import Edges, SourceRunner
from backbone.topics import replayed_topic, retry_topic
from backbone.views.store import ViewId, ViewWriter
from backbone.views.traced_writer import TracedViewWriter
from cli.agreement import agreement
from cli.replay_wiring import mending_log, retry_log
from consumers.catalog import SINKS
from gateway.served_view import ServedView
from processors.catalog import VIEWS
from processors.view import LatestByKey
from producers.catalog import SOURCES
from producers.context import SourceContext

if TYPE_CHECKING:
    from backbone.tracing.collector import Tracing
    from backbone.tracing.source_spans import SourceSpans
    from backbone.views.redis_store import RedisViewReader, RedisViewWriter
    from processors.rehearsal import Rehearsal

# What names a collector to every OpenTelemetry program.
OTLP_VARIABLES = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


@cache
def settings() -> Settings:
    """Read once per process."""
    return load(os.environ)


@cache
def contracts() -> Contracts:
    """Read once per process."""
    return Contracts.load(contracts_dir())


def contracts_dir() -> Path:
    return settings().contracts_dir


def registry() -> Registry:
    from backbone.registry.confluent import ConfluentRegistry  # noqa: PLC0415 - its client

    return ConfluentRegistry(settings().services.registry_url.get_secret_value())


def codec() -> Codec:
    if settings().readers_check_rules:
        return Codec(contracts(), registry(), engine=RuleCheckingDecoder)
    return Codec(contracts(), registry())


def reading_codec() -> Codec:
    """For commands that only look at records, and are done sooner than the client is imported."""
    url = settings().services.registry_url.get_secret_value()
    return Codec(contracts(), ReadingRegistry(url, registry))


def batch_codec() -> Codec:
    """For views: it decodes batches at once, unless it asks for value rules again."""
    if settings().readers_check_rules:
        return codec()
    from backbone.codec.columnar_engine import columnar  # noqa: PLC0415 - Polars

    return Codec(contracts(), registry(), batch_engine=columnar)


def kafka(client: str) -> config.Config:
    services = settings().services
    client_id = f"{settings().app}-{client}"
    return config.common(services.kafka_bootstrap, services.kafka_config, client_id)


def topic_admin() -> KafkaTopicAdmin:
    return KafkaTopicAdmin(kafka("admin"))


def reader() -> KafkaReader:
    return KafkaReader(kafka("reader"))


def declared_topics() -> list[TopicSpec]:
    retried = {name: view.topic for name, view in VIEWS.items()}
    return topics.declared(contracts(), list(SOURCES), [*VIEWS, *SINKS], retried)


# facts enter


def source(name: str) -> Source:
    return SOURCES[name](SourceContext(settings(), contracts(), reader, codec))


def source_runner(
    name: str, encoder: Codec, made: Source | None = None
) -> tuple[SourceRunner, KafkaMembership]:
    """Raises Transient and Misconfigured: the topics' limits are asked for. `made` stands in for
    the source of that name: benchmarks look at it from outside."""
    made = made or source(name)
    cursors = topics.cursor_topic(name)
    facts = {contracts()[fact].topic for fact in made.facts}
    needed = {cursors, topic_of(name), retry_topic(name), replayed_topic(name)}
    found = topics_as_declared({*facts, *needed})
    limits = {each: int(found[each].config["max.message.bytes"]) for each in facts}
    base = kafka(f"source-{name}")
    again = mending_log(name, base, topic_admin())
    agrees = partial(AgreedPublisher, agreement=agreement(), facts=made.facts)
    edges = Edges(
        lambda shard: agrees(publisher(name, shard, made)),
        encoder,
        contracts(),
        limits,
        source_tracing(),
        again,
    )
    runner = SourceRunner(made, edges)
    group = f"{settings().app}.source.{name}"
    return runner, KafkaMembership(base, group, cursors, runner)


def publisher(name: str, shard: int, made: Source | None = None) -> KafkaPublisher:
    """Opening it fences whoever publishes for this shard of the source."""
    cursor = (topics.cursor_topic(name), shard)
    facts = {contracts()[fact].topic for fact in (made or source(name)).facts}
    others = [*sorted(facts), topic_of(name), replayed_topic(name)]
    # named after what it protects, so that whoever publishes for this cursor is fenced
    # (docs/decisions/0004-transactional-id.md)
    return KafkaPublisher(kafka(f"source-{name}"), f"{cursor[0]}-{shard}", cursor, others)


def topics_as_declared(names: set[str]) -> Mapping[str, TopicState]:
    """The state of the given topics; raises Misconfigured where one is not as declared."""
    specs = [spec for spec in declared_topics() if spec.name in names]
    found = topic_admin().describe([spec.name for spec in specs])
    topics.require(specs, found)
    return found


# facts become views


def view_id(name: str) -> ViewId:
    view = VIEWS[name]
    partitions = contracts().of_topic(view.topic)[0].partitions
    return ViewId(view.name, view.version, partitions)


def view_writer() -> "RedisViewWriter":
    from backbone.views.redis_store import RedisViewWriter  # noqa: PLC0415 - Redis' client

    return RedisViewWriter(settings().services.redis_url.get_secret_value())


def view_runner(
    name: str, decoder: Codec, *, park_all: bool = False
) -> tuple[Runner, KafkaSubscription]:
    """Raises Transient and Misconfigured: the topics are looked at. With `park_all` the worker
    does not stop when most of a batch is poison."""
    from processors.projector import Projector, Store  # noqa: PLC0415 - Polars

    view, base, admin = VIEWS[name], kafka(f"view-{name}"), topic_admin()
    topics_as_declared({view.topic, topic_of(name), retry_topic(name), replayed_topic(name)})
    group = f"{settings().app}.{name}"
    writer, traces = traced(name, group, view_writer())
    store = Store(view_id(name), writer, lambda: admin.ends(view.topic))
    projector = Projector(view, contracts(), decoder, store)
    patience, appender = Patience(name), KafkaAppender(base)
    agrees = agreed(agreement(), view.reads)
    guarded: list[Middleware] = [measure(name), retry(patience), agrees]
    may_stop = partial(_may_stop, projector.may_stop, park_all)
    stack = [*traces, *guarded, dead_letters(name, appender, may_stop)]
    # whether a replay goes on is for its own run to say
    again = [*guarded, dead_letters(name, appender, lambda _: False)]
    retries = Retries(projector, again, patience, retry_log(name, base, admin, appender))
    runner = Runner(projector, stack, patience, retries=retries)
    # few facts are the newest of their key, and only theirs are asked for
    headers = FewHeaders if isinstance(view, LatestByKey) else EveryHeader
    return runner, KafkaSubscription(base, group, view.topic, runner, headers)


def rehearsal(name: str) -> "Rehearsal":
    """What today's code makes of facts that the view has passed; it changes nothing."""
    from processors.rehearsal import Rehearsal  # noqa: PLC0415 - Polars

    decoder = batch_codec()
    return Rehearsal(VIEWS[name], contracts(), decoder, view_id(name), view_writer())


def _may_stop(of_view: Callable[[int], bool], park_all: bool, partition: int) -> bool:
    return not park_all and of_view(partition)


# views are read


def served_views() -> list[ServedView]:
    return [
        ServedView(
            id=view_id(name),
            description=view.description,
            entity=view.key,
            freshness_seconds=view.freshness_seconds,
            example_key=view.example,
        )
        for name, view in VIEWS.items()
    ]


def view_reader() -> "RedisViewReader":
    from backbone.views.redis_store import RedisViewReader  # noqa: PLC0415 - Redis' client

    return RedisViewReader(settings().services.redis_url.get_secret_value())


# spans, for whom a collector is named


@cache
def tracing() -> "Tracing | None":
    """Of this process; None where no collector is named."""
    endpoint = settings().otlp_endpoint
    if not endpoint and not any(os.environ.get(name) for name in OTLP_VARIABLES):
        return None
    from backbone.tracing.collector import over_http  # noqa: PLC0415 - where it is on

    return over_http(settings().app, endpoint)


def end_tracing() -> None:
    """Export what is left; takes a few seconds at most."""
    made = tracing()
    if made is not None:
        made.close()


def source_tracing() -> "SourceSpans | None":
    made = tracing()
    if made is None:
        return None
    from backbone.tracing.source_spans import SourceSpans  # noqa: PLC0415 - where it is on

    return SourceSpans(made.tracer, settings().trace_share)


def traced(
    name: str, group: str, writer: "RedisViewWriter"
) -> tuple[ViewWriter, Sequence[Middleware]]:
    """The writer and the middleware that make a view's spans."""
    made = tracing()
    if made is None:
        return writer, []
    from backbone.middleware.tracing import trace  # noqa: PLC0415 - where it is on
    from backbone.tracing.view_spans import ViewSpans  # noqa: PLC0415 - where it is on

    spans = ViewSpans(made.tracer, name, group)
    return TracedViewWriter(writer, spans), [trace(spans)]
