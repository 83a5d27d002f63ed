"""`backbone`: one file per noun. Data on stdout, logs and errors on stderr.

Exit codes: 0 done, 1 failed, 2 usage, 3 partial.
"""

import os
import sys
from typing import Any

import typer
from typer.core import TyperGroup

from backbone import logs
from backbone.errors import BackboneError, Transient
from backbone.settings import nowhere
from cli import wiring
from cli.later import Later
from cli.loopback import spare_loopback
from cli.problems import FAILED

# A command is imported once it is asked for: all of them together take longer than most run.
_COMMANDS = Later(
    {
        "list": "cli.listing:show_all",
        "explain": "cli.explain:explain",
        "ledger": "cli.ledger:ledger",
        "demo": "cli.demo.command:demo",
        "bench": "cli.bench:bench",
        "stack": "cli.stack.command:app",
        "contracts": "cli.contracts:app",
        "topics": "cli.topics:app",
        "run": "cli.run:app",
        "source": "cli.source:app",
        "view": "cli.view:app",
        "dlq": "cli.dlq:app",
        "new": "cli.new:app",
    }
)


class _Program(TyperGroup):
    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.commands = _COMMANDS


app = typer.Typer(
    name="backbone",
    cls=_Program,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="An integration backbone: facts in, views out, nothing lost.",
)


@app.callback()
def _configure() -> None:
    logs.configure(wiring.settings().log_level, human=sys.stderr.isatty())


def main() -> None:
    """The console script: errors of ours are one sentence, never a traceback."""
    spare_loopback()
    try:
        app()
    except BackboneError as error:
        typer.echo(f"backbone: {error}{_where_services_are(error)}", err=True)
        sys.exit(FAILED)


def _where_services_are(error: BackboneError) -> str:
    """Behind an error of a service whose address nobody has set."""
    path = nowhere(os.environ) if isinstance(error, Transient) else None
    if path is None:
        return ""
    return (
        f"; no BACKBONE_ setting names a service, and there is no stack's {path}: "
        "`backbone stack up` writes it where it is called"
    )


if __name__ == "__main__":
    main()
