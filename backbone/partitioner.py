"""Which partition a key belongs to: the Java client's default, murmur2, as every producer of ours
uses it (librdkafka: `partitioner=murmur2_random`).

Source: org.apache.kafka.common.utils.Utils.murmur2 and BuiltInPartitioner.partitionForKey
(toPositive(murmur2(key)) % partitions).
"""

import struct
from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache

_SEED = 0x9747B28C
_M = 0x5BD1E995
_MASK = 0xFFFFFFFF
_POSITIVE = 0x7FFFFFFF
_WORDS = tuple(struct.Struct(f"<{count}I") for count in range(65))
_LANE = 8  # bytes: a word of four, and room above it for what a product carries over
_FEW = 16  # keys of a length: below, one by one is faster


def murmur2(data: bytes) -> int:
    length = len(data)
    count = length >> 2
    words = _WORDS[count] if count < len(_WORDS) else struct.Struct(f"<{count}I")
    h = _SEED ^ length
    for word in words.unpack_from(data):
        k = (word * _M) & _MASK
        h = (h * _M ^ (k ^ k >> 24) * _M) & _MASK
    if length & 3:
        h = ((h ^ int.from_bytes(data[count << 2 :], "little")) * _M) & _MASK
    h = ((h ^ h >> 13) * _M) & _MASK
    return h ^ h >> 15


def partition_of(key: bytes, partitions: int) -> int:
    return (murmur2(key) & _POSITIVE) % partitions


def partitions_of(keys: Sequence[bytes], partitions: int) -> list[int]:
    """`partition_of` each of many keys."""
    if len(set(map(len, keys))) == 1:
        return [(each & _POSITIVE) % partitions for each in _hashes(keys)]
    of_length: defaultdict[int, list[int]] = defaultdict(list)
    for place, length in enumerate(map(len, keys)):
        of_length[length].append(place)
    found = [0] * len(keys)
    for places in of_length.values():
        for place, each in zip(places, _hashes([keys[at] for at in places]), strict=True):
            found[place] = (each & _POSITIVE) % partitions
    return found


def _hashes(keys: Sequence[bytes]) -> Sequence[int]:
    """`murmur2` of keys of one length."""
    return list(map(murmur2, keys)) if len(keys) < _FEW else _in_lanes(keys)


def _in_lanes(keys: Sequence[bytes]) -> Sequence[int]:
    """All at once: one large number holds the state of every key, each in a lane of its own. What a
    shift brings down from the lane above, or a product carries up, is cut off by `low`."""
    length = len(keys[0])
    one = _ones(len(keys))
    low = one * _MASK
    h = one * (_SEED ^ length)
    for at in range(0, length & ~3, 4):
        k = (_lanes(keys, at, at + 4) * _M) & low
        h = (h * _M & low) ^ (((k ^ k >> 24 & low) * _M) & low)
    if length & 3:
        h = ((h ^ _lanes(keys, length & ~3, length)) * _M) & low
    h = ((h ^ h >> 13 & low) * _M) & low
    h ^= h >> 15 & low
    return struct.unpack(f"<{len(keys)}Q", h.to_bytes(_LANE * len(keys), "little"))


def _lanes(keys: Sequence[bytes], first: int, end: int) -> int:
    """These bytes of each key, each in its lane."""
    gap = bytes(_LANE - (end - first))
    return int.from_bytes(gap.join([key[first:end] for key in keys]), "little")


@lru_cache(maxsize=8)
def _ones(count: int) -> int:
    """A one in every lane."""
    return int.from_bytes((1).to_bytes(_LANE, "little") * count, "little")
