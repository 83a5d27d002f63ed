"""The folder files are dropped into: whose turn it is, and what came where it should not have."""

import os
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NoReturn

from backbone.errors import Fatal
from producers.csv_drop.drop_file import digest_of, reading
from producers.csv_drop.position import Finished, Position, in_order


class Folder:
    """`path` is a folder, or a single file that is a folder of one."""

    def __init__(self, path: Path, pattern: str) -> None:
        self._path = path
        self._pattern = pattern
        self._known: set[tuple[str, int, int]] = set()  # finished files whose content was checked

    def file(self, name: str) -> Path:
        return self._path / name if self._path.is_dir() else self._path

    def names(self) -> list[str]:
        """Complete files, in the order they are read. Transient: the folder is not there."""
        with reading(self._path):
            if not self._path.is_dir():
                self._path.stat()
                return [self._path.name]
            with os.scandir(self._path) as entries:
                found = [entry.name for entry in entries if self._is_complete(entry)]
        return sorted((_printable(name) for name in found), key=in_order)

    def checked(self, position: Position, names: list[str]) -> Position:
        """Bring the number of older files up to date, having looked for files out of place.

        Raises Fatal for a file that will never have its turn: it came late, or was replaced after
        it was read. Asked for only when nothing else waits, so that it holds up no other file.
        """
        if not position.finished:
            return position
        first = in_order(position.finished[0].name)
        remembered = {finished.name: finished for finished in position.finished}
        older = [name for name in names if in_order(name) < first]
        if len(older) > position.older:
            newest = max(older, key=self._modified_ns)
            self._refuse_late(newest, position.finished[-1].name)
        for name in names:
            finished = remembered.get(name)
            if finished is not None:
                self._check_unchanged(finished, position.finished[-1].name)
            elif in_order(name) > first:
                self._refuse_late(name, position.finished[-1].name)
        return position.with_older(len(older))

    def _is_complete(self, entry: os.DirEntry[str]) -> bool:
        """Hidden files are those of rsync and of editors, still being written."""
        hidden = entry.name.startswith(".") and not self._pattern.startswith(".")
        return not hidden and fnmatchcase(entry.name, self._pattern) and entry.is_file()

    def _modified_ns(self, name: str) -> int:
        with reading(self.file(name)):
            return self.file(name).stat().st_mtime_ns

    def _check_unchanged(self, finished: Finished, last: str) -> None:
        path = self.file(finished.name)
        with reading(path):
            stat = path.stat()
        state = (finished.name, stat.st_size, stat.st_mtime_ns)
        if state in self._known:
            return
        touched = stat.st_mtime_ns != finished.modified_ns
        same = stat.st_size == finished.size and (not touched or digest_of(path) == finished.sha256)
        if not same:
            raise Fatal(
                f"{path} was read to its end and has another content now; nothing of that was "
                "published. Rename the new file to a name that sorts behind "
                f"{last}: each delivery needs a name of its own."
            )
        self._known.add(state)

    def _refuse_late(self, name: str, last: str) -> NoReturn:
        raise Fatal(
            f"{self.file(name)} came late: files are read in the order of their names, and {last} "
            "is finished. Nothing of the late file was published. Rename it to a name that sorts "
            f"behind {last}."
        )


def _printable(name: str) -> str:
    try:
        name.encode()
    except UnicodeEncodeError:
        shown = os.fsencode(name).decode(errors="backslashreplace")
        raise Fatal(f"The file name {shown} is not UTF-8. Rename the file.") from None
    return name
