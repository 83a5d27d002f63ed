"""Who reads which fact fields: our views, what the gateway serves of them, our columns, and the
readers outside that have registered."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from backbone.impact import reader_files
from backbone.impact.reader import NOTHING, Channel, Expectation, Reader
from backbone.impact.revision import Revision
from backbone.warehouse.table import table_name
from consumers.catalog import SINKS
from processors.catalog import VIEWS
from processors.view import Reads, View, served


def all_readers(
    revisions: Sequence[Revision], changed: Sequence[Revision], directory: Path
) -> list[Reader]:
    """Ours, and those of the folder `directory`. `revisions`: the contracts as they are and as they
    were; columns are given of the `changed` ones. Raises Misconfigured with everything that is
    wrong with the files."""
    views = [reader for view in VIEWS.values() for reader in of_view(view)]
    columns = of_columns(changed) if SINKS else []
    return [*views, *columns, *reader_files.load(directory, FactFields(revisions))]


class FactFields(Mapping[str, frozenset[str]]):
    """The paths of a fact's fields, as it is and as it was; made when they are asked for."""

    def __init__(self, revisions: Sequence[Revision]) -> None:
        self._revisions: dict[str, list[Revision]] = {}
        for each in revisions:
            self._revisions.setdefault(each.type, []).append(each)

    def __getitem__(self, fact: str) -> frozenset[str]:
        return frozenset(path for each in self._revisions[fact] for path in each.outline)

    def __iter__(self) -> Iterator[str]:
        return iter(self._revisions)

    def __len__(self) -> int:
        return len(self._revisions)


def of_view(view: View) -> Iterator[Reader]:
    """The view, and each field that the gateway serves of it."""
    fresh = view.freshness_seconds
    yield Reader(view.name, Channel.VIEW, _reads(view.reads), "", "", fresh, ours=True)
    for name, origins in served(view).items():
        yield Reader(f"{view.name}.{name}", Channel.GATEWAY, _reads(origins), ours=True)


def of_columns(revisions: Iterable[Revision]) -> list[Reader]:
    """A column of each field, once; of files that name no major version there are none."""
    found: dict[str, Reader] = {}
    for revision in revisions:
        for path in revision.outline if _table(revision) else ():
            name = f"{_table(revision)}.{path}"
            reads = {revision.type: {path: NOTHING}}
            found[name] = Reader(name, Channel.WAREHOUSE, reads, ours=True)
    return [each for name, each in found.items() if name.count(".") == 1]


def _table(revision: Revision) -> str:
    major = revision.file.rpartition(".v")[2].partition(".")[0]
    if not major.isdigit():
        return ""
    return table_name(revision.type, int(major))


def _reads(reads: Reads) -> Mapping[str, Mapping[str, Expectation]]:
    return {fact: dict.fromkeys(fields, NOTHING) for fact, fields in reads.items()}
