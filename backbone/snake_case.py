"""Names in PascalCase as files, tables and columns have them."""

import re

_WORD_BEGINS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def snake_case(name: str) -> str:
    """`OrderPlaced` as `order_placed`."""
    return _WORD_BEGINS.sub("_", name).lower()
