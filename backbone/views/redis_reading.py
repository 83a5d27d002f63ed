"""Entries on their way from Redis: asked for at once, waited for later."""

from collections.abc import Sequence

import redis

from backbone.views.encoding import decode_entry_or_none
from backbone.views.layout import PartitionKeys
from backbone.views.part import MAX_KEYS
from backbone.views.redis_exchange import Exchange
from backbone.views.store import Entry


class RedisReading:
    """See `backbone.views.store.Reading`. In commands of a bounded size: while Redis answers one it
    serves nobody else."""

    def __init__(self, client: "redis.Redis", names: PartitionKeys, keys: Sequence[str]) -> None:
        prefix = names.entry_prefix
        self._commands = [
            ("MGET", *(prefix + key.encode() for key in keys[start : start + MAX_KEYS]))
            for start in range(0, len(keys), MAX_KEYS)
        ]
        self._exchange = Exchange(client, self._commands) if keys else None

    def finish(self) -> list[Entry | None]:
        if self._exchange is None:
            return []
        try:
            found = [data for _ in self._commands for data in self._exchange.answer()]
        except BaseException:
            self.abandon()
            raise
        self._exchange.end()
        return [decode_entry_or_none(data) for data in found]

    def abandon(self) -> None:
        if self._exchange is not None:
            self._exchange.abandon()
