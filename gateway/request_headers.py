"""One header of a request, for the price of a look at each.

Starlette's `Headers` encodes the name and goes through three calls, for every header that a hot
read asks about.
"""

from starlette.requests import Request


def first_header(request: Request, name: bytes) -> str | None:
    """The first of that name (in lower case, as servers give them)."""
    for given, value in request.scope["headers"]:
        if given == name:
            text: str = value.decode("latin-1")
            return text
    return None


def all_headers(request: Request, name: bytes) -> list[str]:
    return [value.decode("latin-1") for given, value in request.scope["headers"] if given == name]
