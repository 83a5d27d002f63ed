"""`backbone contracts generate`: what follows from the contracts."""

from pathlib import Path
from typing import Annotated

import typer

from backbone.generation.catalog import ARTEFACTS
from backbone.generation.writing import checked_in, put, stale, write
from backbone.settings import REPOSITORY
from cli.estate import estate
from cli.problems import FAILED

FOLDER = REPOSITORY / "generated"
_FOR = f"What to make: {', '.join(ARTEFACTS)}. Without it, everything that is checked in."


def generate(
    wanted: Annotated[str, typer.Option("--for", help=_FOR)] = "",
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Folder to write to: generated/, or stdout with --for."),
    ] = None,
    *,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit code 1 where a file is stale.")
    ] = False,
) -> None:
    """Write what follows from the contracts anew. Needs no service.

    Example: backbone contracts generate --for asyncapi
    """
    if wanted:
        _one(wanted, out, check)
        return
    folder = out or FOLDER
    files = checked_in(estate())
    changed = stale(files, folder) if check else write(files, folder)
    if check and changed:
        typer.echo("\n".join(changed))
        typer.echo("not current: run `backbone contracts generate`", err=True)
        raise typer.Exit(FAILED)
    typer.echo(f"{len(files)} files, {0 if check else len(changed)} written", err=True)


def _one(wanted: str, out: Path | None, check: bool) -> None:
    if wanted not in ARTEFACTS:
        raise typer.BadParameter(f"there is no {wanted}; there are {', '.join(ARTEFACTS)}")
    if check:
        raise typer.BadParameter("--check is of what is checked in: leave --for out")
    files = ARTEFACTS[wanted].make(estate())
    if out is None:
        typer.echo(_joined(list(files.values())), nl=False)
        return
    for path, text in files.items():
        put(text, out / path)
    typer.echo(f"{len(files)} files written", err=True)


def _joined(texts: list[str]) -> str:
    """Documents of YAML, behind one another."""
    return "---\n".join(texts)
