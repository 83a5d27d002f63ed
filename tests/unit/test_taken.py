"""What the client hands over becomes runs of records, in its order, with nothing left out."""

from confluent_kafka import KafkaError, Message

from backbone.kafka.headers import EveryHeader, FewHeaders
from backbone.kafka.taken import AT_A_TIME, MAX_BYTES, Run, Taken


def record(partition: int, offset: int, value: bytes | None = b"value") -> Message:
    return Message(
        topic="t",
        partition=partition,
        offset=offset,
        key=b"k%d" % offset,
        value=value,
        headers=[("ce_id", b"%d" % offset)],
        timestamp=(1, 1_000 + offset),
    )


def end(partition: int, offset: int) -> Message:
    error = KafkaError(KafkaError._PARTITION_EOF)
    return Message(topic="t", partition=partition, offset=offset, error=error)


def taken(*messages: Message) -> Taken:
    made = Taken()
    made.add(messages)
    return made


def shown(found: Taken) -> list[tuple[int, list[int]] | str]:
    return [
        (each.partition, each.offsets) if isinstance(each, Run) else f"end of {each.partition()}"
        for each in found.items
    ]


def test_a_run_has_everything_of_its_records() -> None:
    found = taken(record(2, 5), record(2, 7, None))
    found.add([record(2, 9, b"")])

    assert found.items == [
        Run(
            partition=2,
            offsets=[5, 7, 9],
            keys=[b"k5", b"k7", b"k9"],
            values=[b"value", None, b""],
            headers=found.items[0].headers,  # type: ignore[arg-type] # as a client hands them over
            timestamps_ms=[1_005, 1_007, 1_009],
        )
    ]
    assert isinstance(found.items[0], Run)
    assert [*found.items[0].headers] == [[("ce_id", b"5")], [("ce_id", b"7")], [("ce_id", b"9")]]
    assert (found.count, found.size) == (3, 5)


def test_headers_are_read_at_once_or_when_they_are_asked_for() -> None:
    for kind in (EveryHeader, FewHeaders):
        found = Taken(kind)
        found.add([record(0, 1), record(0, 2)])
        run = found.items[0]
        assert isinstance(run, Run)
        assert type(run.headers) is kind
        behind = Run(0, headers=kind())
        behind.add([record(0, 3)])
        run.extend(behind)
        assert [*run.headers] == [[("ce_id", b"%d" % offset)] for offset in (1, 2, 3)]
        assert run.headers[1:] == [[("ce_id", b"2")], [("ce_id", b"3")]]
        assert len(run.headers) == 3


def test_partitions_and_what_is_said_of_them_stay_in_their_order() -> None:
    found = taken(record(0, 1), record(0, 2), end(0, 3), record(1, 8), record(0, 4), end(1, 9))
    found.add([record(1, 10)])

    assert shown(found) == [(0, [1, 2]), "end of 0", (1, [8]), (0, [4]), "end of 1", (1, [10])]


def test_the_beginning_of_the_next_run_is_held_back() -> None:
    found = taken(record(0, 1), record(1, 8), record(1, 9))
    held = found.hold_back()

    assert shown(found) == [(0, [1])]
    assert shown(held) == [(1, [8, 9])]
    assert (found.count, found.size, held.count, held.size) == (1, 5, 2, 10)
    held.add([record(1, 10), record(0, 2)])
    assert shown(held) == [(1, [8, 9, 10]), (0, [2])]


def test_a_run_alone_and_an_end_are_not_held_back() -> None:
    for found in (taken(), taken(record(0, 1)), taken(record(0, 1), end(0, 2))):
        before = shown(found)
        assert shown(found.hold_back()) == []
        assert shown(found) == before


def test_a_partition_that_is_given_up_is_dropped() -> None:
    found = taken(record(0, 1), end(0, 2), record(1, 8))
    found.drop(0)

    assert shown(found) == [(1, [8])]
    assert (found.count, found.size) == (1, 5)


def test_as_many_are_taken_next_as_fit_if_they_are_like_those_before() -> None:
    assert Taken().fitting() == AT_A_TIME
    assert taken(record(0, 0, None)).fitting() == AT_A_TIME
    large = taken(record(0, 0, b"v" * (MAX_BYTES // 4)))
    assert large.fitting() == 3
    large.add([record(0, at, b"v" * (MAX_BYTES // 4)) for at in (1, 2, 3)])
    assert large.fitting() == 0
    assert taken(record(0, 0, b"v" * (MAX_BYTES + 1))).fitting() == 0
