"""Fingerprints: equal for one mistake, different for two, and without values."""

from datetime import UTC, datetime

from backbone.dead_letter_causes import Cause, stripped
from backbone.dead_letter_reading import DeadLetter
from backbone.dead_letters import CAUSE, from_record, from_reject
from backbone.errors import Poison, PoisonReason
from backbone.fact import LogPosition, Origin
from backbone.log import Message
from backbone.record import Record
from backbone.source import Reject

AT = datetime(2026, 11, 21, 14, 30, tzinfo=UTC)


def told(message: str, reason: PoisonReason = PoisonReason.INVALID, schema: int = 7) -> str:
    return Cause.of(Poison(reason, message), "shop.pricing.PriceChanged", schema).fingerprint


def as_read(message: Message) -> DeadLetter:
    position = LogPosition("id-2", message.topic, 0, 17)
    return DeadLetter.of(Record(position, message.key, message.value, message.headers, 1))


def test_figures_ids_and_quoted_texts_are_no_part_of_a_cause() -> None:
    assert stripped("outbox row 17 (id 0b1e7c1e-0000-4000-8000-000000000001): 'Ada' is late") == (
        "outbox row # (id #): # is late"
    )
    assert told("the row has 2 of 4 columns") == told("the row has 3 of 4 columns")


def test_another_field_reason_or_schema_is_another_cause() -> None:
    price = told("price: is missing")

    assert len({price, told("currency: is missing"), told("price: is missing", schema=8)}) == 3
    assert told("price: is missing", PoisonReason.OUT_OF_DOMAIN) != price


def test_of_a_handler_the_line_counts() -> None:
    failed = PoisonReason.HANDLER_FAILED

    assert told("prices raised KeyError at line 5", failed) != told(
        "prices raised KeyError at line 6", failed
    )


def test_what_stands_in_a_frame_s_place_is_no_schema() -> None:
    bad = PoisonReason.BAD_FRAME

    assert told("no frame", bad, schema=7) == told("no frame", bad, schema=8)


def test_an_apostrophe_opens_no_quotation() -> None:
    assert stripped("the row's end is not the file's end") == "the row's end is not the file's end"


def test_a_letter_carries_its_fingerprint_and_another_program_s_is_computed_alike() -> None:
    poison = Poison(PoisonReason.OUT_OF_DOMAIN, "price: 3 is more than 2")
    position = LogPosition("id-1", "pricing.price.v1", 3, 4711)
    headers = [("ce_type", b"shop.pricing.PriceChanged.v1")]
    record = Record(position, b"22423", b"\0\0\0\0\7payload", headers, 5)
    message = from_record("prices", record, poison, AT)
    bare = message._replace(headers=[each for each in message.headers if each[0] != CAUSE])

    assert as_read(message).fingerprint == as_read(bare).fingerprint
    assert as_read(message).cause == Cause(
        "out_of_domain", "shop.pricing.PriceChanged", 7, "price: # is more than #"
    )


def test_a_reject_s_fingerprint_is_computed_alike() -> None:
    reject = Reject(
        Origin("a.csv:2", b"\0\0\0\0\7,x"), Poison(PoisonReason.INVALID, "price: is late"), "a.B"
    )
    message = from_reject("price-list", reject, AT)
    bare = message._replace(headers=[each for each in message.headers if each[0] != CAUSE])

    assert as_read(message).fingerprint == as_read(bare).fingerprint
