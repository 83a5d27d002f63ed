"""Every stage: one row each, in the order in which they run."""

from collections.abc import Mapping

from bench.stage import Stage
from bench.stages.csv_source import CSV
from bench.stages.freshness import FRESHNESS
from bench.stages.gateway import GATEWAY
from bench.stages.memory import MEMORY_STAGE
from bench.stages.orders import ORDERS
from bench.stages.prices import PRICES
from bench.stages.relay import RELAY
from bench.stages.replay import REPLAY
from bench.stages.triage import TRIAGE
from bench.stages.warehouse import WAREHOUSE_STAGE

STAGES: Mapping[str, Stage] = {
    "prices": PRICES,
    "orders": ORDERS,
    "relay": RELAY,
    "warehouse": WAREHOUSE_STAGE,
    "csv": CSV,
    "gateway": GATEWAY,
    "freshness": FRESHNESS,
    "replay": REPLAY,
    "triage": TRIAGE,
    "memory": MEMORY_STAGE,
}
