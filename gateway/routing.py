"""Paths to endpoints, matched before percent-decoding: a key may hold any character, slash too."""

import re
from typing import Final
from urllib.parse import quote, unquote_to_bytes

from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Receive, Scope, Send

_SEGMENT: Final = "[^/]+"
# A key ends its path, so a proxy that has turned %2F into a slash does no harm.
_SHAPES: Final = {"key": ".+"}


class PathRoute(BaseRoute):
    """A path template whose parameters are segments, and `{key}` all that is left.

    A path that is not UTF-8 after decoding matches nothing.
    """

    def __init__(self, template: str, app: ASGIApp) -> None:
        self.template = template
        self._app = app
        self._pattern = re.compile(re.sub(r"\\{(\w+)\\}", _parameter, re.escape(template)).encode())
        self._names = tuple(self._pattern.groupindex)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        path = raw_path(scope)
        found = self._pattern.fullmatch(path)
        if found is None:
            return Match.NONE, {}
        raw = found.groups()
        if b"%" in path:
            raw = tuple(map(unquote_to_bytes, raw))
        try:
            parameters = [each.decode() for each in raw]
        except UnicodeDecodeError:
            return Match.NONE, {}
        return Match.FULL, {"path_params": dict(zip(self._names, parameters, strict=True))}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)


def raw_path(scope: Scope) -> bytes:
    """The path as it was sent; servers need not tell it."""
    raw: bytes | None = scope.get("raw_path")
    return raw or quote(scope["path"]).encode()


def _parameter(found: re.Match[str]) -> str:
    name = found[1]
    return f"(?P<{name}>{_SHAPES.get(name, _SEGMENT)})"
