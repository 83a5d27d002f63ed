"""Instants as facts, headers and documents write them."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime.fromtimestamp(0, UTC)
_MILLISECOND = timedelta(milliseconds=1)


def rfc3339(instant: datetime) -> str:
    """UTC with a Z and six digits, so that equal instants are equal texts."""
    there = instant if instant.tzinfo is UTC else instant.astimezone(UTC)
    return there.isoformat(timespec="microseconds")[:-6] + "Z"  # without +00:00


def millis(instant: datetime) -> int:
    """Whole milliseconds since 1970, without the detour over a float."""
    return (instant - _EPOCH) // _MILLISECOND
