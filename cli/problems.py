"""How the command line says no: one sentence on stderr, and an exit code."""

from collections.abc import Sequence

import typer

FAILED = 1
USAGE = 2
PARTIAL = 3


def pick(names: Sequence[str] | None, *, every: bool, known: Sequence[str], noun: str) -> list[str]:
    """Names given on the command line, checked against a catalog; raises typer.BadParameter."""
    if every and names:
        raise typer.BadParameter(f"name the {noun}s or say --all, not both")
    if every:
        return list(known)
    if not names:
        raise typer.BadParameter(f"name a {noun} ({', '.join(known)}) or say --all")
    unknown = sorted(set(names) - set(known))
    if unknown:
        raise typer.BadParameter(
            f"there is no {noun} {', '.join(unknown)}; there are {', '.join(known)}"
        )
    return list(dict.fromkeys(names))
