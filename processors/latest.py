"""Latest by key, a batch at once: decoded, compared and rendered in columns, written key by key.

Beside `processors/folding.py`, which does the same fact by fact. Which facts survive is found by a
plain loop: it takes half the time that Polars' windows take.
"""

import math
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import le
from typing import Protocol

from backbone.codec.columns import Columns, can_show
from backbone.codec.engine import ColumnBatch
from backbone.codec.entry_columns import Origins, entries
from backbone.contracts.contract import LOG_ORDER, Contract
from backbone.errors import Poison
from backbone.header_columns import chosen_headers
from backbone.record import Outcome, Outcomes, RecordBatch, picked
from backbone.views.part import MAX_KEYS
from backbone.views.store import EncodedEntry, Part, Status, Version
from processors.batch_facts import FEW
from processors.folding import part_until
from processors.record_key import text_key
from processors.stored import Stored
from processors.view import LatestByKey

_NONE = (-math.inf, -1)
"""Older than any version."""
_LOWEST = -(1 << 63)
"""No order version is lower."""


class BatchDecoder(Protocol):
    """The codec, as far as it is needed here."""

    def decode_batch(self, batch: RecordBatch, places: range) -> ColumnBatch | None: ...


class Latest:
    """One latest-by-key view of a topic that has `partitions` partitions."""

    def __init__(
        self,
        view: LatestByKey,
        decoder: BatchDecoder,
        contract: Contract,
        partitions: int,
        max_keys: int = MAX_KEYS,
    ) -> None:
        self._view = view
        self._max_keys = max_keys
        self._decoder = decoder
        self._order = contract.order
        self._partitions = partitions
        self._shows = can_show(contract.shape, view.fields)

    def work(
        self,
        batch: RecordBatch,
        status: Status,
        stored: Stored,
        outcomes: Outcomes,
        *,
        again: bool = False,
    ) -> list[Part] | None:
        """As `processors.folding.Folding.begin`, and written already. None, and nothing said in
        `outcomes`, where the batch is read one by one: it is small, or one of its schemas is not
        read in columns."""
        first = 0 if again else bisect_left(batch.offsets, status.offset)
        if len(batch) - first < FEW or not self._shows:
            return None
        decoded = self._decoder.decode_batch(batch, range(first, len(batch)))
        if decoded is None:
            return None
        for place in range(first):
            outcomes.set(place, Outcome.SUPERSEDED)
        for place, poison in decoded.poisons.items():
            outcomes.poison(place, poison)
        columns = decoded.facts.get(self._view.fact)
        if columns is None:
            return [part_until(batch, len(batch), status, {})]
        return self._parts(columns, batch, status, stored, outcomes)

    def _parts(
        self,
        columns: Columns,
        batch: RecordBatch,
        status: Status,
        stored: Stored,
        outcomes: Outcomes,
    ) -> list[Part]:
        facts = self._facts(columns, batch)
        texts = self._texts(facts, batch.partition, outcomes)
        versions = stored.versions(list(texts.values()))
        before = {key: versions[text] for key, text in texts.items()}
        stretches = _newest(facts, before, outcomes, self._max_keys)
        written = self._entries(columns, batch, facts, stretches)
        known = {text for text, version in versions.items() if version}
        parts: list[Part] = []
        for each, end in zip(stretches, _ends(stretches, facts.places, len(batch)), strict=True):
            changed = {texts[key]: next(written) for key in each.newest}
            parts.append(part_until(batch, end, status, changed, known.intersection(changed)))
            known |= changed.keys()
            status = parts[-1].status
        return parts

    def _entries(
        self,
        columns: Columns,
        batch: RecordBatch,
        facts: "_Facts",
        stretches: Sequence["_Stretch"],
    ) -> Iterator[EncodedEntry]:
        """An entry for the newest fact of each key in each stretch."""
        rows = [row for each in stretches for row in each.newest.values()]
        places = [facts.places[row] for row in rows]
        origins = Origins(
            order_versions=[facts.versions[row] for row in rows],
            offsets=[facts.offsets[row] for row in rows],
            published_ms=[batch.timestamps_ms[place] for place in places],
            headers=chosen_headers(batch.headers, places),
        )
        written = entries(origins, columns.documents(self._view.fields, rows))
        versions = zip(origins.order_versions, origins.offsets, strict=True)
        return map(EncodedEntry, versions, written)

    def _facts(self, columns: Columns, batch: RecordBatch) -> "_Facts":
        places = columns.indexes
        offsets = picked(batch.offsets, places)
        by_log = self._order == LOG_ORDER
        return _Facts(
            places=places,
            keys=picked(batch.keys, places),
            offsets=offsets,
            versions=offsets if by_log else columns.numbers(self._order),
        )

    def _texts(
        self, facts: "_Facts", partition: int, outcomes: Outcomes
    ) -> dict[bytes | None, str]:
        """The keys that can be one, as text; the facts of the others are poison."""
        texts: dict[bytes | None, str] = {}
        bad: dict[bytes | None, Poison] = {}
        for key in set(facts.keys):
            try:
                texts[key] = text_key(key, partition, self._partitions)
            except Poison as poison:
                bad[key] = poison
        if bad:
            rows = [row for row, key in enumerate(facts.keys) if key in bad]
            for row in rows:
                outcomes.poison(facts.places[row], bad[facts.keys[row]])
        return texts


