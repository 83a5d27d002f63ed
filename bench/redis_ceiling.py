"""Ceiling: pipelined SET, by redis-benchmark where it is on PATH (Debian: redis-tools)."""

import csv
import shutil
import subprocess
from urllib.parse import urlsplit

from backbone.errors import Fatal
from bench.figures import RATE
from bench.ground import Ground
from bench.stage import Sample
from cli import wiring

TOOL = "redis-benchmark"
PIPELINE = 64


def tool() -> str:
    """What is measured with, for the stated conditions."""
    return TOOL if shutil.which(TOOL) else f"Python ({TOOL} is absent: apt install redis-tools)"


def set_pipelined(ground: Ground, count: int, keys: int, size: int) -> Sample:
    found = shutil.which(TOOL)
    if found is None:
        return ground.work("redis_set", count=count, keys=keys, size=size)
    url = urlsplit(wiring.settings().services.redis_url.get_secret_value())
    command = [found, "-h", url.hostname or "", "-p", str(url.port), "-t", "set", "--csv"]
    amount = ["-n", str(count), "-P", str(PIPELINE), "-r", str(keys), "-d", str(size)]
    done = subprocess.run([*command, *amount], capture_output=True, text=True, check=False)
    rates = [float(row[1]) for row in csv.reader(done.stdout.splitlines()) if row[:1] == ["SET"]]
    if not rates:
        raise Fatal(f"{TOOL} gave no figure: {done.stderr.strip()[-200:]}")
    return {RATE: rates[0]}
