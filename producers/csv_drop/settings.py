"""What a CSV drop must be told: where the files are, how they look, what their rows mean."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from backbone.errors import Misconfigured

Parse = Callable[[Mapping[str, str]], dict[str, Any]]
"""One row by column name in, the fields of its fact out, typed as the contract says.

An empty cell comes as "": whether that is null, an empty text or a violation is the contract's to
say, not the file's. Called once per row. Raises Poison, naming every violation without values.
"""

_DELIMITERS = (",", ";", "\t", "|")


def _told(text: str) -> dict[str, str]:
    return {"help": text}


@dataclass(frozen=True, slots=True)
class Settings:
    """Checked at once on construction: Misconfigured names every problem."""

    path: Path = field(metadata=_told("the folder the files are dropped into, or a single file"))
    fact_type: str = field(metadata=_told("full name of the fact that each row becomes"))
    columns: tuple[str, ...] = field(
        metadata=_told("the names in the header row, all of them, in any order")
    )
    key_field: str = field(metadata=_told("the fact's field that is its key"))
    time_field: str = field(metadata=_told("the fact's field that says when it happened"))
    source: str = field(metadata=_told("the system of record: ce_source"))
    pattern: str = field(
        default="*.csv",
        metadata=_told("names of complete files; one still being written has another name"),
    )
    delimiter: str = field(
        default=",", metadata=_told("what separates the cells: comma, semicolon, tab or bar")
    )
    max_batch_rows: int = field(default=5_000, metadata=_told("rows published in one transaction"))
    max_batch_bytes: int = field(
        default=1024 * 1024, metadata=_told("bytes of rows published in one transaction")
    )
    max_row_bytes: int = field(
        default=1024 * 1024, metadata=_told("a longer row is rejected with its head")
    )
    poll_seconds: float = field(default=1.0, metadata=_told("how often to look for new files"))

    def __post_init__(self) -> None:
        problems = list(self._problems())
        if problems:
            raise Misconfigured(f"csv_drop: {'; '.join(problems)}.")

    def _problems(self) -> Iterator[str]:
        for name in ("fact_type", "key_field", "time_field", "source", "pattern", "columns"):
            if not getattr(self, name):
                yield f"{name} is empty"
        if len(set(self.columns)) != len(self.columns):
            yield "columns names a column twice"
        if self.delimiter not in _DELIMITERS:
            yield 'delimiter must be one of "," ";" "\\t" "|"'
        for name in ("max_batch_rows", "max_batch_bytes", "max_row_bytes", "poll_seconds"):
            if getattr(self, name) <= 0:
                yield f"{name} must be more than 0"
