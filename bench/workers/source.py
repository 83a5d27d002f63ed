"""Candidate: a source's worker with everything around it, from its first row to its last commit."""

from collections.abc import Mapping, Sequence
from typing import Any

from backbone.cursor_record import CursorRecord
from backbone.errors import Fatal
from backbone.source import Batch, Cursor, Source
from bench.process import Stopwatch, serve
from cli import wiring
from cli.process import collect_rarely


class Watched:
    """The source, looked at from outside: its first poll, and the one that finds nothing more,
    which is asked for once everything before it was committed."""

    def __init__(self, inner: Source) -> None:
        self._inner = inner
        self.batches = 0
        self.watch = Stopwatch()

    @property
    def name(self) -> str:
        return self._inner.name

    @property
    def facts(self) -> Sequence[str]:
        return self._inner.facts

    def poll(self, cursor: Cursor | None) -> Batch:
        if self.batches:
            self.watch.stop()
        else:
            self.watch.start()
        batch = self._inner.poll(cursor)
        if not batch.empty:
            self.batches += 1
        return batch

    def close(self) -> None:
        self._inner.close()


def publish(arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """Everything that `source` has to give, which is `count` facts and no reject."""
    collect_rarely()
    name, count, codec = arguments["source"], arguments["count"], wiring.codec()
    watched = Watched(wiring.source(name))
    codec.check(watched.facts)
    runner, membership = wiring.source_runner(name, codec, watched)
    try:
        runner.run(membership, lambda: False, until_idle=True)
    finally:
        membership.close()
    figures = watched.watch.figures(count)
    _require(name, count)
    return figures | {"facts_a_transaction": count / watched.batches}


def _require(name: str, count: int) -> None:
    """What the cursor says, and what stands in the topics."""
    reader, contracts = wiring.reader(), wiring.contracts()
    successor = wiring.publisher(name, 0)
    try:  # a commit is answered before every committed reader sees it: a successor waits for that
        newest = successor.open()
    finally:
        successor.close()
    said = CursorRecord.from_bytes(newest) if newest else CursorRecord({}, 0, 0, 0)
    topics = {contracts[fact].topic for fact in wiring.source(name).facts}
    stand = sum(1 for topic in topics for _ in reader.scan(topic))
    reader.close()
    if not said.read == said.published == stand == count:
        raise Fatal(
            f"{name}: {count} facts were to be published; its cursor says {said.published} "
            f"published and {said.rejected} rejected, and the topic holds {stand}"
        )


if __name__ == "__main__":
    serve(publish)
