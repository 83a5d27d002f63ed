"""RFC 9457 problems: the closed set of what can go wrong, and how it is told.

Clients key on `type` or `code`, never on `detail`. `type` is an address of this gateway, where
the problem is described; `retryable` says whether the same request may succeed later.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from gateway.reply import NOT_STORED, Reply, ReplyHeader

_PROBLEM_JSON: Final = (b"content-type", b"application/problem+json")


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """One problem type; `remedy` tells the client's author what to do about it."""

    code: str
    status: int
    title: str
    remedy: str
    retryable: bool = False

    @property
    def type(self) -> str:
        return f"/problems/{self.code}"


NOT_FOUND: Final = ProblemKind(
    "not-found", 404, "Nothing is served here", "GET / lists what is served."
)
UNKNOWN_VIEW: Final = ProblemKind(
    "unknown-view", 404, "No such view", "Use one of the names in `views`."
)
UNKNOWN_KEY: Final = ProblemKind(
    "unknown-key",
    404,
    "The view has no such key",
    "Nothing is stored under this key as of the position in the Backbone-Position header. "
    "A key just written may still be on its way: Backbone-Staleness says how far behind it is.",
)
METHOD_NOT_ALLOWED: Final = ProblemKind(
    "method-not-allowed", 405, "Views are read only", "Use a method of the Allow header."
)
BAD_PARAMETER: Final = ProblemKind(
    "bad-parameter", 400, "A query parameter is wrong", "`allowed` says what is taken."
)
BAD_HEADER: Final = ProblemKind(
    "bad-header", 400, "A request header is wrong", "`allowed` says what is taken."
)
REBUILDING: Final = ProblemKind(
    "rebuilding",
    503,
    "The view is being built",
    "The view is filled from the log and would answer wrongly until it is complete. "
    "Wait for Retry-After.",
    retryable=True,
)
TOO_STALE: Final = ProblemKind(
    "too-stale",
    503,
    "The view is older than asked for",
    "Wait for Retry-After, or raise or drop Backbone-Max-Staleness.",
    retryable=True,
)
STORE_UNAVAILABLE: Final = ProblemKind(
    "store-unavailable",
    503,
    "The view store does not answer",
    "Nothing is wrong with the request. Wait for Retry-After.",
    retryable=True,
)
NOT_READY: Final = ProblemKind(
    "not-ready", 503, "Not every view is complete", "`views` says which.", retryable=True
)
INTERNAL: Final = ProblemKind(
    "internal",
    500,
    "The gateway failed",
    "Report the correlation id: the gateway's log has the rest under it.",
)

PROBLEMS: Final = {
    kind.code: kind
    for kind in (
        NOT_FOUND,
        UNKNOWN_VIEW,
        UNKNOWN_KEY,
        METHOD_NOT_ALLOWED,
        BAD_PARAMETER,
        BAD_HEADER,
        REBUILDING,
        TOO_STALE,
        STORE_UNAVAILABLE,
        NOT_READY,
        INTERNAL,
    )
}


class Problem(Exception):
    """An answer that is no success. `members` extend the document, `headers` the response."""

    def __init__(
        self,
        kind: ProblemKind,
        detail: str,
        *,
        headers: Sequence[ReplyHeader] = (),
        members: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.headers = headers
        self.members = members or {}


def retry_after(seconds: int) -> ReplyHeader:
    return b"retry-after", str(seconds).encode()


def problem_reply(problem: Problem, instance: str, correlation_id: str) -> Reply:
    kind = problem.kind
    document = {
        "type": kind.type,
        "title": kind.title,
        "status": kind.status,
        "detail": problem.detail,
        "instance": instance,
        "code": kind.code,
        "retryable": kind.retryable,
        "correlation_id": correlation_id,
        **problem.members,
    }
    headers = (_PROBLEM_JSON, NOT_STORED, *problem.headers)
    return Reply(kind.status, headers, orjson.dumps(document))
