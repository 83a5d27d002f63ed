"""shop: the shop's transactional outbox becomes OrderPlaced and OrderCancelled facts."""

from collections.abc import Mapping
from typing import Any

from backbone.contracts.parse import parse
from backbone.source import Source
from producers.context import SourceContext
from producers.outbox.database import OutboxDatabase
from producers.outbox.source import OutboxSource, Settings

NAME = "shop"
FACTS = ("shop.sales.OrderPlaced", "shop.sales.OrderCancelled")


def shop(context: SourceContext) -> Source:
    contracts = context.contracts

    def read(fact: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        return parse(contracts[fact], payload)

    settings = Settings(
        name=NAME,
        event_source=contracts[FACTS[0]].system_of_record,
        keys={fact: contracts[fact].key for fact in FACTS},
    )
    dsn = context.settings.services.postgres_dsn.get_secret_value()
    return OutboxSource(settings, OutboxDatabase(dsn), read, by_contract=True)
