"""`backbone dlq`: what could not be handled, and why, with nothing personal shown."""

import json
from collections.abc import Callable, Generator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from backbone.contracts.catalog import Contracts
from backbone.dead_letter_reading import DeadLetter
from backbone.dead_letters import TRUNCATED, from_record, from_reject, topic_of
from backbone.errors import Misconfigured, Poison, PoisonReason, Transient
from backbone.fact import LogPosition, Origin
from backbone.log import Message, TopicSpec, Wanted
from backbone.memory.log import MemoryAdmin, MemoryAppender, MemoryLog
from backbone.memory.reader import MemoryReader
from backbone.record import Headers, Record
from backbone.replay.outcomes import Became, Report, Settled, Told
from backbone.replay.parked import place_of
from backbone.source import Reject
from cli import dlq, wiring
from cli.dead_letter_rows import Viewer, summary

FAILED_AT = datetime(2026, 11, 21, 14, 30, tzinfo=UTC)
INVALID = Poison(PoisonReason.INVALID, "breaks its contract in 2 places: a: is missing; b: is not")
PRICE = "shop.pricing.PriceChanged"
CUSTOMER = "shop.crm.CustomerChanged"


def contract_file(name: str, topic: str, fields: list[dict[str, Any]]) -> str:
    namespace, _, record = name.rpartition(".")
    terms = {
        "topic": topic,
        "key": fields[0]["name"],
        "order": "log",
        "owner": "a-team",
        "system_of_record": "/services/shop",
        "partitions": 1,
        "retention": "forever",
        "freshness_seconds": 60,
        "classification": "internal",
        "residency": "any",
        "status": "active",
    }
    told = [{"doc": "As named.", **field} for field in fields]
    schema = {"type": "record", "name": record, "namespace": namespace, "doc": "A fact."}
    return json.dumps({**schema, "contract": terms, "fields": told})


@pytest.fixture
def contracts(tmp_path: Path) -> Contracts:
    price: list[dict[str, Any]] = [
        {"name": "stock_code", "type": "string"},
        {"name": "price", "type": "string"},
    ]
    customer: list[dict[str, Any]] = [
        {"name": "email", "type": "string", "confluent:tags": ["PII"]},
        {"name": "country", "type": "string"},
    ]
    (tmp_path / "price.v1.avsc").write_text(contract_file(PRICE, "pricing.price.v1", price))
    (tmp_path / "customer.v1.avsc").write_text(contract_file(CUSTOMER, "crm.customer.v1", customer))
    return Contracts.load(tmp_path)


class FixedDecoder:
    """Reads every value as the same fact, or fails as told."""

    def __init__(self, answer: tuple[str, dict[str, Any]] | Exception) -> None:
        self.answer = answer

    def decode(
        self, value: bytes | None, topic: str, headers: Headers = ()
    ) -> tuple[str, dict[str, Any]]:
        del value, topic, headers
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


NO_DECODER = FixedDecoder(Poison(PoisonReason.UNDECODABLE, "damaged"))


def stored(message: Message, offset: int = 0) -> Record:
    position = LogPosition("id", message.topic, 0, offset)
    return Record(position, message.key, message.value, message.headers, 1_000 + offset)


def rejected(
    value: bytes, fact_type: str | None = PRICE, columns: tuple[str, ...] = (), **at: Any
) -> Record:
    origin = Origin("prices.csv:2", value, at.get("key"), columns)
    reject = Reject(origin, at.get("poison", INVALID), fact_type)
    failed_at = FAILED_AT + timedelta(seconds=at.get("offset", 0))
    return stored(from_reject("price-list", reject, failed_at), at.get("offset", 0))


def poisoned(topic: str, key: bytes | None, value: bytes, ce_type: bytes | None) -> Record:
    headers = [("ce_subject", key), ("ce_type", ce_type)]
    record = Record(LogPosition("id-1", topic, 0, 4711), key, value, headers, 1_000)
    return stored(from_record("prices", record, INVALID, FAILED_AT))


def test_a_listed_letter_says_where_why_and_when(contracts: Contracts) -> None:
    rows = Viewer(contracts, NO_DECODER).listed([rejected(b"{}", key=b"22423")], 10, None)

    assert rows == [
        {
            "letter": "0/0",
            "where": "prices.csv:2",
            "code": "invalid",
            "message": "breaks its contract in 2 places: a: is missing; b: is not",
            "key": "22423",
            "failed_at": "2026-11-21T14:30:00.000000Z",
        }
    ]


