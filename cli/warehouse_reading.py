"""The warehouse, for whoever asks what was loaded."""

from backbone.warehouse.store import WarehouseReader
from cli import wiring


def warehouse_reader() -> WarehouseReader | None:
    """None where no warehouse is configured."""
    url = wiring.settings().services.clickhouse_url.get_secret_value()
    if not url:
        return None
    from backbone.warehouse.clickhouse_reader import (  # noqa: PLC0415 - ClickHouse's client
        ClickHouseReader,
    )

    return ClickHouseReader(url)
