"""`backbone run`: the processes of the backbone."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Annotated

import typer

from backbone import worker_pages
from backbone.codec.codec import Codec
from backbone.impact.sunset import require_in_use
from backbone.registry.contract_watch import ContractWatch
from cli import wiring
from cli.agreement import agreement
from cli.problems import pick
from cli.process import Process, collect_rarely
from consumers.catalog import SINKS
from processors.catalog import VIEWS
from producers.catalog import SOURCES

app = typer.Typer(no_args_is_help=True, help="Run sources, views, sinks, the gateway.")

_REQUESTS_OBJECTS = 50_000
"""Of requests, which live shorter than batches and may leave a cycle behind."""

Names = Annotated[list[str] | None, typer.Argument(help="Which ones.")]
All = Annotated[bool, typer.Option("--all", help="Every one of the catalog.")]
ParkAll = Annotated[
    bool, typer.Option("--park-all", help="Park poison even when it is most of a batch.")
]


@app.command("source")
def source(
    names: Names = None,
    every: All = False,
    until_idle: Annotated[
        bool, typer.Option("--until-idle", help="End once the source has nothing more.")
    ] = False,
) -> None:
    """Publish what systems of record say.

    Example: backbone run source price-list shop
    """
    process = _process()
    chosen = pick(names, every=every, known=list(SOURCES), noun="source")
    facts = sorted({fact for name in chosen for fact in wiring.source(name).facts})
    _require_in_use(facts)
    codec = _checked_codec(process, facts)
    if codec is not None:
        _run(process, [partial(_run_source, process, codec, name, until_idle) for name in chosen])


@app.command("view")
def view(
    names: Names = None,
    every: All = False,
    park_all: ParkAll = False,
) -> None:
    """Keep views current.

    Example: backbone run view prices orders
    """
    process = _process()
    chosen = pick(names, every=every, known=list(VIEWS), noun="view")
    facts = sorted({fact for name in chosen for fact in VIEWS[name].reads})
    _require_in_use(facts)
    codec = _checked_codec(process, facts, wiring.batch_codec)
    if codec is not None:
        process.until_it_answers(wiring.view_writer().check)
        _run(process, [partial(_run_view, process, codec, name, park_all) for name in chosen])


@app.command("sink")
def sink(
    names: Names = None,
    every: All = False,
    park_all: ParkAll = False,
) -> None:
    """Carry facts out, to the warehouse.

    Example: backbone run sink warehouse
    """
    process = _process()
    chosen = pick(names, every=every, known=list(SINKS), noun="sink")
    contracts = wiring.contracts()
    facts = sorted({fact for name in chosen for fact in SINKS[name].facts(contracts)})
    if _checked_codec(process, facts) is not None:
        loads = [(name, topic) for name in chosen for topic in SINKS[name].topics(contracts)]
        workers = [partial(_run_sink, process, *load, park_all) for load in loads]
        _run(process, [*workers, *(partial(_run_retries, process, name) for name in chosen)])


@app.command("gateway")
def gateway() -> None:
    """Answer reads from the views.

    Example: backbone run gateway
    """
    from gateway.app import build_app  # noqa: PLC0415 - Starlette and Granian
    from gateway.server import serve  # noqa: PLC0415 - the same

    collect_rarely(_REQUESTS_OBJECTS)
    host, _, port = wiring.settings().gateway_address.rpartition(":")
    serve(build_app(wiring.served_views(), wiring.view_reader()), host, int(port))


def _require_in_use(facts: Sequence[str]) -> None:
    """A sink is not asked: it keeps what there was."""
    known = wiring.contracts()
    require_in_use([known[each] for each in facts if each in known], datetime.now(UTC).date())


def _process() -> Process:
    collect_rarely()
    process = Process()
    process.catch_signals()
    if wiring.settings().metrics_address:
        worker_pages.serve(wiring.settings().metrics_address, agreement())
    wiring.tracing()  # made before there are threads that ask for it
    return process


def _run(process: Process, workers: Sequence[Callable[[], None]]) -> None:
    try:
        process.run(workers)
    finally:
        wiring.end_tracing()


def _checked_codec(
    process: Process, facts: Sequence[str], make: Callable[[], Codec] = wiring.codec
) -> Codec | None:
    """The start-up check: before the first message every contract is known to the registry. From
    then on they are compared with it again and again."""
    codec = make()
    done = process.until_it_answers(partial(_check, codec, facts))
    if not done:
        return None
    watched = [wiring.contracts()[each] for each in facts]
    watch = ContractWatch(watched, wiring.registry(), agreement())
    process.beside(watch.look, wiring.settings().contract_check_seconds)
    return codec


def _check(codec: Codec, facts: Sequence[str]) -> bool:
    codec.check(facts)
    return True


def _run_source(process: Process, codec: Codec, name: str, until_idle: bool) -> None:
    made = process.until_it_answers(lambda: wiring.source_runner(name, codec))
    if made is None:
        return
    runner, membership = made
    try:
        runner.run(membership, process.stopping, until_idle=until_idle)
    finally:
        membership.close()


def _run_view(process: Process, codec: Codec, name: str, park_all: bool) -> None:
    made = process.until_it_answers(lambda: wiring.view_runner(name, codec, park_all=park_all))
    if made is None:
        return
    runner, subscription = made
    try:
        runner.run(subscription, process.stopping)
    finally:
        subscription.close()
        runner.close()


def _run_sink(process: Process, name: str, topic: str, park_all: bool) -> None:
    from cli import sink_wiring  # noqa: PLC0415 - Polars and ClickHouse's client

    made = process.until_it_answers(lambda: sink_wiring.sink_runner(name, topic, park_all=park_all))
    if made is None:
        return
    runner, subscription, loader = made
    try:
        runner.run(subscription, process.stopping)
    finally:
        subscription.close()
        loader.close()


def _run_retries(process: Process, name: str) -> None:
    from cli import sink_wiring  # noqa: PLC0415 - Polars and ClickHouse's client

    made = process.until_it_answers(lambda: sink_wiring.retry_runner(name))
    if made is None:
        return
    runner, subscription = made
    try:
        runner.run(subscription, process.stopping)
    finally:
        subscription.close()
