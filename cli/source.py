"""`backbone source`: where sources are, and publishing again from an earlier position."""

from dataclasses import replace
from typing import Annotated, Any

import typer

from backbone.cursor_record import CursorRecord
from backbone.errors import Misconfigured
from backbone.kafka.reader import KafkaReader
from backbone.topics import cursor_topic
from cli import wiring
from cli.output import Format, Output, show
from cli.problems import pick
from producers.catalog import SOURCES

app = typer.Typer(no_args_is_help=True, help="Where sources are, and publishing again.")

_COLUMNS = ("source", "read", "published", "rejected", "cursor")


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
    rewound = getattr(wiring.source(chosen), "rewound", None)
    if rewound is None:
        raise Misconfigured(f"{chosen} has no positions to rewind to: only outboxes have")
    if not yes:
        typer.confirm(f"Publish again what {chosen} gave behind {to}?", abort=True, err=True)
    cursor = rewound(to)
    publisher = wiring.publisher(chosen, 0)
    try:
        known = publisher.open()
        before = CursorRecord.from_bytes(known) if known else CursorRecord({}, 0, 0, 0)
        publisher.publish([], replace(before, cursor=cursor).to_bytes())
    finally:
        publisher.close()
    typer.echo(f"{chosen} goes on behind {to}; start it with `backbone run source {chosen}`")


def _status(reader: KafkaReader, name: str) -> dict[str, Any]:
    newest = reader.newest(cursor_topic(name), 0)
    found = CursorRecord.from_bytes(newest) if newest else CursorRecord({}, 0, 0, 0)
    return {
        "source": name,
        "read": found.read,
        "published": found.published,
        "rejected": found.rejected,
        "cursor": dict(found.cursor),
    }
