"""The sources that can be asked for their rows, for `explain` and `ledger`."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from backbone.source_lookup import SourceLookup
from cli import wiring
from producers.catalog import SOURCES


@contextmanager
def source_lookups() -> Iterator[Mapping[str, SourceLookup]]:
    """By the source's name. They connect when they are asked, and are closed at the end."""
    sources = {name: wiring.source(name) for name in SOURCES}
    try:
        yield {name: each for name, each in sources.items() if isinstance(each, SourceLookup)}
    finally:
        for each in sources.values():
            each.close()


def by_fact_type(lookups: Mapping[str, SourceLookup]) -> Mapping[str, Sequence[SourceLookup]]:
    """The lookups by the fact types that their sources publish."""
    found: dict[str, list[SourceLookup]] = defaultdict(list)
    for lookup in lookups.values():
        for fact_type in lookup.facts:
            found[fact_type].append(lookup)
    return found
