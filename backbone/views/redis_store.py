"""The view store on Redis 6.2 or newer (or Valkey)."""

import secrets
from collections.abc import Iterable, Sequence
from typing import Any, cast

from redis import exceptions

from backbone.errors import Misconfigured
from backbone.views import redis_scripts as scripts
from backbone.views.coalesced_reads import CoalescedReads
from backbone.views.encoding import (
    decode_entry,
    decode_status_or_none,
    decode_version_or_none,
    encode_status,
)
from backbone.views.layout import PartitionKeys, partition_for, partition_keys
from backbone.views.page import merge_page, require_limit
from backbone.views.part import MAX_KEYS
from backbone.views.redis_client import (
    OPERATION_TIMEOUT_SECONDS,
    address_of,
    open_async_client,
    open_client,
    translated,
)
from backbone.views.redis_reading import RedisReading
from backbone.views.redis_writing import RedisWriting, require_ours
from backbone.views.remembered_entries import RememberedEntries
from backbone.views.store import (
    Answer,
    Claimed,
    Entry,
    Page,
    Part,
    Reading,
    Status,
    Version,
    ViewId,
    Writing,
)

READER_CONNECTIONS = 32  # past this one event loop is the limit, not Redis


class RedisViewWriter:
    """`ViewWriter` on Redis. Connects at the first operation, not when made."""

    def __init__(self, url: str, timeout_seconds: float = OPERATION_TIMEOUT_SECONDS) -> None:
        self._redis = open_client(url, timeout_seconds)
        self._address = address_of(self._redis)
        self._claim = self._redis.register_script(scripts.CLAIM)
        self._start = self._redis.register_script(scripts.START)
        self._close_for_clearing = self._redis.register_script(scripts.CLOSE_FOR_CLEARING)
        self._clear_some = self._redis.register_script(scripts.CLEAR_SOME)

    def claim(self, view: ViewId, partition: int) -> Claimed:
        names = partition_keys(view, partition)
        # Before the claim: a server that restarts in between then shows as another run.
        run_id = self.run_id()
        with translated(self._address):
            answer = self._take(names)
            while answer[0] == scripts.CLEARING:
                self._clear_entries(names)
                answer = self._take(names)
        token, status_bytes, offset = answer
        status = decode_status_or_none(status_bytes)
        if status is not None and offset != b"%d" % status.offset:
            status = None  # damaged from outside: nothing can be said, so nothing was built
        return Claimed(token.decode(), status, run_id)

    def start(self, view: ViewId, partition: int, token: str, status: Status) -> None:
        names = partition_keys(view, partition)
        with translated(self._address):
            answer = self._start(
                keys=(names.claim, names.offset, names.status),
                args=(token, status.offset, encode_status(status)),
            )
        require_ours(answer, view, partition)

    def begin_read(self, view: ViewId, partition: int, keys: Sequence[str]) -> Reading:
        return RedisReading(self._redis, partition_keys(view, partition), keys)

    def read(self, view: ViewId, partition: int, keys: Sequence[str]) -> list[Entry | None]:
        return self.begin_read(view, partition, keys).finish()

    def versions(self, view: ViewId, partition: int, keys: Sequence[str]) -> list[Version | None]:
        if not keys:
            return []
        names = partition_keys(view, partition)
        with translated(self._address):
            found: list[Any] = self._redis.mget([names.entry(key) for key in keys])
        return [decode_version_or_none(data) for data in found]

    def held(self, view: ViewId, partition: int) -> dict[int, bytes]:
        with translated(self._address):
            found: Any = self._redis.hgetall(partition_keys(view, partition).held)
        return {int(offset): data for offset, data in found.items()}

    def begin(self, view: ViewId, partition: int, token: str, parts: Sequence[Part]) -> Writing:
        return RedisWriting(self._redis, view, partition, token, parts)

    def write(self, view: ViewId, partition: int, token: str, part: Part) -> None:
        self.begin(view, partition, token, [part]).finish()

    def run_id(self) -> str:
        with translated(self._address):
            return str(self._redis.info("server")["run_id"])

    def clear(self, view: ViewId, partition: int) -> int:
        names = partition_keys(view, partition)
        with translated(self._address):
            self._close_for_clearing(keys=(names.claim, names.offset, names.status, names.held))
            return self._clear_entries(names)

    def check(self) -> None:
        with translated(self._address):
            policy = self._redis.info("memory")["maxmemory_policy"]
        if policy != "noeviction":
            raise Misconfigured(
                f"Redis at {self._address} has maxmemory-policy {policy} and may drop entries that "
                "no reader would miss. Set maxmemory-policy noeviction (CONFIG SET and redis.conf)"
            )

    def close(self) -> None:
        self._redis.close()

    def _take(self, names: PartitionKeys) -> list[Any]:
        return cast(
            "list[Any]",
            self._claim(
                keys=(names.claim, names.status, names.offset), args=(secrets.token_hex(8),)
            ),
        )

    def _clear_entries(self, names: PartitionKeys) -> int:
        cleared = 0
        while (count := self._clear_step(names)) >= 0:
            cleared += count
        return cleared

    def _clear_step(self, names: PartitionKeys) -> int:
        keys = (names.claim, names.index)
        return int(self._clear_some(keys=keys, args=(names.entry_prefix, MAX_KEYS)))


