"""GET /v1/{view}?limit=&cursor=."""

import base64
from typing import Any

import pytest


def put_three(gateway: Any) -> None:
    gateway.put("gift_0001_20", {"amount": "20.00"})
    gateway.put("BANK CHARGES", {"amount": "15.00"}, offset=9)
    gateway.put("85123A", {"amount": "2.55"})


def keys(response: Any) -> list[str]:
    return [item["meta"]["key"] for item in response.json()["data"]]


def test_a_list_holds_entries_as_a_single_read_gives_them(gateway: Any) -> None:
    put_three(gateway)
    response = gateway.get("/v1/prices")
    assert response.status_code == 200
    assert keys(response) == ["85123A", "BANK CHARGES", "gift_0001_20"]
    assert response.json()["data"][1] == gateway.get("/v1/prices/BANK%20CHARGES").json()
    assert response.json()["next"] is None
    assert "link" not in response.headers


def test_pages_follow_the_next_link_without_gap_or_double(gateway: Any) -> None:
    put_three(gateway)
    first = gateway.get("/v1/prices?limit=2")
    second = gateway.get(first.json()["next"])
    assert keys(first) == ["85123A", "BANK CHARGES"]
    assert first.json()["next"] == "/v1/prices?limit=2&cursor=QkFOSyBDSEFSR0VT"
    assert first.headers["link"] == '</v1/prices?limit=2&cursor=QkFOSyBDSEFSR0VT>; rel="next"'
    assert keys(second) == ["gift_0001_20"]
    assert second.json()["next"] is None


def test_a_cursor_carries_any_key(gateway: Any) -> None:
    for offset, key in enumerate(["ÿ>?&=", "ÿ🎁", "ÿ日本"]):
        gateway.put(key, {"amount": "1.00"}, offset=41 + offset)
    found, path = [], "/v1/prices?limit=1"
    while path:
        response = gateway.get(path)
        found += keys(response)
        path = response.json()["next"]
    assert found == ["ÿ>?&=", "ÿ日本", "ÿ🎁"]


def test_an_empty_view_is_an_empty_list(gateway: Any) -> None:
    assert gateway.get("/v1/prices").json() == {"data": [], "next": None}


def test_a_page_holds_fifty_entries_unless_told(gateway: Any) -> None:
    for offset in range(51):
        gateway.put(f"k{offset:02}", {"amount": "1.00"}, offset=41 + offset)
    assert len(keys(gateway.get("/v1/prices"))) == 50
    assert len(keys(gateway.get("/v1/prices?limit=500"))) == 51


@pytest.mark.parametrize("limit", ["0", "501", "-1", "1.5", "", "ten", "99999999999999999999", "٣"])
def test_a_wrong_limit_is_refused_with_what_is_allowed(gateway: Any, limit: str) -> None:
    response = gateway.get(f"/v1/prices?limit={limit}")
    assert response.status_code == 400
    assert response.json()["code"] == "bad-parameter"
    assert response.json()["allowed"]["limit"] == "a whole number from 1 to 500; 50 without it"


@pytest.mark.parametrize("cursor", ["%", "A", "_w", "a b", "ÿ"])
def test_a_cursor_of_somebody_elses_is_refused(gateway: Any, cursor: str) -> None:
    response = gateway.get(f"/v1/prices?cursor={cursor}")
    assert response.status_code == 400
    assert response.json()["detail"] == "cursor was not issued by this gateway."


def test_an_unknown_parameter_is_refused_not_ignored(gateway: Any) -> None:
    response = gateway.get("/v1/prices?colour=red")
    assert response.status_code == 400
    assert response.json()["detail"] == "Only limit and cursor are taken."


def test_a_list_is_as_fresh_as_its_worst_partition(gateway: Any) -> None:
    gateway.status(1, offset=7, as_of_ms=1_699_999_000_000, current_until_ms=1_699_999_990_000)
    gateway.status(2, offset=0, as_of_ms=0)
    headers = gateway.get("/v1/prices").headers
    assert headers["backbone-staleness"] == "12.500"
    assert headers["backbone-as-of"] == "2023-11-14T21:56:40.000Z"
    position = base64.urlsafe_b64decode(headers["backbone-position"] + "==")
    assert position == b"topic-1:0=0,1=7,2=0"


def test_a_list_over_a_recreated_topic_names_both_topic_ids(gateway: Any) -> None:
    gateway.status(1, topic_id="topic-2", offset=7)
    token = gateway.get("/v1/prices").headers["backbone-position"]
    assert base64.urlsafe_b64decode(token + "==") == b"topic-1:0=0,2=0;topic-2:1=7"


def test_a_list_is_refused_while_one_partition_is_rebuilding(gateway: Any) -> None:
    put_three(gateway)
    gateway.status(0, offset=3, rebuild_until=9)
    response = gateway.get("/v1/prices")
    assert response.status_code == 503
    assert response.json()["code"] == "rebuilding"


def test_a_list_older_than_asked_for_is_refused(gateway: Any) -> None:
    gateway.status(1, current_until_ms=1_699_999_990_000)
    response = gateway.get("/v1/prices", Backbone_Max_Staleness="12")
    assert response.json()["code"] == "too-stale"


def test_a_list_has_an_etag_that_changes_with_any_of_its_entries(gateway: Any) -> None:
    put_three(gateway)
    first = gateway.get("/v1/prices")
    assert gateway.get("/v1/prices", If_None_Match=first.headers["etag"]).status_code == 304
    gateway.put("BANK CHARGES", {"amount": "15.01"}, offset=10)
    assert gateway.get("/v1/prices", If_None_Match=first.headers["etag"]).status_code == 200


def test_the_list_of_an_unknown_view_names_the_known_ones(gateway: Any) -> None:
    response = gateway.get("/v1/price")
    assert response.status_code == 404
    assert response.json()["views"] == ["prices"]
