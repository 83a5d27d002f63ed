"""How long `backbone contracts impact` takes: many contracts, versions behind them, all changed.

For docs/impact.md, not for judging: `python -m bench.contract_impact [contracts]`. Needs git; makes
a repository of its own, and removes it.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from backbone.settings import REPOSITORY

CONTRACTS: Final = 500
VERSIONS: Final = 3
ROUNDS: Final = 3
READS_PER_FILE: Final = 10
_IDENTITY: Final = ("-c", "user.name=bench", "-c", "user.email=bench@example.org")


def main(count: int) -> None:
    """Print seconds of the whole command, the best of three: one contract in fifty changed, all."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _history(folder, count)
        _readers(folder / "readers", count)
        for changed in (count // 50, count):
            _change(folder / "avro", changed)
            wall, cpu = min(_command(folder) for _ in range(ROUNDS))
            print(
                f"{count} contracts, {VERSIONS} past versions each, {changed} changed: "
                f"{wall:.2f} s of wall clock, {cpu:.2f} s of processor time"
            )


def _history(folder: Path, count: int) -> None:
    _git(folder, "init", "--quiet")
    for version in range(VERSIONS):
        for number in range(count):
            _write(folder / "avro", number, version)
        _git(folder, "add", ".")
        _git(folder, "commit", "--quiet", "--message", f"Version {version + 1}")


def _change(avro: Path, count: int) -> None:
    for number in range(count):
        _write(avro, number, VERSIONS)


def _write(avro: Path, number: int, version: int) -> None:
    """An order as ours, with an optional field more per version, and one type widened at last."""
    schema: dict[str, Any] = json.loads(
        (REPOSITORY / "avro" / "sales" / "order_placed.v1.avsc").read_text()
    )
    schema |= {"namespace": f"shop.d{number}"}
    schema["contract"] |= {"topic": f"d{number}.order.v1"}
    optional = {"type": ["null", "string"], "default": None, "doc": "A note."}
    schema["fields"] += [{"name": f"note_{at}", **optional} for at in range(version)]
    if version == VERSIONS:
        lines = next(each for each in schema["fields"] if each["name"] == "lines")
        lines["type"]["items"]["fields"][2]["type"] = "long"
    path = avro / f"d{number}" / "order_placed.v1.avsc"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(schema))


def _readers(folder: Path, count: int) -> None:
    folder.mkdir()
    for first in range(0, count, READS_PER_FILE):
        those = range(first, min(first + READS_PER_FILE, count))
        facts = {f"shop.d{number}.OrderPlaced": ["order_id", "lines.quantity"] for number in those}
        reader = {"name": f"reader-{first}", "team": "bench", "contact": "none", "facts": facts}
        (folder / f"reader-{first}.yaml").write_text(json.dumps(reader))


def _command(folder: Path) -> tuple[float, float]:
    given = {
        "BACKBONE_CONTRACTS_DIR": str(folder / "avro"),
        "BACKBONE_READERS_DIR": str(folder / "readers"),
    }
    program = [sys.executable, "-m", "cli.main", "contracts", "impact", "--output", "json"]
    began, before = time.perf_counter(), os.times()
    done = subprocess.run(program, env=os.environ | given, capture_output=True, check=False)
    wall, after = time.perf_counter() - began, os.times()
    used = [at.children_user + at.children_system for at in (before, after)]
    if done.returncode != 1 or not done.stdout:
        raise SystemExit(f"the command failed: {done.stderr.decode()}")
    return wall, used[1] - used[0]


def _git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(folder), *_IDENTITY, *arguments], check=True)  # noqa: S607 - the one that is installed


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else CONTRACTS)
