"""The services of docker-compose.yml for tests, through testcontainers.

The variable TEST_SERVICES says which services tests use: `embedded`, `containers`, or `auto`, the
default, which takes containers where a Docker engine with its compose command answers.
"""

import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from uuid import uuid4

import httpx

from cli.stack import ports
from cli.stack.registry import RULE
from cli.stack.stack import Endpoints

ROOT = Path(__file__).resolve().parents[1]
SETTING = "TEST_SERVICES"
CHOICES = ("auto", "containers", "embedded")
# Each service with the variable that says which port of this machine is its own.
PORTS = {
    "kafka": "KAFKA_PORT",
    "registry": "REGISTRY_PORT",
    "redis": "REDIS_PORT",
    "postgres": "POSTGRES_PORT",
    "clickhouse": "CLICKHOUSE_PORT",
}
ASK_SECONDS = 20


class ContainersError(Exception):
    """The setting asks for containers that cannot be had; it says why, and what to do."""


def wanted(environment: Mapping[str, str], missing: Callable[[], str | None]) -> bool:
    """Whether tests use containers; `missing` tells what keeps them from it, None for nothing."""
    choice = environment.get(SETTING, "auto")
    if choice not in CHOICES:
        raise ContainersError(f"{SETTING} is {choice!r}: it may be {', '.join(CHOICES)}")
    if choice == "embedded":
        return False
    reason = missing()
    if choice == "containers" and reason:
        raise ContainersError(f"{reason}; mend that, or set {SETTING}=embedded")
    return reason is None


def what_is_missing(docker: str = "docker") -> str | None:
    """What this machine lacks to run docker-compose.yml; None when it lacks nothing."""
    if not _does([docker, "compose", "version"]):
        return f"`{docker} compose version` fails"
    if not _does([docker, "version", "--format", "{{.Server.Version}}"]):
        return "no Docker engine answers"
    return None


def _does(command: list[str]) -> bool:
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=ASK_SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


@contextmanager
def running(folder: Path, docker: str = "docker") -> Iterator[Endpoints]:
    """Start the services, healthy, in a project and on ports of their own; remove them after."""
    chosen = ports.choose(PORTS)
    file = folder / "compose.env"
    file.write_text(settings(f"backbone-test-{uuid4().hex[:12]}", chosen))
    compose = import_module("testcontainers.compose").DockerCompose(  # here: few runs need it
        ROOT,
        compose_file_name="docker-compose.yml",
        env_file=str(file),
        services=list(PORTS),
        docker_command_path=docker,
    )
    try:
        with compose:
            compose.services = None  # removed is the whole project, its network too
            yield endpoints(chosen)
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode(errors="replace").strip()[-1000:]
        raise ContainersError(
            f"`{' '.join(map(str, error.cmd))}` failed; mend what it says, or set "
            f"{SETTING}=embedded:\n{said}"
        ) from error


def settings(project: str, chosen: Mapping[str, int]) -> str:
    """The environment file of one project."""
    lines = [f"{PORTS[name]}={port}\n" for name, port in chosen.items()]
    return "".join([f"COMPOSE_PROJECT_NAME={project}\n", *lines])


def endpoints(chosen: Mapping[str, int]) -> Endpoints:
    address = {name: f"{ports.HOST}:{port}" for name, port in chosen.items()}
    return Endpoints(
        kafka_bootstrap=address["kafka"],
        registry_url=f"http://{address['registry']}/apis/ccompat/v7",
        redis_url=f"redis://{address['redis']}/0",
        postgres_dsn=f"postgresql://postgres@{address['postgres']}/postgres",
        clickhouse_url=f"http://{address['clickhouse']}/backbone",
    )


def settle(found: Endpoints) -> None:
    """As `backbone stack up` does: a fresh registry enforces no compatibility."""
    body = {"compatibility": RULE}
    answer = httpx.put(f"{found.registry_url}/config", json=body, trust_env=False, timeout=10)
    answer.raise_for_status()
