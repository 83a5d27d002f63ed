"""What becomes of each kind of answer, from a registry that is a server of this test's own."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from uuid import UUID

import pytest

from backbone.errors import Misconfigured, Transient
from backbone.registry.confluent import ConfluentRegistry

Answering = Callable[[int, str], ConfluentRegistry]


@pytest.fixture
def answering() -> Iterator[Answering]:
    """A registry that answers everything with one status and body."""
    ended: list[Callable[[], Any]] = []

    def start(status: int, body: str) -> ConfluentRegistry:
        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_: Any) -> None:
                pass

        server = HTTPServer(("127.0.0.1", 0), Answer)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        made = ConfluentRegistry(f"http://127.0.0.1:{server.server_port}")
        ended.extend([made.close, server.shutdown, server.server_close])
        return made

    yield start
    for end in ended:
        end()


def _body(code: int) -> str:
    return json.dumps({"error_code": code, "message": "said so"})


@pytest.mark.parametrize("status", [500, 502, 503, 504, 429])
def test_a_registry_in_trouble_is_transient(answering: Answering, status: int) -> None:
    with pytest.raises(Transient, match=f"answers {status}"):
        answering(status, _body(50001)).schema(1)


@pytest.mark.parametrize("status", [401, 403])
def test_refused_credentials_stop_the_process(answering: Answering, status: int) -> None:
    with pytest.raises(Misconfigured, match="check user and password in BACKBONE_REGISTRY_URL"):
        answering(status, "{}").schema(1)


@pytest.mark.parametrize("code", [40401, 40403])
def test_a_registry_that_does_not_know_an_id_says_so_by_its_code(
    answering: Answering, code: int
) -> None:
    assert answering(404, _body(code)).schema(1) is None


GUID = UUID("89791762-2336-4186-9674-299b90a802e2")


def test_a_schema_is_asked_for_by_its_guid(answering: Answering) -> None:
    said = json.dumps({"guid": str(GUID), "schema": '"string"', "schemaType": "AVRO"})
    assert answering(200, said).schema_by_guid(GUID) == '"string"'


def test_a_guid_that_is_not_known_is_no_schema(answering: Answering) -> None:
    assert answering(404, _body(40403)).schema_by_guid(GUID) is None


def test_a_404_of_somebody_else_is_no_unknown_guid(answering: Answering) -> None:
    with pytest.raises(Misconfigured, match="404"):
        answering(404, "").schema_by_guid(GUID)


@pytest.mark.parametrize("body", ["", "<html>", '{"title": "no route"}', "[]"])
def test_a_404_of_somebody_else_is_no_unknown_id(answering: Answering, body: str) -> None:
    with pytest.raises(Misconfigured, match="404"):
        answering(404, body).schema(1)


@pytest.mark.parametrize("body", ["<html>", "", "[]", "{}"])
def test_a_page_in_place_of_an_answer_is_transient(answering: Answering, body: str) -> None:
    with pytest.raises(Transient, match="does not answer"):
        answering(200, body).schema(1)


def test_an_address_that_is_none_is_refused_at_once() -> None:
    with pytest.raises(Misconfigured, match="settings are wrong"):
        ConfluentRegistry("registry:8081")
