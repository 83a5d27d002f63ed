"""Data of a newer Kafka is refused in a sentence: an older one would end with a stack trace."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.stack import kafka
from cli.stack.downloads import Cache
from cli.stack.kafka import Kafka
from cli.stack.problems import StackError
from cli.stack.service import Site
from cli.stack.state import StateDir


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """Its Kafka has been formatted, nothing tells by which version."""
    monkeypatch.setattr(kafka, "pinned_version", lambda: "4.2.1")
    state = StateDir(tmp_path)
    with state.locked(print):
        state.set_ports({"kafka": 1, "kafka-controller": 2})
        state.set_note("kafka_cluster_id", "abc")
        yield Site(state, Cache(tmp_path / "cache"))


@pytest.mark.parametrize("version", ["4.3.0", "4.10.0", None])
def test_data_of_a_newer_kafka_is_refused_with_what_to_do(site: Site, version: str | None) -> None:
    if version is not None:
        site.state.set_note("kafka_version", version)
    made_by = f"made by version {re.escape(version or '4.3.1')}"
    remedy = rf"{made_by}.*`backbone stack down --wipe --state {re.escape(str(site.state.root))}`"
    with pytest.raises(StackError, match=remedy):
        Kafka(site).prepare(0)
    with pytest.raises(StackError, match=remedy):
        Kafka(site).settle()  # it was up before


@pytest.mark.parametrize("version", ["4.2.1", "4.1.0"])
def test_data_of_this_kafka_or_an_older_one_is_kept(site: Site, version: str) -> None:
    site.state.set_note("kafka_version", version)
    Kafka(site).prepare(0)
    Kafka(site).settle()


def test_the_pinned_version_is_one() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", kafka.pinned_version())
