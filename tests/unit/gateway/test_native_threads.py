"""Threads that `threading` did not start are counted, and waited for."""

import _thread
import threading
from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from gateway import native_threads


@pytest.fixture
def lock() -> Iterator[threading.Lock]:
    """Held; whoever waits for it is let go in the end."""
    made = threading.Lock()
    made.acquire()
    yield made
    if made.locked():
        made.release()


def wait_on(lock: threading.Lock) -> None:
    with lock:
        pass


def test_a_thread_that_threading_did_not_start_is_waited_for(lock: threading.Lock) -> None:
    before = native_threads.count()
    _thread.start_new_thread(wait_on, (lock,))
    assert native_threads.count() == before + 1

    lock.release()

    assert native_threads.wait_until_ended(before)


def test_one_that_stays_is_told_of_and_waited_for_no_longer(lock: threading.Lock) -> None:
    before = native_threads.count()
    _thread.start_new_thread(wait_on, (lock,))

    with capture_logs() as logs:
        assert not native_threads.wait_until_ended(before, seconds=0.02)
    assert [(each["event"], each["threads"]) for each in logs] == [
        ("native threads did not end", 1)
    ]

    lock.release()
    assert native_threads.wait_until_ended(before)


def test_threads_of_pythons_own_are_not_counted(lock: threading.Lock) -> None:
    before = native_threads.count()
    thread = threading.Thread(target=wait_on, args=(lock,))
    thread.start()

    assert native_threads.count() == before

    lock.release()
    thread.join()
