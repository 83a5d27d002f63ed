"""The roles of docker-compose.yml as processes of this machine, on real services: their commands,
settings, health checks and order are the file's; only addresses and folders are replaced."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from cli.stack import ports
from tests.e2e.warehouse import warehouse_of
from tests.e2e.world import ORDERS, PRICES, World

pytestmark = [
    pytest.mark.kafka,
    pytest.mark.registry,
    pytest.mark.redis,
    pytest.mark.postgres,
    pytest.mark.clickhouse,
]
ROOT = Path(__file__).resolve().parents[2]
SERVICES: Mapping[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
ROLES = {name: role for name, role in SERVICES.items() if role["image"].startswith("backbone:")}
HEALTHY_SECONDS = 60


@dataclass(frozen=True)
class Here:
    """Where the names and folders of the containers are on this machine."""

    places: Mapping[str, str]

    def text(self, given: str) -> str:
        for there, here in self.places.items():
            given = given.replace(there, here)
        # what compose puts in where nothing is set
        return re.sub(r"\$\{\w+:-(.*?)\}", r"\1", given)

    def words(self, given: list[str]) -> list[str]:
        return [self.text(word) for word in given]


class Roles:
    def __init__(self, world: World) -> None:
        endpoints, folder = world.endpoints, world.folder
        self.folder = folder
        (folder / "data").mkdir()
        self.places = {
            "kafka:19092": endpoints.kafka_bootstrap,
            "http://registry:8080/apis/ccompat/v7": endpoints.registry_url,
            "redis://redis:6379/0": endpoints.redis_url,
            "postgresql://postgres@postgres:5432": endpoints.postgres_dsn.rpartition("/")[0],
            "http://clickhouse:8123/backbone": world.clickhouse_url,
            "/data": str(folder / "data"),
            "/examples": str(ROOT / "examples"),
        }
        self.ports: dict[str, int] = {}
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, names: Iterable[str]) -> None:
        """Beside one another: one-shots to their good end, roles until their health checks are
        content."""
        for settled in [self._started(name) for name in names]:
            settled()

    def _started(self, name: str) -> Callable[[], None]:
        role, here = ROLES[name], self._here(name)
        given = {key: here.text(value) for key, value in role["environment"].items()}
        environment = {"PATH": f"{Path(sys.executable).parent}:{os.defpath}", **given}
        command = here.words([*role.get("entrypoint", ["backbone"]), *role.get("command", [])])
        log = (self.folder / f"{name}.log").open("wb")
        started = subprocess.Popen(
            command, env=environment, cwd=self.folder, stdout=log, stderr=subprocess.STDOUT
        )
        log.close()
        self.running[name] = started
        if role["restart"] == "no":
            return partial(self._wait_until_done, name)
        check = here.words(role["healthcheck"]["test"][1:])
        return partial(self._wait_until_healthy, name, check, environment)

    def stop(self) -> dict[str, int]:
        for each in self.running.values():
            each.terminate()
        return {name: each.wait(30) for name, each in self.running.items()}

    def end(self) -> None:
        for each in self.running.values():
            each.kill()
            each.wait()

    def said(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")[-2000:]

    def _here(self, name: str) -> Here:
        """In a container every role has the same ports; here each has its own."""
        self.ports[name], metrics = ports.choose(["own", "metrics"]).values()
        own, hosts = self.ports[name], ("0.0.0.0:{}", "'127.0.0.1', {}")
        listens = {each.format(8080): each.format(own) for each in hosts}
        answers = {each.format(9100): each.format(metrics) for each in hosts}
        return Here({**self.places, **listens, **answers})

    def _wait_until_done(self, name: str) -> None:
        assert self.running[name].wait(HEALTHY_SECONDS) == 0, self.said(name)

    def _wait_until_healthy(
        self, name: str, check: list[str], environment: Mapping[str, str]
    ) -> None:
        deadline = time.monotonic() + HEALTHY_SECONDS
        while subprocess.run(check, env=environment, capture_output=True, check=False).returncode:
            assert self.running[name].poll() is None, self.said(name)
            assert time.monotonic() < deadline, self.said(name)
            time.sleep(0.25)  # a check is a process, and takes from those that are starting


@pytest.fixture
def roles(world: World) -> Iterator[Roles]:
    made = Roles(world)
    yield made
    made.end()


def in_order() -> Iterator[Sequence[str]]:
    """Each after those it waits for, with others that wait for no more."""
    waits = {name: set(role.get("depends_on", {})) & set(ROLES) for name, role in ROLES.items()}
    sorter = TopologicalSorter(waits)
    sorter.prepare()
    while sorter.is_active():
        ready = sorter.get_ready()
        yield ready
        sorter.done(*ready)


@pytest.mark.timeout(300)
def test_the_roles_set_themselves_up_serve_the_demo_and_end_well(
    roles: Roles, world: World
) -> None:
    for names in in_order():
        roles.start(names)

    with httpx.Client(base_url=f"http://127.0.0.1:{roles.ports['gateway']}") as gateway:
        wait_until(lambda: count(gateway, "/v1/prices?limit=500") == 3000, "every price is served")
        wait_until(lambda: count(gateway, "/v1/orders?limit=500") == 12359, "every order is served")
        price = gateway.get("/v1/prices/85123A").json()["data"]

    assert price["price"] == "2.9500"
    with warehouse_of(world) as warehouse:
        for facts, loaded in ((PRICES, 8987), (ORDERS, 12680)):
            wait_until(
                lambda: warehouse.count(facts) == loaded,  # noqa: B023 - called at once
                f"{loaded} rows of {facts} are loaded",
            )
    assert set(roles.stop().values()) == {0}


def count(gateway: httpx.Client, path: str) -> int:
    """Entries of a listing, over all its pages; -1 while the view is not complete."""
    found = 0
    while path:
        page = gateway.get(path)
        if page.status_code == httpx.codes.SERVICE_UNAVAILABLE:
            return -1
        body = page.raise_for_status().json()
        found, path = found + len(body["data"]), body["next"]
    return found


def wait_until(condition: Any, what: str, seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not in {seconds:.0f} s: {what}"
        time.sleep(0.5)
