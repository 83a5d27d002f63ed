import json
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from cli.output import Format, Output, show
from cli.stack.stack import Stack, StackError

app = typer.Typer(
    no_args_is_help=True,
    help="The real Kafka, schema registry, Redis, Postgres and ClickHouse engine, without Docker "
    "and without root.",
)


StateOption = Annotated[
    Path,
    typer.Option("--state", envvar="BACKBONE_STATE_DIR", help="Where the stack keeps its data."),
]
WipeOption = Annotated[bool, typer.Option("--wipe", help="Remove all of its data as well.")]
DEFAULT_STATE = Path(".backbone")


@app.command()
def up(state: StateOption = DEFAULT_STATE, output: Output = Format.TABLE) -> None:
    """Start what does not run, and print where everything answers.

    Example: backbone stack up --state /tmp/second-stack
    """
    with _progress() as report:
        endpoints = asdict(Stack(state, report).up())
    if output is Format.JSON:
        typer.echo(json.dumps(endpoints))
        return
    rows = [{"name": name, "address": address} for name, address in endpoints.items()]
    show(rows, ("name", "address"), output)


@app.command()
def down(state: StateOption = DEFAULT_STATE, *, wipe: WipeOption = False) -> None:
    """End everything the stack started. Its data stays, unless you wipe it.

    Example: backbone stack down --wipe
    """
    with _progress() as report:
        Stack(state, report).down(wipe=wipe)


@app.command()
def status(state: StateOption = DEFAULT_STATE, output: Output = Format.TABLE) -> None:
    """Show which services run. `dead` ones were started and ended by themselves: see `up`.

    Example: backbone stack status --output json
    """
    with _progress():
        services = Stack(state).status()
    show([asdict(one) for one in services], ("name", "state", "address", "pid"), output)


@contextmanager
def _progress() -> Iterator[Callable[[str], None]]:
    """Progress on stderr: one moving line for people, plain lines for logs. Errors end it."""
    console = Console(stderr=True)
    # As Ctrl-C: a start that is told to end leaves nothing behind.
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        if not console.is_terminal:
            yield lambda line: typer.echo(line, err=True)
            return
        with console.status("") as moving:
            yield moving.update
    except StackError as error:
        typer.echo(f"backbone stack: {error}", err=True)
        raise typer.Exit(1) from error
    except KeyboardInterrupt:
        typer.echo("backbone stack: interrupted; `backbone stack status` tells what runs", err=True)
        raise typer.Exit(1) from None
    finally:
        signal.signal(signal.SIGTERM, before)
