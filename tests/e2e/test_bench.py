"""The benchmarks work: few facts, on services of their own, figures as JSON."""

import json
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.timeout(400)
@pytest.mark.usefixtures("stack")
def test_a_stage_is_measured_beside_its_ceiling(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "cli.main", "bench", "csv", "--quick", "--runs", "1"]
    done = subprocess.run(
        [*command, "--output", "json"], capture_output=True, text=True, check=False, cwd=tmp_path
    )

    assert done.returncode == 0, done.stderr[-2_000:]
    (line,) = done.stdout.splitlines()
    found = json.loads(line)
    assert (found["stage"], found["quick"]) == ("csv", True)
    assert found["stated"]["rows"] == 10_000
    assert found["settings"]["producer"]["enable.idempotence"] is True
    rows = {row["name"]: row["figures"] for row in found["rows"]}
    assert rows["csv source"]["per_second"]["median"] > 0
    assert rows["raw produce"]["per_second"]["median"] > 0
    assert rows["csv source"]["peak_rss_mib"]["most"] < 400
    (ratio,) = [each for each in found["judgements"] if each["figure"] == "per_second"]
    assert ratio["beside"] == "raw produce"
    assert ratio["bar"] == 0.25


def test_an_unknown_stage_is_a_usage_error(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "cli.main", "bench", "nothing"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)

    assert done.returncode == 2
    assert "nothing" in done.stderr
