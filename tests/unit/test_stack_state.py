"""The parts of the embedded stack that need no service: state, ports, pins and the cache."""

import hashlib
import os
import socket
import subprocess
import tarfile
from collections.abc import Callable, Generator, Sequence
from pathlib import Path

import pytest

from cli.stack import fetch, pins, ports, process
from cli.stack.downloads import Cache
from cli.stack.pins import Pin
from cli.stack.problems import StackError, last_lines, require_disk, require_platform, wheel_folder
from cli.stack.stack import Stack
from cli.stack.state import Recorded, StateDir, write_atomically
from cli.stack.unprivileged import open_to_others, reachable

Reported = Callable[[str], None]


def ignore(_line: str) -> None:
    pass


def test_what_one_process_records_the_next_one_reads(tmp_path: Path) -> None:
    first = StateDir(tmp_path / "state")
    with first.locked(ignore):
        first.set_ports({"kafka": 20001})
        first.record("kafka", Recorded(42, "boot:7"))
        first.set_note("kafka_cluster_id", "abc")
    second = StateDir(tmp_path / "state")
    with second.locked(ignore):
        assert second.ports == {"kafka": 20001}
        assert second.processes == {"kafka": Recorded(42, "boot:7")}
        assert second.note("kafka_cluster_id") == "abc"


def test_a_damaged_state_is_refused_with_its_path(tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text('{"ports": {')
    with pytest.raises(StackError, match=r"state\.json cannot be read"):
        StateDir(tmp_path).reload()


def test_a_state_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StackError, match=r"file/state cannot be written .*--state"):
        Stack(tmp_path / "file" / "state").up()


