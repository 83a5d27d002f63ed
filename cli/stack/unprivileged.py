"""Postgres refuses to run as root. Then it runs as a user of its own, who must reach its files."""

import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

from cli.stack.problems import ELSEWHERE, StackError
from cli.stack.process import Account

USER = "pgserver"
SHARED = Path("/var/tmp")  # noqa: S108 (what lies here is checked to be root's)


def account() -> Account | None:
    # None: the caller may run it as it is.
    if os.geteuid() != 0:
        return None
    entry = _find() or _create()
    return Account(entry.pw_uid, entry.pw_gid)


def _find() -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(USER)
    except KeyError:
        return None


def _create() -> pwd.struct_passwd:
    command = ["useradd", "--system", "--no-create-home", "--shell", "/bin/false", USER]
    problem = ""
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        problem = done.stderr.strip()
    except OSError as error:
        problem = str(error)
    entry = _find()  # also when another start created it just now
    if entry is None:
        raise StackError(
            f"Postgres does not run as root and the user {USER} could not be created "
            f"({problem}): create it, start as another user, or {ELSEWHERE}"
        )
    return entry


def open_to_others(path: Path) -> bool:
    """Tell whether any user may walk to this path. Nothing is widened to make it so."""
    path = path.resolve()
    return all(one.stat().st_mode & stat.S_IXOTH for one in (path, *path.parents))


def reachable(package: Path, shared: Path = SHARED) -> Path:
    """Return a wheel's folder, or a copy of it when only root may walk to it."""
    if open_to_others(package):
        return package
    copied = shared / f"backbone-{package.name}" / package.name
    if not _same(package, copied):
        _copy(package, copied.parent)
    if copied.parent.lstat().st_uid != os.geteuid():
        raise StackError(f"{copied.parent} belongs to somebody else: remove it, then start again")
    return copied


def _copy(package: Path, target: Path) -> None:
    draft = Path(tempfile.mkdtemp(prefix=f"{target.name}-", dir=target.parent))
    draft.chmod(0o755)
    # A wheel finds the libraries it brought along by their place relative to its own.
    for folder in package.parent.glob(f"{package.name}*"):
        if folder.name in (package.name, f"{package.name}.libs"):
            shutil.copytree(folder, draft / folder.name)
    shutil.rmtree(target, ignore_errors=True)
    with suppress(OSError):  # another start, of another clone, was faster
        draft.rename(target)
    shutil.rmtree(draft, ignore_errors=True)


def _same(package: Path, copied: Path) -> bool:
    def sizes(folder: Path) -> dict[Path, int]:
        files = (path for path in folder.rglob("*") if path.suffix != ".pyc" and path.is_file())
        return {path.relative_to(folder): path.stat().st_size for path in files}

    return copied.is_dir() and sizes(package) == sizes(copied)
