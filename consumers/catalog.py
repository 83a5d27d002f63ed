"""Every sink: one row each."""

from collections.abc import Mapping

from consumers.clickhouse.sink import ClickHouseSink
from consumers.warehouse import WAREHOUSE

SINKS: Mapping[str, ClickHouseSink] = {
    "warehouse": WAREHOUSE,
}