def test_a_write_that_fails_keeps_the_old_text(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    write_atomically(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_atomically(path, "new \ud800")
    assert path.read_text() == "old"


def test_nothing_is_created_by_asking_for_the_status(tmp_path: Path) -> None:
    services = Stack(tmp_path / "none").status()
    assert {one.state for one in services} == {"stopped"}
    Stack(tmp_path / "none").down()
    assert not (tmp_path / "none").exists()


def test_an_unknown_service_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(StackError, match=r"no service mongo: there are .*kafka"):
        Stack(tmp_path).start("mongo")


def test_a_port_is_drawn_once_until_its_service_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = ports.choose(["first", "second"]).values()
    drawn = iter([first, first, second])
    monkeypatch.setattr("cli.stack.ports._candidate", lambda: next(drawn))

    with ports.reserved(["one"]) as one, ports.reserved(["another"]) as another:
        assert (one, another) == ({"one": first}, {"another": second})
        with socket.create_server((ports.HOST, first)):  # as the service does
            assert not ports.is_free(first)


def test_chosen_ports_are_distinct_free_and_below_those_of_clients() -> None:
    chosen = ports.choose(map(str, range(50)))
    assert len(set(chosen.values())) == 50
    assert all(20_000 <= port < 32_000 and ports.is_free(port) for port in chosen.values())


def test_a_port_somebody_listens_on_is_not_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert not ports.is_free(server.getsockname()[1])


def test_a_pid_alone_does_not_make_a_process_the_recorded_one() -> None:
    own = os.getpid()
    born = process.birth(own)
    assert born is not None
    assert process.lives(Recorded(own, born))
    assert not process.lives(Recorded(own, f"{born}0"))


def test_a_child_that_ended_is_reaped_and_does_not_live() -> None:
    child = subprocess.Popen(["/bin/true"])
    assert process.wait_until(lambda: process.birth(child.pid) is None, 5)
    child.wait()


def test_a_service_never_begins_when_its_pid_could_not_be_recorded(tmp_path: Path) -> None:
    def fail(_process: Recorded) -> None:
        raise KeyboardInterrupt

    begun = tmp_path / "begun"
    launch = process.Launch(["/bin/sh", "-c", f"touch {begun}"], tmp_path)
    with process.holding(tmp_path / "hold") as hold, pytest.raises(KeyboardInterrupt):
        process.start(launch, tmp_path / "log", hold, fail)
    assert process.wait_until(lambda: not process.is_held(tmp_path / "hold"), 5)
    assert not begun.exists()


def test_a_service_does_not_start_while_an_unknown_one_holds_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "LINGER_SECONDS", 0.05)
    with (
        process.holding(tmp_path / "kafka"),
        pytest.raises(StackError, match="kafka is held by a process this stack does not know"),
        process.holding(tmp_path / "kafka"),
    ):
        pass


def test_little_of_the_callers_environment_reaches_a_service(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("JAVA_TOOL_OPTIONS", "-Xmx8g")
    monkeypatch.setenv("TZ", "Europe/Zurich")
    given = process.environment({"OWN": "1"})
    assert "JAVA_TOOL_OPTIONS" not in given
    assert (given["TZ"], given["OWN"]) == ("Europe/Zurich", "1")


def test_another_platform_is_pointed_to_docker_and_to_existing_services() -> None:
    with pytest.raises(StackError, match=r"darwin arm64 .*Docker.*BACKBONE_KAFKA_BOOTSTRAP"):
        require_platform("darwin", "arm64")


def test_a_missing_wheel_is_named_with_what_to_install() -> None:
    with pytest.raises(StackError, match=r"nosuchwheel is not installed .*backbone\[stack\]"):
        wheel_folder("nosuchwheel")


def test_a_full_disk_is_told_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="GB free and the embedded services need"):
        require_disk(tmp_path, needed=10**18)


def test_the_last_lines_of_a_log_are_quoted(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("a\nb\nc\n")
    assert last_lines(tmp_path / "log", 2) == "    b\n    c"


def test_a_folder_only_its_owner_may_enter_is_not_open_to_others(tmp_path: Path) -> None:
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    assert not open_to_others(private)
    assert open_to_others(Path("/usr/bin"))


def test_a_wheel_only_root_may_reach_is_copied_with_its_libraries(tmp_path: Path) -> None:
    package = tmp_path / "private" / "pg"
    (package / "bin").mkdir(parents=True)
    (package / "bin" / "postgres").write_text("16.2")
    (tmp_path / "private" / "pg.libs").mkdir()
    (tmp_path / "private").chmod(0o700)
    copied = reachable(package, tmp_path)
    assert (copied / "bin" / "postgres").read_text() == "16.2"
    assert (copied.parent / "pg.libs").is_dir()


def test_a_copied_wheel_is_copied_again_once_a_part_of_it_is_gone(tmp_path: Path) -> None:
    package = tmp_path / "private" / "pg"
    package.mkdir(parents=True)
    (package / "postgres").write_text("16.2")
    (tmp_path / "private").chmod(0o700)
    (reachable(package, tmp_path) / "postgres").unlink()
    assert (reachable(package, tmp_path) / "postgres").read_text() == "16.2"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backbone-pg", "private"]


def test_the_pinned_files_name_no_address_and_are_complete() -> None:
    assert "://" not in pins.PINS.read_text()
    names = [pin.file_name for pin in pins.read()]
    assert len(names) == len(set(names)) == 47
    assert {"kafka_2.13-4.2.1.jar", "slf4j-simple-1.7.36.jar"} < set(names)
    assert "apicurio-registry-app-3.3.3-all.tar.gz" in names


class Remote:
    """Where the cache gets its files from, and how often it did."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        (folder / "quarkus-run.jar").write_text("registry")
        with tarfile.open(folder / "registry-1-all.tar.gz", "w:gz") as tar:
            tar.add(folder / "quarkus-run.jar", "quarkus-run.jar")
        (folder / "broker-1.jar").write_text("broker")
        self.folder = folder
        self.pins = [self._pin("broker", "jar", ""), self._pin("registry", "tar.gz", "all")]
        self.brought: list[str] = []

    def _pin(self, artifact: str, packaging: str, classifier: str) -> Pin:
        named = Pin("", 0, "g", artifact, packaging, classifier, "1")
        content = (self.folder / named.file_name).read_bytes()
        sha256 = hashlib.sha256(content).hexdigest()
        return Pin(sha256, len(content), "g", artifact, packaging, classifier, "1")

    def bring(
        self, wanted: Sequence[Pin], folder: Path, _report: Reported
    ) -> Generator[tuple[Pin, Path]]:
        for pin in wanted:
            self.brought.append(pin.artifact)
            target = folder / pin.file_name
            target.write_bytes((self.folder / pin.file_name).read_bytes())
            yield pin, target


@pytest.fixture
def remote(tmp_path: Path) -> Remote:
    return Remote(tmp_path / "remote")


@pytest.fixture
def cache(tmp_path: Path, remote: Remote) -> Cache:
    cache = Cache(tmp_path / "cache", remote.pins, remote.bring)
    cache.fill(ignore)
    return cache


def test_a_filled_cache_fetches_nothing(cache: Cache, remote: Remote) -> None:
    assert cache.jars[0].read_text() == "broker"
    assert (cache.apicurio / "quarkus-run.jar").read_text() == "registry"
    cache.fill(ignore)
    assert remote.brought == ["broker", "registry"]


def test_a_damaged_jar_is_fetched_again_alone(cache: Cache, remote: Remote) -> None:
    cache.jars[0].write_text("brok")
    cache.fill(ignore)
    assert cache.jars[0].read_text() == "broker"
    assert remote.brought == ["broker", "registry", "broker"]


def test_a_damaged_unpacked_file_is_fetched_again_alone(cache: Cache, remote: Remote) -> None:
    (cache.apicurio / "quarkus-run.jar").write_text("")
    cache.fill(ignore)
    assert (cache.apicurio / "quarkus-run.jar").read_text() == "registry"
    assert remote.brought == ["broker", "registry", "registry"]


def test_what_a_killed_fetch_left_is_removed_and_what_arrived_is_kept(
    cache: Cache, remote: Remote
) -> None:
    root = cache.apicurio.parent
    (root / "partial-killed").mkdir()
    (root / "verified.json").unlink()
    cache.apicurio.rename(root / "elsewhere")
    cache.fill(ignore)
    assert not (root / "partial-killed").exists()
    assert remote.brought == ["broker", "registry", "registry"]


class Arriving:
    """One file from the network, attempt by attempt: bytes, or the error of that attempt."""

    def __init__(self, *attempts: bytes | OSError) -> None:
        self.attempts = list(attempts)

    def __call__(self, pin: Pin, folder: Path, _progress: object) -> "Arriving":
        self.path = folder / pin.file_name
        return self

    def resolve(self) -> Path:
        arrived = self.attempts.pop(0)
        if isinstance(arrived, OSError):
            raise arrived
        self.path.parent.mkdir(parents=True)
        self.path.write_bytes(arrived)
        return self.path


BROKER = Pin(hashlib.sha256(b"broker").hexdigest(), 6, "g", "broker", "jar", "", "1")


def test_a_broken_download_is_fetched_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "_artifact", Arriving(OSError("reset"), b"brok", b"broker"))
    [(pin, path)] = fetch.fetch([BROKER], tmp_path, ignore)
    assert (pin, path.read_bytes()) == (BROKER, b"broker")


def test_a_file_that_is_never_the_pinned_one_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "_artifact", Arriving(b"evil!!", b"evil!!", b"evil!!"))
    with pytest.raises(StackError, match=r"broker-1\.jar could not .* not the 6 pinned ones"):
        list(fetch.fetch([BROKER], tmp_path, ignore))


def test_an_unreachable_network_is_told_with_what_to_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = [OSError("unreachable")] * 3
    monkeypatch.setattr(fetch, "_artifact", Arriving(*away))
    with pytest.raises(StackError, match=r"\(unreachable\): check the network, or the proxy"):
        list(fetch.fetch([BROKER], tmp_path, ignore))