class RedisViewReader:
    """`ViewReader` on Redis, for one event loop. Connects at the first read, not when made."""

    def __init__(
        self,
        url: str,
        timeout_seconds: float = OPERATION_TIMEOUT_SECONDS,
        connections: int = READER_CONNECTIONS,
    ) -> None:
        self._redis = open_async_client(url, timeout_seconds, connections)
        self._address = address_of(self._redis)
        self._reads = CoalescedReads(self._read_many)
        self._entries = RememberedEntries()

    async def get(self, view: ViewId, key: str) -> Answer:
        partition = partition_for(view, key)
        names = partition_keys(view, partition)
        entry = names.entry(key)
        values = await self._reads.read(entry, names.status)
        data = values[entry]
        return Answer(
            None if data is None else self._entries.decoded(entry, data),
            decode_status_or_none(values[names.status]),
            partition,
        )

    async def page(self, view: ViewId, after: str | None, limit: int) -> Page:
        require_limit(limit)
        lower = b"-" if after is None else b"(" + after.encode()
        pipeline = self._redis.pipeline(transaction=False)
        for names in _all_partitions(view):
            pipeline.eval(
                scripts.PAGE, 2, names.status, names.index, names.entry_prefix, lower, limit + 1
            )
        answers = await self._run(pipeline)
        found = [
            pair for _, members, values in answers for pair in zip(members, values, strict=True)
        ]
        chosen, next_key = merge_page(found, limit)
        return Page(
            [(member.decode(), decode_entry(value)) for member, value in chosen],
            [decode_status_or_none(status) for status, _, _ in answers],
            next_key,
        )

    async def statuses(self, view: ViewId) -> Sequence[Status | None]:
        pipeline = self._redis.pipeline(transaction=False)
        for names in _all_partitions(view):
            pipeline.get(names.status)
        return [decode_status_or_none(data) for data in await self._run(pipeline)]

    async def close(self) -> None:
        await self._redis.aclose()

    async def _read_many(self, names: Sequence[bytes]) -> list[Any]:
        """One command, so one instant. It goes past redis-py's client, which packs it name by name
        and takes twice the time."""
        with translated(self._address):
            pool: Any = self._redis.connection_pool
            connection = await pool.get_connection()
            try:
                await connection.send_packed_command(_packed_mget(names))
                return cast("list[Any]", await connection.read_response())
            finally:
                await pool.release(connection)

    async def _run(self, pipeline: Any) -> list[Any]:
        """Errors are looked for here: redis-py's own text for them quotes the command."""
        with translated(self._address):
            answers: list[Any] = await pipeline.execute(raise_on_error=False)
            errors = [each for each in answers if isinstance(each, exceptions.RedisError)]
            if errors:
                raise errors[0]
        return answers


def _packed_mget(names: Sequence[bytes]) -> bytes:
    words = [b"$%d\r\n%b\r\n" % (len(name), name) for name in names]
    return b"*%d\r\n$4\r\nMGET\r\n%b" % (len(names) + 1, b"".join(words))


def _all_partitions(view: ViewId) -> Iterable[PartitionKeys]:
    return (partition_keys(view, partition) for partition in range(view.partitions))
