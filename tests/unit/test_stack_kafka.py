"""Data of a newer Kafka is refused in a sentence: an older one would end with a stack trace."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.stack.downloads import Cache
from cli.stack.kafka import Kafka
from cli.stack.problems import StackError
from cli.stack.service import Site
from cli.stack.state import StateDir


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Its Kafka has been formatted, nothing tells by which version."""
    state = StateDir(tmp_path)
    with state.locked(print):
        state.set_ports({"kafka": 1, "kafka-controller": 2})
        state.set_note("kafka_cluster_id", "abc")
        yield Site(state, Cache(tmp_path / "cache"))


@pytest.mark.parametrize("version", ["4.3.1", "4.10.0", None])
def test_data_of_a_newer_kafka_is_refused_with_what_to_do(site: Site, version: str | None) -> None:
    if version is not None:
        site.state.set_note("kafka_version", version)
    with pytest.raises(StackError, match=r"newer Kafka than \d.*`backbone stack down --wipe`"):
        Kafka(site).prepare(0)


@pytest.mark.parametrize("version", ["4.2.1", "4.1.0"])
def test_data_of_this_kafka_or_an_older_one_is_kept(site: Site, version: str) -> None:
    site.state.set_note("kafka_version", version)
    Kafka(site).prepare(0)
