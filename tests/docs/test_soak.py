"""`make soak` is no part of what CI runs: that its scenes can begin is seen here."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_every_scene_finds_what_it_begins_with() -> None:
    """Its fixtures are those of other folders: one that moved or was split is missed at setup."""
    plan = ("-q", "-p", "no:cacheprovider", "-p", "tests.soak.progress", "--setup-plan")
    # as `make soak` calls it, and not as a worker of the run that this test is in
    inherited = {name: v for name, v in os.environ.items() if not name.startswith("PYTEST_")}
    command = (sys.executable, "-m", "pytest", *plan, "tests/soak/soak.py")
    done = subprocess.run(
        command, cwd=ROOT, env=inherited, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-2_000:]
