"""Dead letters as rows to show: nothing of a payload unmasked, nothing shown by guess.

A value is shown field by field, through its contract. What cannot be understood, or belongs to no
contract, is told by its size alone: nobody knows what is in it.
"""

import csv
import heapq
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from io import StringIO
from typing import Any, Protocol

from backbone.codec.framing import PREFIX_BYTES
from backbone.contracts.catalog import Contracts
from backbone.contracts.contract import PII, Contract
from backbone.contracts.masking import MASKED, mask
from backbone.dead_letter_reading import DeadLetter, printable
from backbone.errors import Poison, Transient
from backbone.instants import rfc3339
from backbone.record import Headers, Record
from backbone.replay.outcomes import Settled
from backbone.replay.parked import Newest

_DELIMITERS = (",", ";", "\t", "|")  # a row does not say its own
_KEY_COPIES = ("ce_subject", "ce_partitionkey")  # headers that usually repeat the key

Row = dict[str, Any]


class Decoder(Protocol):
    """The codec, as far as dead letters need it."""

    def decode(
        self, value: bytes | None, topic: str, headers: Headers = ()
    ) -> tuple[str, dict[str, Any]]: ...


@dataclass(frozen=True, slots=True)
class Viewer:
    """Shows single letters. Public are only the fields that a contract knows and does not tag."""

    contracts: Contracts
    decoder: Decoder

    def listed(self, records: Iterable[Record], limit: int, code: str | None) -> list[Row]:
        """The newest `limit` letters, the newest last. Reads all, keeps `limit`."""
        letters = (DeadLetter.of(record) for record in records)
        chosen = (letter for letter in letters if code is None or letter.code == code)
        newest = heapq.nlargest(limit, chosen, key=_age)
        return [self.row(letter) for letter in reversed(newest)]

    def shown(self, record: Record) -> Row:
        """One letter with its headers and its payload, masked."""
        letter = DeadLetter.of(record)
        payload, unread = self._payload(letter)
        return {
            **self.row(letter),
            "fact_type": letter.fact_type,
            "size_bytes": letter.size,
            "headers": self._headers(letter),
            "payload": payload,
            "payload_note": unread,
        }

    def row(self, letter: DeadLetter) -> Row:
        position = letter.record.position
        return {
            "letter": f"{position.partition}/{position.offset}",
            "where": letter.where,
            "code": letter.code,
            "message": letter.message,
            "key": self._key(letter),
            "failed_at": rfc3339(letter.failed_at),
        }

    def _key(self, letter: DeadLetter) -> str | None:
        key = letter.record.key
        if key is None:
            return None
        return printable(key) if self._has_public_key(letter) else MASKED

    def _has_public_key(self, letter: DeadLetter) -> bool:
        candidates = self._candidates(letter)
        return bool(candidates) and all(
            each.key not in each.pii and PII not in each.shape.tags for each in candidates
        )

    def _candidates(self, letter: DeadLetter) -> tuple[Contract, ...]:
        """The contracts it may belong to: its own, else all of its topic."""
        own = self.contracts.get(letter.fact_type or "")
        if own is not None:
            return (own,)
        return self.contracts.of_topic(letter.origin.topic) if letter.origin else ()

    def _headers(self, letter: DeadLetter) -> Row:
        hidden = () if self._has_public_key(letter) else _KEY_COPIES
        return {
            name: MASKED if name in hidden else None if value is None else _header(value)
            for name, value in letter.record.headers
        }

    def _payload(self, letter: DeadLetter) -> tuple[Row | None, str | None]:
        """The fields, masked; or None, and what can be said instead."""
        try:
            found = self._fields(letter)
        except Transient as error:
            return None, f"not decoded, for a service did not answer: {error}"
        except (Poison, ValueError, RecursionError, csv.Error):
            found = None
        if found is None:
            return None, _told_by_size(letter)
        contract, fields = found
        return mask(contract, fields), None

    def _fields(self, letter: DeadLetter) -> tuple[Contract, Mapping[str, Any]] | None:
        value = letter.record.value
        if value is None or letter.truncated:
            return None
        if letter.origin is not None:
            name, fields = self.decoder.decode(value, letter.origin.topic, letter.record.headers)
            return self.contracts[name], fields
        contract = self.contracts.get(letter.fact_type or "")
        cells = _cells(value, letter.columns) if letter.columns else json.loads(value)
        return (contract, cells) if contract is not None and isinstance(cells, dict) else None


def summary(name: str, letters: Iterable[DeadLetter], settled: Settled) -> Row:
    """One topic in a line: how many, how many messages are open, why, and since when nothing came
    any more."""
    codes: Counter[str] = Counter()
    newest, messages = None, Newest(settled, lambda _: name)
    for letter in messages.seen(letters):
        codes[letter.code] += 1
        newest = max(newest or letter.failed_at, letter.failed_at)
    return {
        "name": name,
        "count": codes.total(),
        "open": messages.open()[name],
        "newest": rfc3339(newest) if newest else None,
        "codes": dict(codes.most_common()),
    }


def _age(letter: DeadLetter) -> tuple[int, int, int]:
    position = letter.record.position
    return letter.record.timestamp_ms, position.partition, position.offset


def _header(value: bytes) -> str:
    try:
        value.decode()
    except UnicodeDecodeError:
        return f"0x{value.hex()}"
    return printable(value)


def _cells(value: bytes, columns: tuple[str, ...]) -> dict[str, str] | None:
    """A row by its columns, when it can be read in one way only: its delimiter is not told."""
    text = value.decode()
    readings = set()
    for delimiter in _DELIMITERS:
        rows = list(csv.reader(StringIO(text, newline=""), delimiter=delimiter))
        if len(rows) == 1 and len(rows[0]) == len(columns):
            readings.add(tuple(rows[0]))
    return dict(zip(columns, readings.pop(), strict=True)) if len(readings) == 1 else None


def _told_by_size(letter: DeadLetter) -> str:
    value = letter.record.value
    if value is None:
        return "no value"
    note = f"{letter.size:,} bytes that cannot be shown field by field"
    if value[:1] == b"\0" and len(value) >= PREFIX_BYTES:
        return f"{note}; the frame is {value[:PREFIX_BYTES].hex(' ')}"
    return note
