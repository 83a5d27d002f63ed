import subprocess
from pathlib import Path

import pytest

from backbone.errors import Misconfigured
from backbone.impact.past import as_they_are, of_folder, of_git
from backbone.impact.report import changelogs, impact
from tests.unit.impact.things import FACT, FILE, field, thing, write

SUBJECT = f"test.thing.v1-{FACT}"
IDENTITY = ("-c", "user.name=t", "-c", "user.email=t@example.org")


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", folder, *IDENTITY, *arguments], check=True, capture_output=True)


@pytest.fixture
def avro(tmp_path: Path) -> Path:
    """A repository with two versions of one contract, in a folder of its own."""
    git(tmp_path, "init", "--quiet")
    folder = tmp_path / "avro"
    for revision in (thing(), thing(field("count", default=0))):
        write(revision, folder)
        git(tmp_path, "add", ".")
        git(tmp_path, "commit", "--quiet", "--message", "A version")
    return folder


def test_every_version_that_led_to_a_revision_is_a_past_one(avro: Path) -> None:
    past = of_git(avro, "HEAD")
    assert past.versions(SUBJECT) == [thing().text, thing(field("count", default=0)).text]
    assert [each.schema for each in past.contracts] == [thing(field("count", default=0)).schema]
    assert of_git(avro, "HEAD~1").versions(SUBJECT) == [thing().text]


def test_a_change_of_an_owner_is_no_new_version(avro: Path) -> None:
    write(thing(field("count", default=0), owner="them"), avro)
    git(avro, "commit", "--all", "--quiet", "--message", "Another owner")
    assert len(of_git(avro, "HEAD").versions(SUBJECT)) == 2


def test_a_version_that_came_back_is_the_last_one(avro: Path) -> None:
    write(thing(), avro)
    git(avro, "commit", "--all", "--quiet", "--message", "Back again")
    assert of_git(avro, "HEAD").versions(SUBJECT)[-1] == thing().text


def test_a_contract_that_was_deleted_is_gone_and_its_versions_are_not(avro: Path) -> None:
    (avro / "thing_happened.v1.avsc").unlink()
    git(avro, "commit", "--all", "--quiet", "--message", "Gone")
    past = of_git(avro, "HEAD")
    assert past.contracts == []
    assert len(past.versions(SUBJECT)) == 2


def test_what_is_not_committed_is_compared_with_what_is(avro: Path) -> None:
    write(thing(), avro)
    assert [each.change for each in impact(of_git(avro, "HEAD"), avro, [])] == [
        "field removed: int"
    ]
    assert impact(of_git(avro, "HEAD~1"), avro, []) == []


def test_a_revision_that_is_none_is_told(avro: Path) -> None:
    with pytest.raises(Misconfigured, match="name a revision or a folder"):
        of_git(avro, "gone")
    with pytest.raises(Misconfigured):
        of_git(avro, "--all")


def test_a_folder_has_one_version_of_each(tmp_path: Path) -> None:
    write(thing(), tmp_path)
    (tmp_path / "broken.v1.avsc").write_text("{")
    past = of_folder(tmp_path)
    assert [each.file for each in past.contracts] == [FILE]
    assert past.versions(SUBJECT) == [thing().text]


def test_a_moved_file_is_the_same_contract(tmp_path: Path) -> None:
    write(thing(), tmp_path / "old")
    write(thing(), tmp_path / "new" / "deeper")
    assert impact(of_folder(tmp_path / "old"), tmp_path / "new", []) == []


def test_the_changelog_tells_new_gone_and_changed(tmp_path: Path) -> None:
    write(thing(field("count")), tmp_path / "old")
    write(thing(field("count", "long")), tmp_path / "new")
    past = of_folder(tmp_path / "old")
    (found,) = changelogs(past, tmp_path / "new")
    assert (found.state, [str(each) for each in found.changes]) == (
        "changed",
        ["type widened: int -> long"],
    )
    assert [each.state for each in changelogs(past, tmp_path / "none")] == ["gone"]
    nothing = of_folder(tmp_path / "none")
    assert [each.state for each in changelogs(nothing, tmp_path / "new")] == ["new"]


@pytest.mark.parametrize("broken", ['{"type": "record", ', "[1]", ""])
def test_a_file_that_nobody_can_read_does_not_pass_for_a_fact_that_is_gone(
    tmp_path: Path, broken: str
) -> None:
    (tmp_path / "broken.avsc").write_text(broken)

    with pytest.raises(Misconfigured, match=r"no JSON object: broken.avsc .*contracts lint"):
        as_they_are(tmp_path)
