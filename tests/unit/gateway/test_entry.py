"""GET /v1/{view}/{key}."""

import asyncio
import base64
from typing import Any

import pytest

from backbone.metrics import REGISTRY


def test_a_read_gives_the_value_and_apart_from_it_where_it_came_from(gateway: Any) -> None:
    gateway.put("85123A", {"amount": "2.55", "currency": "GBP"})

    response = gateway.get("/v1/prices/85123A")

    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    assert response.json() == {
        "data": {"amount": "2.55", "currency": "GBP"},
        "meta": {
            "view": "prices",
            "view_version": 1,
            "key": "85123A",
            "order_version": 7,
            "event_id": "0b0e",
            "source": "price-list",
            "sequence": "prices.csv:17",
            "occurred_at": "2023-11-14T21:56:40.000Z",
            "published_at": "2023-11-14T22:13:19.500Z",
            "partition": 2,
            "offset": 41,
        },
    }


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("gift_0001_20", "gift_0001_20"),
        ("BANK%20CHARGES", "BANK CHARGES"),
        ("a%2Fb", "a/b"),
        ("a/b", "a/b"),
        ("100%25%32%46", "100%2F"),
        ("Gr%C3%B6%C3%9Fe", "Größe"),
        ("%F0%9F%8E%81", "🎁"),
        ("%7Ba%7D", "{a}"),
        ("a+b", "a+b"),
        ("a%0A", "a\n"),
        ("a%3Fb%23c", "a?b#c"),
    ],
)
def test_a_key_may_hold_any_character(gateway: Any, path: str, key: str) -> None:
    gateway.put(key, {"amount": "1.00"})
    response = gateway.get(f"/v1/prices/{path}")
    assert response.status_code == 200
    assert response.json()["meta"]["key"] == key


def test_a_key_that_is_not_utf_8_names_nothing(gateway: Any) -> None:
    response = gateway.get("/v1/prices/%FF")
    assert response.status_code == 404
    assert response.json()["code"] == "not-found"


def test_age_and_position_are_headers(gateway: Any) -> None:
    gateway.put("85123A", {"amount": "2.55"})
    headers = gateway.get("/v1/prices/85123A").headers
    assert headers["backbone-as-of"] == "2023-11-14T22:13:20.000Z"
    assert headers["backbone-staleness"] == "1.500"
    assert headers["backbone-stale"] == "false"
    assert headers["backbone-position"] == "dG9waWMtMToyPTQy"
    assert base64.b64decode(headers["backbone-position"]) == b"topic-1:2=42"


def test_staleness_is_never_negative(gateway: Any) -> None:
    gateway.put("85123A", {"amount": "2.55"})
    gateway.now = 1_699_999_999.0
    assert gateway.get("/v1/prices/85123A").headers["backbone-staleness"] == "0.000"


def test_an_answer_older_than_the_objective_is_given_marked_and_counted(gateway: Any) -> None:
    name, labels = "backbone_gateway_stale_responses_total", {"view": "prices"}
    before = REGISTRY.get_sample_value(name, labels) or 0
    gateway.put("85123A", {"amount": "2.55"})
    gateway.now = 1_700_000_061.25

    response = gateway.get("/v1/prices/85123A")

    assert response.status_code == 200
    assert response.headers["backbone-staleness"] == "60.250"
    assert response.headers["backbone-stale"] == "true"
    assert REGISTRY.get_sample_value(name, labels) == before + 1


def test_a_view_that_never_saw_a_fact_has_no_as_of(gateway: Any) -> None:
    gateway.complete(as_of_ms=0)
    response = gateway.get("/v1/prices/85123A")
    assert "backbone-as-of" not in response.headers
    assert response.headers["backbone-staleness"] == "1.500"


def test_the_etag_is_strong_and_changes_with_the_data_not_with_its_age(gateway: Any) -> None:
    gateway.put("85123A", {"amount": "2.55"})
    first = gateway.get("/v1/prices/85123A").headers["etag"]
    gateway.now += 3
    gateway.put("ab", {"amount": "9.99"}, offset=42)  # the same partition moves on
    later = gateway.get("/v1/prices/85123A").headers["etag"]
    gateway.put("85123A", {"amount": "2.56"}, offset=43)
    changed = gateway.get("/v1/prices/85123A").headers["etag"]

    assert first.startswith('"')
    assert first == later
    assert changed != first


def test_the_etag_changes_when_a_replay_changes_the_value_at_the_same_offset(gateway: Any) -> None:
    gateway.put("85123A", {"amount": "2.55"})
    first = gateway.get("/v1/prices/85123A").headers["etag"]
    gateway.status(2, offset=40)
    gateway.put("85123A", {"amount": "2.56"}, offset=41)
    assert gateway.get("/v1/prices/85123A").headers["etag"] != first


@pytest.mark.parametrize("form", ["{}", "W/{}", '"x", {}', '"x",W/{} , "y"', "*"])
def test_a_known_etag_is_answered_304_with_fresh_headers_and_no_body(
    gateway: Any, form: str
) -> None:
    gateway.put("85123A", {"amount": "2.55"})
    full = gateway.get("/v1/prices/85123A")
    gateway.now += 1

    response = gateway.get("/v1/prices/85123A", If_None_Match=form.format(full.headers["etag"]))

    assert response.status_code == 304
    assert response.content == b""
    assert "content-length" not in response.headers
    assert response.headers["etag"] == full.headers["etag"]
    assert response.headers["cache-control"] == "no-cache"
    assert response.headers["vary"] == "Backbone-Max-Staleness"
    assert response.headers["backbone-staleness"] == "2.500"
    assert response.headers["backbone-position"] == full.headers["backbone-position"]
    assert "x-correlation-id" in response.headers


