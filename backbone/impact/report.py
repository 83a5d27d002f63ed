"""The impact of all contracts that changed, and their changelog."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from backbone.contracts.catalog import read_source
from backbone.impact.changelog import Changelog
from backbone.impact.changes import changes
from backbone.impact.judging import Case, Judgement, judge
from backbone.impact.past import Past, as_they_are
from backbone.impact.reader import Reader
from backbone.impact.revision import Revision, paired
from backbone.impact.verdict import Verdict

Ask = Callable[[str, str], Sequence[str]]
"""Subject and text: why a registry would refuse it, empty where it would not."""


def impact(
    past: Past, directory: Path, readers: Sequence[Reader], ask: Ask | None = None
) -> list[Judgement]:
    """Everything that changed since `past`, contract by contract."""
    found: list[Judgement] = []
    for before, after in changed(past, current(directory)):
        found += judge(_case(before, after, past, directory, ask), readers)
    return found


def changed(past: Past, now: Sequence[Revision]) -> list[tuple[Revision | None, Revision | None]]:
    """Pairs of what was and what is, None where there was or is nothing."""
    return [
        (before, after)
        for before, after in paired(list(past.contracts), list(now))
        if before is None or after is None or before.schema != after.schema
    ]


def unsound(path: Path, file: str) -> list[tuple[str, str]]:
    """Where a contract file's schema cannot be used at all, and why."""
    return [
        (each.field, each.what)
        for each in read_source(path, file).problems
        if each.code.startswith("S")
    ]


def _case(
    before: Revision | None, after: Revision | None, past: Past, directory: Path, ask: Ask | None
) -> Case:
    known = after or before
    versions = past.versions(known.subject) if known else ()
    said = ask(after.subject, after.text) if ask and after else None
    wrong = unsound(directory / after.file, after.file) if after else ()
    return Case(before, after, versions, said, wrong)


def changelogs(past: Past, directory: Path) -> Iterator[Changelog]:
    for before, after in changed(past, current(directory)):
        if after is None:
            yield from [Changelog(before.type, before.file, "gone", ())] if before else []
        elif before is None:
            yield Changelog(after.type, after.file, "new", ())
        else:
            found = changes(before.schema, after.schema)
            yield Changelog(after.type, after.file, "changed", found)


def current(directory: Path) -> list[Revision]:
    """Raises Misconfigured for a file that is no contract at all."""
    return as_they_are(directory)


def does_any(judgements: Sequence[Judgement], *verdicts: Verdict) -> bool:
    return any(each.verdict in verdicts for each in judgements)
