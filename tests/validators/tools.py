"""Validators of other ecosystems, as `make validators` installs them."""

import os
import subprocess
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent
TOOLS = FOLDER.parents[1] / ".tools"


def tool(path: str) -> Path:
    """Where it is; skips on a laptop without it, and fails in CI."""
    found = TOOLS / path
    if not found.exists():
        what = f"{path} is not there: run `make validators`, which needs npm and Go"
        if os.environ.get("CI"):
            pytest.fail(what)
        pytest.skip(what)
    return found


def run(*command: str | Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        list(map(str, command)), capture_output=True, text=True, check=False, cwd=TOOLS
    )
