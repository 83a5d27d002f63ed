"""Artefact: one thing that follows from the contracts."""

from collections.abc import Callable
from dataclasses import dataclass

from backbone.generation.estate import Estate, Files

Make = Callable[[Estate], Files]
"""Pure: the same estate gives the same texts. Called once per run, with every contract sound."""


@dataclass(frozen=True, slots=True)
class Artefact:
    """`checked_in`: the project itself uses it, so it stands in generated/ and CI holds it current;
    otherwise it is made when somebody asks."""

    make: Make
    description: str
    checked_in: bool = False
