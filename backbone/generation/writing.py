"""Writing what is checked in, and finding what is no longer current."""

from collections.abc import Iterator
from pathlib import Path

from backbone.errors import Misconfigured
from backbone.generation.catalog import ARTEFACTS
from backbone.generation.estate import Estate, Files

MARK = "README.md"
"""In a folder without it nothing is written or removed: it is somebody else's."""

_ABOUT = """\
# Generated

Written from the contracts by `backbone contracts generate`: do not edit. CI holds it current. What
stands where is told in docs/generated.md.
"""
_OF_PYTHON = "__pycache__"


def checked_in(whole: Estate) -> Files:
    """Everything below generated/."""
    files: dict[str, str] = {MARK: _ABOUT}
    for artefact in ARTEFACTS.values():
        files |= artefact.make(whole) if artefact.checked_in else {}
    return files


def stale(files: Files, folder: Path) -> list[str]:
    """Paths that are missing, differ, or belong to nothing any more."""
    changed = {path for path, text in files.items() if _read(folder / path) != text}
    return sorted(changed | (set(_present(folder)) - files.keys()))


def write(files: Files, folder: Path) -> list[str]:
    """Make the folder hold these files and no others; returns the paths that changed. Raises
    Misconfigured for a folder that holds something else."""
    if folder.exists() and any(folder.iterdir()) and not (folder / MARK).exists():
        raise Misconfigured(
            f"{folder} holds files and no {MARK} of ours, and what is not generated would be "
            "removed: name an empty folder"
        )
    changed = stale(files, folder)
    for path in changed:
        if path in files:
            put(files[path], folder / path)
        else:
            (folder / path).unlink()
    return changed


def put(text: str, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


def _present(folder: Path) -> Iterator[str]:
    for path in folder.rglob("*"):
        inside = path.relative_to(folder)
        if path.is_file() and _OF_PYTHON not in inside.parts:
            yield inside.as_posix()
