"""Records read into columns are those that a parser of record batches reads one by one."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest
from aiokafka.record.default_records import DefaultRecordBatchBuilder

from backbone.codec.container import varint
from backbone.codec.record_columns import RecordColumns, RecordsOfABatch, record_columns
from backbone.kafka.fetch.backlog import Backlog, Run
from backbone.kafka.fetch.fetcher import Fetched
from backbone.kafka.fetch.record_batches import BatchOfRecords, RecordRow, committed, header_names
from backbone.record import Headers

HEADERS: Headers = [("ce_id", b"1"), ("ce_source", b"shop"), ("", b"")]


@dataclass(frozen=True)
class Given:
    """A record to be written."""

    key: bytes | None = b"k"
    value: bytes | None = b"v"
    headers: Headers = ()
    timestamp_ms: int = 1_700_000_000_000


def written(records: Sequence[Given], base: int = 0, compression: int = 3) -> bytes:
    builder = DefaultRecordBatchBuilder(2, compression, 0, -1, -1, -1, 1 << 30)
    for at, each in enumerate(records):
        builder.append(at, each.timestamp_ms, each.key, each.value, list(each.headers))
    made = builder.build()
    made[:8] = base.to_bytes(8, "big")
    return bytes(made)


def batches(data: bytes) -> list[BatchOfRecords]:
    return [each for each in committed(data, ()) if isinstance(each, BatchOfRecords)]


def given(count: int, seed: int, headers: Headers = HEADERS) -> list[Given]:
    chance = random.Random(seed)
    return [
        Given(
            chance.randbytes(chance.choice((0, 1, 63, 64, 200))),
            chance.randbytes(chance.choice((0, 5, 63, 64, 127, 128, 8_191, 8_192))),
            [(name, chance.randbytes(chance.choice((0, 36, 64)))) for name, _ in headers],
            1_700_000_000_000 + chance.choice((-70, -1, 0, 1, 63, 64, 100_000)),
        )
        for _ in range(count)
    ]


def in_columns(data: Sequence[bytes]) -> list[RecordRow] | None:
    """What columns have, record by record."""
    parts = [records for each in data for batch in batches(each) if (records := batch.in_columns)]
    names = header_names(parts[0].records)
    found = record_columns(parts, names) if names is not None else None
    if names is None or found is None:
        return None
    return [
        RecordRow(
            found.offsets[at],
            found.timestamps_ms[at],
            found.keys[at],
            found.values[at],
            [
                (name.decode(), column[at])
                for name, column in zip(names, found.headers, strict=True)
            ],
        )
        for at in range(len(found.offsets))
    ]


def one_by_one(data: Sequence[bytes]) -> list[RecordRow]:
    return [row for each in data for batch in batches(each) for row in batch.rows()]


@pytest.mark.parametrize("compression", range(5))
@pytest.mark.parametrize("headers", [(), HEADERS[:1], HEADERS], ids=["none", "one", "three"])
def test_columns_have_what_the_records_have(compression: int, headers: Headers) -> None:
    data = [
        written(given(300, seed, headers), base, compression)
        for seed, base in enumerate((0, 300, 1 << 40))
    ]
    found = in_columns(data)
    assert found == one_by_one(data)
    assert found is not None
    assert found[-1].offset == (1 << 40) + 299


@pytest.mark.parametrize(
    "odd",
    [
        Given(key=None),
        Given(value=None),
        Given(headers=[("ce_id", None)]),
        Given(headers=[("ce_id", b"1"), ("more", b"2")]),
        Given(headers=[("ce_ix", b"1")]),
        Given(),
    ],
    ids=["no key", "no value", "a null header", "one more header", "another name", "no header"],
)
@pytest.mark.parametrize("at", [0, 150, 299])
def test_what_columns_lack_is_read_record_by_record(odd: Given, at: int) -> None:
    records = given(300, 1, HEADERS[:1])
    records[at] = odd
    data = written(records)
    assert in_columns([data]) is None
    assert taken([data]) == one_by_one([data])


def taken(data: Sequence[bytes], first: int = 0, most: int = 100_000) -> list[RecordRow]:
    """What a backlog hands over, poll by poll."""
    backlog, found = Backlog(), list[RecordRow]()
    fetched = [batch for each in data for batch in batches(each)]
    backlog.add(Fetched(0, first, fetched, fetched[-1].next_offset, None))
    while backlog:
        runs = backlog.take(most)
        assert 0 < sum(map(len, runs.values())) <= most
        for run in runs.values():
            found += rows(run)
    return found


def rows(run: Run) -> list[RecordRow]:
    columns = (run.offsets, run.timestamps_ms, run.keys, run.values, run.headers)
    return [
        RecordRow(offset, time, key, value, list(headers))
        for offset, time, key, value, headers in zip(*columns, strict=True)
    ]


@pytest.mark.parametrize("most", [1, 7, 299, 300, 301, 1_000])
def test_a_backlog_hands_over_every_record_once_however_much_is_taken(most: int) -> None:
    odd = given(40, 3, HEADERS[:1])
    odd[20] = Given(key=None)
    data = [
        written(given(300, 1), 100),
        written(odd, 400),
        written(given(300, 2), 440),
    ]
    assert taken(data, 250, most) == [each for each in one_by_one(data) if each.offset >= 250]


def test_damaged_records_are_never_vouched_for_as_others() -> None:
    """Whatever bit is another one: what columns give is then what is written there."""
    (batch,) = batches(written(given(20, 5, HEADERS[:1]), compression=0))
    whole = batch.in_columns
    assert whole is not None
    chance, vouched = random.Random(6), 0
    for _ in range(3_000):
        damaged = bytearray(whole.records)
        damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
        found = record_columns([replace(whole, records=bytes(damaged))], (b"ce_id",))
        if found is not None:
            vouched += 1
            assert written_again(whole, found, damaged) == damaged
    assert 500 < vouched < 3_000


def written_again(batch: RecordsOfABatch, found: RecordColumns, damaged: bytearray) -> bytes:
    """The records of columns in their one form; the attributes mean nothing and are taken over."""
    made = bytearray()
    for at, offset in enumerate(found.offsets):
        time = found.timestamps_ms[at] - batch.timestamp
        parts = [varint(time), varint(offset - batch.base_offset)]
        parts += [sized(found.keys[at]), sized(found.values[at])]
        parts += [varint(1), sized(b"ce_id"), sized(found.headers[0][at])]
        length = varint(1 + sum(map(len, parts)))
        attributes = damaged[len(made) + len(length)]
        made += length + bytes([attributes]) + b"".join(parts)
    return bytes(made)


def sized(content: bytes | None) -> bytes:
    assert content is not None
    return varint(len(content)) + content


def test_a_number_that_is_padded_is_not_vouched_for() -> None:
    """A record says how long it is, and a padded number makes it longer than its shortest form."""
    body = b"\x00" + varint(0) + varint(0) + varint(1) + b"k" + b"\x82\x00" + b"v" + varint(0)
    padded = varint(len(body)) + body
    batch = RecordsOfABatch(0, 0, own_times=True, count=1, records=padded)
    assert record_columns([batch], ()) is None
    fair = body.replace(b"\x82\x00", b"\x02")
    whole = replace(batch, records=varint(len(fair)) + fair)
    assert record_columns([whole], ()) is not None


def test_each_batch_has_its_own_records_and_no_others() -> None:
    """Where one says that it has fewer and the next that it has more, their sums are right."""
    data = [written(given(2, seed), 100 * seed, 0) for seed in (0, 1)]
    one, other = (batch.in_columns for each in data for batch in batches(each))
    assert one is not None
    assert other is not None
    names = header_names(one.records) or ()
    assert record_columns([one, other], names) is not None
    assert record_columns([replace(one, count=1), replace(other, count=3)], names) is None
    assert record_columns([replace(one, count=-1), replace(other, count=5)], names) is None


def test_records_of_a_log_that_tells_the_time_have_that_of_their_batch() -> None:
    data = bytearray(written(given(3, 1), compression=0))
    data[21:23] = (0x08).to_bytes(2, "big")  # the attribute: times are the log's
    found = in_columns([bytes(data)])
    assert found == one_by_one([bytes(data)])
    assert found is not None
    assert len({each.timestamp_ms for each in found}) == 1
