"""Parts on their way into Redis: sent at once on a connection of their own, answered later.

Every part is one run of the script WRITE, which checks the claim and the offset before it writes
anything. So the parts may be sent behind one another without waiting: where one is refused, its
followers find another offset than they expect and are refused, too.
"""

from collections.abc import Sequence
from typing import Any

import redis

from backbone.errors import Fenced
from backbone.views import redis_scripts as scripts
from backbone.views.encoding import encode_entry, encode_status
from backbone.views.layout import PartitionKeys, partition_keys
from backbone.views.part import require_repeat, require_writable
from backbone.views.redis_exchange import Exchange
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
        names = partition_keys(view, partition)
        self._exchange = Exchange(client, [_command(names, token, part) for part in parts])

    def finish(self) -> None:
        try:
            for part in self._parts:
                self._require_written(part, self._exchange.answer())
                self.written += 1
        except BaseException:
            self.abandon()
            raise
        self._exchange.end()

    def abandon(self) -> None:
        self._exchange.abandon()

    def _require_written(self, part: Part, answer: Sequence[bytes]) -> None:
        view, partition = self._where
        require_ours(answer, view, partition)
        if answer[0] == b"other offset":
            stored = int(answer[1]) if answer[1] != b"none" else None
            ends = [each.status.offset for each in self._parts]
            require_repeat(view, partition, part, stored, ends)


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


def _command(names: PartitionKeys, token: str, part: Part) -> tuple[Any, ...]:
    """The text of the script, not its digest: a server that was restarted knows no digests."""
    put = {key: encode_entry(entry) for key, entry in part.entries.items() if entry}
    new = len(put)
    if part.known:  # those that the index may lack come first
        put = {key: put[key] for key in sorted(put, key=part.known.__contains__)}
        new = sum(key not in part.known for key in put)
    gone = [key for key, entry in part.entries.items() if entry is None]
    prefix = names.entry_prefix
    entries = [prefix + key.encode() for key in (*put, *gone)]
    keys = (names.claim, names.offset, names.status, names.index, *entries)
    script, held = scripts.WRITE, _held(part)
    if held:
        script, keys = scripts.WRITE_AND_HOLD, (*keys, names.held)
    return (
        *("EVAL", script, len(keys), *keys),
        *(token, part.expected_offset, part.status.offset, encode_status(part.status)),
        *(len(names.entry_prefix), new),
        *put.values(),
        *held,
    )


def _held(part: Part) -> list[Any]:
    """As the script takes it from the end; nothing where nothing changes."""
    if not part.held:
        return []
    put = [(offset, data) for offset, data in part.held.items() if data is not None]
    gone = [offset for offset, data in part.held.items() if data is None]
    return [*(each for pair in put for each in pair), len(put), *gone, len(gone)]
