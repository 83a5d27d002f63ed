from datetime import UTC, datetime, timedelta, timezone

from backbone.backoff import Backoff
from backbone.envelope import from_headers, to_headers
from backbone.errors import Transient
from backbone.fact import Envelope
from backbone.instants import rfc3339
from backbone.record import last_header

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
PUBLISHED = datetime(2026, 1, 3, tzinfo=UTC)


def test_an_envelope_survives_its_headers() -> None:
    envelope = Envelope("i", "/s", AT, "007", correlation_id="c", traceparent="00-a-b-01")
    headers = to_headers(envelope, "shop.Sold.v1")
    assert [name for name, _ in headers] == [
        "ce_specversion",
        "ce_id",
        "ce_source",
        "ce_type",
        "ce_time",
        "ce_sequence",
        "ce_correlationid",
        "traceparent",
    ]
    assert from_headers(headers, PUBLISHED) == envelope


def test_a_foreign_record_without_headers_happened_when_it_was_published() -> None:
    assert from_headers([], PUBLISHED) == Envelope("", "", PUBLISHED, "")


def test_a_time_that_is_none_or_has_no_zone_is_the_publish_time() -> None:
    for text in (b"yesterday", b"2026-01-01T00:00:00"):
        assert from_headers([("ce_time", text)], PUBLISHED).time == PUBLISHED


def test_bytes_that_are_not_utf8_do_not_stop_a_record() -> None:
    assert from_headers([("ce_id", b"\xff")], PUBLISHED).id == "\ufffd"


def test_the_last_header_of_a_name_counts() -> None:
    assert last_header([("a", b"1"), ("a", b"2"), ("b", b"3")], "a") == b"2"


def test_equal_instants_are_equal_texts() -> None:
    berlin = AT.astimezone(timezone(timedelta(hours=1)))
    assert rfc3339(berlin) == rfc3339(AT) == "2026-01-02T03:04:05.000000Z"


def test_waits_grow_to_a_limit_and_begin_again_after_a_success() -> None:
    backoff = Backoff(first_seconds=1.0, most_seconds=5.0, chance=lambda: 1.0)
    waits = [backoff.next_seconds(Transient("away")) for _ in range(5)]
    assert waits == [1.0, 2.0, 4.0, 5.0, 5.0]
    backoff.reset()
    assert backoff.next_seconds(Transient("away")) == 1.0


def test_a_service_that_names_its_wait_is_obeyed_up_to_the_limit() -> None:
    backoff = Backoff(most_seconds=5.0)
    assert backoff.next_seconds(Transient("away", retry_after_seconds=3.0)) == 3.0
    assert backoff.next_seconds(Transient("away", retry_after_seconds=60.0)) == 5.0
