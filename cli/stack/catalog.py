"""The services, in the order in which they are started: the slowest first."""

from cli.stack.kafka import Kafka
from cli.stack.postgres import Postgres
from cli.stack.redis_server import Redis
from cli.stack.registry import Registry
from cli.stack.service import Service

CATALOG: dict[str, type[Service]] = {
    "registry": Registry,
    "kafka": Kafka,
    "postgres": Postgres,
    "redis": Redis,
}
