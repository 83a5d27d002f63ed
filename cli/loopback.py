"""A proxy that the environment names serves the world outside, and never this machine itself."""

import os
from collections.abc import MutableMapping

HERE = ("localhost", "127.0.0.1", "::1")
_NAMES = ("NO_PROXY", "no_proxy")  # clients differ in which one they read first


def spare_loopback(environment: MutableMapping[str, str] = os.environ) -> None:
    """Called once by whoever starts a process of ours, before any client is made: httpx, requests,
    urllib3 and ClickHouse's client would ask the proxy for services on 127.0.0.1."""
    for name in _NAMES:
        told = [each.strip() for each in environment.get(name, "").split(",") if each.strip()]
        if told != ["*"]:
            environment[name] = ",".join(dict.fromkeys((*told, *HERE)))