def test_the_newest_letters_are_listed_the_newest_last(contracts: Contracts) -> None:
    records = [rejected(b"{}", offset=offset) for offset in range(5)]

    rows = Viewer(contracts, NO_DECODER).listed(records, 2, None)

    assert [row["letter"] for row in rows] == ["0/3", "0/4"]


def test_letters_of_one_reason_are_listed(contracts: Contracts) -> None:
    broken = Poison(PoisonReason.UNPARSABLE, "the row is not UTF-8")
    records = [rejected(b"{}"), rejected(b"\xff", offset=1, poison=broken)]

    rows = Viewer(contracts, NO_DECODER).listed(records, 10, "unparsable")

    assert [row["letter"] for row in rows] == ["0/1"]


def test_a_summary_counts_the_reasons_and_the_messages_that_are_open() -> None:
    broken = Poison(PoisonReason.UNPARSABLE, "the row is not UTF-8")
    records = [rejected(b"{}", poison=broken), rejected(b"", offset=1), rejected(b"", offset=2)]
    letters = [*map(DeadLetter.of, records)]
    places = [place_of(each) for each in letters]
    told = [
        Told(of, topic_id, "r", became, None)
        for (topic_id, of), became in zip(
            places[::2], (Became.RECOVERED, Became.REFUSED), strict=True
        )
    ]  # all of them are of one row: its newest letter counts
    settled = Settled([Report("id", 1, told).to_bytes()])

    assert summary("price-list", letters, settled) == {
        "name": "price-list",
        "count": 3,
        "open": 1,
        "newest": "2026-11-21T14:30:02.000000Z",
        "codes": {"invalid": 2, "unparsable": 1},
    }


def test_an_empty_topic_is_in_the_summary() -> None:
    row = summary("shop", [], Settled())

    assert row == {"name": "shop", "count": 0, "open": 0, "newest": None, "codes": {}}


def test_a_json_payload_is_shown_with_personal_and_unknown_fields_masked(
    contracts: Contracts,
) -> None:
    value = b'{"email": "ann@example.org", "country": "GB", "nickname": "annie"}'

    row = Viewer(contracts, NO_DECODER).shown(rejected(value, CUSTOMER))

    assert row["payload"] == {"email": "***", "country": "GB", "nickname": "***"}
    assert row["payload_note"] is None
    assert row["size_bytes"] == len(value)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_csv_payload_is_shown_by_its_columns(contracts: Contracts, delimiter: str) -> None:
    value = f'"ann@example.org"{delimiter}GB'.encode()

    row = Viewer(contracts, NO_DECODER).shown(rejected(value, CUSTOMER, ("email", "country")))

    assert row["payload"] == {"email": "***", "country": "GB"}


def test_a_record_is_decoded_and_masked(contracts: Contracts) -> None:
    decoder = FixedDecoder((CUSTOMER, {"email": "ann@example.org", "country": "GB"}))
    record = poisoned("crm.customer.v1", b"ann@example.org", b"\0\0\0\0\7...", None)

    row = Viewer(contracts, decoder).shown(record)

    assert row["payload"] == {"email": "***", "country": "GB"}
    assert row["where"] == "crm.customer.v1/0/4711"


@pytest.mark.parametrize(
    ("value", "fact_type", "columns"),
    [
        (b"ann@example.org,GB,x", CUSTOMER, ("email", "country")),  # too many cells
        (b"ann@example.org", CUSTOMER, ("email", "country")),  # too few
        (b"ann;x@example.org,GB", CUSTOMER, ("email", "country")),  # two ways to read it
        (b"ann\xff,GB", CUSTOMER, ("email", "country")),  # not text
        (b'"ann@example.org,GB', CUSTOMER, ("email", "country")),  # torn
        (b"ann@example.org,GB", CUSTOMER, ()),  # no columns told
        (b'{"email": "ann@example.org"', CUSTOMER, ()),  # torn JSON
        (b'["ann@example.org"]', CUSTOMER, ()),  # not an object
        (b'{"email": "ann@example.org"}', None, ()),  # nobody knows of what
        (b'{"email": "ann@example.org"}', "shop.crm.Unknown", ()),
        (b"[" * 100_000, CUSTOMER, ()),  # too deep to read
    ],
)
def test_what_cannot_be_understood_is_told_by_its_size_alone(
    contracts: Contracts, value: bytes, fact_type: str | None, columns: tuple[str, ...]
) -> None:
    row = Viewer(contracts, NO_DECODER).shown(rejected(value, fact_type, columns))

    assert row["payload"] is None
    assert row["payload_note"] == f"{len(value):,} bytes that cannot be shown field by field"
    assert "example.org" not in json.dumps(row)


