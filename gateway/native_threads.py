"""Waiting for threads that a native library started, which `threading` knows nothing of.

While the interpreter shuts down, CPython before 3.14 ends a thread that asks for the GIL with
pthread_exit. A Rust thread does not survive that: it aborts the whole process, which by then has
done its work and is on its way to exit code 0.
"""

import ctypes
import gc
import sys
import threading
import time
from typing import Final

from backbone.logs import logger

_SECONDS: Final = 5.0
_POLL_SECONDS: Final = 0.002

# PyDLL calls each of these with the GIL held.
_interpreter = ctypes.pythonapi.PyInterpreterState_Get
_first = ctypes.pythonapi.PyInterpreterState_ThreadHead
_next = ctypes.pythonapi.PyThreadState_Next
for _function in (_interpreter, _first, _next):
    _function.restype = ctypes.c_void_p
for _function in (_first, _next):
    _function.argtypes = [ctypes.c_void_p]


def count() -> int:
    """Count the threads that may ask for the GIL and that no `threading.Thread` stands for."""
    patience = sys.getswitchinterval()
    sys.setswitchinterval(1)  # seconds: a state must not vanish while the next one is asked for
    try:
        states, state = 0, _first(_interpreter())
        while state is not None:
            states, state = states + 1, _next(state)
    finally:
        sys.setswitchinterval(patience)
    # A native thread that asks for its current_thread() is given a dummy, for ever.
    dummies = threading._DummyThread  # noqa: SLF001
    return states - sum(not isinstance(each, dummies) for each in threading.enumerate())


def wait_until_ended(allowed: int, seconds: float = _SECONDS) -> bool:
    """Wait until no more than `allowed` of them are left; False, and a warning, if they stay.

    For the end of a process: a full collection comes first, because a thread may live as long as
    an object does that is garbage already.
    """
    gc.collect()
    pause, deadline = threading.Event(), time.monotonic() + seconds
    while count() > allowed and time.monotonic() < deadline:
        pause.wait(_POLL_SECONDS)
    left = count() - allowed
    if left > 0:
        logger("gateway").warning("native threads did not end", threads=left, seconds=seconds)
    return left <= 0
