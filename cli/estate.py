"""What artefacts are made from: the contracts, the catalogs and the settings."""

from datetime import UTC, datetime
from urllib.parse import urlsplit

from backbone.generation.estate import Deployment, Estate, ViewTerms
from cli import wiring
from consumers.catalog import SINKS
from processors.catalog import VIEWS
from processors.view import View, served

_DEFAULT_PORTS = {"http": 80, "https": 443, "redis": 6379, "rediss": 6379}


def estate() -> Estate:
    """Needs no service. Raises Misconfigured where the contracts cannot be used."""
    contracts = wiring.contracts()
    return Estate(
        contracts=contracts,
        topics=wiring.declared_topics(),
        views=[_terms(name, view) for name, view in VIEWS.items()],
        sinks={name: sink.facts(contracts) for name, sink in SINKS.items()},
        deployment=deployment(),
    )


def _terms(name: str, view: View) -> ViewTerms:
    return ViewTerms(name, view.version, view.topic, view.description, view.reads, served(view))


def deployment() -> Deployment:
    """Addresses without user and password."""
    settings = wiring.settings()
    services = settings.services
    registry = urlsplit(services.registry_url.get_secret_value())
    clickhouse = services.clickhouse_url.get_secret_value()
    return Deployment(
        app=settings.app,
        kafka=services.kafka_bootstrap.partition(",")[0],
        registry=f"{registry.scheme}://{_host(registry.geturl())}{registry.path}",
        redis=_host(services.redis_url.get_secret_value()),
        clickhouse=_host(clickhouse),
        database=urlsplit(clickhouse).path.strip("/") or "default",
        at=datetime.now(UTC),
    )


def _host(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or _DEFAULT_PORTS.get(parts.scheme, 0)}"
