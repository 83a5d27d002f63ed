"""Which partition a key belongs to: the Java client's default, murmur2, as every producer of ours
uses it (librdkafka: `partitioner=murmur2_random`).

Source: org.apache.kafka.common.utils.Utils.murmur2 and BuiltInPartitioner.partitionForKey
(toPositive(murmur2(key)) % partitions).
"""

import struct

_SEED = 0x9747B28C
_M = 0x5BD1E995
_MASK = 0xFFFFFFFF
_WORDS = tuple(struct.Struct(f"<{count}I") for count in range(65))


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
    return (murmur2(key) & 0x7FFFFFFF) % partitions
