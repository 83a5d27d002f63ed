"""The embedded services themselves, on real processes. One stack serves most of the tests."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import psycopg
import pytest
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from cli.stack import process
from cli.stack.catalog import CATALOG
from cli.stack.downloads import Cache
from cli.stack.process import Launch
from cli.stack.service import Site
from cli.stack.stack import Endpoints, Stack, StackError
from cli.stack.starter import Starter
from cli.stack.state import StateDir

pytestmark = [
    pytest.mark.kafka,
    pytest.mark.registry,
    pytest.mark.redis,
    pytest.mark.postgres,
    pytest.mark.clickhouse,
]
UP = """
import pathlib, sys
from cli.stack.stack import Stack
Stack(pathlib.Path(sys.argv[1]), lambda line: print(line, flush=True)).up()
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("stack") / "state"


@pytest.fixture(scope="module")
def stack(folder: Path) -> Iterator[Stack]:
    stack = Stack(folder)
    yield stack
    stack.down(wipe=True)


def up_elsewhere(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", UP, str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def pids(stack: Stack) -> dict[str, int | None]:
    return {one.name: one.pid for one in stack.status()}


def states(stack: Stack) -> set[str]:
    return {one.state for one in stack.status()}


def processes_in(folder: Path) -> list[str]:
    """Whatever holds a file of the stack open, recorded or not."""
    found = []
    for one in Path("/proc").glob("[0-9]*"):
        if one.name == str(os.getpid()):
            continue
        try:
            opened = [link.readlink() for link in (one / "fd").iterdir()]
            if any(path.is_relative_to(folder) for path in opened):
                found.append((one / "cmdline").read_text())
        except OSError:  # not ours to see, or gone by now
            continue
    return found


def ask_registry(endpoints: Endpoints, path: str, body: object = None) -> dict[str, object]:
    request = urllib.request.Request(
        f"{endpoints.registry_url}{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        parsed: dict[str, object] = json.load(answer)
    return parsed


def schema(*fields: str) -> dict[str, str]:
    columns = [{"name": name, "type": "string"} for name in fields]
    return {"schema": json.dumps({"type": "record", "name": "Row", "fields": columns})}


def test_a_second_up_reuses_what_runs(stack: Stack) -> None:
    first = stack.up()
    before = pids(stack)
    assert stack.up() == first
    assert pids(stack) == before
    assert states(stack) == {"running"}


def test_every_service_keeps_its_file_locked_so_that_no_second_one_starts(
    stack: Stack, folder: Path
) -> None:
    stack.up()
    assert all(process.is_held(folder / "holds" / name) for name in CATALOG)


def test_the_endpoints_are_left_for_the_settings_to_read(stack: Stack, folder: Path) -> None:
    endpoints = stack.up()
    written = json.loads((folder / "endpoints.json").read_text())
    assert Endpoints(**written) == endpoints
    assert set(written) == {
        *("kafka_bootstrap", "registry_url", "redis_url", "postgres_dsn", "clickhouse_url")
    }


def test_the_registry_refuses_a_breaking_schema_from_the_start(stack: Stack) -> None:
    endpoints = stack.up()
    ask_registry(endpoints, "/subjects/rows-value/versions", schema("name"))
    with pytest.raises(urllib.error.HTTPError) as refused:
        ask_registry(endpoints, "/subjects/rows-value/versions", schema("name", "more"))
    assert refused.value.code == 409
    refused.value.close()


@pytest.mark.parametrize("name", CATALOG)
def test_a_killed_service_comes_back_on_its_port_and_the_others_go_on(
    stack: Stack, name: str
) -> None:
    endpoints = stack.up()
    before = pids(stack)
    stack.kill(name)
    assert {one.name for one in stack.status() if one.state == "dead"} == {name}
    assert stack.up() == endpoints
    assert {one for one, pid in pids(stack).items() if pid != before[one]} == {name}


def test_a_crash_of_everything_loses_no_topic_no_row_and_no_schema(stack: Stack) -> None:
    endpoints = stack.up()
    admin = AdminClient({"bootstrap.servers": endpoints.kafka_bootstrap})
    admin.create_topics([NewTopic("kept", 1, 1)])["kept"].result()
    with psycopg.connect(endpoints.postgres_dsn) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    known = ask_registry(endpoints, "/subjects/kept-value/versions", schema("name"))

    for name in CATALOG:
        stack.kill(name)
    assert stack.up() == endpoints

    assert "kept" in admin.list_topics(timeout=20).topics
    with psycopg.connect(endpoints.postgres_dsn) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchall() == [(42,)]
    kept = ask_registry(endpoints, "/subjects/kept-value/versions/latest")
    assert kept["id"] == known["id"]


def test_a_port_that_somebody_else_took_is_named(stack: Stack) -> None:
    endpoints = stack.up()
    port = int(endpoints.redis_url.removesuffix("/0").rpartition(":")[2])
    stack.kill("redis")
    with socket.create_server(("127.0.0.1", port)), pytest.raises(StackError, match=str(port)):
        stack.start("redis")
    stack.start("redis")
    assert states(stack) == {"running"}


def test_down_ends_every_process_and_keeps_the_data(stack: Stack, folder: Path) -> None:
    stack.up()
    stack.down()
    assert states(stack) == {"stopped"}
    assert processes_in(folder) == []
    assert not (folder / "endpoints.json").exists()
    assert (folder / "kafka" / "data" / "meta.properties").exists()


def test_of_two_ups_at_once_the_second_waits_and_reuses(stack: Stack, folder: Path) -> None:
    stack.down()
    both = [up_elsewhere(folder), up_elsewhere(folder)]
    printed = [starter.communicate(timeout=120)[0] for starter in both]
    assert [starter.returncode for starter in both] == [0, 0]
    assert sum(text.count("starting kafka") for text in printed) == 1
    assert sum(text.count("waiting for process") for text in printed) == 1
    assert states(stack) == {"running"}


def test_an_interrupted_up_leaves_nothing_running(stack: Stack, folder: Path) -> None:
    stack.down()
    with up_elsewhere(folder) as starter:
        assert starter.stdout
        assert starter.stdout.readline().startswith("starting")
        starter.send_signal(signal.SIGINT)
        assert "KeyboardInterrupt" in starter.stdout.read()
    assert states(stack) == {"stopped"}
    assert processes_in(folder) == []


def test_after_a_killed_up_the_next_one_takes_over_what_it_started(
    stack: Stack, folder: Path
) -> None:
    stack.down()
    with up_elsewhere(folder) as starter:
        assert starter.stdout
        next(line for line in starter.stdout if line.startswith("redis answers"))
        starter.kill()
    orphan = pids(stack)["redis"]
    stack.up()
    assert states(stack) == {"running"}
    assert pids(stack)["redis"] == orphan


def test_an_up_leaves_alone_what_was_running_when_it_fails(stack: Stack, folder: Path) -> None:
    stack.up()
    stack.kill("kafka")
    running = {name: pid for name, pid in pids(stack).items() if name != "kafka"}
    properties = folder / "kafka" / "data" / "meta.properties"
    good = properties.read_text()
    properties.write_text(good.replace("node.id=1", "node.id=7"))
    with pytest.raises(StackError, match=r"kafka ended while it started(.|\n)*kafka\.log(.|\n)*7"):
        stack.up()
    properties.write_text(good)
    assert pids(stack) == {**running, "kafka": None}


def test_a_copied_folder_is_a_stack_of_its_own(stack: Stack, folder: Path, tmp_path: Path) -> None:
    stack.up()
    copied = tmp_path / "copied"
    copied.mkdir()
    (copied / "state.json").write_text((folder / "state.json").read_text())
    copy = Stack(copied)
    assert states(copy) == {"stopped"}
    copy.down()
    assert states(stack) == {"running"}


class Broken:
    """A service that says why, and ends."""

    ports: ClassVar[tuple[str, ...]] = ("redis",)
    downloads: ClassVar[bool] = False
    ready_seconds: ClassVar[float] = 10.0
    gentle: ClassVar[signal.Signals] = signal.SIGTERM
    script: ClassVar[str] = "echo the disk is on fire; exit 3"

    def __init__(self, site: Site) -> None:
        self.folder = site.state.root

    def prepare(self, hold: int) -> None:
        pass

    def launch(self) -> Launch:
        return Launch(["/bin/sh", "-c", self.script], self.folder)

    def answers(self) -> bool:
        return False

    def settle(self) -> None:
        pass


class Silent(Broken):
    """A service that never answers, and does not end when asked to."""

    ports: ClassVar[tuple[str, ...]] = ("postgres",)
    ready_seconds: ClassVar[float] = 0.3
    script: ClassVar[str] = "sleep 300 & wait"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    state = StateDir(tmp_path)
    with state.locked(print):
        state.set_ports({"redis": 0, "postgres": 0})
        yield Site(state, Cache(tmp_path / "cache"))


def test_a_service_that_ends_while_it_starts_is_named_with_its_last_words(site: Site) -> None:
    with pytest.raises(StackError, match=r"broken ended (.|\n)*the disk is on fire"):
        Starter(site, {"broken": Broken}, print).bring(["broken"])
    assert site.state.processes == {}


def test_a_service_that_never_answers_is_ended_with_its_children(site: Site) -> None:
    with pytest.raises(StackError, match=r"silent .* did not answer"):
        Starter(site, {"silent": Silent}, print).bring(["silent"])
    assert processes_in(site.state.root) == []


def test_when_one_service_fails_the_others_of_this_start_end_too(site: Site) -> None:
    catalog = {"silent": Silent, "broken": Broken}
    with pytest.raises(StackError, match="broken ended"):
        Starter(site, catalog, print).bring(["silent", "broken"])
    assert processes_in(site.state.root) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root must give Postgres another user")
def test_as_root_postgres_runs_as_somebody_else_where_only_root_may_enter(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    stack = Stack(tmp_path / "state")
    try:
        stack.start("postgres")
        status = next(one for one in stack.status() if one.name == "postgres")
        assert Path(f"/proc/{status.pid}").stat().st_uid != 0
        assert tmp_path.stat().st_mode & 0o777 == 0o700
    finally:
        stack.down(wipe=True)
