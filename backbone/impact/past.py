"""Contracts as they were: at a revision of git with every version before it, or in a folder."""

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from backbone.errors import Misconfigured
from backbone.impact.revision import Revision

SUFFIX = ".avsc"
_GIT_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Past:
    """`contracts` as they were; `known`: every revision of each subject, and `registered`: the
    texts that a registry has of it, oldest first."""

    contracts: Sequence[Revision]
    known: Mapping[str, Sequence[Revision]]
    registered: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def versions(self, subject: str) -> list[str]:
        """The texts of a subject, those of the registry first: each once, where it came last.
        Made when it is asked for: most contracts have not changed."""
        texts: dict[str, None] = {}
        for text in (each.text for each in self.known.get(subject, ())):
            texts.pop(text, None)
            texts[text] = None
        return list(dict.fromkeys([*self.registered.get(subject, ()), *texts]))


def of_folder(directory: Path) -> Past:
    """One version of each."""
    found = list(_revisions(_files(directory)))
    return Past(found, _by_subject(found))


def as_they_are(directory: Path) -> list[Revision]:
    """Raises Misconfigured for a file that nobody can read: left out, its fact would pass for one
    that is gone."""
    files = _files(directory)
    found = list(_revisions(files))
    unread = [file for file, data in files if _parsed(data) is None]
    if unread:
        raise Misconfigured(
            f"no JSON object: {', '.join(unread)} in {directory}. `backbone contracts lint` says "
            "what is wrong with it"
        )
    return found


def _files(directory: Path) -> list[tuple[str, bytes]]:
    paths = sorted(directory.rglob(f"*{SUFFIX}"))
    return [(path.relative_to(directory).as_posix(), path.read_bytes()) for path in paths]


def of_git(directory: Path, revision: str) -> Past:
    """As the files of `directory` were at `revision`, and every version of them that led there.

    Raises Misconfigured where git does not know the folder or the revision. Of a shallow clone only
    the versions that it has are found.
    """
    top = Path(_git(directory, "rev-parse", "--show-toplevel").decode().strip())
    folder = directory.resolve().relative_to(top.resolve()).as_posix()
    commit = _git(
        top, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"
    )
    at = commit.decode().strip()
    here = _listed(_git(top, "ls-tree", "-r", "-z", at, "--", folder))
    raw = ("--format=", "--raw", "--no-abbrev", "--no-renames", "--reverse", "-z")
    history = _logged(_git(top, "log", *raw, at, "--", folder))
    blobs = dict.fromkeys([*(blob for _, blob in history), *(blob for _, blob in here)])
    texts = dict(zip(blobs, _blobs(top, list(blobs)), strict=True))
    below = len(folder) + 1 if folder != "." else 0
    now = list(_revisions([(path[below:], texts[blob]) for path, blob in here]))
    before = list(_revisions([(path[below:], texts[blob]) for path, blob in history]))
    return Past(now, _by_subject([*before, *now]))


def _revisions(files: Sequence[tuple[str, bytes]]) -> Iterator[Revision]:
    """Those that are JSON objects: what else there was, nobody could register."""
    for file, data in files:
        schema = _parsed(data)
        if schema is not None:
            yield Revision(file, schema)


def _parsed(data: bytes) -> Mapping[str, Any] | None:
    try:
        schema = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return schema if isinstance(schema, dict) else None


def _by_subject(revisions: Sequence[Revision]) -> Mapping[str, Sequence[Revision]]:
    found: dict[str, list[Revision]] = {}
    for each in revisions:
        found.setdefault(each.subject, []).append(each)
    return found


def _listed(output: bytes) -> list[tuple[str, str]]:
    """`<mode> blob <id>\\t<path>`, closed by NUL each."""
    entries = [each.partition("\t") for each in output.decode().split("\0") if each]
    return [(path, about.split()[2]) for about, _, path in entries if path.endswith(SUFFIX)]


def _logged(output: bytes) -> list[tuple[str, str]]:
    """`:<mode> <mode> <id> <id> <status>`, NUL, path, NUL; what was deleted is left out."""
    parts = [each for each in output.decode().replace("\n", "").split("\0") if each]
    pairs = zip(parts[::2], parts[1::2], strict=True)
    found = [(path, about.split()[3]) for about, path in pairs]
    return [(path, blob) for path, blob in found if path.endswith(SUFFIX) and blob.strip("0")]


def _blobs(top: Path, blobs: Sequence[str]) -> Iterator[bytes]:
    output = _git(top, "cat-file", "--batch", given="".join(f"{each}\n" for each in blobs).encode())
    start = 0
    for _ in blobs:
        end = output.index(b"\n", start)
        size = int(output[start:end].split()[2])
        yield output[end + 1 : end + 1 + size]
        start = end + size + 2


def _git(directory: Path, *arguments: str, given: bytes = b"") -> bytes:
    try:
        done = subprocess.run(
            ["git", "-C", str(directory), *arguments],  # noqa: S607 - the one that is installed
            input=given,
            capture_output=True,
            check=False,
            timeout=_GIT_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Misconfigured(
            f"git does not answer ({error}): install it, or name a folder"
        ) from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip() or f"no such revision: {arguments[-1]}"
        raise Misconfigured(
            f"git cannot tell what the contracts were ({said}): name a revision or a folder"
        )
    return done.stdout
