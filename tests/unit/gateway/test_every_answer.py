"""What holds for every route: problems, methods, correlation ids, metrics."""

import uuid
from collections.abc import Sequence
from typing import Any

import pytest

from backbone.errors import Fatal, Misconfigured, Transient
from backbone.metrics import REGISTRY
from backbone.views.store import Answer, Page, Status, ViewId
from gateway.app import build_app
from gateway.problem import PROBLEMS

ADDRESSES = ["/", "/livez", "/readyz", "/metrics", "/v1/prices", "/v1/prices/85123A", "/nowhere"]


class FailingReader:
    """A store that fails at everything, in one way."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    async def get(self, _view: ViewId, _key: str, /) -> Answer:
        raise self._error

    async def page(self, _view: ViewId, _after: str | None, _limit: int, /) -> Page:
        raise self._error

    async def statuses(self, _view: ViewId, /) -> Sequence[Status | None]:
        raise self._error

    async def close(self) -> None:
        """Nothing is open."""


@pytest.mark.parametrize("path", ["/v1/prices", "/v1/prices/85123A", "/readyz"])
def test_a_store_that_is_away_is_503_with_retry_after(new_gateway: Any, path: str) -> None:
    away = Transient("Redis at 10.0.0.1:6379 did not answer", retry_after_seconds=2.5)
    response = new_gateway(lambda _: FailingReader(away)).get(path)
    assert response.status_code == 503
    assert response.json()["code"] == "store-unavailable"
    assert response.json()["retryable"] is True
    assert response.headers["retry-after"] == "3"
    assert "10.0.0.1" not in response.text


def test_a_store_that_gives_no_hint_is_asked_again_after_a_second(new_gateway: Any) -> None:
    response = new_gateway(lambda _: FailingReader(Transient("away"))).get("/v1/prices")
    assert response.headers["retry-after"] == "1"


@pytest.mark.parametrize("error", [Fatal("secret"), KeyError("secret"), ZeroDivisionError()])
@pytest.mark.parametrize("path", ["/v1/prices", "/v1/prices/85123A"])
def test_a_failure_is_a_problem_that_tells_nothing_but_the_correlation_id(
    new_gateway: Any, path: str, error: Exception, logs: list[Any]
) -> None:
    response = new_gateway(lambda _: FailingReader(error)).get(path, X_Correlation_ID="c-17")
    assert response.status_code == 500
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json() == {
        "type": "/problems/internal",
        "title": "The gateway failed",
        "status": 500,
        "detail": "The gateway could not answer. It was not the request's fault.",
        "instance": path,
        "code": "internal",
        "retryable": False,
        "correlation_id": "c-17",
    }
    assert [line["correlation_id"] for line in logs] == ["c-17"]
    assert logs[0]["error"] == type(error).__name__
    assert logs[0]["route"].startswith("/v1/{view}")


def test_a_strangers_exception_is_logged_without_its_words_and_ours_with_them(
    new_gateway: Any, logs: list[Any]
) -> None:
    new_gateway(lambda _: FailingReader(KeyError("payload-4711"))).get("/v1/prices")
    new_gateway(lambda _: FailingReader(Fatal("the store is damaged"))).get("/v1/prices")
    assert "payload-4711" not in str(logs[0])
    assert logs[1]["message"] == "the store is damaged"


@pytest.mark.parametrize("path", ADDRESSES)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_other_methods_are_refused_with_those_allowed(gateway: Any, method: str, path: str) -> None:
    response = gateway.ask(method, path)
    assert response.status_code == 405
    assert response.headers["allow"] == "GET, HEAD"
    assert response.json()["code"] == "method-not-allowed"


@pytest.mark.parametrize("path", ADDRESSES)
def test_a_sane_correlation_id_comes_back(gateway: Any, path: str) -> None:
    given = "order-4711/" + "~" * 117
    assert gateway.get(path, X_Correlation_ID=given).headers["x-correlation-id"] == given


@pytest.mark.parametrize("given", ["", "a b", "x" * 129, "a\tb", "é"])
@pytest.mark.parametrize("path", ADDRESSES)
def test_another_one_is_replaced(gateway: Any, path: str, given: str) -> None:
    response = gateway.get(path, X_Correlation_ID=given.encode())
    assert uuid.UUID(response.headers["x-correlation-id"]).version == 4


def test_every_request_without_one_gets_its_own(gateway: Any) -> None:
    first, second = gateway.get("/livez"), gateway.get("/livez")
    assert first.headers["x-correlation-id"] != second.headers["x-correlation-id"]


@pytest.mark.parametrize(
    "path", ["/nowhere", "/v1", "/v1/", "/v1/prices/", "/livez/", "/problems/none"]
)
def test_an_address_that_serves_nothing_is_a_problem(gateway: Any, path: str) -> None:
    response = gateway.get(path)
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["code"] == "not-found"
    assert response.json()["instance"] == path


@pytest.mark.parametrize("code", PROBLEMS)
def test_every_problem_type_is_an_address_that_describes_it(gateway: Any, code: str) -> None:
    response = gateway.get(PROBLEMS[code].type)
    assert response.status_code == 200
    assert response.json()["code"] == code
    assert response.json()["type"] == f"/problems/{code}"
    assert response.json()["remedy"]


def test_requests_are_counted_by_route_and_status_not_by_key(gateway: Any) -> None:
    labels = {"route": "/v1/{view}/{key}", "status": "404"}
    counted, timed = "backbone_gateway_requests_total", "backbone_gateway_request_seconds_count"
    before = REGISTRY.get_sample_value(counted, labels) or 0
    timed_before = REGISTRY.get_sample_value(timed, {"route": "/v1/{view}/{key}"}) or 0
    gateway.get("/v1/prices/85123A")
    assert REGISTRY.get_sample_value(counted, labels) == before + 1
    assert REGISTRY.get_sample_value(timed, {"route": "/v1/{view}/{key}"}) == timed_before + 1


def test_two_views_of_one_name_are_misconfigured(gateway: Any) -> None:
    with pytest.raises(Misconfigured, match="same name"):
        build_app([gateway.served, gateway.served], gateway.views.reader())