@pytest.mark.parametrize("given", ['"other"', "unquoted", "", 'W/"other"'])
def test_an_unknown_etag_is_answered_in_full(gateway: Any, given: str) -> None:
    gateway.put("85123A", {"amount": "2.55"})
    response = gateway.get("/v1/prices/85123A", If_None_Match=given)
    assert response.status_code == 200
    assert response.json()["data"] == {"amount": "2.55"}


def test_an_old_etag_is_answered_in_full(gateway: Any) -> None:
    gateway.put("85123A", {"amount": "2.55"})
    old = gateway.get("/v1/prices/85123A").headers["etag"]
    gateway.put("85123A", {"amount": "2.56"}, offset=42)
    assert gateway.get("/v1/prices/85123A", If_None_Match=old).status_code == 200


def test_head_answers_as_get_without_the_body(gateway: Any) -> None:
    gateway.put("85123A", {"amount": "2.55"})
    got = gateway.get("/v1/prices/85123A", X_Correlation_ID="c1")
    head = gateway.ask("HEAD", "/v1/prices/85123A", X_Correlation_ID="c1")
    assert head.status_code == 200
    assert head.content == b""
    assert head.headers == got.headers
    assert int(head.headers["content-length"]) == len(got.content)


def test_head_sends_no_body_to_the_server_either(gateway: Any) -> None:
    gateway.put("85123A", {"amount": "2.55"})
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b""}

    async def send(message: Any) -> None:
        sent.append(message)

    path = "/v1/prices/85123A"
    scope = {"type": "http", "method": "HEAD", "path": path, "headers": [], "query_string": b""}
    asyncio.run(gateway.app(scope, receive, send))
    assert sent[0]["status"] == 200
    assert sent[1] == {"type": "http.response.body", "body": b""}


def test_an_unknown_key_is_an_answer_with_age_and_position(gateway: Any) -> None:
    response = gateway.get("/v1/prices/85123A", X_Correlation_ID="c1")
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["backbone-staleness"] == "1.500"
    assert response.headers["backbone-position"] == "dG9waWMtMToyPTA"
    assert response.json() == {
        "type": "/problems/unknown-key",
        "title": "The view has no such key",
        "status": 404,
        "detail": "prices holds nothing under this stock_code.",
        "instance": "/v1/prices/85123A",
        "code": "unknown-key",
        "retryable": False,
        "correlation_id": "c1",
        "view": "prices",
        "key": "85123A",
    }


def test_a_deleted_entry_is_unknown(gateway: Any) -> None:
    gateway.put("85123A", {"amount": "2.55"})
    gateway.put("85123A", None, offset=42)
    assert gateway.get("/v1/prices/85123A").json()["code"] == "unknown-key"


def test_an_unknown_view_lists_the_known_ones(gateway: Any) -> None:
    response = gateway.get("/v1/price/85123A")
    assert response.status_code == 404
    assert response.json()["code"] == "unknown-view"
    assert response.json()["views"] == ["prices"]


@pytest.mark.parametrize("limit", ["1.499", "1", "0"])
def test_an_answer_older_than_asked_for_is_refused(gateway: Any, limit: str) -> None:
    gateway.put("85123A", {"amount": "2.55"})
    response = gateway.get("/v1/prices/85123A", Backbone_Max_Staleness=limit)
    assert response.status_code == 503
    assert response.json()["code"] == "too-stale"
    assert response.json()["retryable"] is True
    assert response.headers["retry-after"] == "1"
    assert response.headers["backbone-staleness"] == "1.500"


def test_a_missing_key_is_refused_too_when_it_is_too_stale_to_tell(gateway: Any) -> None:
    response = gateway.get("/v1/prices/85123A", Backbone_Max_Staleness="1")
    assert response.json()["code"] == "too-stale"


@pytest.mark.parametrize("limit", ["1.5", "2", "600"])
def test_an_answer_as_fresh_as_asked_for_is_given(gateway: Any, limit: str) -> None:
    gateway.put("85123A", {"amount": "2.55"})
    assert gateway.get("/v1/prices/85123A", Backbone_Max_Staleness=limit).status_code == 200


@pytest.mark.parametrize("limit", ["", "-1", "five", "nan", "1e3", "٣", "1;2"])
def test_a_staleness_that_is_no_number_of_seconds_is_refused(gateway: Any, limit: str) -> None:
    gateway.put("85123A", {"amount": "2.55"})
    response = gateway.get("/v1/prices/85123A", Backbone_Max_Staleness=limit.encode())
    assert response.status_code == 400
    assert response.json()["code"] == "bad-header"
    assert response.json()["allowed"] == {"Backbone-Max-Staleness": "seconds, such as 5 or 0.5"}


def test_a_partition_that_was_never_built_answers_rebuilding(gateway: Any) -> None:
    gateway.views.flush()
    response = gateway.get("/v1/prices/85123A")
    assert response.status_code == 503
    assert response.json()["code"] == "rebuilding"
    assert response.headers["retry-after"] == "5"
    assert response.headers["cache-control"] == "no-store"


def test_a_rebuilding_partition_answers_503_and_the_others_go_on(gateway: Any) -> None:
    gateway.put("85123A", {"amount": "2.55"})
    gateway.put("gift_0001_20", {"amount": "20.00"})
    gateway.status(2, offset=10, rebuild_until=11)
    assert gateway.get("/v1/prices/85123A").json()["code"] == "rebuilding"
    assert gateway.get("/v1/prices/gift_0001_20").status_code == 200
    gateway.status(2, offset=11, rebuild_until=11)
    assert gateway.get("/v1/prices/85123A").status_code == 200
