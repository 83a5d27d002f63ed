"""Dockerfile and docker-compose.yml, held to the code as far as that goes without an engine."""

import fnmatch
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from typer.core import TyperGroup

from backbone import settings
from cli.main import app
from cli.stack import kafka
from consumers.catalog import SINKS
from processors.catalog import VIEWS
from producers.catalog import SOURCES

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = ROOT / "Dockerfile"
COMPOSE = ROOT / "docker-compose.yml"
BIN = Path(sys.executable).parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
OURS = f"backbone:{PROJECT['project']['version']}"
# A tag that names one release, which has three numbers, two with Postgres and four with ClickHouse.
EXACT = re.compile(
    r"(postgres:\d+\.\d+|clickhouse/[a-z-]+:\d+(\.\d+){3}|[\w./-]+:\d+\.\d+\.\d+)"
    r"(-[a-z][a-z-]*)?"
)
# Names and addresses: the only settings of the broker that depend on where it runs.
PLACES = {
    *("controller.quorum.voters", "listeners", "advertised.listeners", "log.dirs"),
    *("inter.broker.listener.name", "listener.security.protocol.map"),
}

Service = Mapping[str, Any]


def services(text: str | None = None) -> dict[str, Service]:
    found: dict[str, Service] = yaml.safe_load(text or COMPOSE.read_text())["services"]
    return found


def roles() -> dict[str, Service]:
    return {name: service for name, service in services().items() if service["image"] == OURS}


def is_one_shot(service: Service) -> bool:
    return bool(service.get("restart") == "no")


def instructions(word: str) -> list[str]:
    """What follows the word, one text per instruction."""
    text = DOCKERFILE.read_text().replace("\\\n", " ")
    return re.findall(rf"^{word}\s+(.+)$", text, re.MULTILINE)


def run(*command: str | Path, **more: Any) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        list(map(str, command)), capture_output=True, text=True, check=False, **more
    )


# the compose file


def against_the_schema(path: Path) -> "subprocess.CompletedProcess[str]":
    return run(BIN / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", path)


def test_the_compose_file_is_one(tmp_path: Path) -> None:
    checked = against_the_schema(COMPOSE)
    wrong = tmp_path / "docker-compose.yml"
    wrong.write_text(COMPOSE.read_text().replace("healthcheck:", "healthchek:"))

    assert checked.returncode == 0, checked.stdout
    assert against_the_schema(wrong).returncode == 1


def test_every_image_is_one_release() -> None:
    pinned = {service["image"] for service in services().values()} | set(instructions("FROM"))
    floating = [image for image in pinned if not EXACT.fullmatch(image.removesuffix(" AS build"))]

    assert floating == []
    assert len({image.removesuffix(" AS build") for image in instructions("FROM")}) == 1
    assert f'org.opencontainers.image.version="{PROJECT["project"]["version"]}"' in (
        DOCKERFILE.read_text()
    )


def unwatched(found: Mapping[str, Service]) -> Iterator[str]:
    """Services without a health check that do not end, and waits that can never be over."""
    for name, service in found.items():
        if ("healthcheck" in service) is is_one_shot(service):
            yield f"{name} needs a health check, or to be a one-shot"
        for other, wait in service.get("depends_on", {}).items():
            ends = wait["condition"] == "service_completed_successfully"
            if ends is not is_one_shot(found[other]):
                yield f"{name} waits for {other} to be {wait['condition']}"


def test_every_service_is_watched_or_ends() -> None:
    text = COMPOSE.read_text().replace(
        "contracts: {condition: service_comp", "kafka: {condition: service_comp"
    )

    assert list(unwatched(services())) == []
    assert "price-list waits for kafka to be service_completed_successfully" in list(
        unwatched(services(text))
    )


def test_every_port_is_for_this_machine_alone() -> None:
    published = [port for service in services().values() for port in service.get("ports", [])]

    assert len(published) == 6
    assert [port for port in published if not port.startswith("127.0.0.1:")] == []


def test_every_mounted_folder_exists_and_is_read_only() -> None:
    mounted = [volume for service in services().values() for volume in service.get("volumes", [])]
    folders = [volume for volume in mounted if volume.startswith(".")]

    assert folders
    for folder in folders:
        source, _, rights = folder.split(":")
        assert (ROOT / source).is_dir()
        assert rights == "ro"


@pytest.mark.parametrize("name", sorted(roles()))
def test_the_settings_of_a_role_fit(name: str) -> None:
    given = roles()[name].get("environment", {})
    environment = {key: re.sub(r"\$\{\w+:-(.*?)\}", r"\1", value) for key, value in given.items()}
    loaded = settings.load(environment | {"BACKBONE_CONTRACTS_DIR": str(ROOT / "avro")})

    if "SHOP_DSN" not in environment:
        assert loaded.services.kafka_bootstrap == "kafka:19092"


def parse(command: Any, name: str, arguments: Sequence[str]) -> list[str]:
    """Names and values as the command line understands them; raises its usage errors."""
    context = command.make_context(name, list(arguments))
    if not isinstance(command, TyperGroup):
        return [name, *(context.params.get("names") or [])]
    rest = [*context._protected_args, *context.args]
    sub, child, others = command.resolve_command(context, rest)
    return [name, *parse(child, str(sub), others)]


def test_every_command_is_one_and_every_source_view_and_sink_has_its_role() -> None:
    command = typer.main.get_command(app)
    typed = [service["command"] for service in roles().values() if "command" in service]
    parsed = [parse(command, "backbone", arguments)[1:] for arguments in typed]

    assert parsed == typed
    assert {each[2] for each in parsed if each[:2] == ["run", "source"]} == set(SOURCES)
    assert {each[2] for each in parsed if each[:2] == ["run", "view"]} == set(VIEWS)
    assert {each[2] for each in parsed if each[:2] == ["run", "sink"]} == set(SINKS)
    assert [each for each in parsed if each[0] != "run"] == [
        ["contracts", "register"],
        ["topics", "apply"],
    ]


def broker(environment: Mapping[str, str]) -> dict[str, str]:
    """The image's variables as the settings that it makes of them."""
    return {
        name.removeprefix("KAFKA_").lower().replace("_", "."): value
        for name, value in environment.items()
        if name.startswith("KAFKA_") and name != "KAFKA_HEAP_OPTS"
    }


def test_the_broker_is_set_as_the_embedded_one() -> None:
    embedded = dict(line.split("=", 1) for line in kafka.PROPERTIES.splitlines())
    composed = broker(services()["kafka"]["environment"])

    assert composed.keys() == embedded.keys()
    assert {name: value for name, value in composed.items() if name not in PLACES} == {
        name: value for name, value in embedded.items() if name not in PLACES
    }


def test_the_views_store_evicts_nothing() -> None:
    command = services()["redis"]["command"]

    assert command[command.index("--maxmemory-policy") + 1] == "noeviction"


# the image


def test_the_dockerfile_passes_its_lint(tmp_path: Path) -> None:
    checked = run(BIN / "hadolint", DOCKERFILE)
    wrong = tmp_path / "Dockerfile"
    wrong.write_text(re.sub(r"(?m)^FROM .*$", "FROM python:latest", DOCKERFILE.read_text()))

    assert checked.returncode == 0, checked.stdout
    assert run(BIN / "hadolint", wrong).returncode == 1


def test_the_image_runs_as_nobody_and_names_no_secret() -> None:
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", instructions("USER")[-1])
    assert instructions("ENTRYPOINT") == ['["backbone"]']
    for service in roles().values():
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]


