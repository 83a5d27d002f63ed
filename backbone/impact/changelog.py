"""The changelog of contracts, for people: as rows, and as a page."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from backbone.impact.change import FACT, Change

_WHOLE = {"new": "fact added", "gone": "fact removed"}


@dataclass(frozen=True, slots=True)
class Changelog:
    """One contract's changes. `state`: "new", "gone" or "changed"."""

    fact: str
    file: str
    state: str
    changes: Sequence[Change]


def rows(changelogs: Sequence[Changelog]) -> list[Mapping[str, str]]:
    """One row per change; of a contract that is new or gone, one of all."""
    return [row for each in changelogs for row in _rows(each)]


def markdown(changelogs: Sequence[Changelog]) -> str:
    return "".join(f"{part}\n" for each in changelogs for part in _page(each))


def _rows(changelog: Changelog) -> Iterator[Mapping[str, str]]:
    if changelog.state in _WHOLE:
        yield _row(changelog.fact, FACT, _WHOLE[changelog.state], "", "")
    for each in changelog.changes:
        yield _row(changelog.fact, each.path, _said(each), each.before, each.after)


def _row(fact: str, field: str, change: str, before: str, after: str) -> Mapping[str, str]:
    return {"fact": fact, "field": field, "change": change, "before": before, "after": after}


def _page(changelog: Changelog) -> Iterator[str]:
    yield f"## {changelog.fact}\n"
    if changelog.state in _WHOLE:
        yield f"- {_WHOLE[changelog.state]} (`{changelog.file}`)"
    for each in changelog.changes:
        yield f"- {_line(each)}"
    yield ""


def _line(change: Change) -> str:
    where = f"`{change.path}`: " if change.path else ""
    told = [each for each in (change.before, change.after) if each]
    return f"{where}{_said(change)}{': ' if told else ''}{' → '.join(told)}"


def _said(change: Change) -> str:
    return change.kind.replace("_", " ")
