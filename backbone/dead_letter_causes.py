"""The cause of a dead letter, and its fingerprint: equal for whatever one mistake has spoiled.

Made of the reason's code, the fact's type, the writer's schema and what failed in it. Values and
keys are no part of it: figures, ids and whatever stands in quotes are left out.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

from backbone.codec.framing import PREFIX_BYTES
from backbone.errors import Poison, PoisonReason
from backbone.record import Record, last_header

FINGERPRINT_DIGITS = 12
_MAX_DETAIL = 200  # characters
_VALUES = re.compile(
    r"""(?<!\w)'[^']*'|"[^"]*"|[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}|0x[0-9a-fA-F]+|[0-9][0-9.,:/TZ_+-]*"""
)
_VERSIONED = re.compile(r"(.+)\.v[0-9]+")


@dataclass(frozen=True, slots=True)
class Cause:
    """`detail` says what failed, without values: a violation, or an exception and its line."""

    code: str
    fact_type: str | None
    schema_id: int | None
    detail: str

    @classmethod
    def of(cls, poison: Poison, fact_type: str | None, schema_id: int | None) -> "Cause":
        return cls.told(str(poison.reason), str(poison), fact_type, schema_id)

    @classmethod
    def told(cls, code: str, message: str, fact_type: str | None, schema_id: int | None) -> "Cause":
        """From what a letter of ours says. Where a handler failed its line is the cause; anywhere
        else figures are values."""
        if code == PoisonReason.HANDLER_FAILED:
            return cls(code, fact_type, schema_id, message[:_MAX_DETAIL])
        # a payload without a frame has no schema: what stands in its place is chance
        known = None if code == PoisonReason.BAD_FRAME else schema_id
        return cls(code, fact_type, known, stripped(message))

    @classmethod
    def of_record(cls, poison: Poison, record: Record) -> "Cause":
        ce_type = last_header(record.headers, "ce_type")
        return cls.of(poison, fact_type_of(ce_type), schema_of(record.value))

    @property
    def fingerprint(self) -> str:
        return _fingerprint(self)


@lru_cache(maxsize=4096)
def _fingerprint(cause: Cause) -> str:
    parts = (cause.code, cause.fact_type or "", str(cause.schema_id or ""), cause.detail)
    return sha256("\0".join(parts).encode()).hexdigest()[:FINGERPRINT_DIGITS]


@lru_cache(maxsize=4096)
def stripped(message: str) -> str:
    """A message without what differs from letter to letter."""
    return _VALUES.sub("#", message)[:_MAX_DETAIL]


@lru_cache(maxsize=1024)
def fact_type_of(ce_type: bytes | None) -> str | None:
    """The Avro full name in CloudEvents' `ce_type`, which has the major version behind it."""
    found = _VERSIONED.fullmatch((ce_type or b"").decode(errors="replace"))
    return found.group(1) if found else None


def schema_of(value: bytes | None) -> int | None:
    """The schema id of a framed payload."""
    if value is None or len(value) < PREFIX_BYTES or value[0]:
        return None
    return int.from_bytes(value[1:PREFIX_BYTES], "big")