@dataclass(frozen=True, slots=True)
class _Facts:
    """The accepted facts of a batch, column by column; `places` are theirs in the batch, rising."""

    places: Sequence[int]
    keys: Sequence[bytes | None]
    offsets: Sequence[int]
    versions: Sequence[int]


@dataclass(slots=True)
class _Stretch:
    """Where it begins among the facts, and where the newest of each key stands there. A key is
    left out where an earlier stretch or the store has a newer fact of it, so that each stretch
    leaves the view as the fold of the log up to its end would."""

    start: int
    newest: dict[bytes | None, int] = field(default_factory=dict)


def _newest(
    facts: _Facts,
    stored: Mapping[bytes | None, Version | None],
    outcomes: Outcomes,
    max_keys: int,
) -> list[_Stretch]:
    """Cut into stretches of at most `max_keys` keys; `stored` has all keys that can be one."""
    if len(stored) <= max_keys and _only_rises(facts, stored):
        return [_Stretch(0, dict(zip(facts.keys, range(len(facts.keys)), strict=True)))]
    if _is_behind(facts, stored):
        return _newest_behind(facts, stored, outcomes, max_keys)
    highest: dict[bytes | None, tuple[float, int]] = {
        key: version or _NONE for key, version in stored.items()
    }
    stretches = [_Stretch(0)]
    newest = stretches[0].newest
    rows = zip(facts.keys, facts.versions, facts.offsets, strict=True)
    for row, (key, order_version, offset) in enumerate(rows):
        if key not in highest:
            continue
        version = order_version, offset
        if version <= highest[key]:
            outcomes.set(facts.places[row], Outcome.SUPERSEDED)
            continue
        if len(newest) == max_keys and key not in newest:
            stretches.append(_Stretch(row))
            newest = stretches[-1].newest
        highest[key] = version
        newest[key] = row
    return stretches


def _is_behind(facts: _Facts, stored: Mapping[bytes | None, Version | None]) -> bool:
    """Whether every fact has a key and stands behind all that is stored, as it mostly does: then
    the later one of two with the same order version is the newer one."""
    if not stored.keys() >= set(facts.keys):
        return False
    return all(version is None or version[1] < facts.offsets[0] for version in stored.values())


def _newest_behind(
    facts: _Facts,
    stored: Mapping[bytes | None, Version | None],
    outcomes: Outcomes,
    max_keys: int,
) -> list[_Stretch]:
    """`_newest` where `_is_behind`: no more than two numbers are compared for each fact."""
    stretches, superseded = [_Stretch(0)], list[int]()
    newest = stretches[0].newest
    highest = {key: each[0] if each else _LOWEST for key, each in stored.items()}
    for row, (key, version) in enumerate(zip(facts.keys, facts.versions, strict=True)):
        if version < highest[key]:
            superseded.append(row)
            continue
        if key not in newest and len(newest) == max_keys:
            stretches.append(_Stretch(row))
            newest = stretches[-1].newest
        highest[key] = version
        newest[key] = row
    for row in superseded:
        outcomes.set(facts.places[row], Outcome.SUPERSEDED)
    return stretches


def _only_rises(facts: _Facts, stored: Mapping[bytes | None, Version | None]) -> bool:
    """Whether every fact is newer than those before it: mostly so, and then the last ones count."""
    if not facts.keys or not stored.keys() >= set(facts.keys):
        return False
    first = facts.versions[0], facts.offsets[0]
    return all(map(le, facts.versions, facts.versions[1:])) and all(
        version is None or version < first for version in stored.values()
    )


def _ends(stretches: Sequence[_Stretch], places: Sequence[int], end: int) -> list[int]:
    return [*(places[each.start] for each in stretches[1:]), end]