def test_of_a_head_or_of_nothing_no_field_is_shown(contracts: Contracts) -> None:
    """The head of a row may look like a row."""
    head = rejected(b"22423,1", PRICE, ("stock_code", "price"))
    cut = Record(head.position, None, head.value, [*head.headers, (TRUNCATED, b"9000")], 1)
    tombstone = Record(head.position, None, None, head.headers, 1)
    viewer = Viewer(contracts, NO_DECODER)

    assert viewer.shown(cut)["payload"] is None
    assert viewer.shown(cut)["payload_note"].startswith("9,000 bytes")
    assert viewer.shown(tombstone)["payload_note"] == "no value"


def test_of_a_frame_that_cannot_be_decoded_the_schema_id_is_shown(contracts: Contracts) -> None:
    record = poisoned("pricing.price.v1", b"22423", b"\0\0\0\0\7secret", None)

    row = Viewer(contracts, NO_DECODER).shown(record)

    assert row["payload_note"] == (
        "11 bytes that cannot be shown field by field; the frame is 00 00 00 00 07"
    )


def test_without_the_registry_the_rest_of_a_letter_is_shown(contracts: Contracts) -> None:
    away = FixedDecoder(Transient("the schema registry did not answer"))
    record = poisoned("pricing.price.v1", b"22423", b"\0\0\0\0\7secret", None)

    row = Viewer(contracts, away).shown(record)

    assert row["code"] == "invalid"
    assert row["payload_note"] == (
        "not decoded, for a service did not answer: the schema registry did not answer"
    )


@pytest.mark.parametrize(
    ("topic", "ce_type", "shown"),
    [
        ("pricing.price.v1", b"shop.pricing.PriceChanged.v1", "ann"),
        ("pricing.price.v1", None, "ann"),  # every fact of the topic has a public key
        ("crm.customer.v1", b"shop.crm.CustomerChanged.v1", "***"),
        ("crm.customer.v1", None, "***"),
        ("foreign.topic.v1", None, "***"),  # nobody knows what its keys are
    ],
)
def test_a_key_is_shown_only_where_it_is_known_to_be_public(
    contracts: Contracts, topic: str, ce_type: bytes | None, shown: str
) -> None:
    row = Viewer(contracts, NO_DECODER).shown(poisoned(topic, b"ann", b"x", ce_type))

    assert row["key"] == shown
    assert row["headers"]["ce_subject"] == shown  # repeats the key


def test_headers_are_shown_as_text_or_hex(contracts: Contracts) -> None:
    record = rejected(b"{}")
    odd = Record(record.position, None, b"{}", [*record.headers, ("x", b"\xff\0"), ("y", None)], 1)

    headers = Viewer(contracts, NO_DECODER).shown(odd)["headers"]

    assert headers["dlq.error.code"] == "invalid"
    assert headers["x"] == "0xff00"
    assert headers["y"] is None


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def log() -> MemoryLog:
    made = MemoryLog()
    MemoryAdmin(made).create(TopicSpec(topic_of("price-list"), 2))
    reject = Reject(Origin("prices.csv:2", b"22423,1", None, ("stock_code", "price")), INVALID)
    for partition in (0, 1, 1):
        message = from_reject("price-list", Reject(reject.origin, INVALID, PRICE), FAILED_AT)
        placed = Message(message.topic, None, message.value, message.headers, partition)
        MemoryAppender(made).append([placed])
    return made


