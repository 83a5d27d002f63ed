"""A case: a contract before and after a change, with payloads of both."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from backbone.contracts.catalog import Contracts
from backbone.contracts.contract import Contract
from backbone.errors import Misconfigured
from backbone.impact.revision import Revision

CASES = Path(__file__).parent / "cases"
FILE = "thing_changed.v1.avsc"
Payloads = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class ChangeCase:
    """`folder` holds `old.avsc`, `new.avsc` and `payloads.json`."""

    folder: Path

    @property
    def name(self) -> str:
        return self.folder.name

    @cached_property
    def old(self) -> Revision:
        return Revision(FILE, json.loads((self.folder / "old.avsc").read_text()))

    @cached_property
    def new(self) -> Revision:
        return Revision(FILE, json.loads((self.folder / "new.avsc").read_text()))

    @cached_property
    def payloads(self) -> Mapping[str, Payloads]:
        """By "old" and "new": decimals and instants as text, bytes as text of their code points."""
        found: Mapping[str, Payloads] = json.loads((self.folder / "payloads.json").read_text())
        return found


def every_case() -> list[ChangeCase]:
    return [ChangeCase(folder) for folder in sorted(CASES.iterdir())]


def contract_of(revision: Revision, folder: Path) -> Contract | None:
    """None where nobody could run with it: the lint says why."""
    write(revision, folder)
    try:
        return next(iter(Contracts.load(folder).values()))
    except Misconfigured:
        return None


def write(revision: Revision, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for each in folder.iterdir():
        each.unlink()
    words = "".join(f"_{each.lower()}" if each.isupper() else each for each in _name(revision))
    path = folder / f"{words.strip('_')}.v1.avsc"
    path.write_text(json.dumps(revision.schema))
    return path


def _name(revision: Revision) -> str:
    return revision.type.rpartition(".")[2]
