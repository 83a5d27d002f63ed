"""How a process ends that was told to, on a process of its own: signals and exit codes are real."""

import signal
import subprocess
import sys

HANGS = """
import ctypes
import threading
from backbone import logs
from cli.process import Process

logs.configure("info", human=False)
process = Process(end_seconds=0.5)
process.catch_signals()

def hangs():
    print("working", flush=True)
    {hangs}

def ends():
    while not process.stopping():
        threading.Event().wait(0.01)
    {end}

process.run([hangs, ends])
"""


WAITS = "threading.Event().wait()"
HOLDS_THE_INTERPRETER = """threading.Event().wait(0.2)
    ctypes.PyDLL(None).sleep(60)"""


def _told_to_end(end: str, hangs: str = WAITS) -> tuple[int, str, str]:
    """The exit code, and what the process said."""
    command = [sys.executable, "-c", HANGS.format(end=end, hangs=hangs)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "working\n"
        running.send_signal(signal.SIGTERM)
        out, told = running.communicate(timeout=20)
    return running.returncode, out, told


def test_a_worker_that_hangs_is_left_behind_and_it_is_told_where() -> None:
    code, out, told = _told_to_end("pass")
    assert code == 1
    assert "a worker did not end in time: left behind" in out + told
    assert "in hangs" in told


def test_one_that_hangs_with_the_interpreter_in_its_hands_is_left_behind_too() -> None:
    """As a consumer did that waited, while it was closed, for an answer that never came."""
    code, _, told = _told_to_end("pass", HOLDS_THE_INTERPRETER)
    assert code == 1
    assert "in hangs" in told


def test_what_failed_meanwhile_is_told_as_well() -> None:
    code, out, told = _told_to_end("raise RuntimeError('the other one failed')")
    assert (code, "the other one failed" in out + told) == (1, True)
