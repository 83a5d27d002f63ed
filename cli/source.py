"""`backbone source`: where sources are, and publishing again from an earlier position."""

import sys
from contextlib import closing
from dataclasses import replace
from typing import Annotated, Any

import typer

from backbone.cursor_record import NOTHING, CursorRecord
from backbone.errors import Misconfigured
from backbone.kafka.reader import KafkaReader
from backbone.topics import cursor_topic
from cli import wiring
from cli.output import Format, Output, show
from cli.problems import FAILED, pick
from producers.bridge.checksums import Checksum
from producers.bridge.checksums import compare as compared
from producers.bridge.source import BridgeSource
from producers.catalog import SOURCES

app = typer.Typer(no_args_is_help=True, help="Where sources are, and publishing again.")

_COLUMNS = ("source", "read", "published", "rejected", "cursor")
_SUMS = ("facts of", "count", "sum")


@app.command("status")
def status(
    names: Annotated[list[str] | None, typer.Argument(help="Which sources; default: all.")] = None,
    output: Output = Format.TABLE,
) -> None:
    """Show how much each source has read, published and rejected, and its cursor.

    Example: backbone source status shop
    """
    chosen = pick(names, every=not names, known=list(SOURCES), noun="source")
    reader = wiring.reader()
    show([_status(reader, name) for name in chosen], _COLUMNS, output)
    reader.close()


@app.command("rewind")
def rewind(
    name: Annotated[str, typer.Argument(help="The source.")],
    to: Annotated[int, typer.Option("--to", min=0, help="Publish again what is behind this.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Publish again every outbox row behind a position, with the same ids.

    For a database that was restored or has failed over (docs/outbox.md). Ends a running relay:
    it is fenced; start it again afterwards.

    Example: backbone source rewind shop --to 4711
    """
    chosen = pick([name], every=False, known=list(SOURCES), noun="source")[0]
    source = wiring.source(chosen)
    rewound = getattr(source, "rewound", None)
    if rewound is None:
        raise Misconfigured(f"{chosen} has no positions to rewind to: only outboxes have")
    if not yes:
        typer.confirm(f"Publish again what {chosen} gave behind {to}?", abort=True, err=True)
    cursor = rewound(to)
    publisher = wiring.publisher(chosen, 0, source)
    try:
        known = publisher.open()
        before = CursorRecord.from_bytes(known) if known else NOTHING
        publisher.publish([], replace(before, cursor=cursor).to_bytes())
    finally:
        publisher.close()
    typer.echo(f"{chosen} goes on behind {to}; start it with `backbone run source {chosen}`")


@app.command("compare")
def compare(
    name: Annotated[str, typer.Argument(help="The bridge.")], output: Output = Format.TABLE
) -> None:
    """Compare what a bridge had to tell with what stands in the old fact's topic.

    Both topics are read once, the new one up to the bridge's cursor. A sum over ids and data
    differs where a fact was lost, doubled or changed; the bridge may go on meanwhile. Exit code 1
    when they differ.

    Example: backbone source compare orders-v1
    """
    chosen = pick([name], every=False, known=list(SOURCES), noun="source")[0]
    bridge = wiring.source(chosen)
    if not isinstance(bridge, BridgeSource):
        raise Misconfigured(f"{chosen} is no bridge: `backbone ledger` balances other sources")
    codec = wiring.reading_codec()
    codec.check(bridge.facts)
    with closing(wiring.reader()) as reader:
        cursor = _record(reader, chosen).cursor
        found = compared(bridge.carrying, cursor, reader, codec)
    rows = {"to be told": found.expected, "told": found.found}
    show([_summed(what, each) for what, each in rows.items()], _SUMS, output)
    if not found.agree:
        sys.stderr.write(f"backbone: what {chosen} told differs from what it had to tell\n")
        raise typer.Exit(FAILED)


def _summed(what: str, checksum: Checksum) -> dict[str, Any]:
    return {"facts of": what, "count": checksum.facts, "sum": f"{checksum.sum:016x}"}


def _record(reader: KafkaReader, name: str) -> CursorRecord:
    newest = reader.newest(cursor_topic(name), 0)
    return CursorRecord.from_bytes(newest) if newest else NOTHING


def _status(reader: KafkaReader, name: str) -> dict[str, Any]:
    found = _record(reader, name)
    return {
        "source": name,
        "read": found.read,
        "published": found.published,
        "rejected": found.rejected,
        "cursor": dict(found.cursor),
    }
