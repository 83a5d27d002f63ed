"""What a worker answers over HTTP."""

from collections.abc import Iterator

import httpx
import pytest

from backbone import worker_pages
from backbone.errors import Misconfigured
from backbone.registry.agreement import Agreement, Drift


@pytest.fixture
def agreement() -> Agreement:
    return Agreement()


@pytest.fixture
def client(agreement: Agreement) -> Iterator[httpx.Client]:
    server = worker_pages.serve("127.0.0.1:0", agreement)
    host, port = server.server_address[:2]
    with httpx.Client(base_url=f"http://{host!s}:{port}", trust_env=False) as made:
        yield made
    server.shutdown()
    server.server_close()


def test_a_worker_is_ready_until_a_contract_has_drifted(
    client: httpx.Client, agreement: Agreement
) -> None:
    assert client.get("/readyz").json() == {"ready": True, "drifted": {}}
    agreement.tell(["a.B"], {"a.B": Drift("unregistered", "gone")})
    refused = client.get("/readyz")
    assert refused.status_code == 503
    assert refused.json() == {"ready": False, "drifted": {"a.B": "gone"}}
    assert client.get("/livez").status_code == 200
    agreement.tell(["a.B"], {})
    assert client.get("/readyz").status_code == 200


def test_metrics_are_served_as_text(client: httpx.Client) -> None:
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    assert "backbone_contract_last_check_timestamp_seconds" in answer.text


def test_nothing_else_is_there(client: httpx.Client) -> None:
    assert client.get("/").status_code == 404


def test_an_address_that_is_taken_is_said(client: httpx.Client, agreement: Agreement) -> None:
    taken = f"{client.base_url.host}:{client.base_url.port}"
    with pytest.raises(Misconfigured, match="give every process an address of its own"):
        worker_pages.serve(taken, agreement)
