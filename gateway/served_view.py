"""What the gateway is told about a view it serves."""

from dataclasses import dataclass

from backbone.views.store import ViewId


@dataclass(frozen=True, slots=True)
class ServedView:
    """Made by the composition root from the view's own declaration.

    `entity` names the key for people ("stock_code"); `freshness_seconds` is the view's objective:
    an answer older than it is counted and marked stale, and still given.
    """

    id: ViewId
    description: str
    entity: str
    freshness_seconds: int
    example_key: str
