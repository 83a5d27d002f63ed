import pytest

from backbone.partitioner import murmur2, partition_of


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
