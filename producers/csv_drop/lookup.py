"""From a fact back to the line it was made of, as its file stands now."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from functools import partial
from itertools import takewhile
from pathlib import Path

from backbone.source import Cursor
from backbone.source_lookup import NoRow, SourceRow
from producers.csv_drop.drop_file import DropFile
from producers.csv_drop.facts import FactMaker
from producers.csv_drop.folder import Folder
from producers.csv_drop.position import Position
from producers.csv_drop.rows import Format, Row
from producers.csv_drop.settings import Settings

_ROWS = 5_000  # read at a time
_BLOCK_BYTES = 1024 * 1024


class LineLookup:
    """See `backbone.source_lookup.SourceLookup`. Files of its own: none that the source reads."""

    def __init__(self, settings: Settings, folder: Folder, form: Format, maker: FactMaker) -> None:
        self._settings = settings
        self._folder = folder
        self._form = form
        self._maker = maker

    def find(self, sequence: str) -> SourceRow | NoRow:
        """`sequence`: "name:line" as the source writes it."""
        name, _, number = sequence.rpartition(":")
        if not name or not number.isdigit():
            return NoRow(sequence, "this is no place of a CSV drop: another source published it")
        line = int(number)
        where = f"{name}:{line}"
        file = self._opened(name)
        if file is None:
            return NoRow(where, f"{name} is not in the folder any more: it was put away")
        with closing(file):
            return self._at(file, where, line)

    def rows(self, cursor: Cursor) -> Iterator[SourceRow]:
        """Every row that stands before the cursor, of the files that are still there."""
        position = Position.of(cursor)
        partly = position.partly
        for name in self._folder.names():
            if not position.is_behind(name):
                yield from self._rows(name, None)
            elif partly is not None and partly.name == name:
                yield from self._rows(name, partly.line)

    def put_away(self) -> Callable[[str], bool]:
        """A file that is gone was; one that is there has all its rows."""
        there = set(self._folder.names())
        return lambda sequence: sequence.rpartition(":")[0] not in there

    def _at(self, file: DropFile, where: str, line: int) -> SourceRow | NoRow:
        offset = _offset_of(file.path, line)
        rows = [] if offset is None or offset >= file.size else file.rows(offset, line, 1).rows
        if not rows or rows[0].line != line:
            return NoRow(where, "the file has no such row any more")
        return self._row(file, rows[0])

    def _rows(self, name: str, until: int | None) -> Iterator[SourceRow]:
        """The rows of a file, up to a line that is not read yet where it is given."""
        file = self._opened(name)
        if file is None:
            return
        with closing(file):
            rows = self._all(file)
            yield from (
                self._row(file, row)
                for row in takewhile(lambda each: until is None or each.line < until, rows)
            )

    def _all(self, file: DropFile) -> Iterator[Row]:
        offset, line = file.start
        while offset < file.size:
            found = file.rows(offset, line, _ROWS)
            yield from found.rows
            offset, line = offset + found.size, line + found.lines

    def _row(self, file: DropFile, row: Row) -> SourceRow:
        name = file.path.name
        make, _ = self._maker.of(name, file.columns, file.header_problem)
        return SourceRow(f"{name}:{row.line}", make(row))

    def _opened(self, name: str) -> DropFile | None:
        path = self._path(name)
        if path is None:
            return None
        return DropFile(path, self._form, self._settings.columns)

    def _path(self, name: str) -> Path | None:
        """None where no such file is: also for a name that would lead elsewhere."""
        path = self._folder.file(name)
        return path if path.name == name and path.is_file() else None


def _offset_of(path: Path, line: int) -> int | None:
    """Where a line begins, by counting line ends; None where there are not so many."""
    with path.open("rb") as file:
        return _offset_in(iter(partial(file.read, _BLOCK_BYTES), b""), line - 1)


def _offset_in(blocks: Iterable[bytes], before: int) -> int | None:
    offset = 0
    for block in blocks:
        ends = block.count(b"\n")
        if ends >= before:
            return offset + _behind(block, before)
        before, offset = before - ends, offset + len(block)
    return None


def _behind(block: bytes, lines: int) -> int:
    """Where the block goes on behind so many line ends."""
    at = 0
    for _ in range(lines):
        at = block.index(b"\n", at) + 1
    return at
