"""What a bridge is: declared, with one pure function."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Data = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Bridge:
    """Facts `new` (Avro full name) told as facts `old`, which has the same key.

    `carry` gives the old fact's data: pure, so that the same fact always gives the same; None where
    the old fact has nothing to tell. `name` is the source's row in producers/catalog.py.
    """

    name: str
    new: str
    old: str
    carry: Callable[[Data], Data | None]
