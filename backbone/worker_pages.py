"""What a worker answers over HTTP, on BACKBONE_METRICS_ADDRESS: /metrics, /livez, /readyz."""

import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import orjson

from backbone import metrics
from backbone.errors import Misconfigured
from backbone.registry.agreement import Agreement

_JSON = "application/json"
Page = Callable[[], tuple[int, bytes, str]]
"""Status, body and content type."""


def serve(address: str, agreement: Agreement) -> ThreadingHTTPServer:
    """On `host:port`, from a daemon thread. Raises Misconfigured where that is taken."""
    pages: Mapping[str, Page] = {
        "/metrics": lambda: (200, *metrics.render()),
        "/livez": lambda: (200, orjson.dumps({"live": True}), _JSON),
        "/readyz": lambda: _ready(agreement),
    }
    host, _, port = address.rpartition(":")
    try:
        server = ThreadingHTTPServer((host, int(port)), _handler(pages))
    except OSError as error:
        raise Misconfigured(
            f"metrics cannot be served on {address} ({error.strerror}): give every process an "
            "address of its own in BACKBONE_METRICS_ADDRESS, or none"
        ) from error
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="pages", daemon=True).start()
    return server


def _ready(agreement: Agreement) -> tuple[int, bytes, str]:
    """A worker whose contracts have drifted works on nothing until they agree again."""
    drifts = {fact: each.what for fact, each in agreement.drifts.items()}
    body = {"ready": not drifts, "drifted": drifts}
    return 503 if drifts else 200, orjson.dumps(body), _JSON


def _handler(pages: Mapping[str, Page]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = pages.get(self.path.partition("?")[0])
            status, body, kind = page() if page else (404, b"", "text/plain")
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Requests are not logged: probes come every few seconds."""

    return Handler
