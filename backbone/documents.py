"""Documents: JSON values as views store and gateways serve them.

A decimal is a string with the scale it came with, an instant RFC 3339 in UTC with six digits:
equal values are equal texts, whichever engine rendered them.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from backbone.envelope import rfc3339


def render(value: Any) -> Any:
    """Render what a fact or a view holds; raises TypeError for what a document cannot hold."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, Mapping):
        return {str(name): render(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [render(member) for member in value]
    if isinstance(value, float):
        return value
    raise TypeError(f"a document cannot hold a {type(value).__name__}")