@pytest.fixture
def run(log: MemoryLog, contracts: Contracts, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command line on the log in memory. Errors are raised: `cli.main` prints them."""
    declared = [TopicSpec(topic_of("price-list"), 2), TopicSpec(topic_of("shop"), 1)]
    monkeypatch.setattr(wiring, "reader", lambda: MemoryReader(log))
    monkeypatch.setattr(wiring, "topic_admin", lambda: MemoryAdmin(log))
    monkeypatch.setattr(wiring, "contracts", lambda: contracts)
    monkeypatch.setattr(wiring, "codec", lambda: NO_DECODER)
    monkeypatch.setattr(wiring, "declared_topics", lambda: declared)

    def invoke(*arguments: str) -> tuple[int, str, str]:
        result = CliRunner().invoke(dlq.app, arguments)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, result.stdout, result.stderr

    return invoke


def test_list_shows_the_letters_of_every_partition(run: Run) -> None:
    code, out, _ = run("list", "price-list", "--output", "json")

    assert code == 0
    assert [json.loads(line)["letter"] for line in out.splitlines()] == ["0/0", "1/0", "1/1"]


def test_list_without_a_name_sums_up_the_topics_that_exist(run: Run) -> None:
    _, out, _ = run("list", "--output", "json")

    assert [json.loads(line) for line in out.splitlines()] == [
        {
            "name": "price-list",
            "count": 3,
            "open": 1,  # all of them are of one row
            "newest": "2026-11-21T14:30:00.000000Z",
            "codes": {"invalid": 3},
        }
    ]


def test_the_summary_is_a_table_for_people(run: Run) -> None:
    _, out, _ = run("list")

    assert out.splitlines()[1].split()[:3] == ["price-list", "3", "1"]
    assert "invalid 3" in out


def test_show_gives_one_letter_of_its_partition(run: Run) -> None:
    code, out, _ = run("show", "price-list", "1/1", "--output", "json")

    shown = json.loads(out)
    assert code == 0
    assert shown["letter"] == "1/1"
    assert shown["payload"] == {"stock_code": "22423", "price": "1"}
    assert shown["headers"]["dlq.source.position"] == "prices.csv:2"


def test_a_shown_letter_is_a_table_of_its_fields(run: Run) -> None:
    _, out, _ = run("show", "price-list", "0/0")

    lines = [line.split() for line in out.splitlines()]
    assert ["payload.stock_code", "22423"] in lines
    assert ["headers.dlq.error.code", "invalid"] in lines


def test_a_payload_cannot_steer_the_terminal(run: Run, log: MemoryLog) -> None:
    origin = Origin("prices.csv:3", b'"a\x1b[2J",1', None, ("stock_code", "price"))
    reject = Reject(origin, INVALID, PRICE)
    MemoryAppender(log).append([from_reject("price-list", reject, FAILED_AT)])

    _, out, _ = run("list", "price-list", "--output", "json")
    _, shown, _ = run("show", "price-list", json.loads(out.splitlines()[-1])["letter"])

    assert "\x1b" not in shown
    assert '"a\\u001b[2J"' in shown


def test_a_letter_that_is_not_there_is_said_so(run: Run) -> None:
    with pytest.raises(Misconfigured, match=r"dlq\.price-list holds no letter 1/7: it expired"):
        run("show", "price-list", "1/7")
    with pytest.raises(Misconfigured, match=r"holds no letter 9/0"):
        run("show", "price-list", "9/0")


class ExpiredReader(MemoryReader):
    """Retention took the first letters: a real reader goes on at the first that is left."""

    def scan(
        self, topic: str, starts: Mapping[int, int] | None = None, wanted: Wanted | None = None
    ) -> Generator[Record, None, None]:
        kept = {partition: max(offset, 1) for partition, offset in (starts or {}).items()}
        return super().scan(topic, kept, wanted)


def test_a_letter_that_expired_is_not_taken_for_the_next(
    run: Run, log: MemoryLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wiring, "reader", lambda: ExpiredReader(log))

    with pytest.raises(Misconfigured, match=r"holds no letter 1/0: it expired"):
        run("show", "price-list", "1/0")


def test_a_topic_that_is_not_there_names_those_that_are(run: Run) -> None:
    with pytest.raises(
        Misconfigured, match=r"dlq\.shop does not exist; there are .* for price-list"
    ):
        run("list", "shop")


def test_without_any_topic_the_remedy_is_named(run: Run, log: MemoryLog) -> None:
    log.delete(topic_of("price-list"))

    with pytest.raises(Misconfigured, match=r"nor any other .*backbone topics apply"):
        run("list", "price-list")


@pytest.mark.parametrize(
    "arguments",
    [
        ("show", "price-list", "17"),
        ("show", "price-list", "0/x"),
        ("show", "price-list", "0/²"),
        ("list", "price-list", "--code", "bad_luck"),
        ("list", "price-list", "--limit", "0"),
    ],
)
def test_wrong_usage_ends_with_exit_code_2(run: Run, arguments: tuple[str, ...]) -> None:
    code, out, err = run(*arguments)

    assert (code, out) == (2, "")
    assert "Error" in err


@pytest.mark.parametrize("command", ["list", "show"])
def test_help_has_an_example(run: Run, command: str) -> None:
    _, out, _ = run(command, "--help")

    assert f"backbone dlq {command} price-list" in out
