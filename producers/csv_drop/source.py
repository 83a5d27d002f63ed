"""CsvDropSource: reads the files of a folder in the order of their names, each once."""

from collections.abc import Callable, Iterator, Sequence

from backbone.errors import Transient
from backbone.fact import Envelope, Fact
from backbone.replay.rejects import Rejected
from backbone.source import Batch, Cursor, Reject, RowBatch
from backbone.source_lookup import NoRow, SourceRow
from producers.csv_drop.drop_file import DropFile
from producers.csv_drop.facts import FactMaker
from producers.csv_drop.folder import Folder
from producers.csv_drop.lookup import LineLookup
from producers.csv_drop.position import Partly, Position
from producers.csv_drop.rows import Format, Row
from producers.csv_drop.settings import Parse, Settings


class CsvDropSource:
    """A Source of the rows of dropped files.

    The writer's part: give each delivery a name that sorts behind the earlier ones, write it under
    a name the pattern does not match, rename it once it is complete, and leave it unchanged. A
    finished file may be moved away or deleted at any time.

    What happens to a file that is not as it should be, so that no row is lost or made up:

    - A row that cannot be read, or breaks its contract, is rejected with its bytes and its
      position; the rows around it are published. A quote that is never closed makes every line
      from it a reject of its own (see rows.py). Blank lines are no rows.
    - The header row decides which column is which; their order is free. When a column lacks, is
      unknown or comes twice, or the delimiter is another, no row can be understood: each becomes a
      reject of its own, the header row too (it may be a row: a missing header looks the same).
      Stopping instead would hold up every later file until somebody came; a single reject for the
      file could not be mended row by row, and read = published + rejected would not hold.
    - A file that changes while it is read, or after: Fatal. What was published is then no longer
      what the folder says, and only its owner knows which is right. A file that comes too late to
      be read in order, or is replaced after it was read: Fatal as well, but only once no other
      file waits. Each message says which file, and what to rename.
    - A folder or file that is missing or not readable: Transient, also when it was read in part.
    """

    def __init__(
        self, name: str, settings: Settings, parse: Parse, *, by_contract: bool = False
    ) -> None:
        """`by_contract`: `parse` does what backbone.contracts.parse does, so nobody need call it
        for a row that is in order."""
        self.name = name
        self.facts: Sequence[str] = (settings.fact_type,)
        self._settings = settings
        self._folder = Folder(settings.path, settings.pattern)
        self._form = Format(settings.delimiter, settings.max_row_bytes)
        self._maker = FactMaker(settings, parse, by_contract=by_contract)
        self._lines = LineLookup(settings, self._folder, self._form, self._maker)
        self._file: DropFile | None = None

    def poll(self, cursor: Cursor | None) -> Batch:
        """Rows of one file. Its last rows and the mark that it is finished are one batch."""
        position = Position.of(cursor)
        if position.partly is not None:
            return self._read_on(position, position.partly)
        names = self._folder.names()
        name = next(filter(position.is_behind, names), None)
        if name is None:
            position = self._folder.checked(position, names)
            return Batch(cursor=position.cursor(), wait_seconds=self._settings.poll_seconds)
        file = self._open(name)
        offset, line = file.start
        return self._batch(position, file, offset, line)

    def mend(self, rejected: Rejected) -> Fact | Reject:
        return self._maker.mend(rejected, self._settings.delimiter)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    # from a fact back to its line: backbone.source_lookup.SourceLookup

    def find(self, envelope: Envelope) -> SourceRow | NoRow:
        return self._lines.find(envelope.sequence)

    def rows(self, cursor: Cursor) -> Iterator[SourceRow]:
        return self._lines.rows(cursor)

    def put_away(self) -> Callable[[str], bool]:
        return self._lines.put_away()

    def _read_on(self, position: Position, partly: Partly) -> Batch:
        try:
            file = self._resume(partly.name)
        except Transient as error:
            message = f"{error} It was read up to line {partly.line}; its rest is still to come."
            raise Transient(message) from error
        file.check(partly)
        return self._batch(position, file, partly.offset, partly.line)

    def _resume(self, name: str) -> DropFile:
        file = self._file
        if file is None or file.path.name != name or not file.is_current():
            return self._open(name)
        return file

    def _open(self, name: str) -> DropFile:
        self.close()
        self._file = DropFile(self._folder.file(name), self._form, self._settings.columns)
        return self._file

    def _batch(self, position: Position, file: DropFile, offset: int, line: int) -> Batch:
        rows, offset, line = self._rows(file, offset, line)
        make, drafts = self._maker.of(file.path.name, file.columns, file.header_problem)
        if offset < file.size:
            position = position.reading(file.partly(offset, line))
        else:
            position = position.finish(file.finished())
            self.close()
        return RowBatch(rows, make, drafts, position.cursor())

    def _rows(self, file: DropFile, offset: int, line: int) -> tuple[list[Row], int, int]:
        """Read the rows of one batch; say where the next one begins.

        The lines of an unclosed quote are rejected together, so that batch may be larger.
        """
        rows: list[Row] = []
        limit = min(file.size, offset + self._settings.max_batch_bytes)
        while offset < limit and len(rows) < self._settings.max_batch_rows:
            found = file.rows(offset, line, self._settings.max_batch_rows - len(rows))
            rows += found.rows
            offset, line = offset + found.size, line + found.lines
        return rows, offset, line
