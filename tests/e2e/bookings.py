"""`backbone` with a view that fails: bookings, created, changed and cancelled.

Its worker does not know three kinds of change. BOOKINGS_FIX says what was deployed since: nothing,
a `wrong` fix, which takes one kind for another and knows nothing of the third, or the `right` one.
With BOOKINGS_STRICT the fold is declared strict.
"""

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from backbone.fact import Fact
from backbone.settings import REPOSITORY
from cli.main import main
from processors.catalog import VIEWS
from processors.view import Document

TOPIC = "travel.booking.v1"
CREATED, CHANGED, CANCELLED = (
    f"travel.Booking{what}" for what in ("Created", "Changed", "Cancelled")
)
KINDS = ("suite", "cabin", "berth")


@dataclass(frozen=True, slots=True)
class Bookings:
    name: str = "bookings"
    version: int = 1
    topic: str = TOPIC
    key: str = "booking_id"
    example: str = "b1"
    freshness_seconds: int = 60
    description: str = "Each booking as it was last changed."
    strict: bool = False
    reads: ClassVar[Mapping[str, tuple[str, ...]]] = {
        CREATED: ("booking_id", "guest"),
        CHANGED: ("booking_id", "room", "nights"),
        CANCELLED: ("booking_id",),
    }

    def apply(self, state: Document | None, fact: Fact) -> Document | None:
        before = state or {"booking_id": fact.data["booking_id"]}
        if fact.type == CREATED:
            return {**before, "status": "created", "room": "single"}
        if fact.type == CANCELLED:
            return {**before, "status": "cancelled"}
        return {**before, "status": "changed", "room": _room(fact.data["room"], fact.data)}


def _room(room: str, data: Mapping[str, Any]) -> str:
    fix = os.environ.get("BOOKINGS_FIX", "")
    if fix == "right" or room not in KINDS:
        return room
    if room == "suite":
        return {"double": "double"}[room if fix != "wrong" else data["guest"]]
    if room == "cabin":
        raise ValueError(room)
    raise NotImplementedError(room)


def contracts(folder: Path) -> Path:
    """The project's contracts, and those of bookings."""
    made = folder / "contracts"
    shutil.copytree(REPOSITORY / "avro", made)
    (made / "travel").mkdir()
    for number, (name, fields) in enumerate(_FIELDS.items()):
        (made / "travel" / f"booking_{number}.v1.avsc").write_text(
            json.dumps(_schema(name, fields))
        )
    return made


_FIELDS: Mapping[str, tuple[dict[str, Any], ...]] = {
    CREATED: ({"name": "guest", "type": "string", "confluent:tags": ["PII"]},),
    CHANGED: ({"name": "room", "type": "string"}, {"name": "nights", "type": "int"}),
    CANCELLED: (),
}


def _schema(name: str, fields: tuple[dict[str, Any], ...]) -> dict[str, Any]:
    namespace, _, record = name.rpartition(".")
    every: tuple[dict[str, Any], ...] = ({"name": "booking_id", "type": "string"}, *fields)
    return {
        "type": "record",
        "name": record,
        "namespace": namespace,
        "doc": "What happened to a booking.",
        "contract": {
            "topic": TOPIC,
            "key": "booking_id",
            "order": "log",
            "owner": "travel-team",
            "system_of_record": "/services/travel",
            "partitions": 4,
            "retention": "forever",
            "freshness_seconds": 60,
            "classification": "internal",
            "residency": "any",
            "status": "active",
        },
        "fields": [{"doc": "As named.", **each} for each in every],
    }


if __name__ == "__main__":
    strict = bool(os.environ.get("BOOKINGS_STRICT"))
    VIEWS["bookings"] = Bookings(strict=strict)  # type: ignore[index] # of this process alone
    main()
