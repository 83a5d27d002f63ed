"""The source over a database that a test describes row by row."""

from decimal import Decimal

import pytest

from backbone.errors import Fatal, Misconfigured, Poison, PoisonReason
from backbone.fact import Envelope, Fact
from producers.outbox.row import FactMaker, OutboxRow
from producers.outbox.snapshot import Identity, Sighting, Snapshot
from tests.unit.producers.described_outbox import KEYS, NOON, Database, plain, row, source

TRACE = f"00-{'a' * 32}-{'b' * 16}-01"


def made(each: OutboxRow) -> Fact:
    fact = FactMaker("/services/shop", KEYS, plain).make(each)
    assert isinstance(fact, Fact)
    return fact


def refused(each: OutboxRow) -> Poison:
    reject = FactMaker("/services/shop", KEYS, plain).make(each)
    assert not isinstance(reject, Fact)
    return reject.poison


def test_a_row_becomes_a_fact_with_its_envelope_and_its_own_bytes() -> None:
    headers = (
        f'{{"correlationid":"c-1","causationid":"c-0","traceparent":"{TRACE}","tracestate":"x=1"}}'
    )
    fact = made(row(42, '{"order_id": "7", "total": 1.10}', headers=headers))

    assert fact == Fact(
        type="sales.order.OrderPlaced",
        key="7",
        data={"order_id": "7", "total": Decimal("1.10")},
        envelope=Envelope(
            id="00000000-0000-0000-0000-000000000042",
            source="/services/shop",
            time=NOON,
            sequence="00000000000000000042",
            correlation_id="c-1",
            causation_id="c-0",
            traceparent=TRACE,
            tracestate="x=1",
        ),
    )
    assert fact.origin is not None
    assert fact.origin.position == "outbox:42"
    assert fact.origin.value == b'{"order_id": "7", "total": 1.10}'
    assert fact.origin.key == b"7"


def test_a_row_may_name_its_fact_in_full() -> None:
    assert made(row(type="sales.order.OrderCancelled")).type == "sales.order.OrderCancelled"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ('{"traceparent":"00-garbage","tracestate":"x=1"}', (None, None, None)),
        ('{"traceparent":7,"correlationid":["c"]}', (None, None, None)),
        ('{"correlationid":"line\\nbreak"}', (None, None, None)),
        ('{"correlationid":""}', (None, None, None)),
        ('["no object"]', (None, None, None)),
        (f'{{"traceparent":"{TRACE}","tracestate":7}}', (None, TRACE, None)),
        ('{"ce_correlationid":"c-1"}', ("c-1", None, None)),
    ],
)
def test_headers_that_are_not_sane_are_left_out(
    headers: str, expected: tuple[str | None, ...]
) -> None:
    envelope = made(row(headers=headers)).envelope

    found = (envelope.correlation_id, envelope.traceparent, envelope.tracestate)
    assert found == expected


@pytest.mark.parametrize(
    "payload",
    [
        '{"order_id":"7","order_id":"7"}',
        '{"order_id":"7","price":NaN}',
        '{"order_id":"7","price":1e9999999999999999999}',
        '{"order_id":"7","name":"\\ud800"}',
        '"7"',
        "[1]",
        "null",
        "{",
        "[" * 100_000,
    ],
)
def test_a_payload_that_is_not_one_plain_json_object_is_unparsable(payload: str) -> None:
    assert refused(row(payload=payload)).reason is PoisonReason.UNPARSABLE


@pytest.mark.parametrize(
    ("payload", "aggregateid"),
    [('{"order_id":"8"}', "7"), ("{}", "7"), ('{"order_id":""}', ""), ('{"order_id":null}', "7")],
)
def test_a_key_that_is_not_the_payloads_is_refused(payload: str, aggregateid: str) -> None:
    poison = refused(row(payload=payload, aggregateid=aggregateid))

    assert poison.reason is PoisonReason.BAD_KEY
    assert poison.violations == ("order_id: differs from aggregateid",)


def test_an_unknown_type_and_an_impossible_instant_are_refused() -> None:
    assert refused(row(type="OrderLost")).reason is PoisonReason.UNEXPECTED_FACT
    assert refused(row(occurred_at=None)).reason is PoisonReason.INVALID


def test_no_message_quotes_a_payload_or_a_key() -> None:
    secret = "ada@example.org"
    bad = [
        row(payload=f'{{"{secret}":1,"{secret}":2}}'),
        row(payload=f'{{"order_id":"{secret}"}}', aggregateid="7"),
        row(payload=f'{{"order_id":"7"}}{secret}'),
        row(type=secret),
        row(payload=f'{{"order_id":"{secret}\\ud800"}}'),
    ]

    poisons = [refused(each) for each in bad]

    assert [each for each in poisons if secret in f"{each} {each.violations}"] == []


def test_one_poisoned_row_stops_no_other() -> None:
    batch = source(Database(row(1), row(2, "{"), row(3))).poll(None)

    assert [fact.envelope.sequence[-1] for fact in batch.facts] == ["1", "3"]
    assert [reject.origin.position for reject in batch.rejects] == ["outbox:2"]
    assert batch.rejects[0].fact_type == "sales.order.OrderPlaced"


def test_a_page_that_is_not_full_exhausts_its_window_without_another_query() -> None:
    database = Database(row(1), row(2))
    batch = source(database).poll(None)

    assert database.reads == 1
    assert (batch.cursor["old"], batch.cursor["position"]) == ("13:13:", 0)


def test_a_full_page_keeps_the_window_and_asks_to_go_on_at_once() -> None:
    batch = source(Database(row(1), row(2), row(3)), max_rows=2).poll(None)

    assert (batch.cursor["old"], batch.cursor["new"]) == ("1:1:", "100:100:")
    assert (batch.cursor["position"], batch.wait_seconds) == (2, 0.0)


def test_an_idle_source_slows_down_and_a_row_wakes_it() -> None:
    database = Database()
    relay = source(database)

    waits = [relay.poll(None).wait_seconds for _ in range(5)]
    database.table.append(row(1))
    waits.append(relay.poll(None).wait_seconds)

    assert waits == [0.01, 0.02, 0.04, 0.05, 0.05, 0.005]


def test_another_database_is_fatal_and_the_message_has_the_remedy() -> None:
    database = Database(row(1))
    relay = source(database)
    cursor = relay.poll(None).cursor
    database.seen = Sighting(Identity("7301", 2), Snapshot(100))

    with pytest.raises(Fatal) as caught:
        relay.poll(cursor)

    assert str(caught.value) == (
        "outbox source shop at db:5432/shop: its cursor belongs to database 7301 timeline 1, but "
        "this is 7301 timeline 2. It was restored or has failed over, so rows already published "
        "may be missing and others may come again. Nothing was read. Look at what is missing, then "
        "let `backbone source rewind shop` publish a window again with the same ids "
        "(docs/outbox.md, “Restore and failover”)"
    )


def test_rows_of_another_database_are_fatal_also_to_a_rewind() -> None:
    database = Database(row(1))
    database.seen = Sighting(Identity("7301", 1), Snapshot(100), stray_rows=True)

    with pytest.raises(Fatal, match="copied from another one"):
        source(database).poll(None)
    with pytest.raises(Fatal, match="copied from another one"):
        source(database).rewound(0)


def test_two_facts_of_the_same_simple_name_cannot_share_a_source() -> None:
    with pytest.raises(Misconfigured, match="two facts of this outbox are called Opened"):
        FactMaker("/services/shop", {"sales.Opened": "id", "billing.Opened": "id"}, plain)
