"""The registry's twin in memory: same ids, same refusals, gone with the process."""

import json
from collections import defaultdict
from uuid import NAMESPACE_OID, UUID, uuid5

from backbone.registry.compatibility import full_transitive
from backbone.registry.port import FULL_TRANSITIVE, Incompatible


class MemoryRegistry:
    def __init__(self) -> None:
        self._ids: dict[str, int] = {}
        self._texts: dict[int, str] = {}
        self._subjects: defaultdict[str, list[int]] = defaultdict(list)
        self._guarded: set[str] = set()

    def register(self, subject: str, schema_text: str) -> int:
        problems = self.compatible(subject, schema_text)
        if problems:
            raise Incompatible(subject, problems)
        schema_id = self._ids.setdefault(_canonical(schema_text), len(self._ids) + 1)
        self._texts.setdefault(schema_id, schema_text)
        if schema_id not in self._subjects[subject]:
            self._subjects[subject].append(schema_id)
        return schema_id

    def lookup(self, subject: str, schema_text: str) -> int | None:
        schema_id = self._ids.get(_canonical(schema_text))
        return schema_id if schema_id in self._subjects.get(subject, []) else None

    def schema(self, schema_id: int) -> str | None:
        return self._texts.get(schema_id)

    def schema_by_guid(self, guid: UUID) -> str | None:
        return next((text for text in self._texts.values() if guid_of(text) == guid), None)

    def versions(self, subject: str) -> list[str]:
        return [self._texts[schema_id] for schema_id in self._subjects.get(subject, [])]

    def compatible(self, subject: str, schema_text: str) -> list[str]:
        earlier = self.versions(subject) if subject in self._guarded else []
        return full_transitive(earlier, schema_text)

    def require_full_transitive(self, subject: str) -> None:
        self._guarded.add(subject)

    def compatibility(self, subject: str) -> str | None:
        return FULL_TRANSITIVE if subject in self._guarded else None

    def forget(self) -> None:
        """It remembers nothing but what it is."""


def guid_of(schema_text: str) -> UUID:
    """Of the schema itself, as Confluent's: the same in every registry."""
    return uuid5(NAMESPACE_OID, _canonical(schema_text))


def _canonical(schema_text: str) -> str:
    return json.dumps(json.loads(schema_text), sort_keys=True)
