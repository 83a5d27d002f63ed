"""Parts on their way into Redis: sent at once on a connection of their own, answered later.

Every part is one run of the script WRITE, which checks the claim and the offset before it writes
anything. So the parts may be sent behind one another without waiting: where one is refused, its
followers find another offset than they expect and are refused, too.
"""

from collections.abc import Sequence
from typing import Any

import redis
from hiredis import pack_command

from backbone.errors import Fenced
from backbone.views import redis_scripts as scripts
from backbone.views.encoding import encode_entry, encode_status
from backbone.views.layout import PartitionKeys, partition_keys
from backbone.views.part import require_repeat, require_writable
from backbone.views.redis_client import address_of, translated
from backbone.views.store import Part, ViewId, Wiped


class RedisWriting:
    """See `backbone.views.store.Writing`."""

    def __init__(
        self,
        client: "redis.Redis",
        view: ViewId,
        partition: int,
        token: str,
        parts: Sequence[Part],
    ) -> None:
        for part in parts:
            require_writable(part)
        self.written = 0
        self._where = (view, partition)
        self._parts = tuple(parts)  # the caller goes on with its list
        self._address = address_of(client)
        self._pool: Any = client.connection_pool
        self._connection: Any = None
        names = partition_keys(view, partition)
        commands = [_command(names, token, part) for part in parts]
        try:
            self._send(commands)
        except BaseException:
            self._let_go(in_order=False)
            raise

    def finish(self) -> None:
        in_order = False
        try:
            self._hear()
            in_order = True
        finally:
            self._let_go(in_order=in_order)

    def abandon(self) -> None:
        self._let_go(in_order=False)

    def _send(self, commands: Sequence[Sequence[Any]]) -> None:
        with translated(self._address):
            self._connection = self._pool.get_connection()
            for command in commands:
                self._connection.send_packed_command([pack_command(tuple(command))])

    def _hear(self) -> None:
        for part in self._parts:
            with translated(self._address):
                answer = self._connection.read_response()
            self._require_written(part, answer)
            self.written += 1

    def _require_written(self, part: Part, answer: Sequence[bytes]) -> None:
        view, partition = self._where
        require_ours(answer, view, partition)
        if answer[0] == b"other offset":
            stored = int(answer[1]) if answer[1] != b"none" else None
            ends = [each.status.offset for each in self._parts]
            require_repeat(view, partition, part, stored, ends)

    def _let_go(self, *, in_order: bool) -> None:
        """Answers that nobody read must not be taken for those of the next one's commands."""
        connection, self._connection = self._connection, None
        if connection is not None:
            if not in_order:
                connection.disconnect()
            self._pool.release(connection)


def require_ours(answer: Sequence[bytes], view: ViewId, partition: int) -> None:
    """Raises Fenced or Wiped where a script that writes found another claim than ours."""
    where = f"{view.name} v{view.version}, partition {partition}"
    code = answer[0]
    if code == b"fenced":
        raise Fenced(
            f"{where} was claimed by another process; nothing was written. "
            "If none was meant to take over, two processors of this view run at once"
        )
    if code in {b"older claim", b"no claim"}:
        found = "an older claim is back" if code == b"older claim" else "the claim is gone"
        raise Wiped(f"{where}: {found}. The store was emptied or replaced: claim again and heal")


def _command(names: PartitionKeys, token: str, part: Part) -> list[Any]:
    """The text of the script, not its digest: a server that was restarted knows no digests."""
    put = {key: encode_entry(entry) for key, entry in part.entries.items() if entry}
    # those that the index may lack come first
    order = sorted(put, key=part.known.__contains__)
    gone = [key for key, entry in part.entries.items() if entry is None]
    prefix = names.entry_prefix
    entries = [prefix + key.encode() for key in (*order, *gone)]
    keys = (names.claim, names.offset, names.status, names.index, *entries)
    return [
        *("EVAL", scripts.WRITE, len(keys), *keys),
        *(token, part.expected_offset, part.status.offset, encode_status(part.status)),
        *(len(names.entry_prefix), sum(key not in part.known for key in order)),
        *(put[key] for key in order),
    ]
