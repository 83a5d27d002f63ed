"""One dropped file: read by blocks from any offset, its header checked, its content remembered."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from backbone.errors import Fatal, Poison, PoisonReason, Transient
from producers.csv_drop.position import Finished, Partly
from producers.csv_drop.rows import Cut, Format, Row, cut, torn

_BLOCK_BYTES = 64 * 1024  # small enough to waste little where a batch ends inside a block
_DIGEST_CHARS = 16  # tells contents apart by chance, not against an attacker
_BOM = b"\xef\xbb\xbf"


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Translate: what cannot be read may be readable later, and nothing is lost by waiting."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise Transient(
            f"{path} cannot be read ({reason}). Waiting: put it there, or allow reading it."
        ) from error


class DropFile:
    """`columns` and `start` (offset and line of the first row) hold once it is open.

    `header_problem` says why the header row does not fit the declared columns. The rows then begin
    with the header itself: where it is missing altogether, it is a row.
    """

    def __init__(self, path: Path, form: Format, declared: tuple[str, ...]) -> None:
        self.path = path
        self._form = form
        self._hash = hashlib.sha256()
        self._hashed = 0
        with reading(path):
            self._fd = os.open(path, os.O_RDONLY)
            self._state = _state(os.fstat(self._fd))
        self.size = self._state[1]
        try:
            self.header_problem = self._inspect(declared)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        os.close(self._fd)

    def is_current(self) -> bool:
        """Whether the path still leads to what was opened, unchanged."""
        with reading(self.path):
            return _state(self.path.stat()) == self._state

    def rows(self, offset: int, line: int, max_rows: int) -> Cut:
        """Rows from `offset` on: some at least, while there are lines to read."""
        window, size = b"", _BLOCK_BYTES
        while True:
            window = self._read(offset, size)
            at_end = offset + len(window) == self.size
            found = cut(window, line, self._form, max_rows, at_end=at_end)
            if found.size:
                return found
            if at_end or size >= self._form.window_bytes:
                break
            size = min(size * 2, self._form.window_bytes)
        window = window[: self._form.window_bytes]
        at_end = offset + len(window) == self.size
        found = torn(window, line, self._form, at_end=at_end)
        return found if found.size else self._overlong(offset, line)

    def partly(self, offset: int, line: int) -> Partly:
        return Partly(self.path.name, self.size, offset, line, self._digest(offset))

    def finished(self) -> Finished:
        return Finished(self.path.name, self.size, self._state[2], self._digest(self.size))

    def check(self, before: Partly) -> None:
        """Raise Fatal unless what was read is still its beginning, and its size the same."""
        if self.size != before.size:
            problem = f"had {before.size:,} bytes and has {self.size:,} now"
        elif self._digest(before.offset) != before.sha256:
            problem = "has another content now"
        else:
            return
        raise Fatal(
            f"{self.path} {problem}, while it is read up to line {before.line}. Put the original "
            "back and drop the new content under a name that sorts behind it. Write files under "
            "another name and rename them once they are complete."
        )

    def _inspect(self, declared: tuple[str, ...]) -> str | None:
        self.columns, self.start = self._header()
        problem = _misfit(self.columns, declared)
        if problem is None:
            return None
        self.columns, self.start = (), (self._bom_bytes(), 1)
        head = self._read(0, _BLOCK_BYTES)
        return problem + _likely_delimiter(head, declared, self._form.delimiter)

    def _header(self) -> tuple[tuple[str, ...], tuple[int, int]]:
        offset, line = self._bom_bytes(), 1
        while offset < self.size:
            found = self.rows(offset, line, max_rows=1)
            offset, line = offset + found.size, line + found.lines
            if found.rows:
                return tuple(found.rows[0].cells), (offset, line)
        return (), (offset, line)

    def _bom_bytes(self) -> int:
        return len(_BOM) if self._read(0, len(_BOM)) == _BOM else 0

    def _overlong(self, offset: int, line: int) -> Cut:
        """Take a single line beyond the limit: its head is kept, the reading goes on behind it."""
        end = offset
        while end < self.size:
            block = self._read(end, _BLOCK_BYTES)
            feed = block.find(b"\n")
            if feed >= 0:
                end += feed + 1
                break
            end += len(block)
        limit = self._form.max_row_bytes
        problem = Poison(
            PoisonReason.TOO_LARGE,
            f"the row has {end - offset:,} bytes with its line end, {limit:,} are allowed: "
            "only its head is kept here",
        )
        return Cut([Row(line, self._read(offset, limit), [], problem)], end - offset, 1)

    def _read(self, offset: int, size: int) -> bytes:
        with reading(self.path):
            block = os.pread(self._fd, size, offset)
        if len(block) < min(size, self.size - offset):
            raise Fatal(
                f"{self.path} became shorter while it was read, at byte {offset:,}. Put the "
                "original back, and never change a file once it has its final name."
            )
        return block

    def _digest(self, end: int) -> str:
        """Of the first `end` bytes. Goes on where the last call ended: each byte is hashed once."""
        if end < self._hashed:
            self._hash, self._hashed = hashlib.sha256(), 0
        while self._hashed < end:
            block = self._read(self._hashed, min(1024 * 1024, end - self._hashed))
            self._hash.update(block)
            self._hashed += len(block)
        return self._hash.hexdigest()[:_DIGEST_CHARS]


def digest_of(path: Path) -> str:
    with reading(path), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:_DIGEST_CHARS]


def _state(stat: os.stat_result) -> tuple[int, int, int]:
    return stat.st_ino, stat.st_size, stat.st_mtime_ns


def _misfit(found: tuple[str, ...], declared: tuple[str, ...]) -> str | None:
    """Say what is wrong with the header row.

    Names that were not declared are never quoted: where the header is missing altogether they are
    the cells of the first row.
    """
    lacking = [name for name in declared if name not in found]
    unknown = [str(index) for index, name in enumerate(found, 1) if name not in declared]
    twice = [name for name in declared if found.count(name) > 1]
    problems = [
        text
        for names, text in (
            (lacking, f"lacks {', '.join(lacking)}"),
            (unknown, f"has unknown names in column {', '.join(unknown)}"),
            (twice, f"has {', '.join(twice)} more than once"),
        )
        if names
    ]
    if not problems:
        return None
    return f"the header row {' and '.join(problems)}; expected are {', '.join(declared)}"


def _likely_delimiter(head: bytes, declared: tuple[str, ...], delimiter: str) -> str:
    names = head.removeprefix(_BOM).partition(b"\n")[0].decode(errors="replace").strip()
    for other in (",", ";", "\t", "|"):
        cells = {cell.strip('"') for cell in names.split(other)}
        if other != delimiter and cells.issuperset(declared):
            return f". Its delimiter seems to be {other!r}, declared is {delimiter!r}"
    return ""
