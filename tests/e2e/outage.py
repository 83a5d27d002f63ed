"""Every process of the backbone at once, and the services they cannot do without."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Self

import httpx

from cli.stack.stack import Endpoints
from tests.e2e.world import Running, World, free_port

SOURCES = ("run", "source", "--all")
VIEWS = ("run", "view", "prices", "orders")
GATEWAY = ("run", "gateway")
WORKERS = (SOURCES, VIEWS)


@dataclass(frozen=True, slots=True)
class Service:
    """What is told of it when it is away, who needs it at start and at work, and a command that
    cannot do without it."""

    name: str
    told: str
    at_start: Sequence[tuple[str, ...]]
    at_work: Sequence[tuple[str, ...]]
    commands: Sequence[tuple[str, ...]]

    def address(self, endpoints: Endpoints) -> str:
        """Where it is, without what may be secret."""
        return {
            "kafka": endpoints.kafka_bootstrap,
            "registry": endpoints.registry_url,
            "redis": endpoints.redis_url.split("/")[2],
            "postgres": endpoints.postgres_dsn.split("@")[1].split("/")[0],
        }[self.name]


KAFKA = Service(
    "kafka",
    "Kafka did not answer",
    at_start=WORKERS,
    at_work=WORKERS,
    commands=(("topics", "plan"), ("dlq", "list")),
)
SERVICES = (
    KAFKA,
    Service(
        "registry",
        "does not answer",
        at_start=WORKERS,
        at_work=(VIEWS,),
        commands=(("contracts", "register"),),
    ),
    Service(
        "redis",
        "did not answer",
        at_start=(VIEWS,),
        at_work=(VIEWS,),
        commands=(("view", "status"),),
    ),
    Service(
        "postgres",
        "Postgres did not answer",
        at_start=(SOURCES,),
        at_work=(SOURCES,),
        commands=(("source", "rewind", "shop", "--to", "0", "--yes"),),
    ),
)


class Scene:
    """Every process of the backbone, with how long its log was when something happened, and a
    reader of one price."""

    def __init__(self, world: World, service: Service) -> None:
        self._world = world
        self._told = (service.told, service.address(world.endpoints))
        self._marks: dict[tuple[str, ...], int] = {}
        self.processes: dict[tuple[str, ...], Running] = {}
        self.address = f"127.0.0.1:{free_port()}"
        self.client = httpx.Client(base_url=f"http://{self.address}")

    def __enter__(self) -> Self:
        for arguments in (*WORKERS, GATEWAY):
            settings = {"BACKBONE_GATEWAY_ADDRESS": self.address}
            self.processes[arguments] = self._world.start(*arguments, **settings)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.client.close()

    def price(self) -> str:
        """What a reader is told now, or why nothing."""
        try:
            answer = self.client.get("/v1/prices/C1")
        except httpx.TransportError:
            return "unreachable"
        body = answer.json()
        return str(body["data"]["price"] if answer.is_success else body["code"])

    def wait_until_current(self) -> None:
        """Nothing comes any more, and still the view says that it holds everything until now."""
        quiet = time.monotonic()
        self._world.wait(
            lambda: self._staleness_seconds() < time.monotonic() - quiet, "it stays current"
        )

    def _staleness_seconds(self) -> float:
        return float(self.client.get("/v1/prices").headers["backbone-staleness"])

    def start_again(self, arguments: tuple[str, ...]) -> None:
        self.processes[arguments] = self._world.start(*arguments)
        self._marks.pop(arguments, None)

    def mark(self) -> None:
        self._marks = {name: len(each.said()) for name, each in self.processes.items()}

    def wait_for(self, waiting: Sequence[tuple[str, ...]]) -> None:
        """Each of these has said since the mark that it waits, what for, and where that is."""
        for name in waiting:
            self._world.wait(partial(self._waits, name), f"{' '.join(name)} waits")

    def _waits(self, name: tuple[str, ...]) -> bool:
        said = self.processes[name].said()[self._marks.get(name, 0) :]
        lines = [json.loads(line) for line in said.splitlines()[:-1] if line.startswith("{")]
        reasons = [line["reason"] for line in lines if line["event"] == "waiting"]
        return any(all(words in reason for words in self._told) for reason in reasons)

    def all_lived_through_it(self) -> None:
        for running in self.processes.values():
            assert running.process.poll() is None, running.said()
            assert "Traceback" not in running.said()
