"""Packs of retries: what goes in comes out, in its order, and what is broken harms nobody else."""

from collections.abc import Sequence
from random import Random

import orjson
import pytest

from backbone.codec import arrow_stream
from backbone.fact import LogPosition
from backbone.log import Message
from backbone.record import Header, Headers, Record, RecordBatch
from backbone.replay import packing
from backbone.replay.mark_columns import MarkColumns
from backbone.replay.packing import packed
from backbone.replay.packs import PACK, marks_in, opened, weights_of
from backbone.replay.retry_headers import Marks, Original, Run, marked, own_headers
from backbone.replay.retry_texts import as_text

RUN = Run("r1", "tester|with a bar")
FAILED = "2020-01-01T00:00:00Z"
IDS: Sequence[Header] = [("ce_id", b"x"), ("ce_source", b"")]


def retry(
    number: int, partition: int = 0, own: Headers = IDS, run: Run = RUN, value: bytes = b"value"
) -> Message:
    of = LogPosition("letters", "dlq.orders", partition, number)
    first = Original(LogPosition("facts", "sales.order.v1", partition, 10 + number), 1_000 + number)
    headers = marked(own, run, of, first, FAILED if number % 2 else None)
    return Message("retry.orders", b"%d" % number, value, headers, partition)


def in_log(messages: Sequence[Message]) -> RecordBatch:
    """As the retry topic has them."""
    return RecordBatch.of(
        [
            Record(
                LogPosition("id", each.topic, 0, 100 + at), each.key, each.value, each.headers, 7
            )
            for at, each in enumerate(messages)
        ]
    )


def came(messages: Sequence[Message]) -> list[tuple[bytes | None, bytes | None, Headers]]:
    return [(each.key, each.value, [*each.headers]) for each in messages]


def found_in(messages: Sequence[Message]) -> list[tuple[bytes | None, bytes | None, Headers]]:
    records, _ = opened(in_log(messages))
    return [*zip(records.keys, records.values, map(list, records.headers), strict=True)]


def counts_in(messages: Sequence[Message]) -> list[int]:
    return [each.retries for each in weights_of(in_log(messages))]


def test_many_retries_are_few_records_and_are_what_they_were() -> None:
    given = [*map(retry, range(2_500))]

    handed_over = packed(given)

    assert [*map(len, (handed_over, given))] == [3, 2_500]
    assert [each.partition for each in handed_over] == [0, 0, 0]
    assert counts_in(handed_over) == [1_000, 1_000, 500]
    assert found_in(handed_over) == came(given)


def test_what_packs_say_is_what_their_retries_would_say_alone() -> None:
    given = [*map(retry, range(100))]

    records, marks = opened(in_log(packed(given)))

    alone = MarkColumns.of_headers([each.headers for each in given])
    assert [*map(marks.row, range(100))] == [*map(alone.row, range(100))]
    assert [*map(list, marks.own)] == [own_headers(each.headers) for each in given]
    assert [*map(as_text, records.headers)] == [as_text(each.headers) for each in given]
    assert (records.offsets, records.timestamps_ms) == ([100] * 100, [7] * 100)


def test_each_partition_has_packs_of_its_own_in_the_order_of_its_retries() -> None:
    given = [retry(number, number % 2) for number in range(200)]

    even, odd = packed(given)

    assert (even.partition, odd.partition) == (0, 1)
    assert found_in([even]) == came(given[::2])
    assert found_in([odd]) == came(given[1::2])


def test_few_are_records_of_their_own() -> None:
    given = [*map(retry, range(15))]

    assert packed(given) == given
    assert found_in(given) == came(given)


def test_a_pack_is_no_larger_than_it_may_be_and_what_alone_is_larger_is_a_record() -> None:
    random = Random(3)
    given = [retry(number, value=random.randbytes(10_000)) for number in range(102)]
    given.insert(51, retry(99, value=b"v" * (packing.MAX_BYTES + 1)))

    handed_over = packed(given)

    assert counts_in(handed_over) == [51, 1, 51]
    sizes = [each.size for each in weights_of(in_log(handed_over))]
    assert sizes[1] == packing.MAX_BYTES + 1
    for size, message in zip(sizes, handed_over, strict=True):
        assert 510_000 < size < packing.MAX_BYTES + 2
        assert len(message.value or b"") < size + 3_000  # what an Arrow stream takes by itself
    assert found_in(handed_over) == came(given)


def test_what_many_columns_take_is_counted() -> None:
    own: Headers = [(f"h{number}", b"") for number in range(400)]
    given = [retry(number, own=own) for number in range(400)]

    assert len(packed(given)) == 3


def test_what_a_sink_tries_again_is_packed_by_the_partition_that_it_stood_in() -> None:
    given = [retry(number, number % 2)._replace(partition=0) for number in range(200)]

    handed_over = packed(given)

    assert counts_in(handed_over) == [100, 100]
    assert found_in(handed_over) == came([*given[::2], *given[1::2]])


@pytest.mark.parametrize("others", [[], [("ce_id", b"y")], [*IDS, ("traceparent", b"00-1-1-01")]])
def test_headers_of_other_names_are_in_the_same_pack(others: Headers) -> None:
    given = [retry(number, own=IDS if number % 3 else others) for number in range(60)]

    handed_over = packed(given)

    expected = [own_headers(each.headers) for each in given]
    assert len(handed_over) == 1
    assert found_in(handed_over) == came(given)
    assert [*map(list, opened(in_log(handed_over)).marks.own)] == expected


