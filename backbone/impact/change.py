"""A change of a contract, by its kind: the kinds are the rows of `backbone/impact/effects.py`."""

from dataclasses import dataclass

FACT = ""
"""The path of what is no field: the fact itself, or its `contract` attribute."""


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between two versions of a contract; `before` and `after` are for people."""

    kind: str
    path: str
    before: str = ""
    after: str = ""

    def __str__(self) -> str:
        said = self.kind.replace("_", " ")
        if self.before and self.after:
            return f"{said}: {self.before} -> {self.after}"
        told = self.after or self.before
        return f"{said}: {told}" if told else said
