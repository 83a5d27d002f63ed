"""How far the views have come, as their store says."""

import asyncio
from collections.abc import Sequence

from cli import wiring


def view_positions(names: Sequence[str]) -> dict[str, dict[int, int]]:
    """Per view and partition: the next log offset to apply, 0 where nothing was built yet."""
    return asyncio.run(_positions(names))


async def _positions(names: Sequence[str]) -> dict[str, dict[int, int]]:
    store = wiring.view_reader()
    try:
        return {
            name: {
                partition: found.offset if found else 0
                for partition, found in enumerate(await store.statuses(wiring.view_id(name)))
            }
            for name in names
        }
    finally:
        await store.close()
