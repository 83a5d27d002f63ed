"""`backbone new`, in a copy of the repository: what it writes passes what CI runs."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from backbone.settings import REPOSITORY

NOT_COPIED = (".git", ".venv", ".backbone", ".tools", ".pytest_cache", ".hypothesis")
NEW = (
    ("fact", "payments.PaymentSettled"),
    ("fact", "payments.PaymentDisputed"),
    ("source", "payment-files", "--fact", "shop.payments.PaymentSettled"),
    ("view", "payment-states", "--fact", "shop.payments.PaymentDisputed"),
    ("sink", "archive"),
)
PRICES = "shop.pricing.PriceChanged"
CHANGED = ("producers", "processors", "consumers", "generated")
OURS = "not prices and not orders"
ROLES = "test_every_command_is_one_and_every_source_view_and_sink_has_its_role"
GENERIC = (
    "tests/docs/test_architecture.py",
    "tests/docs/test_containers.py::test_the_compose_file_is_one",
    f"tests/docs/test_containers.py::{ROLES}",
    "tests/contract/test_views.py",
    "tests/unit/generation/test_generate_command.py::test_what_is_checked_in_is_current",
)
REFUSED = {
    ("fact", "payments.AuthorizePayment"): "N008",
    ("fact", "pricing.PriceChanged"): "price_changed.v1.avsc exists already",
    ("view", "prices", "--fact", PRICES): "processors/prices.py exists already",
    ("view", "Prices Two", "--fact", PRICES): "is no name of a view",
    ("source", "class", "--fact", PRICES): "is no name of a source",
}


class Copy:
    """A copy of the repository, and its commands."""

    def __init__(self, tree: Path) -> None:
        self.tree = tree
        shutil.copytree(REPOSITORY, tree, ignore=shutil.ignore_patterns(*NOT_COPIED))

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("BACKBONE_")
        }
        environment |= {"PYTHONPATH": str(self.tree), "BACKBONE_STATE_DIR": str(self.tree / "s")}
        return subprocess.run(
            [sys.executable, "-m", *arguments],
            cwd=self.tree,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def backbone(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return self.run("cli.main", *arguments)

    def files(self) -> dict[str, str]:
        """The text of what a scaffold may touch."""
        folders = ("avro", "generated", "producers", "processors", "consumers")
        paths = [each for folder in folders for each in (self.tree / folder).rglob("*.*")]
        return {
            str(each.relative_to(self.tree)): each.read_text()
            for each in [*paths, self.tree / "docker-compose.yml"]
            if each.is_file() and each.suffix != ".pyc"
        }


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    return Copy(tmp_path / "tree")


@pytest.mark.timeout(400)
def test_what_is_written_passes_what_ci_runs(copy: Copy) -> None:
    for arguments in NEW:
        done = copy.backbone("new", *arguments)
        assert done.returncode == 0, done.stderr

    checks = (
        ("ruff", "check", "--quiet", "."),
        ("ruff", "format", "--check", "--quiet", "."),
        ("mypy", *CHANGED),
        ("cli.main", "contracts", "lint"),
        ("cli.main", "contracts", "generate", "--check"),
        ("pytest", "-q", "-n", "0", "-p", "no:cacheprovider", "-k", OURS, *GENERIC),
    )
    runs = [copy.run(*each) for each in checks]
    assert [each.stdout + each.stderr for each in runs if each.returncode] == []
    listed = copy.backbone("list").stdout
    for name in ("shop.payments.PaymentDisputed", "payment-files", "payment-states", "archive"):
        assert name in listed


def test_what_cannot_be_written_is_refused_and_nothing_changes(copy: Copy) -> None:
    before = copy.files()
    done = {arguments: copy.backbone("new", *arguments) for arguments in REFUSED}

    assert [each.returncode for each in done.values()] == [1] * len(REFUSED)
    assert [each.stderr for name, each in done.items() if REFUSED[name] not in each.stderr] == []
    assert copy.files() == before
