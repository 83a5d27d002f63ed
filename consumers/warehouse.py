"""warehouse: what analysts query."""

from consumers.clickhouse.sink import ClickHouseSink

WAREHOUSE = ClickHouseSink(
    name="warehouse",
    description="Every fact as a row of its type's table in ClickHouse.",
)
