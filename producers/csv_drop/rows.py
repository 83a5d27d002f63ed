"""Cut the bytes of a CSV file into rows: RFC 4180, split by the standard library's reader.

What a row is depends on the bytes behind its beginning alone, never on how much of the file is in
memory, so a file gives the same rows however it is cut into batches.

A quote that is never closed would swallow the rest of the file. So a row that cannot be read and
spans several lines is rejected line by line, each with its own position: every line is accounted
for, none is published by guess, and a repair file can mend each of them.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from typing import NamedTuple

from backbone.errors import Poison, PoisonReason

_UNCLOSED = "unexpected end of data"  # csv.Error's text where the input ends inside quotes
_FIELD_LIMIT = "field larger than field limit"  # 131,072 characters, csv.field_size_limit()
_LINE_END_BYTES = 2


class Row(NamedTuple):
    """`line` is where it begins, `raw` its bytes without the line end; `problem` if unreadable."""

    line: int
    raw: bytes
    cells: list[str]
    problem: Poison | None


@dataclass(frozen=True, slots=True)
class Format:
    delimiter: str
    max_row_bytes: int

    @property
    def window_bytes(self) -> int:
        """As much as must be seen to tell whether a row fits."""
        return self.max_row_bytes + _LINE_END_BYTES


@dataclass(frozen=True, slots=True)
class Cut:
    """Rows cut from the head of a window, and how many bytes and lines of it they took."""

    rows: list[Row]
    size: int
    lines: int


def cut(window: bytes, line: int, form: Format, max_rows: int, *, at_end: bool) -> Cut:
    """Cut the complete rows at the head of `window`, which begins at `line`. Blank lines are none.

    Stops before a row that is not complete, or too large: nothing is cut when that is the first.
    `at_end`: the file ends with the window, so its last row needs no line end.
    """
    window = window if at_end else window[: window.rfind(b"\n") + 1]
    lines = window.split(b"\n")
    text, suspicious = _text(window)
    rows: list[Row] = []
    start = 0
    for end, cells, error in _records(text, form.delimiter):
        raw = lines[start] if end == start + 1 else b"\n".join(lines[start:end])
        if error == _UNCLOSED or len(raw) > form.window_bytes or len(rows) >= max_rows:
            break
        raw = raw.removesuffix(b"\r")
        if len(raw) > form.max_row_bytes:
            break
        if error is not None:
            rows.extend(_each(lines[start:end], line + start, _refusal(error)))
        elif cells:
            rows.append(Row(line + start, raw, cells, _flaw(raw) if suspicious else None))
        start = end
    size = sum(map(len, lines[:start])) + start
    return Cut(rows, min(size, len(window)), start)


def torn(window: bytes, line: int, form: Format, *, at_end: bool) -> Cut:
    """Reject each line of a row whose quote is not closed within the limit.

    `window` begins with that row, is `form.window_bytes` long or reaches the file's end
    (`at_end`). Cuts nothing when the first line alone is longer than that.
    """
    if len(window.partition(b"\n")[0].removesuffix(b"\r")) > form.max_row_bytes:
        return Cut([], 0, 0)
    window = window if at_end else window[: window.rfind(b"\n") + 1]
    lines = window.removesuffix(b"\n").split(b"\n")
    problem = Poison(
        PoisonReason.UNPARSABLE,
        f"the file ends inside a quoted field opened in line {line}"
        if at_end
        else f"a quoted field opened in line {line} is not closed within "
        f"{form.max_row_bytes:,} bytes",
    )
    return Cut(list(_each(lines, line, problem)), len(window), len(lines))


def read_alone(raw: bytes, delimiter: str) -> list[str]:
    """The cells of one row by itself; none where it cannot be read."""
    try:
        text = raw.decode()
        rows = list(csv.reader(StringIO(text, newline="\n"), delimiter=delimiter, strict=True))
    except (UnicodeDecodeError, csv.Error):
        return []
    return rows[0] if len(rows) == 1 and "\0" not in text else []


def _records(text: str, delimiter: str) -> Iterator[tuple[int, list[str], str | None]]:
    """Per record: the number of lines read up to its end, its cells, the reader's error."""
    # newline="\n" splits at line feeds only and keeps what quoted fields hold as it is
    reader = csv.reader(StringIO(text, newline="\n"), delimiter=delimiter, strict=True)
    while True:
        cells, error = _next(reader)
        if cells is None:
            return
        yield reader.line_num, cells, error


def _next(reader: Iterator[list[str]]) -> tuple[list[str] | None, str | None]:
    try:
        return next(reader, None), None
    except csv.Error as error:
        return [], str(error)


def _each(lines: list[bytes], line: int, problem: Poison) -> Iterator[Row]:
    for index, raw in enumerate(lines):
        stripped = raw.removesuffix(b"\r")
        if stripped:
            yield Row(line + index, stripped, [], problem)


def _text(window: bytes) -> tuple[str, bool]:
    """Decode the window; tell whether its rows must be looked at one by one."""
    try:
        return window.decode(), b"\0" in window
    except UnicodeDecodeError:
        return window.decode(errors="surrogateescape"), True


def _flaw(raw: bytes) -> Poison | None:
    if b"\0" in raw:
        return Poison(PoisonReason.UNPARSABLE, "the row contains a NUL byte")
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        message = f"the row is not UTF-8: byte {error.start + 1} of it cannot be read"
        return Poison(PoisonReason.UNPARSABLE, message)
    return None


def _refusal(error: str) -> Poison:
    if error.startswith(_FIELD_LIMIT):
        limit = csv.field_size_limit()
        return Poison(PoisonReason.TOO_LARGE, f"a cell is longer than {limit:,} characters")
    if error.startswith("new-line"):
        message = "a carriage return stands outside quotes: lines end with LF or CRLF"
    else:
        message = "text stands behind a closing quote: a quote inside quotes is written twice"
    return Poison(PoisonReason.UNPARSABLE, message)
