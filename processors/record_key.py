"""A record's key: text, in the partition that it belongs to."""

from collections.abc import Sequence
from functools import lru_cache
from typing import cast

from backbone.errors import Poison, PoisonReason
from backbone.partitioner import partition_of, partitions_of

_MAX_KEY = 256  # bytes; longer ones are not remembered


def text_key(key: bytes | None, partition: int, partitions: int) -> str:
    """Give the key of a record that stands in `partition`. Raises Poison (BAD_KEY).

    Keys map to partitions by murmur2 alone, or nobody would find their entries again.
    """
    if key is None or len(key) > _MAX_KEY:
        return _text_key(key, partition, partitions)
    return _remembered(key, partition, partitions)


def _text_key(key: bytes | None, partition: int, partitions: int) -> str:
    if not key:
        raise Poison(PoisonReason.BAD_KEY, "the record has no key")
    try:
        text = key.decode()
    except UnicodeDecodeError as error:
        raise Poison(PoisonReason.BAD_KEY, "the key is not UTF-8") from error
    belongs = partition_of(key, partitions)
    if belongs != partition:
        raise Poison(
            PoisonReason.BAD_KEY,
            f"the record stands in partition {partition} and its key belongs to {belongs}: its "
            "producer must partition by murmur2, as Kafka's Java client does",
        )
    return text


# hashing a key takes longer than all else that is done with it, and keys come again
_remembered = lru_cache(maxsize=65_536)(_text_key)


def text_keys(
    keys: Sequence[bytes | None], partition: int, partitions: int
) -> Sequence[str | Poison]:
    """`text_key` of each, most of which are new; in the place of a key that is none, why."""
    if all(keys):
        whole = cast("Sequence[bytes]", keys)
        try:
            texts = [key.decode() for key in whole]
        except UnicodeDecodeError:
            texts = []
        if texts and set(partitions_of(whole, partitions)) == {partition}:
            return texts
    return [_text_or_poison(key, partition, partitions) for key in keys]


def _text_or_poison(key: bytes | None, partition: int, partitions: int) -> str | Poison:
    try:
        return text_key(key, partition, partitions)
    except Poison as poison:
        return poison
