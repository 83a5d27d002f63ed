"""How long generation takes: `python -m bench.generation [CONTRACTS]`, without any service.

The project's own contracts again and again, each copy under a domain of its own, so that every one
has its own topic, subject and table.
"""

import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count, islice
from pathlib import Path

from backbone import topics
from backbone.contracts.catalog import Contracts
from backbone.generation.catalog import ARTEFACTS
from backbone.generation.estate import Deployment, Estate
from backbone.generation.writing import checked_in, stale, write
from backbone.settings import REPOSITORY

CONTRACTS = 500
_DEPLOYMENT = Deployment(
    "bench", "kafka:9092", "http://registry", "redis:6379", "ch:8123", "db", datetime.now(UTC)
)


def main(wanted: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for path, text in islice(_copies(), wanted):
            (folder / "avro" / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / "avro" / path).write_text(text)
        _measure(folder)


def _copies() -> Iterator[tuple[str, str]]:
    known = sorted((REPOSITORY / "avro").rglob("*.avsc"))
    for turn in count():
        for path in known:
            schema = json.loads(path.read_text())
            schema["namespace"] += f".copy{turn}"
            domain, _, rest = schema["contract"]["topic"].partition(".")
            schema["contract"]["topic"] = f"{domain}{turn}.{rest}"
            yield f"{path.parent.name}{turn}/{path.name}", json.dumps(schema)


def _measure(folder: Path) -> None:
    print(f"{'seconds':20}{'elapsed':>10}{'of our processor':>20}")
    with _timed("all of it"):
        estate = _read(folder)
        _make_all(estate)
    files = checked_in(estate)
    with _timed(f"write {len(files)} files"):
        write(files, folder / "generated")
    with _timed("--check"):
        stale(files, folder / "generated")


def _make_all(estate: Estate) -> None:
    for name, artefact in ARTEFACTS.items():
        with _timed(name):
            artefact.make(estate)


def _read(folder: Path) -> Estate:
    with _timed("read the contracts"):
        contracts = Contracts.load(folder / "avro")
    specs = topics.declared(contracts, [], [])
    return Estate(contracts, specs, (), {"warehouse": sorted(contracts)}, _DEPLOYMENT)


@contextmanager
def _timed(what: str) -> Iterator[None]:
    elapsed, ours = time.perf_counter(), time.process_time()
    yield
    elapsed, ours = time.perf_counter() - elapsed, time.process_time() - ours
    print(f"{what:20}{elapsed:10.2f}{ours:20.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else CONTRACTS)
