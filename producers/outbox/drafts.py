"""Rows of an outbox as drafts, many at once: what is in order as far as it is seen."""

from collections.abc import Mapping, Sequence
from typing import Any

from backbone.envelope import context_headers
from backbone.source import Drafts
from producers.outbox.row import context
from producers.outbox.rows import OutboxRows


class DraftMaker:
    """`full_names`: by what a row may call its type; `keys` as `FactMaker` takes them."""

    def __init__(
        self, event_source: str, keys: Mapping[str, str], full_names: Mapping[str, str]
    ) -> None:
        self._event_source = event_source
        self._keys = keys
        self._full_names = full_names

    def drafts(self, rows: OutboxRows) -> list[Drafts]:
        named = [each for each in dict.fromkeys(rows.types) if each in self._full_names]
        return [self._of_type(each, rows) for each in named]

    def _of_type(self, named: str, rows: OutboxRows) -> Drafts:
        kinds = zip(rows.types, rows.times, strict=True)
        places = [
            place for place, (kind, time) in enumerate(kinds) if kind == named and time is not None
        ]
        fact_type = self._full_names[named]
        return Drafts(
            type=fact_type,
            places=places,
            fields=_at(rows.payloads, places),
            key_field=self._keys[fact_type],
            keys=_at(rows.aggregateids, places),
            ids=_at(rows.ids, places),
            source=self._event_source,
            sequences=_at(rows.sequences, places),
            times=_at(rows.times, places),
            contexts=_contexts(_at(rows.headers, places)),
        )


def _at(column: Sequence[Any], places: Sequence[int]) -> Sequence[Any]:
    return column if len(places) == len(column) else [column[place] for place in places]


def _contexts(headers: Sequence[str | None]) -> Sequence[Sequence[tuple[str, bytes | None]]] | None:
    if not any(headers):
        return None
    return [context_headers(context(each)) if each else () for each in headers]
