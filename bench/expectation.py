"""Whether a view holds what it must: a benchmark of wrong results is none."""

import asyncio
import json
import subprocess
from collections.abc import Mapping
from contextlib import aclosing
from pathlib import Path
from typing import Any

from backbone.errors import Fatal
from backbone.views.encoding import encode_entry
from backbone.views.store import Entry
from bench.ground import wait_until
from cli import wiring
from cli.view_positions import view_positions

_PAGE = 1_000
_BUILT_SECONDS = 120.0


def require_view(name: str, expected: Path) -> None:
    """Raises Fatal unless the view's documents are exactly those of the file."""
    wanted: Mapping[str, Any] = json.loads(expected.read_text())
    found = {key: entry.value for key, entry in asyncio.run(_entries(name)).items()}
    wrong = [key for key in wanted.keys() | found.keys() if wanted.get(key) != found.get(key)]
    if wrong:
        raise Fatal(
            f"{name} holds {len(found)} documents, {len(wanted)} were expected, {len(wrong)} "
            f"differ, for one {min(wrong)}: nothing was measured"
        )


def wait_until_built(view: str, topic: str, worker: "subprocess.Popen[bytes]") -> None:
    """Until the view stands at the ends of its topic: readers are answered from there on."""
    ends = wiring.topic_admin().ends(topic)

    def built() -> bool:
        if worker.poll() is not None:
            raise Fatal(f"the worker of {view} ended with {worker.poll()}: see its log")
        stored = view_positions([view])[view]
        return all(stored.get(partition, 0) >= end for partition, end in ends.items())

    wait_until(built, f"{view} is built", _BUILT_SECONDS)


def entry_bytes(name: str) -> int:
    """The mean size of an entry as it is stored."""
    sizes = [len(encode_entry(entry)) for entry in asyncio.run(_entries(name)).values()]
    return sum(sizes) // len(sizes)


async def _entries(name: str) -> dict[str, Entry]:
    async with aclosing(_Pages(name)) as pages:
        return await pages.all()


class _Pages:
    def __init__(self, view: str) -> None:
        self._reader, self._id = wiring.view_reader(), wiring.view_id(view)

    async def all(self) -> dict[str, Entry]:
        found, after = dict[str, Entry](), None
        while True:
            page = await self._reader.page(self._id, after, _PAGE)
            found |= dict(page.entries)
            after = page.next_key
            if after is None:
                return found

    async def aclose(self) -> None:
        await self._reader.close()