def copied() -> list[str]:
    """What is copied from this folder."""
    copies = [each.split()[:-1] for each in instructions("COPY") if "--from" not in each]
    return [source for sources in copies for source in sources]


def is_let_in(source: str) -> bool:
    """By .dockerignore: everything is left out that no line with an exclamation mark names."""
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    let_in = [line.removeprefix("!") for line in lines if line.startswith("!")]
    return "*" in lines and any(
        fnmatch.fnmatch(source, name) or source.startswith(f"{name}/") for name in let_in
    )


def test_everything_that_is_copied_exists_and_reaches_the_build() -> None:
    assert [source for source in copied() if not (ROOT / source).exists()] == []
    assert [source for source in copied() if not is_let_in(source)] == []
    assert not is_let_in(".env")


def test_every_package_of_the_wheel_is_copied() -> None:
    packages = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]

    assert [package for package in packages if package not in copied()] == []


def test_what_the_image_installs_runs_by_itself(tmp_path: Path) -> None:
    """The build's own steps, in an environment without a developer's tool or this folder."""
    home = tmp_path / "image"
    wheel: list[str | Path] = [BIN / "hatchling", "build", "-t", "wheel", "-d", tmp_path / "dist"]
    pip: list[str | Path] = [
        BIN / "uv",
        "pip",
        "install",
        "--quiet",
        "--python",
        home / "bin" / "python",
    ]
    shutil.copytree(ROOT / "avro", tmp_path / "avro")

    steps = [
        run(sys.executable, "-m", "venv", "--without-pip", home),
        run(*wheel, cwd=ROOT),
        run(*pip, "--require-hashes", "-r", ROOT / "requirements" / "runtime.txt"),
        run(*pip, "--no-deps", *(tmp_path / "dist").glob("*.whl")),
    ]
    assert [step.stderr for step in steps if step.returncode] == []

    environment = {"PATH": os.defpath, "BACKBONE_CONTRACTS_DIR": str(tmp_path / "avro")}
    for arguments in (["--help"], ["run", "gateway", "--help"], ["contracts", "lint"]):
        done = run(home / "bin" / "backbone", *arguments, cwd=tmp_path, env=environment)
        assert done.returncode == 0, done.stderr


def test_the_image_is_built_by_one_service_alone() -> None:
    # several that build one tag at the same time get in one another's way
    assert [name for name, service in services().items() if "build" in service] == ["contracts"]
