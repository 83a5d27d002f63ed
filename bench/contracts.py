"""How long the linter takes for many contracts, offline: `python -m bench.contracts [COUNT]`.

Seconds of the clock, and of this process alone: others may be at work on the machine.
"""

import json
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from backbone.contracts.catalog import Contracts
from backbone.contracts.lint import lint
from backbone.settings import REPOSITORY

COUNT = 500


def copies(count: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """The shop's contracts again and again, each time of another domain."""
    originals = sorted((REPOSITORY / "avro").rglob("*.avsc"))
    for number in range(count):
        path = originals[number % len(originals)]
        schema = json.loads(path.read_text())
        domain = f"domain{number // len(originals)}"
        schema["namespace"] = f"{schema['namespace']}.{domain}"
        entity, _, major = schema["contract"]["topic"].rpartition(".")
        schema["contract"]["topic"] = f"{entity}-{domain}.{major}"
        yield f"{domain}/{path.name}", schema


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else COUNT
    with tempfile.TemporaryDirectory() as name:
        for file, schema in copies(count):
            path = Path(name, file)
            path.parent.mkdir(exist_ok=True)
            path.write_text(json.dumps(schema))
        began = _now()
        found = lint(Path(name))
        linted = _now()
        loaded = Contracts.load(Path(name))
        ended = _now()
    print(f"contracts  {len(loaded)}")
    print(f"lint       {_between(began, linted)}, {len(found)} findings")
    print(f"load       {_between(linted, ended)}")


def _now() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def _between(began: tuple[float, float], ended: tuple[float, float]) -> str:
    return f"{ended[0] - began[0]:.2f} s ({ended[1] - began[1]:.2f} s of its own)"


if __name__ == "__main__":
    main()
