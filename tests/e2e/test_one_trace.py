"""One order, followed as one trace from its outbox row to the view, over real services."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from uuid import uuid4

import psycopg
import pytest
from opentelemetry.sdk.trace import ReadableSpan
from psycopg.types.json import Json

from backbone.codec.codec import Codec
from backbone.codec.columnar_engine import columnar
from backbone.tracing.collector import Tracing
from backbone.tracing.conventions import headers_of
from backbone.views.redis_store import RedisViewWriter
from cli import wiring
from producers.outbox.table import insert_row
from tests.e2e.world import START, World, stopped_together
from tests.unit.tracing.otlp_server import Collector
from tests.unit.tracing.recording import (
    RECORDED,
    SPAN,
    TRACE,
    Recorder,
    id_of,
    links_of,
    parent_of,
    trace_of,
)

TOPIC = "sales.order.v1"
FLOW = "checkout-4711"


@pytest.fixture
def recorder(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Recorder]:
    """The composition root is this process's own, with the world's services and our exporter."""
    for name, value in world.environment.items():
        if name.startswith("BACKBONE_"):
            monkeypatch.setenv(name, value)
    made = Recorder()
    tracing: Callable[[], Tracing] = lambda: made.tracing  # noqa: E731 - stands in for a function
    monkeypatch.setattr(wiring, "tracing", tracing)
    writer = RedisViewWriter(world.endpoints.redis_url)
    monkeypatch.setattr(wiring, "view_writer", lambda: writer)
    wiring.settings.cache_clear()
    yield made
    wiring.settings.cache_clear()
    writer.close()


@contextmanager
def running(world: World) -> Iterator[Callable[[], bool]]:
    """The shop's relay and the view of orders, each in a thread, put together as in production.
    Gives whether both are well."""
    relay, membership = wiring.source_runner("shop", world.codec)
    decoder = Codec(world.contracts, world.registry, batch_engine=columnar)
    view, subscription = wiring.view_runner("orders", decoder)
    stop = threading.Event()
    with ThreadPoolExecutor() as pool:
        workers = [
            pool.submit(relay.run, membership, stop.is_set),
            pool.submit(view.run, subscription, stop.is_set),
        ]
        try:
            yield lambda: all(worker.running() for worker in workers)
        finally:
            stop.set()
            for worker in workers:
                worker.result()
            membership.close()
            subscription.close()
            view.close()


def place_order(world: World, order_id: str, headers: dict[str, str | None]) -> str:
    payload = {
        "order_id": order_id,
        "placed_at": START.isoformat(),
        "customer_id": "a customer's own",
        "country": "France",
        "currency": "GBP",
        "lines": [{"stock_code": "C1", "description": None, "quantity": 2, "unit_price": "1.25"}],
    }
    event_id = str(uuid4())
    with psycopg.connect(world.shop_dsn) as connection:
        connection.execute(
            insert_row(),
            {
                "id": event_id,
                "aggregatetype": "order",
                "aggregateid": order_id,
                "type": "OrderPlaced",
                "payload": Json(payload),
                "headers": Json(headers),
                "occurred_at": START,
            },
        )
    return event_id


def test_one_order_is_one_trace_from_the_outbox_row_to_the_view(
    world: World, recorder: Recorder
) -> None:
    checkout = recorder.tracing.tracer.start_span("checkout")
    traceparent, _ = headers_of(checkout)
    checkout.end()
    event_id = place_order(world, "order-4711", {"traceparent": traceparent, "correlationid": FLOW})
    place_order(world, "order-4712", {"traceparent": "00-malformed-01"})
    with running(world) as well:
        world.wait(lambda: not well() or done(world, recorder), "both orders are in the view")

    [shop] = [span for span in recorder.spans() if span.name == "checkout"]
    create = recorder.named(f"create {TOPIC}")
    process = one(recorder, f"process {TOPIC}", trace_of(shop))
    write = recorder.named("write orders")
    chain = [shop, create, process, write]
    assert [parent_of(span) for span in chain] == [None, *(id_of(span) for span in chain[:-1])]
    assert len({trace_of(span) for span in chain}) == 1
    assert [said(span, "messaging.message.conversation_id") for span in (create, process)] == [
        FLOW,
        FLOW,
    ]
    assert [said(span, "messaging.message.id") for span in (create, process)] == [event_id] * 2
    [batch] = [span for span in recorder.spans() if id_of(span) in links_of(process)]
    assert links_of(batch) == links_of(recorder.named(f"send {TOPIC}")) == [id_of(create)]
    shown = "".join(span.to_json() for span in recorder.spans())
    assert "order-4711" not in shown
    assert "a customer's own" not in shown


def test_processes_export_the_trace_they_share(world: World) -> None:
    place_order(world, "order-4711", {"traceparent": RECORDED})
    with Collector().serving() as collector:
        named = {"BACKBONE_OTLP_ENDPOINT": collector.address}
        processes = [
            world.start("run", "source", "shop", **named),
            world.start("run", "view", "orders", **named),
        ]
        world.wait(lambda: bool(world.served("orders")), "the order is in the view")
        assert stopped_together(processes) == [0, 0]
        spans = {each.name: each for each in collector.spans() if each.trace_id.hex() == TRACE}
    chain = [spans[name] for name in (f"create {TOPIC}", f"process {TOPIC}", "write orders")]
    parents = [each.parent_span_id.hex() for each in chain]
    assert parents == [SPAN, *(each.span_id.hex() for each in chain[:-1])]


def done(world: World, recorder: Recorder) -> bool:
    return "write orders" in recorder.names() and len(world.served("orders")) == 2


def one(recorder: Recorder, name: str, trace: str) -> ReadableSpan:
    [found] = [span for span in recorder.spans() if (span.name, trace_of(span)) == (name, trace)]
    return found


def said(span: ReadableSpan, attribute: str) -> object:
    return (span.attributes or {}).get(attribute)
