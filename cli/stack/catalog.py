"""The services, in the order in which they are started: the slowest first."""

from collections.abc import Mapping
from importlib.util import find_spec

from cli.stack.clickhouse import ClickHouse
from cli.stack.kafka import Kafka
from cli.stack.postgres import Postgres
from cli.stack.redis_server import Redis
from cli.stack.registry import Registry
from cli.stack.service import Service

CATALOG: dict[str, type[Service]] = {
    "registry": Registry,
    "kafka": Kafka,
    "clickhouse": ClickHouse,
    "postgres": Postgres,
    "redis": Redis,
}

# Services whose package is an extra of its own, with the extra.
EXTRAS: Mapping[str, tuple[str, str]] = {"clickhouse": ("chdb", "warehouse")}


def not_installed() -> dict[str, str]:
    """The services that are left out here, with what to do for having them."""
    return {
        name: f"{name} is left out: install backbone[{extra}] to have it"
        for name, (package, extra) in EXTRAS.items()
        if find_spec(package) is None
    }
