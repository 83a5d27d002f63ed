"""The demo is the main job: told once, and told again without publishing anything twice."""

import re
import subprocess

import pytest

from tests.e2e.world import World, free_port

pytestmark = [pytest.mark.kafka, pytest.mark.registry, pytest.mark.redis, pytest.mark.postgres]


def _told(world: World) -> "subprocess.CompletedProcess[str]":
    address = f"127.0.0.1:{free_port()}"
    return world.run("demo", "--exit", BACKBONE_GATEWAY_ADDRESS=address)


def _published(told: str) -> list[int]:
    return [int(count) for count in re.findall(r"(\d+) facts published by this run", told)]


def test_the_demo_balances_and_a_second_one_publishes_nothing_twice(world: World) -> None:
    first = _told(world)
    assert first.returncode == 0, first.stderr
    assert _published(first.stdout) == [8987, 12680]
    assert re.search(r"price-list +9024 +8987 +37 +8987 +37 +yes", first.stdout)
    assert re.search(r"shop +12713 +12680 +33 +12680 +33 +yes", first.stdout)
    assert re.search(r"prices +3000 +3000 +0 +yes", first.stdout)
    assert re.search(r"orders +12359 +12359 +0 +yes", first.stdout)
    assert '"status": "cancelled"' in first.stdout
    assert "price: must be greater than 0" in first.stdout
    second = _told(world)
    assert second.returncode == 0, second.stderr
    assert _published(second.stdout) == [0, 0]
