"""What a view partition holds: the store's entries, under those that are on their way to it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from backbone.views.encoding import decode_entry
from backbone.views.part import MAX_KEYS
from backbone.views.store import (
    AnyEntry,
    EncodedEntry,
    Entry,
    Part,
    Reading,
    Version,
    ViewId,
    ViewWriter,
)
from processors.hold import Hold

REMEMBERED: Final = 50_000
"""Keys of a partition whose versions are remembered: some 10 MB for each partition held."""
_MAX_KEY: Final = 256  # longer keys are not remembered


class Versions:
    """Versions that the one writer of a partition wrote or read itself under one claim: nobody
    else changes them, so they need not be read again. Bounded: a full memory is forgotten."""

    def __init__(self) -> None:
        self._known: dict[str, Version | None] = {}

    def get(self, keys: Sequence[str]) -> dict[str, Version | None]:
        known = self._known
        return {key: known[key] for key in keys if key in known}

    def learn(self, versions: Mapping[str, Version | None]) -> None:
        if len(self._known) + len(versions) > REMEMBERED:
            self._known.clear()
        if len(versions) <= REMEMBERED:
            short = {key: each for key, each in versions.items() if len(key) <= _MAX_KEY}
            self._known.update(short)


@dataclass(frozen=True, slots=True)
class Stored:
    """Read while a batch is worked out. `coming` are the parts that were begun and whose writing
    is not acknowledged yet: whatever the store answers, these count. `hold`: of a strict view.
    Raises Transient."""

    writer: ViewWriter
    view: ViewId
    partition: int
    coming: Sequence[Part] = ()
    remembered: Versions = field(default_factory=Versions)
    hold: Hold | None = None

    def begin_entries(self, keys: Sequence[str]) -> "EntriesComing":
        """Ask for the entries of keys; `finish` or `abandon` what is given."""
        ahead = self._ahead()
        found = {key: _entry(ahead[key]) for key in keys if key in ahead}
        asked = list(dict.fromkeys(key for key in keys if key not in found))
        return EntriesComing(found, asked, self.writer.begin_read(self.view, self.partition, asked))

    def versions(self, keys: Sequence[str]) -> dict[str, Version | None]:
        found = self.remembered.get(keys)
        if len(found) < len(keys):
            ahead = self._ahead()
            found |= {key: version_of(ahead[key]) for key in keys if key in ahead}
            read: dict[str, Version | None] = {}
            for some in _chunks(list(dict.fromkeys(key for key in keys if key not in found))):
                versions = self.writer.versions(self.view, self.partition, some)
                read.update(zip(some, versions, strict=True))
            self.remembered.learn(read)
            found |= read
        return found

    def _ahead(self) -> Mapping[str, AnyEntry | None]:
        ahead: dict[str, AnyEntry | None] = {}
        for part in self.coming:
            ahead.update(part.entries)
        return ahead


@dataclass(frozen=True, slots=True)
class EntriesComing:
    """What was asked of the store, beside what is known without it."""

    found: dict[str, Entry | None]
    asked: Sequence[str]
    reading: Reading

    def finish(self) -> dict[str, Entry | None]:
        """Raises Transient."""
        return self.found | dict(zip(self.asked, self.reading.finish(), strict=True))

    def abandon(self) -> None:
        self.reading.abandon()


def version_of(entry: AnyEntry | None) -> Version | None:
    if isinstance(entry, EncodedEntry):
        return entry.version
    return None if entry is None else (entry.order_version, entry.offset)


def _chunks(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    return (keys[start : start + MAX_KEYS] for start in range(0, len(keys), MAX_KEYS))


def _entry(given: AnyEntry | None) -> Entry | None:
    return decode_entry(given.data) if isinstance(given, EncodedEntry) else given
