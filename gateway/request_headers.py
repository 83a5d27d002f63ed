"""Headers of a request, for the price of a look at each.

Starlette's `Headers` encodes the name and goes through three calls, for every header that a hot
read asks about.
"""

from starlette.types import Scope


def first_header(scope: Scope, name: bytes) -> bytes | None:
    """The first of that name (in lower case, as servers give them)."""
    for given, value in scope["headers"]:
        if given == name:
            found: bytes = value
            return found
    return None


def all_headers(scope: Scope, name: bytes) -> list[bytes]:
    return [value for given, value in scope["headers"] if given == name]
