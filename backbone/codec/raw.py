"""Avro's raw values (bytes, numbers) become those of docs/value-domain.md, checked on the way.

fastavro's own reading of logical types is switched off: it takes 91 seconds for one decimal of a
megabyte, rounds a 20th digit away, and says of a bad date no more than "out of range".
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from backbone.codec.straight_lift import straight_lift
from backbone.contracts.domain import (
    EPOCH,
    EXACT,
    MAX_DAYS,
    MAX_MICROS,
    MIN_DAYS,
    MIN_MICROS,
    OUTSIDE_TIME,
    accept,
)
from backbone.contracts.shape import MAX_DECIMAL_BYTES, Leaf, Record
from backbone.contracts.walk import Convert, Leaves, Unfit, compile_walk

_EPOCH_DAY = EPOCH.toordinal()


def compile_lift(shape: Record) -> Convert:
    """Compile the way from decoded raw values to accepted ones; it raises Unfit."""
    walk, straight = compile_walk(shape, Leaves(_leaf)), straight_lift(shape)
    if straight is None:
        return walk

    def lift(raw: Any) -> Any:
        try:
            lifted = straight(raw)
        except Exception:  # noqa: BLE001 - whatever it was, the walk names it
            lifted = None
        return walk(raw) if lifted is None else lifted

    return lift


def without_logical_types(schema: Any, dropped: frozenset[str] | None = None) -> Any:
    """Copy a schema without the given logical types (None: without any); the bytes are the same."""
    if isinstance(schema, list):
        return [without_logical_types(each, dropped) for each in schema]
    if not isinstance(schema, dict):
        return schema
    logical = schema.get("logicalType")
    drop = dropped is None or logical in dropped
    return {
        name: without_logical_types(value, dropped)
        for name, value in schema.items()
        if not (drop and name in {"logicalType", "precision", "scale"})
    }


def _leaf(leaf: Leaf) -> Convert:
    make = _LIFTS.get(leaf.logical)
    return make(leaf) if make else accept(leaf)


def _decimal(leaf: Leaf) -> Convert:
    limit = 10**leaf.precision
    whole = leaf.precision - leaf.scale

    def lift(raw: bytes) -> Decimal:
        if not 0 < len(raw) <= MAX_DECIMAL_BYTES:
            raise Unfit(f"must be a decimal of 1 to {MAX_DECIMAL_BYTES} bytes")
        unscaled = int.from_bytes(raw, "big", signed=True)
        if not -limit < unscaled < limit:
            raise Unfit(f"must have at most {whole} digits before the point")
        return Decimal(unscaled).scaleb(-leaf.scale, EXACT)

    return lift


def _instant(_: Leaf) -> Convert:
    def lift(raw: int) -> datetime:
        if not MIN_MICROS <= raw <= MAX_MICROS:
            raise Unfit(OUTSIDE_TIME)
        return EPOCH + timedelta(microseconds=raw)

    return lift


def _date(_: Leaf) -> Convert:
    def lift(raw: int) -> date:
        if not MIN_DAYS <= raw <= MAX_DAYS:
            raise Unfit(OUTSIDE_TIME)
        return date.fromordinal(_EPOCH_DAY + raw)

    return lift


_LIFTS: Mapping[str, Callable[[Leaf], Convert]] = {
    "decimal": _decimal,
    "timestamp-micros": _instant,
    "date": _date,
}
