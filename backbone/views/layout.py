"""Key names in the store. Everything of one view partition shares one hash tag, so a Redis Cluster
keeps it in one slot and one script can write all of it.

    {<view>:<partition>}:<version>:claim    who may write
    {<view>:<partition>}:<version>:offset   next log offset to apply
    {<view>:<partition>}:<version>:status   Status
    {<view>:<partition>}:<version>:keys     sorted set, score 0: the keys in order of their bytes
    {<view>:<partition>}:<version>:held     hash, of strict folds: log offset to the fact that waits
    {<view>:<partition>}:<version>:e:<key>  Entry
"""

from dataclasses import dataclass
from functools import lru_cache

from backbone.partitioner import partition_of
from backbone.views.store import ViewId


@dataclass(frozen=True, slots=True)
class PartitionKeys:
    """The key names of one view partition, ready as bytes."""

    claim: bytes
    offset: bytes
    status: bytes
    index: bytes
    held: bytes
    entry_prefix: bytes

    def entry(self, key: str) -> bytes:
        return self.entry_prefix + key.encode()


@lru_cache(maxsize=4096)
def partition_keys(view: ViewId, partition: int) -> PartitionKeys:
    """Raises ValueError for a partition the view does not have, or a name that would break out of
    the hash tag."""
    if not view.name or "{" in view.name or "}" in view.name:
        raise ValueError(f"view name {view.name!r}: it must not be empty nor hold a brace")
    if not 0 <= partition < view.partitions:
        raise ValueError(f"{view.name} has partitions 0 to {view.partitions - 1}, not {partition}")
    start = f"{{{view.name}:{partition}}}:{view.version}:"
    return PartitionKeys(
        claim=f"{start}claim".encode(),
        offset=f"{start}offset".encode(),
        status=f"{start}status".encode(),
        index=f"{start}keys".encode(),
        held=f"{start}held".encode(),
        entry_prefix=f"{start}e:".encode(),
    )


_MAX_KEY = 256  # characters; longer ones are not remembered


def partition_for(view: ViewId, key: str) -> int:
    """Where a key lives: the partition its producers send it to."""
    find = _remembered if len(key) <= _MAX_KEY else _partition_of
    return find(key, view.partitions)


def _partition_of(key: str, partitions: int) -> int:
    return partition_of(key.encode(), partitions)


# hashing a key takes longer than looking it up, and keys come again
_remembered = lru_cache(maxsize=32_768)(_partition_of)
