"""Who reads the cases' facts: a view and what is served of it, every column, a partner and a
service with classes of its own."""

from collections.abc import Sequence

from backbone.impact.reader import NOTHING, Channel, Expectation, Reader
from backbone.impact.revision import Revision
from cli.fact_readers import of_columns

FACT = "test.things.ThingChanged"
MODEL_FACT = "test.things.ModelChanged"
VIEW = (
    *("count", "weight", "price", "currency", "status", "note", "changed_at", "day", "ref"),
    *("digest", "sizes", "lines.quantity", "place.country"),
)
"""The view's fields, each served as it is. Fields named spare, hint and flag nobody reads."""


def readers(revisions: Sequence[Revision]) -> list[Reader]:
    view = Reader("things", Channel.VIEW, {FACT: dict.fromkeys(VIEW, NOTHING)}, ours=True)
    served = [
        Reader(f"things.{field}", Channel.GATEWAY, {FACT: {field: NOTHING}}, ours=True)
        for field in VIEW
    ]
    return [view, *served, *of_columns(revisions), PARTNER, SERVICE]


PARTNER = Reader(
    "partner",
    Channel.TOPIC,
    {
        FACT: {
            "count": Expectation(rules={"minimum": 1}),
            "weight": Expectation(unit="grams"),
            "status": Expectation(symbols=frozenset({"UNKNOWN", "OPEN", "CLOSED"})),
            "price": Expectation(scale=4, precision=19),
            "currency": Expectation(rules={"pattern": "^[A-Z]{3}$"}),
            "note": NOTHING,
            "lines.quantity": Expectation(unit="pieces"),
        }
    },
    team="partners",
    contact="#partners",
    freshness_seconds=300,
)
SERVICE = Reader(
    "service",
    Channel.MODEL,
    {MODEL_FACT: {"thing_id": NOTHING, "count": NOTHING, "flag": NOTHING}},
    team="services",
    contact="#services",
)
