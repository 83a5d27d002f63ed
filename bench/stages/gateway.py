"""gateway: one entry by its key, beside a ready answer of the same server."""

import http.client
import json
import os
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from backbone.errors import Fatal
from bench.expectation import require_view, wait_until_built
from bench.facts.prices import TOPIC
from bench.figures import RSS
from bench.ground import Ground, wait_until
from bench.process import peak_rss_mib
from bench.running import running
from bench.stage import MEMORY, Bar, Contestant, Prepared, Sample, ratio_at_least
from bench.workers.view import Offsets
from bench.wrk import CONNECTIONS, load, require_wrk, script
from cli.stack.ports import choose

_SECONDS, _QUICK_SECONDS = 6, 1
_STATIC_BYTES = 436  # as large as an answer


@dataclass(frozen=True, slots=True)
class Gateway:
    name: str = "gateway"
    what: str = "GET /v1/prices/{key}, a random key each, one worker"
    keys: int = 20_000
    bars: Sequence[Bar] = (ratio_at_least(0.4), MEMORY)
    max_runs: int = 99

    @contextmanager
    def prepare(self, ground: Ground, share: float) -> Iterator[Prepared]:
        require_wrk()
        keys, expected = int(self.keys * share), ground.folder / "gateway.json"
        _fill(ground, keys, expected)
        documents = json.loads(expected.read_text())
        paths = [f"/v1/prices/{key}" for key in documents]
        random.Random(1).shuffle(paths)  # noqa: S311 - repeatable, not secret
        address = f"127.0.0.1:{choose(['gateway'])['gateway']}"
        seconds = _SECONDS if share == 1.0 else _QUICK_SECONDS
        body_bytes = _STATIC_BYTES
        server = ["bench.workers.serve_gateway", str(body_bytes)]
        log = ground.logs / "gateway.log"
        with running(server, log, {"BACKBONE_GATEWAY_ADDRESS": address}) as process:
            wait_until(lambda: _body(address, "/livez") is not None, "the gateway answers")
            _require_answers(address, documents)
            size = len(_body(address, paths[0]) or b"")

            def reading() -> Sample:
                found = load(address, script(ground.folder / "reading", paths), seconds)
                return {**found, RSS: peak_rss_mib(process.pid)}

            static = script(ground.folder / "static", ["/static"])
            stated = {
                "keys": len(paths),
                "bytes an answer": size,
                "bytes of the static answer": body_bytes,
                "load": f"wrk -t1 -c{CONNECTIONS}, {seconds} s, one script for both",
            }
            yield Prepared(
                (
                    Contestant("static", "ceiling", partial(load, address, static, seconds)),
                    Contestant("single read", "candidate", reading),
                ),
                stated,
            )


def _fill(ground: Ground, keys: int, expected: Path) -> None:
    ground.clean_topics()
    ground.work("load", facts="prices", count=keys * 3, keys=keys, expected=str(expected))
    os.environ["BACKBONE_APP"] = "bench-gateway"
    Offsets("prices").empty_the_store()
    with running(["cli.main", "run", "view", "prices"], ground.logs / "view.log") as worker:
        wait_until_built("prices", TOPIC, worker)
    require_view("prices", expected)


def _require_answers(address: str, documents: dict[str, object]) -> None:
    for key in list(documents)[:100]:
        body = _body(address, f"/v1/prices/{key}")
        if body is None or json.loads(body)["data"] != documents[key]:
            raise Fatal(f"the gateway does not serve what the view holds under {key}")


def _body(address: str, path: str) -> bytes | None:
    connection = http.client.HTTPConnection(address, timeout=2.0)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
    except OSError:
        return None
    finally:
        connection.close()
    return body if answer.status == http.HTTPStatus.OK else None


GATEWAY = Gateway()
