"""Settings: read in one place, validated all at once, frozen.

An environment variable is `BACKBONE_` and the field's name in capitals. What is not set comes from
the embedded stack's `endpoints.json` where one is up, else from the defaults. An unknown name with
our prefix is an error, and every problem is reported in one message before any connection is made.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, Json, SecretStr, ValidationError

from backbone.errors import Misconfigured

PREFIX = "BACKBONE_"
REPOSITORY = Path(__file__).resolve().parent.parent


_ADDRESSES = ("kafka_bootstrap", "registry_url", "redis_url", "postgres_dsn", "clickhouse_url")


class Services(BaseModel):
    """Where the services are: the embedded stack's, or any that exist already."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kafka_bootstrap: str = Field(default="127.0.0.1:9092", description="Kafka's bootstrap servers")
    kafka_config: Json[dict[str, str]] = Field(
        default_factory=dict,
        description="more librdkafka settings for every client, as JSON",
        repr=False,
    )
    registry_url: SecretStr = Field(
        default=SecretStr("http://127.0.0.1:8081"),
        description="schema registry with the Confluent API, with user and password where needed",
    )
    redis_url: SecretStr = Field(
        default=SecretStr("redis://127.0.0.1:6379/0"),
        description="Redis or Valkey that holds the views",
    )
    postgres_dsn: SecretStr = Field(
        default=SecretStr("postgresql://127.0.0.1:5432/shop"), description="the shop's database"
    )
    clickhouse_url: SecretStr = Field(
        default=SecretStr("http://127.0.0.1:8123/backbone"),
        description="ClickHouse's HTTP interface, with the warehouse's database as its path",
    )


class Contracting(BaseModel):
    """Where the contracts stand, and how a process keeps to them."""

    contracts_dir: Path = Field(default=REPOSITORY / "avro", description="folder of the contracts")
    readers_dir: Path = Field(
        default=REPOSITORY / "readers", description="folder of the readers outside of the backbone"
    )
    readers_check_rules: bool = Field(
        default=False, description="whether value rules are asked again where facts are read"
    )
    contract_check_seconds: float = Field(
        default=20.0,
        gt=0.0,
        le=60.0,
        description="how often a running process compares its contracts with the registry",
    )


class Settings(Contracting):
    """What a process of ours needs to know beside the services."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    app: str = Field(
        default="backbone", pattern=r"^[a-z][a-z0-9-]*$", description="prefix of group ids"
    )
    state_dir: Path = Field(default=Path(".backbone"), description="state of the embedded stack")
    price_list_dir: Path = Field(
        default=Path(".backbone/price-list"),
        description="folder where price lists (CSV) are dropped",
    )
    gateway_address: str = Field(
        default="127.0.0.1:8080", pattern=r"^[^:]+:\d+$", description="where the gateway listens"
    )
    metrics_address: str = Field(
        default="",
        pattern=r"^$|^[^:]+:\d+$",
        description="where a worker serves /metrics; empty: nowhere",
    )
    otlp_endpoint: str = Field(
        default="",
        pattern=r"^$|^https?://[^/]+",
        description="base address of the OpenTelemetry collector that takes spans; empty: none",
        repr=False,
    )
    trace_share: float = Field(
        default=0.0,
        ge=0.0,
        le=1.0,
        description="share of the facts without a trace of their own that begin one",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="the least severe log line that is written"
    )
    services: Services = Field(default_factory=Services)


def known_names() -> dict[str, str]:
    """Every environment variable of ours with its description."""
    fields = {**Services.model_fields, **Settings.model_fields}
    return {
        PREFIX + name.upper(): field.description or ""
        for name, field in fields.items()
        if name != "services"
    }


def load(environment: Mapping[str, str]) -> Settings:
    """Read the settings; raises Misconfigured with every problem found."""
    given = {
        name.removeprefix(PREFIX).lower(): value
        for name, value in environment.items()
        if name.startswith(PREFIX)
    }
    known = {name.removeprefix(PREFIX).lower() for name in known_names()}
    problems = [
        f"{PREFIX}{name.upper()}: unknown; known are {', '.join(sorted(known_names()))}"
        for name in sorted(given.keys() - known)
    ]
    own = {name: value for name, value in given.items() if name in Settings.model_fields}
    state_dir = Path(own.get("state_dir", Settings.model_fields["state_dir"].default))
    services = _endpoints(state_dir, problems) | {
        name: value for name, value in given.items() if name in Services.model_fields
    }
    try:
        settings = Settings.model_validate({**own, "services": services})
    except ValidationError as error:
        problems += [_problem(detail["loc"], detail["msg"]) for detail in error.errors()]
    if problems:
        raise Misconfigured("the settings do not fit: " + "; ".join(problems))
    return settings


def nowhere(environment: Mapping[str, str]) -> Path | None:
    """Where an embedded stack would tell its services' addresses, if neither it nor a setting tells
    any: then all of them are defaults."""
    named = [name for name in _ADDRESSES if PREFIX + name.upper() in environment]
    state_dir = environment.get(PREFIX + "STATE_DIR", Settings.model_fields["state_dir"].default)
    path = _told_by_stack(Path(state_dir))
    return None if named or path.exists() else path


def _told_by_stack(state_dir: Path) -> Path:
    return state_dir / "endpoints.json"


def _problem(location: tuple[int | str, ...], message: str) -> str:
    """Names the variable, never its value: it may be a secret."""
    name = next((str(part) for part in location if part != "services"), "?")
    return f"{PREFIX}{name.upper()}: {message}"


def _endpoints(state_dir: Path, problems: list[str]) -> dict[str, Any]:
    path = _told_by_stack(state_dir)
    try:
        found = json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        problems.append(f"{path}: cannot be read ({error}); run `backbone stack up` again")
        return {}
    if "postgres_dsn" in found:
        # the stack names its server; the shop has a database of its own there
        found["postgres_dsn"] = urlsplit(found["postgres_dsn"])._replace(path="/shop").geturl()
    return {name: value for name, value in found.items() if value and name in Services.model_fields}
