"""How a process ends that was told to, on a process of its own: signals and exit codes are real."""

import signal
import subprocess
import sys

HANGS = """
import threading
from backbone import logs
from cli.process import Process

logs.configure("info", human=False)
process = Process(end_seconds=0.2)
process.catch_signals()

def hangs():
    print("working", flush=True)
    threading.Event().wait()

def ends():
    while not process.stopping():
        threading.Event().wait(0.01)
    {end}

process.run([hangs, ends])
"""


def _told_to_end(end: str) -> tuple[int, str, str]:
    """The exit code, and what the process said."""
    command = [sys.executable, "-c", HANGS.format(end=end)]
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


def test_what_failed_meanwhile_is_told_as_well() -> None:
    code, out, told = _told_to_end("raise RuntimeError('the other one failed')")
    assert (code, "the other one failed" in out + told) == (1, True)
