"""Where a CSV drop is: the source's cursor, as JSON of at most a few kilobytes.

Files are taken in the order of their names, so what is finished is told by one name. The last few
finished files are remembered with size and checksum, the older ones by their number: that is how a
file that comes late, or is replaced after it was read, is noticed.
"""

from dataclasses import asdict, dataclass, replace

from backbone.errors import Fatal
from backbone.source import Cursor

REMEMBERED_FILES = 16  # about 100 bytes each; a change of an older finished file goes unnoticed


def in_order(name: str) -> str:
    """Sort file names by this, as source positions `name:line` sort.

    That differs where one whole name is the beginning of another.
    """
    return f"{name}:"


@dataclass(frozen=True, slots=True)
class Finished:
    name: str
    size: int
    modified_ns: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Partly:
    """A file read up to `offset`, where `line` begins; `sha256` is of the bytes before it."""

    name: str
    size: int
    offset: int
    line: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Position:
    """`older` counts the finished files that were in the folder beside the remembered ones."""

    finished: tuple[Finished, ...] = ()
    older: int = 0
    partly: Partly | None = None

    @classmethod
    def of(cls, cursor: Cursor | None) -> "Position":
        if not cursor:
            return cls()
        try:
            partly = cursor["partly"]
            return cls(
                finished=tuple(Finished(*entry) for entry in cursor["finished"]),
                older=int(cursor["older"]),
                partly=None if partly is None else Partly(**partly),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise Fatal(
                "The cursor is not one of a CSV drop: another kind of source has used its name. "
                "Give the source a name of its own; or, to publish every file that is still there "
                "again with the same ids, delete its cursor topic and run `backbone topics apply`."
            ) from error

    def cursor(self) -> Cursor:
        return {
            "finished": [[f.name, f.size, f.modified_ns, f.sha256] for f in self.finished],
            "older": self.older,
            "partly": None if self.partly is None else asdict(self.partly),
        }

    def reading(self, partly: Partly) -> "Position":
        return replace(self, partly=partly)

    def finish(self, done: Finished) -> "Position":
        kept = (*self.finished, done)
        forgotten = max(0, len(kept) - REMEMBERED_FILES)
        return Position(kept[forgotten:], self.older + forgotten)

    def with_older(self, older: int) -> "Position":
        return self if older == self.older else replace(self, older=older)

    def is_behind(self, name: str) -> bool:
        """Whether the file's turn has come: its name sorts behind every finished one."""
        return not self.finished or in_order(name) > in_order(self.finished[-1].name)
