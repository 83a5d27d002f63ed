"""The demo's stage: stack, database, contracts, topics, data and the running processes."""

import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import httpx

from backbone.errors import Fatal
from cli import wiring
from cli.contracts import register_all
from cli.demo.fleet import Fleet
from cli.stack.stack import Stack
from cli.topics import apply_all

DATABASE = "shop"
GIVEN = {
    "BACKBONE_KAFKA_BOOTSTRAP",
    "BACKBONE_REGISTRY_URL",
    "BACKBONE_REDIS_URL",
    "BACKBONE_POSTGRES_DSN",
}
"""With all of these set, the services are somebody else's and no stack is started."""


class Scene:
    """Sets everything up, and takes down what it started when it is left."""

    def __init__(self, examples: Path) -> None:
        self.examples = examples
        self.state = wiring.settings().state_dir.resolve()
        self.prepared = self.state / "online-retail"
        self._stack = Stack(self.state, say)
        # what ran before stays up after us
        self._ours = not all(each.state == "running" for each in self._stack.status())
        self.fleet = Fleet(self.state / "logs", {})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.fleet.stop()
        if self._ours:
            self._stack.down()

    def set_up(self) -> None:
        """The environment as an operator would make it, with the operator's commands."""
        if not os.environ.keys() >= GIVEN:
            self._stack.up()
            wiring.settings.cache_clear()  # the stack has written where its services are
        self.fleet = Fleet(self.state / "logs", self.environment())
        self.script("prepare.py", str(self.prepared))
        self.script("shop.py", "create-database")
        say("checking the contracts")
        register_all(wiring.contracts_dir(), wiring.registry())
        say("checking the topics")
        apply_all()
        self.fleet.start("price-list", ["run", "source", "price-list"])
        self.fleet.start("shop-relay", ["run", "source", "shop"])
        self.fleet.start("views", ["run", "view", "--all"])
        self.fleet.start("gateway", ["run", "gateway"])
        if self.has_warehouse:
            self.fleet.start("warehouse", ["run", "sink", "--all"])

    def script(self, name: str, *arguments: str) -> None:
        """Run one of the example's scripts to its end."""
        command = [sys.executable, str(self.examples / name), *arguments]
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, env=self.environment()
        )
        if done.returncode:
            raise Fatal(f"{name} failed: {done.stderr.strip().splitlines()[-1:]}")

    def start_shop(self) -> "subprocess.Popen[bytes]":
        """The shop writes its orders, as another company's system would: on its own."""
        command = [sys.executable, str(self.examples / "shop.py"), "load"]
        orders = str(self.prepared / "orders.jsonl")
        return self.fleet.run("shop", [*command, "--orders", orders])

    def drop_price_list(self) -> None:
        """Put the price list where the connector looks, complete at once; an old one stays."""
        target = wiring.settings().price_list_dir / "price_list.csv"
        target.parent.mkdir(parents=True, exist_ok=True)
        content = (self.prepared / "price_list.csv").read_bytes()
        if target.exists() and target.read_bytes() == content:
            return
        partial = target.with_suffix(".part")
        partial.write_bytes(content)
        partial.rename(target)

    @property
    def has_warehouse(self) -> bool:
        """Its engine is an extra of the embedded stack."""
        return bool(wiring.settings().services.clickhouse_url.get_secret_value())

    @property
    def postgres_dsn(self) -> str:
        """The shop has a database of its own on the configured server."""
        configured = wiring.settings().services.postgres_dsn.get_secret_value()
        return urlsplit(configured)._replace(path=f"/{DATABASE}").geturl()

    @cached_property
    def gateway_url(self) -> str:
        return f"http://{self._gateway_address}"

    @cached_property
    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.gateway_url, timeout=10.0)

    def say_where(self) -> None:
        services = wiring.settings().services
        registry = services.registry_url.get_secret_value().rpartition("@")[2]
        say(
            f"up until Ctrl-C: gateway {self.gateway_url}, kafka {services.kafka_bootstrap}, "
            f"registry {registry}, logs {self.state / 'logs'}"
        )

    @cached_property
    def _gateway_address(self) -> str:
        """The configured address, or another port where that one is taken."""
        host, _, port = wiring.settings().gateway_address.rpartition(":")
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, int(port)))
            except OSError:
                probe.bind((host, 0))
                say(f"port {port} is taken: the gateway listens on {probe.getsockname()[1]}")
            return f"{host}:{probe.getsockname()[1]}"

    def environment(self) -> Mapping[str, str]:
        return {
            **os.environ,
            "BACKBONE_STATE_DIR": str(self.state),
            "BACKBONE_POSTGRES_DSN": self.postgres_dsn,
            "SHOP_DSN": self.postgres_dsn,
            "BACKBONE_PRICE_LIST_DIR": str(wiring.settings().price_list_dir.resolve()),
            "BACKBONE_GATEWAY_ADDRESS": self._gateway_address,
        }


def say(line: str) -> None:
    """Progress goes to stderr; what the story shows goes to stdout."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
