"""GET /, /livez, /readyz, /metrics."""

from typing import Any


def test_the_index_tells_what_is_served(gateway: Any) -> None:
    assert gateway.get("/").json() == {
        "views": [
            {
                "name": "prices",
                "version": 1,
                "description": "The price valid now",
                "key": "stock_code",
                "freshness_seconds": 60,
                "links": {
                    "list": "/v1/prices",
                    "entry": "/v1/prices/{stock_code}",
                    "example": "/v1/prices/85123A",
                },
            }
        ],
        "links": {"live": "/livez", "ready": "/readyz", "metrics": "/metrics"},
    }


def test_a_gateway_is_live_whatever_its_store_does(gateway: Any) -> None:
    gateway.views.flush()
    response = gateway.get("/livez")
    assert response.status_code == 200
    assert response.json() == {"live": True}


def test_a_gateway_is_ready_when_every_partition_is_complete(gateway: Any) -> None:
    response = gateway.get("/readyz")
    assert response.status_code == 200
    assert response.json() == {
        "ready": True,
        "views": {"prices": {"ready": True, "incomplete_partitions": []}},
    }


def test_a_gateway_that_is_not_ready_says_which_partitions_are_missing(gateway: Any) -> None:
    gateway.status(1, offset=3, rebuild_until=4)
    response = gateway.get("/readyz")
    assert response.status_code == 503
    assert response.json()["code"] == "not-ready"
    assert response.json()["detail"] == "Not complete yet: prices."
    assert response.json()["views"] == {"prices": {"ready": False, "incomplete_partitions": [1]}}


def test_a_gateway_over_an_empty_store_is_not_ready(gateway: Any) -> None:
    gateway.views.flush()
    views = gateway.get("/readyz").json()["views"]
    assert views == {"prices": {"ready": False, "incomplete_partitions": [0, 1, 2]}}


def test_metrics_are_served_for_prometheus(gateway: Any) -> None:
    gateway.get("/livez")
    response = gateway.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain")
    assert 'backbone_gateway_requests_total{route="/livez",status="200"}' in response.text
