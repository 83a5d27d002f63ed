"""A proxy of the environment is not asked for this machine's own services."""

from urllib.request import proxy_bypass

import pytest
from clickhouse_connect.driver.httputil import check_env_proxy

from cli.loopback import spare_loopback

PROXY = "http://proxy.example:3128"


@pytest.fixture(autouse=True)
def proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", PROXY)


@pytest.mark.parametrize("told", ["", "intern.example", "127.0.0.1, intern.example"])
def test_this_machine_is_asked_directly_and_the_world_by_the_proxy(
    monkeypatch: pytest.MonkeyPatch, told: str
) -> None:
    monkeypatch.setenv("NO_PROXY", told)

    spare_loopback()

    assert check_env_proxy("http", "127.0.0.1", 8123) is None
    assert check_env_proxy("http", "warehouse.example", 8123) == PROXY
    assert proxy_bypass("127.0.0.1:8081")
    assert not proxy_bypass("registry.example")


def test_what_was_told_already_stays() -> None:
    environment = {"NO_PROXY": "a.example,localhost", "no_proxy": "*"}

    spare_loopback(environment)

    assert environment == {"NO_PROXY": "a.example,localhost,127.0.0.1,::1", "no_proxy": "*"}
