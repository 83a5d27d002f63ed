"""Lint: what makes a contract hard to live with, found before anybody has to live with it.

Needs no service. Given the registered versions too, it finds what registries let through. The rules
stand in backbone/contracts/linting/.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from backbone.contracts.catalog import Source, disagreements, read_sources
from backbone.contracts.linting.catalog import CODES, FIELD_CHECKS, TYPE_CHECKS
from backbone.contracts.linting.changes import since
from backbone.contracts.linting.code import Found
from backbone.contracts.linting.files import lifecycle
from backbone.contracts.linting.names import of_fact
from backbone.contracts.linting.shared_types import unequal
from backbone.contracts.linting.suppressions import let_through
from backbone.contracts.nodes import parts


@dataclass(frozen=True, slots=True)
class Finding:
    code: str
    file: str
    field: str
    what: str
    remedy: str


def lint(
    directory: Path,
    previous: Mapping[str, Sequence[str]] | None = None,
    today: date | None = None,
) -> list[Finding]:
    """Everything found in a directory of contracts, in the order of files and codes.

    `previous` are the registered schema texts by subject, oldest first.
    """
    sources = read_sources(directory)
    problems = [problem for source in sources for problem in source.problems]
    problems += disagreements(sources)
    found = [Finding(each.code, each.file, each.field, each.what, each.remedy) for each in problems]
    between = defaultdict(list)
    for file, name in unequal(sources):
        between[file].append(("T008", name))
    day = today or datetime.now(UTC).date()
    for source in sources:
        own = dict.fromkeys([*_of_source(source, previous or {}, day), *between[source.file]])
        left = let_through(source.schema, own, day)
        found += [
            Finding(code, source.file, path, CODES[code].what, CODES[code].remedy)
            for code, path in left
        ]
    return sorted(found, key=lambda each: (each.file, each.code, each.field))


def _of_source(source: Source, previous: Mapping[str, Sequence[str]], today: date) -> Found:
    if not source.schema:
        return
    yield from of_fact(source.file, source.schema)
    yield from lifecycle(source.schema, today)
    for part in parts(source.schema):
        for check in FIELD_CHECKS if part.is_field else TYPE_CHECKS:
            yield from ((code, part.path) for code in check(part))
    if source.contract is not None:
        yield from since(source.schema, previous.get(source.contract.subject, ()))
