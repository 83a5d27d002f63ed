"""What a guard is: something that a few other words switch off, and a test that sees it."""

from dataclasses import dataclass
from pathlib import Path


class Moved(Exception):
    """The words that switch a guard off are not there exactly once: the table must be updated."""


@dataclass(frozen=True, slots=True)
class Guard:
    """One guard. `off` are the changes of `file` that switch it off, each old text to new text;
    `test` is the test named for it, which must fail then, by raising `fails_with`."""

    name: str
    protects: str
    file: str
    off: tuple[tuple[str, str], ...]
    test: str
    fails_with: str = "AssertionError"

    def switched_off(self, text: str) -> str:
        """The file without the guard. Raises Moved."""
        for old, new in self.off:
            found = text.count(old)
            if found != 1:
                raise Moved(
                    f"the guard moved: update the table. {self.file} holds this {found} times, "
                    f"once is needed: {old!r}"
                )
            text = text.replace(old, new)
        return text

    def switch_off(self, tree: Path) -> None:
        path = tree / self.file
        path.write_text(self.switched_off(path.read_text()))
