"""The demo is the main job: told once, and told again without publishing anything twice."""

import re
import subprocess

import pytest

from tests.e2e.world import World, free_port

pytestmark = [
    *(pytest.mark.kafka, pytest.mark.registry, pytest.mark.redis),
    *(pytest.mark.postgres, pytest.mark.clickhouse),
]


def _told(world: World) -> "subprocess.CompletedProcess[str]":
    address = f"127.0.0.1:{free_port()}"
    return world.run("demo", "--exit", BACKBONE_GATEWAY_ADDRESS=address)


def _published(told: str) -> list[int]:
    return [int(count) for count in re.findall(r"(\d+) facts published by this run", told)]


@pytest.mark.timeout(400)  # everything there is, twice
def test_the_demo_balances_and_a_second_one_publishes_nothing_twice(world: World) -> None:
    first = _told(world)
    assert first.returncode == 0, first.stderr
    assert _published(first.stdout) == [8987, 12680]
    assert re.search(r"price-list +9024 +8987 +37 +8987 +37 +0 +yes", first.stdout)
    assert re.search(r"shop +12713 +12680 +33 +12680 +33 +0 +yes", first.stdout)
    assert re.search(r"prices +3000 +3000 +0 +yes", first.stdout)
    assert re.search(r"orders +12359 +12359 +0 +yes", first.stdout)
    assert '"status": "cancelled"' in first.stdout
    assert "price: must be greater than 0" in first.stdout
    _went_on(first.stdout)
    second = _told(world)
    assert second.returncode == 0, second.stderr
    assert _published(second.stdout) == [0, 0]
    assert re.search(r"price-list +9024 +8987 +37 +9024 +37 +37 +yes", second.stdout)
    assert re.search(r"prices +3007 +3007 +0 +yes", second.stdout)


def _went_on(told: str) -> None:
    """What was refused is mended and replayed, the warehouse answers, one value is explained."""
    assert re.search(r"United Kingdom +2011-11 +72192\.0400", told)
    assert re.search(r"2011-11-27 11:54:00\+00:00 +2\.9500 +0 ", told)
    assert re.search(r"2011-11 +110\b", told)
    assert "\nall agree\n" in told
    assert re.search(r"\nrecovered +37\b", told)
    assert re.search(
        r"source → topic +price-list +pricing\.price\.v1 +9024 +9024 in the topic", told
    )
    assert not re.search(r"\bNO\b|not judged", told[told.index("$ backbone ledger") :])
