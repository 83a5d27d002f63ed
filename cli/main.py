"""`backbone`: one file per noun. Data on stdout, logs and errors on stderr.

Exit codes: 0 done, 1 failed, 2 usage, 3 partial.
"""

import sys

import typer

from backbone import logs
from backbone.errors import BackboneError
from cli import contracts, dlq, listing, new, run, source, topics, view, wiring
from cli.bench import bench
from cli.demo.command import demo
from cli.explain import explain
from cli.ledger import ledger
from cli.loopback import spare_loopback
from cli.problems import FAILED
from cli.stack import command as stack

app = typer.Typer(
    name="backbone",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="An integration backbone: facts in, views out, nothing lost.",
)
app.add_typer(stack.app, name="stack")
app.add_typer(contracts.app, name="contracts")
app.add_typer(topics.app, name="topics")
app.add_typer(run.app, name="run")
app.add_typer(source.app, name="source")
app.add_typer(view.app, name="view")
app.add_typer(dlq.app, name="dlq")
app.add_typer(new.app, name="new")
app.command("list")(listing.show_all)
app.command("explain")(explain)
app.command("ledger")(ledger)
app.command("demo")(demo)
app.command("bench")(bench)


@app.callback()
def _configure() -> None:
    logs.configure(wiring.settings().log_level, human=sys.stderr.isatty())


def main() -> None:
    """The console script: errors of ours are one sentence, never a traceback."""
    spare_loopback()
    try:
        app()
    except BackboneError as error:
        typer.echo(f"backbone: {error}", err=True)
        sys.exit(FAILED)


if __name__ == "__main__":
    main()