def test_of_two_runs_each_has_its_own_packs() -> None:
    given = [retry(number, run=RUN if number < 30 else Run("r2", "other")) for number in range(60)]

    handed_over = packed(given)

    assert counts_in(handed_over) == [30, 30]
    assert found_in(handed_over) == came(given)


def test_what_was_no_record_at_first_is_not_packed() -> None:
    of = LogPosition("letters", "dlq.shop", 0, 3)
    given = [Message("retry.shop", b"k", b"v", marked([], RUN, of, None), 0)] * 20

    assert packed(given) == given


def test_whose_headers_do_not_fit_into_one_is_a_record_of_its_own() -> None:
    given = [retry(number, own=[("ce_id", None if number == 20 else b"x")]) for number in range(41)]

    handed_over = packed(given)

    assert counts_in(handed_over) == [20, 1, 20]
    assert found_in(handed_over) == came(given)


def test_what_misses_is_missing_still() -> None:
    given = [retry(number)._replace(key=None, value=None) for number in range(20)]

    assert found_in(packed(given)) == came(given)


def test_whatever_stands_in_the_log_says_what_its_retries_say() -> None:
    given = [*map(retry, range(20))]
    (pack,) = in_log(packed(given))
    alone = in_log(given).record(3)

    assert [*marks_in(pack)] == [Marks.of_headers(each.headers) for each in given]
    assert [*marks_in(alone)] == [Marks.of_headers(given[3].headers)]


def test_packs_and_single_ones_are_read_in_the_order_of_the_log() -> None:
    packed_ones, other_run = (
        [*map(retry, range(20))],
        [retry(each, run=Run("r2", "")) for each in range(20)],
    )
    given = [retry(1), *packed(packed_ones), retry(2), *packed(other_run)]

    assert found_in(given) == came([retry(1), *packed_ones, retry(2), *other_run])
    records, marks = opened(in_log(given))
    assert records.offsets == [100, *[101] * 20, 102, *[103] * 20]
    assert [each.replay for each in marks.abouts] == ["r1"] * 22 + ["r2"] * 20


def _broken(pack: Message) -> list[Message]:
    (_, header), value = pack.headers[0], pack.value or b""
    assert header is not None
    version, rows, size, abouts = header.split(b"|", 3)
    begin, (about,) = b"|".join((version, rows, size, b"")), orjson.loads(abouts)
    headers = [
        b"|".join((b"2", rows, size, abouts)),
        b"|".join((version, b"21", size, abouts)),
        b"|".join((version, b"-20", size, abouts)),
        b"|".join((version, b"0", size, abouts)),
        b"|".join((version, b"9" * 5_000, size, abouts)),
        b"|".join((version, rows, b"x", abouts)),
        begin + b"[]",
        begin + b"{",
        begin + b"[7]",
        begin + orjson.dumps([dict(zip("abcdef", about, strict=True))]),
        begin + orjson.dumps([[*about[:5], about[5][:1]]]),
        version,
        b"",
        None,
    ]
    values = [None, b"", value[:-200], value[: len(value) // 2], b"x" + value]
    return [
        *(pack._replace(headers=[(PACK, each)]) for each in headers),
        *(pack._replace(value=each) for each in values),
        pack._replace(value=_stream_of_another_kind()),
        pack._replace(value=_stream_of([[1] * 20, *[range(20)] * 3])),
        pack._replace(value=_stream_of([[0] * 20, range(20), range(-1, 19), range(20)])),
        pack._replace(value=_stream_of([[0] * 20, range(20), range(20), [-(2**63)] * 20])),
    ]


def _stream_of_another_kind() -> bytes:
    return arrow_stream.written([range(20)], [[b""] * 20])


def _stream_of(numbers: Sequence[Sequence[int]]) -> bytes:
    return arrow_stream.written(numbers, [[b""] * 20] * 6)


@pytest.mark.parametrize("which", range(23))
def test_a_broken_pack_is_one_retry_that_says_nothing_and_the_others_are_read(which: int) -> None:
    given = [*map(retry, range(60))]
    before, pack, behind = (packed(given[at : at + 20])[0] for at in (0, 20, 40))
    broken = _broken(pack)[which]

    records, marks = opened(in_log([before, broken, behind]))

    assert [*records.keys] == [
        *(each.key for each in given[:20]),
        None,
        *(each.key for each in given[40:]),
    ]
    assert marks.row(20) == Marks.of_headers([])
    assert [*marks.offsets[:20]] == [*range(10, 30)]
    assert [*records.offsets[20:22]] == [101, 102]


def test_damaged_bytes_give_their_retries_or_one_that_says_nothing() -> None:
    (pack,) = packed([*map(retry, range(20))])
    random = Random(7)
    for _ in range(300):
        damaged = bytearray(pack.value or b"")
        for _ in range(3):
            damaged[random.randrange(len(damaged))] ^= 1 << random.randrange(8)

        records, marks = opened(in_log([pack._replace(value=bytes(damaged))]))

        assert len(records) == len(marks.abouts) in (1, 20)
        assert len([*records]) == len(records)
