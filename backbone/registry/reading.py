"""Schemas by id without Confluent's client, whose import takes longer than all that a short command
does. What only reads records needs nothing else of a registry."""

import json
from collections.abc import Callable
from functools import cached_property
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from backbone.registry.port import Registry

_SECONDS = 2.0
_OK = 200


class ReadingRegistry:
    """A `backbone.registry.port.Registry`. A schema is asked for over plain HTTP where the address
    is plain; whatever is no plain answer is for `rest` to ask again and to judge, as is all else.
    `rest` makes the other one, once it is needed."""

    def __init__(self, url: str, rest: Callable[[], Registry]) -> None:
        self._place = urlsplit(url)
        self._make_rest = rest

    @cached_property
    def _rest(self) -> Registry:
        return self._make_rest()

    def schema(self, schema_id: int) -> str | None:
        return self._plain(f"/schemas/ids/{schema_id}") or self._rest.schema(schema_id)

    def schema_by_guid(self, guid: UUID) -> str | None:
        return self._rest.schema_by_guid(guid)

    def _plain(self, path: str) -> str | None:
        place = self._place
        if place.scheme != "http" or place.username is not None or not place.hostname:
            return None
        connection = HTTPConnection(place.hostname, place.port, timeout=_SECONDS)
        try:
            connection.request("GET", f"{place.path.rstrip('/')}{path}")
            answer = connection.getresponse()
            found: Any = json.loads(answer.read()) if answer.status == _OK else None
        except (OSError, HTTPException, ValueError):
            return None
        finally:
            connection.close()
        text = found.get("schema") if isinstance(found, dict) else None
        return text if isinstance(text, str) else None

    # all else

    def register(self, subject: str, schema_text: str) -> int:
        return self._rest.register(subject, schema_text)

    def lookup(self, subject: str, schema_text: str) -> int | None:
        return self._rest.lookup(subject, schema_text)

    def versions(self, subject: str) -> list[str]:
        return self._rest.versions(subject)

    def compatible(self, subject: str, schema_text: str) -> list[str]:
        return self._rest.compatible(subject, schema_text)

    def require_full_transitive(self, subject: str) -> None:
        self._rest.require_full_transitive(subject)

    def compatibility(self, subject: str) -> str | None:
        return self._rest.compatibility(subject)

    def forget(self) -> None:
        self._rest.forget()
