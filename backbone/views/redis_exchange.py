"""Commands sent to Redis at once on a connection of their own, and answered later."""

from collections.abc import Iterable
from typing import Any

import redis
from hiredis import pack_command

from backbone.views.redis_client import address_of, translated


class Exchange:
    """The answers come in the order of the commands. Whoever began it ends it, once, by `end` or by
    `abandon`."""

    def __init__(self, client: "redis.Redis", commands: Iterable[tuple[Any, ...]]) -> None:
        self._address = address_of(client)
        self._pool: Any = client.connection_pool
        self._connection: Any = None
        try:
            self._send(commands)
        except BaseException:
            self.abandon()
            raise

    def _send(self, commands: Iterable[tuple[Any, ...]]) -> None:
        with translated(self._address):
            self._connection = self._pool.get_connection()
            for command in commands:
                self._connection.send_packed_command([pack_command(command)])

    def answer(self) -> Any:
        """Wait for the next one."""
        with translated(self._address):
            return self._connection.read_response()

    def end(self) -> None:
        """Every answer was read."""
        connection, self._connection = self._connection, None
        if connection is not None:
            self._pool.release(connection)

    def abandon(self) -> None:
        """Answers that nobody read must not be taken for those of the next one's commands."""
        if self._connection is not None:
            self._connection.disconnect()
        self.end()
