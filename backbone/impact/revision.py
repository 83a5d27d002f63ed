"""Revision: a contract file as it was or is, sound or not."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from backbone.contracts.contract import registered_text
from backbone.impact.outline import Outline, full_name, outline


@dataclass(frozen=True)
class Revision:
    """`file` is its path below the folder of contracts."""

    file: str
    schema: Mapping[str, Any]

    @cached_property
    def type(self) -> str:
        return full_name(self.schema, "")

    @cached_property
    def attributes(self) -> Mapping[str, Any]:
        """What the `contract` attribute holds."""
        found = self.schema.get("contract")
        return found if isinstance(found, Mapping) else {}

    @property
    def topic(self) -> str:
        return str(self.attributes.get("topic", ""))

    @property
    def subject(self) -> str:
        return f"{self.topic}-{self.type}"

    @cached_property
    def text(self) -> str:
        """What is registered of it."""
        return registered_text(self.schema)

    @cached_property
    def outline(self) -> Outline:
        return outline(self.schema)

    @property
    def always_read(self) -> frozenset[str]:
        """Fields that everybody reads who reads the fact at all: its key, and what orders it."""
        named = (self.attributes.get(name) for name in ("key", "order"))
        return frozenset(str(each) for each in named if each)


def paired(
    before: "list[Revision]", after: "list[Revision]"
) -> "list[tuple[Revision | None, Revision | None]]":
    """Which contract became which: by its type, else by its file; None: it is new, or gone."""
    types = {each.type: each for each in before}
    files = {each.file: each for each in before if each.type not in {new.type for new in after}}
    pairs = [(types.get(each.type) or files.get(each.file), each) for each in after]
    kept = {id(old) for old, _ in pairs}
    return [*pairs, *((old, None) for old in before if id(old) not in kept)]
