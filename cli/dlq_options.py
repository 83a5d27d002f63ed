"""Options that commands of `backbone dlq` share: dataclasses, whose fields typer is shown."""

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from backbone.errors import PoisonReason
from cli.dlq_selection import Filter

Name = Annotated[str, typer.Argument(help="The source or processor, as in `backbone list`.")]
Repairs = Annotated[
    Path | None,
    typer.Option(
        exists=True,
        dir_okay=False,
        help="CSV that mends a source's rejects: where, and the fields to replace.",
    ),
]


def flat(command: Callable[..., None]) -> Callable[..., None]:
    """Show typer the fields of a command's dataclasses, and give the command the dataclasses."""
    hints = get_type_hints(command, include_extras=True)
    groups: dict[str, Any] = {name: kind for name, kind in hints.items() if is_dataclass(kind)}
    parameters: list[inspect.Parameter] = []
    for name, each in inspect.signature(command).parameters.items():
        if name in groups:
            parameters += _options(groups[name])
        else:
            kind = inspect.Parameter.KEYWORD_ONLY
            parameters.append(each.replace(annotation=hints[name], kind=kind))
    # those that must be given come first
    parameters.sort(key=lambda each: each.default is not inspect.Parameter.empty)

    @functools.wraps(command)
    def typed(**given: Any) -> None:
        for name, kind in groups.items():
            given[name] = kind(**{each.name: given.pop(each.name) for each in fields(kind)})
        command(**given)

    typed.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined] # for typer
    typed.__annotations__ = {each.name: each.annotation for each in parameters}
    return typed


def _options(kind: Any) -> list[inspect.Parameter]:
    hints = get_type_hints(kind, include_extras=True)
    return [
        inspect.Parameter(
            each.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=each.default,
            annotation=hints[each.name],
        )
        for each in fields(kind)
    ]


@dataclass(frozen=True, slots=True)
class During:
    since: Annotated[str | None, typer.Option(help="Only from this instant on.")] = None
    until: Annotated[str | None, typer.Option(help="Only before this instant.")] = None

    def begin(self) -> datetime | None:
        return instant(self.since)

    def end(self) -> datetime | None:
        return instant(self.until)


@dataclass(frozen=True, slots=True)
class Which:
    """Which letters. Every part that is given must fit."""

    cause: Annotated[
        str | None, typer.Option(help="Only this cause, as `causes` shows it, or its beginning.")
    ] = None
    code: Annotated[PoisonReason | None, typer.Option(help="Only this reason.")] = None
    since: Annotated[str | None, typer.Option(help="Only what failed from here on.")] = None
    until: Annotated[str | None, typer.Option(help="Only what failed before.")] = None
    key: Annotated[str | None, typer.Option(help="Only this key.")] = None
    offsets: Annotated[
        str | None, typer.Option(help="Only these offsets of the dead letters: FIRST-LAST.")
    ] = None

    def filter(self) -> Filter:
        since, until = instant(self.since), instant(self.until)
        return Filter(self.cause, self.code, since, until, self.key, span(self.offsets))


@dataclass(frozen=True, slots=True)
class Pace:
    rate: Annotated[
        float, typer.Option(min=0, help="Messages a second; 0: as fast as it goes.")
    ] = 1_000.0
    at_once: Annotated[
        int | None,
        typer.Option(min=1, help="The most without an answer; default: one in a hundred of all."),
    ] = None
    tolerate: Annotated[int, typer.Option(min=0, help="Stop after more failures than this.")] = 0


def instant(text: str | None) -> datetime | None:
    """An instant of the command line; without a zone it is UTC."""
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            f"{text} is no instant: give one such as 2026-11-21T14:30:00Z"
        ) from None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def span(text: str | None) -> tuple[int, int] | None:
    """FIRST-LAST of the command line, both included."""
    if text is None:
        return None
    first, dash, last = text.partition("-")
    if not (dash and first.isdecimal() and last.isdecimal() and int(first) <= int(last)):
        raise typer.BadParameter(f"{text} is no range: give FIRST-LAST, such as 100-250")
    return int(first), int(last)
