"""The agreement of this process: told by its watch (cli/run.py), asked by its runners."""

from functools import cache

from backbone.registry.agreement import Agreement


@cache
def agreement() -> Agreement:
    """Made once per process."""
    return Agreement()
