import random

import pytest

from backbone.partitioner import murmur2, partition_of, partitions_of


@pytest.mark.parametrize(
    ("key", "signed"),
    [
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"a-little-bit-longer-string", -1486304829),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        (b"abc", 479470107),
    ],
)
def test_hashes_are_those_of_the_java_client(key: bytes, signed: int) -> None:
    """Vectors of org.apache.kafka.common.utils.UtilsTest.testMurmur2."""
    assert murmur2(key) == signed % 2**32


def test_a_negative_hash_still_gives_a_partition() -> None:
    assert partition_of(b"foobar", 4) == (-790332482 % 2**32 & 0x7FFFFFFF) % 4


def test_many_keys_of_all_lengths_go_where_each_goes_alone() -> None:
    chance = random.Random(7)
    keys = [
        chance.randbytes(chance.choice((0, 1, 2, 3, 4, 5, 8, 13, 36, 300))) for _ in range(2_000)
    ]
    keys += [b"\xff" * length for length in range(40) for _ in range(20)] + [b"alone in its length"]
    chance.shuffle(keys)

    assert partitions_of(keys, 7) == [partition_of(key, 7) for key in keys]
    assert partitions_of([], 7) == []
