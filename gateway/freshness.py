"""How old an answer is, as of which position, and whether that is good enough for who asks.

Age and position are headers, never part of the body: they change while the data does not, and
the ETag of an answer covers its body.

    Backbone-As-Of      publish time of the newest fact applied
    Backbone-Staleness  seconds since the view was known to hold everything published
    Backbone-Stale      whether that is more than the view's objective
    Backbone-Position   opaque: topic id, partitions and the offsets they have reached
"""

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from starlette.requests import Request

from backbone.metrics import GATEWAY_STALE
from backbone.views.store import Status
from gateway.instants import rfc3339
from gateway.problem import BAD_HEADER, REBUILDING, TOO_STALE, Problem, retry_after
from gateway.reply import ReplyHeader
from gateway.request_headers import first_header
from gateway.served_view import ServedView

MAX_STALENESS: Final = "Backbone-Max-Staleness"
_MAX_STALENESS: Final = MAX_STALENESS.lower().encode()
_SECONDS: Final = re.compile(r"[0-9]{1,9}(\.[0-9]{1,6})?")
# A rebuild takes seconds to minutes, a lag usually passes within the next batch.
_REBUILDING_RETRY_SECONDS: Final = 5
_TOO_STALE_RETRY_SECONDS: Final = 1


@dataclass(frozen=True, slots=True)
class Freshness:
    staleness_seconds: float
    headers: Sequence[ReplyHeader]


def require_freshness(
    view: ServedView,
    statuses: Mapping[int, Status | None],
    now: float,
    request: Request,
) -> Freshness:
    """Judge the worst of the partitions (by number) that an answer was read from.

    Raises Problem: `rebuilding` while one of them is not complete, `too-stale` when the request's
    Backbone-Max-Staleness is exceeded, `bad-header` when that cannot be read.
    """
    freshness = _measure(view, _complete(view, statuses), now)
    wanted = _max_staleness(request)
    if wanted is not None and freshness.staleness_seconds > wanted:
        raise Problem(
            TOO_STALE,
            f"{view.id.name} is {freshness.staleness_seconds:.3f} s behind, "
            f"at most {wanted:g} s were asked for.",
            headers=[*freshness.headers, retry_after(_TOO_STALE_RETRY_SECONDS)],
        )
    return freshness


def _complete(view: ServedView, statuses: Mapping[int, Status | None]) -> dict[int, Status]:
    complete = {
        partition: status
        for partition, status in statuses.items()
        if status is not None and not status.rebuilding
    }
    if len(complete) < len(statuses):
        raise Problem(
            REBUILDING,
            f"{view.id.name} is not complete: its worker is filling it from the log, or none runs.",
            headers=[retry_after(_REBUILDING_RETRY_SECONDS)],
        )
    return complete


def _measure(view: ServedView, statuses: Mapping[int, Status], now: float) -> Freshness:
    current_until_ms = min(status.current_until_ms for status in statuses.values())
    staleness = max(0.0, now - current_until_ms / 1000)
    stale = staleness > view.freshness_seconds
    if stale:
        GATEWAY_STALE.labels(view.id.name).inc()
    headers: list[ReplyHeader] = [
        (b"backbone-staleness", b"%.3f" % staleness),
        (b"backbone-stale", b"true" if stale else b"false"),
        (b"backbone-position", position_token(tuple(statuses.items()))),
    ]
    # 0: no fact was ever applied; an empty partition makes no answer older.
    applied = [status.as_of_ms for status in statuses.values() if status.as_of_ms]
    if applied:
        headers.append((b"backbone-as-of", rfc3339(min(applied)).encode()))
    return Freshness(staleness, headers)


@lru_cache(maxsize=1024)  # the same for every read between two writes
def position_token(statuses: tuple[tuple[int, Status], ...]) -> bytes:
    """`<topic id>:<partition>=<offset>,…` per topic, joined by `;`, as base64 without padding."""
    offsets: dict[str, list[str]] = {}
    for partition, status in statuses:
        offsets.setdefault(status.topic_id, []).append(f"{partition}={status.offset}")
    text = ";".join(f"{topic_id}:{','.join(pairs)}" for topic_id, pairs in offsets.items())
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=")


def _max_staleness(request: Request) -> float | None:
    given = first_header(request, _MAX_STALENESS)
    if given is None:
        return None
    if not _SECONDS.fullmatch(given):
        raise Problem(
            BAD_HEADER,
            f"{MAX_STALENESS} is not a number of seconds.",
            members={"allowed": {MAX_STALENESS: "seconds, such as 5 or 0.5"}},
        )
    return float(given)
