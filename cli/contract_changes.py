"""`backbone contracts impact` and `diff`: what a change of the contracts does."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from backbone.impact.changelog import markdown, rows
from backbone.impact.past import Past, of_folder, of_git
from backbone.impact.report import changed, changelogs, current, does_any, impact
from backbone.impact.verdict import Verdict
from backbone.registry.port import Registry
from cli.output import Format, Output, show
from cli.problems import FAILED
from cli.wiring import contracts_dir, registry, settings

_COLUMNS = ("verdict", "fact", "field", "change", "rule", "who", "against", "why", "instead")
_CHANGES = ("fact", "field", "change", "before", "after")

Against = Annotated[
    str,
    typer.Option(help="What the contracts were: a revision of git, or a folder of contracts."),
]


class Page(StrEnum):
    TABLE = "table"
    JSON = "json"
    MARKDOWN = "markdown"


def impact_command(
    against: Against = "HEAD",
    output: Output = Format.TABLE,
    *,
    against_registry: Annotated[
        bool,
        typer.Option("--against-registry", help="Ask the registry, with its past versions too."),
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit code 1 also when it only harms somebody.")
    ] = False,
) -> None:
    """Say who is hurt by what changed in the contracts, on which field, and what to do instead.

    Exit codes: 0 nothing breaks, 1 something breaks. Needs no service without --against-registry.

    Example: backbone contracts impact --against origin/main
    """
    directory = contracts_dir()
    from cli.fact_readers import all_readers  # noqa: PLC0415 - every view, and YAML

    past, ask = before(directory, against), None
    if against_registry:
        asked = registry()
        past, ask = _with_registered(past, directory, asked), asked.compatible
    now = current(directory)
    touched = [each for pair in changed(past, now) for each in pair if each]
    readers = all_readers([*now, *past.contracts], touched, settings().readers_dir)
    found = impact(past, directory, readers, ask)
    show([asdict(each) for each in found], _COLUMNS, output)
    if not found:
        typer.echo("no contract has changed", err=True)
    if does_any(found, Verdict.BREAKS) or (strict and does_any(found, Verdict.HARMS)):
        raise typer.Exit(FAILED)


def diff_command(
    against: Against = "HEAD",
    output: Annotated[
        Page,
        typer.Option("--output", help="table or markdown for people, json: one object a line."),
    ] = Page.TABLE,
) -> None:
    """Print what changed in the contracts, for people. Needs no service.

    Example: backbone contracts diff --against v1.4.0 --output markdown
    """
    directory = contracts_dir()
    found = list(changelogs(before(directory, against), directory))
    if output is Page.MARKDOWN:
        typer.echo(markdown(found), nl=False)
        return
    told: Sequence[Mapping[str, Any]] = rows(found)
    show(told, _CHANGES, Format(output.value))
    if not found:
        typer.echo("no contract has changed", err=True)


def before(directory: Path, against: str) -> Past:
    """A folder where there is one of that name; raises Misconfigured for what is neither."""
    folder = Path(against)
    return of_folder(folder) if folder.is_dir() else of_git(directory, against)


def _with_registered(past: Past, directory: Path, registry: Registry) -> Past:
    """With the registry's versions of what has changed."""
    changed_ones = [after for _, after in changed(past, current(directory)) if after]
    registered = {
        each.subject: [_same_text(text) for text in registry.versions(each.subject)]
        for each in changed_ones
    }
    return replace(past, registered=registered)


def _same_text(text: str) -> str:
    return json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"))
