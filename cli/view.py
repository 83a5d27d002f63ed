"""`backbone view`: the state of views, and building one again."""

import asyncio
import time
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from backbone.views.store import Status
from cli import wiring
from cli.output import Format, Output, show
from cli.problems import pick
from processors.catalog import VIEWS

app = typer.Typer(no_args_is_help=True, help="The state of views, and building one again.")

_COLUMNS = ("view", "partition", "offset", "end", "state", "current_for_seconds")


@app.command("status")
def status(
    names: Annotated[list[str] | None, typer.Argument(help="Which views; default: all.")] = None,
    output: Output = Format.TABLE,
) -> None:
    """Show how far each view partition is.

    Example: backbone view status prices
    """
    chosen = pick(names, every=not names, known=list(VIEWS), noun="view")
    rows = [row for name in chosen for row in _status(name)]
    show(rows, _COLUMNS, output)


@app.command("rebuild")
def rebuild(
    name: Annotated[str, typer.Argument(help="The view.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Forget a view's entries: its owner finds it empty and builds it again from the log.

    Reads answer 503 until it is built.

    Example: backbone view rebuild prices --yes
    """
    chosen = pick([name], every=False, known=list(VIEWS), noun="view")[0]
    if not yes:
        typer.confirm(f"Forget every entry of {chosen} and build it again?", abort=True, err=True)
    view, writer = wiring.view_id(chosen), wiring.view_writer()
    removed = sum(writer.clear(view, partition) for partition in range(view.partitions))
    typer.echo(
        f"{chosen}: {removed} entries removed; `backbone view status {chosen}` shows it grow"
    )


def _status(name: str) -> list[dict[str, Any]]:
    ends = wiring.topic_admin().ends(VIEWS[name].topic)
    statuses = asyncio.run(_statuses(name))
    return [
        {"view": name, "partition": partition, "end": ends.get(partition), **_told(found)}
        for partition, found in enumerate(statuses)
    ]


async def _statuses(name: str) -> Sequence[Status | None]:
    reader = wiring.view_reader()
    try:
        return await reader.statuses(wiring.view_id(name))
    finally:
        await reader.close()


def _told(found: Status | None) -> dict[str, Any]:
    if found is None:
        return {"offset": None, "state": "not built", "current_for_seconds": None}
    age = time.time() - found.current_until_ms / 1000
    return {
        "offset": found.offset,
        "state": "rebuilding" if found.rebuilding else "serving",
        "current_for_seconds": round(age, 1) if found.current_until_ms else None,
    }
