"""The linter's pages, written from its codes: docs/lint/ and the table of docs/contract-lint.md."""

import re
import sys
from pathlib import Path

from backbone.contracts.linting.catalog import CODES
from backbone.contracts.linting.page import page, rows

_TABLE = re.compile(r"^\| code \|.*?(?=\n\n)", re.MULTILINE | re.DOTALL)


def write(docs: Path) -> None:
    """Pages of codes that are no more are taken away."""
    folder = docs / "lint"
    folder.mkdir(exist_ok=True)
    for path in folder.glob("*.md"):
        path.unlink()
    for code in CODES:
        (folder / f"{code}.md").write_text(page(code), encoding="utf-8")
    whole = docs / "contract-lint.md"
    whole.write_text(_TABLE.sub(lambda _: rows(), whole.read_text(encoding="utf-8")))


if __name__ == "__main__":
    write(Path(sys.argv[1]))
