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
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any, Final, NamedTuple

from starlette.types import Scope

from backbone.metrics import GATEWAY_STALE
from backbone.views.store import Status
from gateway.instants import rfc3339
from gateway.problem import BAD_HEADER, REBUILDING, TOO_STALE, Problem, retry_after
from gateway.reply import ReplyHeader
from gateway.request_headers import first_header
from gateway.served_view import ServedView

MAX_STALENESS: Final = "Backbone-Max-Staleness"
_MAX_STALENESS: Final = MAX_STALENESS.lower().encode()
_SECONDS: Final = re.compile(rb"[0-9]{1,9}(\.[0-9]{1,6})?")
# A rebuild takes seconds to minutes, a lag usually passes within the next batch.
_REBUILDING_RETRY_SECONDS: Final = 5
_TOO_STALE_RETRY_SECONDS: Final = 1
_STALE: Final = (b"backbone-stale", b"true")
_NOT_STALE: Final = (b"backbone-stale", b"false")

Statuses = tuple[tuple[int, Status | None], ...]


class _Standing(NamedTuple):
    """What the statuses of an answer say until the next write: one of it per heartbeat or batch."""

    current_until: float
    headers: Sequence[ReplyHeader]


def require_freshness(
    view: ServedView, statuses: Statuses, now: float, scope: Scope
) -> Sequence[ReplyHeader]:
    """Judge the worst of the partitions (with their numbers) that an answer was read from, and
    give its headers.

    Raises Problem: `rebuilding` while one of them is not complete, `too-stale` when the request's
    Backbone-Max-Staleness is exceeded, `bad-header` when that cannot be read.
    """
    standing = _standing(statuses)
    if standing is None:
        raise Problem(
            REBUILDING,
            f"{view.id.name} is not complete: its worker is filling it from the log, or none runs.",
            headers=[retry_after(_REBUILDING_RETRY_SECONDS)],
        )
    staleness = max(0.0, now - standing.current_until)
    stale = staleness > view.freshness_seconds
    if stale:
        _stale_answers(view.id.name).inc()
    headers = (
        (b"backbone-staleness", b"%.3f" % staleness),
        _STALE if stale else _NOT_STALE,
        *standing.headers,
    )
    wanted = _max_staleness(scope)
    if wanted is not None and staleness > wanted:
        raise Problem(
            TOO_STALE,
            f"{view.id.name} is {staleness:.3f} s behind, at most {wanted:g} s were asked for.",
            headers=[*headers, retry_after(_TOO_STALE_RETRY_SECONDS)],
        )
    return headers


@lru_cache(maxsize=1024)  # the same for every read between two writes
def _standing(statuses: Statuses) -> _Standing | None:
    """None while one of the partitions is not complete."""
    complete = [
        (partition, status)
        for partition, status in statuses
        if status is not None and not status.rebuilding
    ]
    if len(complete) < len(statuses):
        return None
    headers: list[ReplyHeader] = [(b"backbone-position", _position_token(complete))]
    # 0: no fact was ever applied; an empty partition makes no answer older.
    applied = [status.as_of_ms for _, status in complete if status.as_of_ms]
    if applied:
        headers.append((b"backbone-as-of", rfc3339(min(applied)).encode()))
    return _Standing(min(status.current_until_ms for _, status in complete) / 1000, headers)


def _position_token(statuses: Sequence[tuple[int, Status]]) -> bytes:
    """`<topic id>:<partition>=<offset>,…` per topic, joined by `;`, as base64 without padding."""
    offsets: dict[str, list[str]] = {}
    for partition, status in statuses:
        offsets.setdefault(status.topic_id, []).append(f"{partition}={status.offset}")
    text = ";".join(f"{topic_id}:{','.join(pairs)}" for topic_id, pairs in offsets.items())
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=")


@cache  # by name of a served view: looking one up costs more than counting
def _stale_answers(view: str) -> Any:
    return GATEWAY_STALE.labels(view)


def _max_staleness(scope: Scope) -> float | None:
    given = first_header(scope, _MAX_STALENESS)
    if given is None:
        return None
    if not _SECONDS.fullmatch(given):
        raise Problem(
            BAD_HEADER,
            f"{MAX_STALENESS} is not a number of seconds.",
            members={"allowed": {MAX_STALENESS: "seconds, such as 5 or 0.5"}},
        )
    return float(given)
