"""One load generator for ceiling and candidate: Debian's wrk, with the same script for both."""

import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from backbone.errors import Misconfigured
from bench.figures import RATE
from bench.stage import Sample

CONNECTIONS = 64
_RATE = re.compile(r"^Requests/sec:\s+([0-9.]+)", re.MULTILINE)
_PERCENTILE = re.compile(r"^\s+99%\s+([0-9.]+)(us|ms|s)\s*$", re.MULTILINE)
_WRONG = re.compile(r"Non-2xx or 3xx responses: (\d+)|Socket errors: (.*)")
_MS = {"us": 0.001, "ms": 1.0, "s": 1000.0}
_SCRIPT = """
local paths = {}
for line in io.lines("%s") do paths[#paths + 1] = line end
local at = 0
request = function()
  at = at %% #paths + 1
  return wrk.format("GET", paths[at])
end
"""


def require_wrk() -> str:
    found = shutil.which("wrk")
    if found is None:
        raise Misconfigured("wrk is not on PATH: on Debian and Ubuntu, apt-get install wrk")
    return found


def script(folder: Path, paths: Sequence[str]) -> Path:
    """The script that asks for these paths, one after the other."""
    listed, made = folder / "paths.txt", folder / "paths.lua"
    folder.mkdir(exist_ok=True)
    listed.write_text("\n".join(paths) + "\n")
    made.write_text(_SCRIPT % listed)
    return made


def load(address: str, asking: Path, seconds: int) -> Sample:
    """Requests a second, and the 99th percentile; raises Misconfigured when any was refused."""
    command = [require_wrk(), "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency"]
    done = subprocess.run(
        [*command, "-s", str(asking), f"http://{address}"],
        capture_output=True,
        text=True,
        check=False,
    )
    rate, slow = _RATE.search(done.stdout), _PERCENTILE.search(done.stdout)
    wrong = _WRONG.search(done.stdout)
    if rate is None or slow is None or wrong is not None:
        said = wrong[0] if wrong else done.stderr.strip()[-200:]
        raise Misconfigured(f"wrk measured nothing that counts: {said}")
    return {RATE: float(rate[1]), "p99_ms": float(slow[1]) * _MS[slow[2]]}
