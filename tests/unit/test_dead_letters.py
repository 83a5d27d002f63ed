"""Dead letters: byte for byte as they came, and readable whoever wrote them."""

from datetime import UTC, datetime

from backbone import dead_letters
from backbone.dead_letter_reading import DeadLetter, printable
from backbone.dead_letters import MAX_MESSAGE_BYTES, MAX_VALUE_BYTES, from_record, from_reject
from backbone.errors import Poison, PoisonReason
from backbone.fact import LogPosition, Origin
from backbone.log import Message
from backbone.record import Header, Record
from backbone.source import Reject

FAILED_AT = datetime(2026, 11, 21, 14, 30, tzinfo=UTC)
INVALID = Poison(PoisonReason.INVALID, "PriceChanged breaks its contract: price: is missing")
FACT = Record(
    LogPosition("id-1", "pricing.price.v1", 3, 4711),
    b"22423",
    b"\0\0\0\0\7payload",
    [("ce_type", b"shop.pricing.PriceChanged.v1"), ("ce_id", b"e-1")],
    1_700_000_000_000,
)


def stored(message: Message) -> Record:
    """As the log gives it back."""
    position = LogPosition("id-2", message.topic, 0, 17)
    return Record(position, message.key, message.value, message.headers, 1_700_000_001_000)


def letter_with(*headers: Header, value: bytes | None = b"x") -> DeadLetter:
    position = LogPosition("id-2", "dlq.prices", 0, 17)
    return DeadLetter.of(Record(position, None, value, headers, 1_700_000_001_000))


def test_a_rejected_row_is_read_back_with_its_reason() -> None:
    origin = Origin("prices.csv:17", b"22423,,GBP", None, ("stock_code", "price", "currency"))
    reject = Reject(origin, INVALID, "shop.pricing.PriceChanged")

    letter = DeadLetter.of(stored(from_reject("price-list", reject, FAILED_AT)))

    assert letter.record.value == b"22423,,GBP"
    assert letter.code == "invalid"
    assert letter.message == "PriceChanged breaks its contract: price: is missing"
    assert letter.failed_at == FAILED_AT
    assert letter.where == "prices.csv:17"
    assert letter.origin is None
    assert letter.fact_type == "shop.pricing.PriceChanged"
    assert letter.columns == ("stock_code", "price", "currency")
    assert letter.size == 10
    assert not letter.truncated
    assert letter.header(dead_letters.NAME) == "price-list"


def test_a_poisoned_record_is_read_back_with_where_it_stood() -> None:
    letter = DeadLetter.of(stored(from_record("prices", FACT, INVALID, FAILED_AT)))

    assert (letter.record.key, letter.record.value) == (FACT.key, FACT.value)
    assert letter.origin == LogPosition("id-1", "pricing.price.v1", 3, 4711)
    assert letter.where == "pricing.price.v1/3/4711"
    assert letter.source_position is None
    assert letter.fact_type == "shop.pricing.PriceChanged"
    assert letter.header("ce_id") == "e-1"
    assert letter.header(dead_letters.ORIGINAL_TIMESTAMP) == "1700000000000"


def test_the_reason_of_an_earlier_failure_is_replaced() -> None:
    """Piled up, reasons would outgrow the topic."""
    once = stored(from_record("prices", FACT, INVALID, FAILED_AT))
    again = Poison(PoisonReason.HANDLER_FAILED, "the fold raised")

    twice = stored(from_record("prices", once, again, FAILED_AT))

    assert DeadLetter.of(twice).code == "handler_failed"
    assert len(twice.headers) == len(once.headers)


def test_an_input_beyond_the_limit_is_kept_as_its_head_and_its_size() -> None:
    reject = Reject(Origin("a.csv:2", b"x" * (MAX_VALUE_BYTES + 5)), INVALID)

    letter = DeadLetter.of(stored(from_reject("price-list", reject, FAILED_AT)))

    assert letter.record.value == b"x" * MAX_VALUE_BYTES
    assert letter.size == MAX_VALUE_BYTES + 5
    assert letter.truncated


def test_a_long_message_is_cut_between_characters() -> None:
    poison = Poison(PoisonReason.INVALID, "é" * MAX_MESSAGE_BYTES)

    letter = DeadLetter.of(stored(from_record("prices", FACT, poison, FAILED_AT)))

    assert letter.message == "é" * (MAX_MESSAGE_BYTES // 2)


def test_a_letter_without_headers_is_read_as_far_as_it_goes() -> None:
    letter = letter_with(value=None)

    assert letter.code == "unknown"
    assert letter.message == ""
    assert letter.where == "unknown"
    assert letter.failed_at == datetime(2023, 11, 14, 22, 13, 21, tzinfo=UTC)
    assert (letter.origin, letter.fact_type, letter.columns, letter.size) == (None, None, (), 0)


def test_headers_that_make_no_sense_are_passed_over() -> None:
    letter = letter_with(
        (dead_letters.TOPIC, b"pricing.price.v1"),
        (dead_letters.PARTITION, b"\0\0\0\3"),
        (dead_letters.OFFSET, None),
        (dead_letters.FAILED_AT, b"yesterday"),
        (dead_letters.TRUNCATED, b"many"),
        ("ce_type", b"shop.pricing.vast.vN"),
    )

    assert letter.origin is None
    assert letter.failed_at == datetime(2023, 11, 14, 22, 13, 21, tzinfo=UTC)
    assert letter.size == 1
    assert letter.fact_type is None


def test_of_repeated_headers_the_last_one_counts() -> None:
    letter = letter_with((dead_letters.ERROR_CODE, b"first"), (dead_letters.ERROR_CODE, b"last"))

    assert letter.code == "last"
    assert letter.header(dead_letters.ERROR_CODE) == "last"


def test_an_instant_without_a_zone_is_utc() -> None:
    letter = letter_with((dead_letters.FAILED_AT, b"2026-11-21T14:30:00"))

    assert letter.failed_at == FAILED_AT


def test_what_is_shown_cannot_steer_a_terminal() -> None:
    assert printable(b"\x1b[2Jcaf\xc3\xa9\xff\n") == "�[2Jcafé��"
