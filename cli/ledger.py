"""`backbone ledger`: every topic balanced over an interval, from the services alone."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from backbone.errors import Misconfigured
from backbone.ledger.line import Line
from backbone.ledger.source_lines import READ
from cli import wiring
from cli.ledger_interval import Asked
from cli.ledger_topic import Books
from cli.output import Format, Output, show
from cli.problems import FAILED, PARTIAL
from cli.progress import Progress

_COLUMNS = (
    *("hop", "name", "where", "expected", "found"),
    *("missing", "double", "altered", "unknown", "first", "balances"),
)


def ledger(
    topic: Annotated[
        list[str] | None, typer.Option(help="Only this topic of facts; may be repeated.")
    ] = None,
    begin: Annotated[
        str | None,
        typer.Option("--from", help="Begin at this time (ISO 8601), or offset of the one topic."),
    ] = None,
    end: Annotated[
        str | None, typer.Option("--to", help="End before this time, or offset of the one topic.")
    ] = None,
    deep: Annotated[
        bool, typer.Option("--deep", help="Compare contents too: rows, entries, loaded rows.")
    ] = False,
    output: Output = Format.TABLE,
) -> None:
    """Balance every topic: what was read, published, rejected, applied and loaded.

    Exit codes: 0 everything balances, 1 something is missing, double, altered or unknown, 3 what
    could be judged balances.

    Example: backbone ledger --deep
    """
    asked = Asked.of(begin, end, topic or [])
    found: list[Line] = []
    with Books.open(Progress("ledger"), deep=deep) as books:
        for name in _topics(topic):
            lines = books.lines(name, asked)
            found += lines if topic or _concern_anybody(lines) else []
    show([_row(each, output) for each in found], _COLUMNS, output)
    raise typer.Exit(_exit_code([each.balances for each in found]))


def _topics(chosen: Sequence[str] | None) -> list[str]:
    known = list(dict.fromkeys(each.topic for each in wiring.contracts().values()))
    unknown = sorted(set(chosen or ()) - set(known))
    if unknown:
        raise Misconfigured(
            f"no contract has the topic {', '.join(unknown)}; there are {', '.join(known)}"
        )
    return list(dict.fromkeys(chosen)) if chosen else known


def _concern_anybody(lines: Sequence[Line]) -> bool:
    """Not those of a topic that is empty and that no source here publishes."""
    return any(each.expected or each.found or each.hop == READ for each in lines)


def _row(line: Line, output: Format) -> dict[str, Any]:
    kinds = line.wrong.kinds()
    about = {"hop": line.hop, "name": line.name, "where": line.where, "expected": line.expected}
    if output is Format.JSON:
        return {
            **about,
            "found": line.found,
            "parts": dict(line.parts),
            **{kind: each.count for kind, each in kinds.items()},
            "first": {kind: each.first for kind, each in kinds.items() if each.first},
            "balances": line.balances,
            "note": line.note,
            "remarks": list(line.remarks),
        }
    return {
        **about,
        "found": " + ".join(f"{count} {part}" for part, count in line.parts.items() if count) or 0,
        **{kind: each.count or None for kind, each in kinds.items()},
        "first": "; ".join(
            f"{kind}: {', '.join(each.first)}" for kind, each in kinds.items() if each.first
        ),
        "balances": _said(line),
    }


def _said(line: Line) -> str:
    balances = line.balances
    if balances is None:
        return f"not judged: {line.note}"
    return "; ".join(["yes" if balances else "NO", *line.remarks])


def _exit_code(found: Sequence[bool | None]) -> int:
    if False in found:
        return FAILED
    return PARTIAL if None in found else 0
