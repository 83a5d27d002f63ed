"""The soak's plugin: whoever plays a scene, the one process with the terminal tells of it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCENES = """
import pytest
from tests.soak.fleet import ACCIDENTS

def test_kills_and_freezes(round_seed):
    ACCIDENTS["killed"] += 2

@pytest.mark.parametrize("seed", [101])
def test_a_storm(seed):
    ACCIDENTS["frozen"] += 1
    assert False
"""


def _played(folder: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    file = folder / "scenes.py"
    file.write_text(SCENES)
    plugins = ("-p", "no:cacheprovider", "-p", "tests.soak.progress")
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *plugins, *options, str(file)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("workers", ["0", "2"])
def test_every_scene_has_one_line_and_every_accident_is_counted(
    tmp_path: Path, workers: str
) -> None:
    told = _played(tmp_path, "-n", workers, "--seeds", "3").stdout
    lines = re.findall(r"\d/4 (passed|FAILED) (\S+) in \d+ s; \d+:\d\d gone, about \d", told)
    assert sorted(lines) == [
        ("FAILED", "test_a_storm[101]"),
        *(("passed", f"test_kills_and_freezes[{seed}]") for seed in (1, 2, 3)),
    ]
    assert "accidents: 1 frozen, 6 killed" in told


def test_long_scenes_begin_first_and_one_may_be_played_alone(tmp_path: Path) -> None:
    told = _played(tmp_path, "--seeds", "1").stdout
    assert re.findall(r"(\d)/2 \w+ (\w+)", told) == [
        ("1", "test_a_storm"),
        ("2", "test_kills_and_freezes"),
    ]
    assert "1/1 passed test_kills_and_freezes[7]" in _played(tmp_path, "--seed", "7").stdout


def test_no_scene_begins_when_the_time_is_over(tmp_path: Path) -> None:
    done = _played(tmp_path, "--minutes", "0", "--seeds", "1")
    assert done.returncode == 1
    assert "accidents: none" in done.stdout
    assert "the soak has taken longer than 0 minutes" in done.stdout
