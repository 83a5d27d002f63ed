"""Every metric of ours, in one place. Timestamps are exported, not ages: a stuck updater cannot
lie. Labels are names of ours, never keys, ids or texts. Described in docs/metrics.md."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

REGISTRY = CollectorRegistry()

SOURCE_FACTS = Counter(
    "backbone_source_facts_total", "Facts published", ["source"], registry=REGISTRY
)
SOURCE_POLLED = Gauge(
    "backbone_connector_last_success_timestamp_seconds",
    "When the source last answered a poll",
    ["source"],
    registry=REGISTRY,
)
SOURCE_PUBLISHED = Gauge(
    "backbone_connector_cursor_timestamp_seconds",
    "When the source's cursor last moved in the log",
    ["source"],
    registry=REGISTRY,
)
RECORDS = Counter(
    "backbone_records_processed_total",
    "Records by what became of them",
    ["processor", "outcome"],
    registry=REGISTRY,
)
BATCH_SECONDS = Histogram(
    "backbone_batch_seconds",
    "From a batch in memory to its outcomes",
    ["processor"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
    registry=REGISTRY,
)
RETRIES = Counter(
    "backbone_retries_total",
    "Batches tried again because a service did not answer",
    ["processor"],
    registry=REGISTRY,
)
DEAD_LETTERS = Counter(
    "backbone_dlq_records_total",
    "Inputs and records that went to the dead letters",
    ["processor", "error_code"],
    registry=REGISTRY,
)
REPLAYED = Counter(
    "backbone_replayed_records_total",
    "Retries by what became of them",
    ["processor", "became"],
    registry=REGISTRY,
)
VIEW_APPLIED = Gauge(
    "backbone_view_last_applied_timestamp_seconds",
    "Publish time of the newest fact applied",
    ["view", "partition"],
    registry=REGISTRY,
)
VIEW_CURRENT = Gauge(
    "backbone_view_current_until_timestamp_seconds",
    "The view holds everything that was published up to this instant",
    ["view", "partition"],
    registry=REGISTRY,
)
VIEW_HELD = Gauge(
    "backbone_view_held_facts",
    "Dead letters that a strict view waits for, and the facts held behind them",
    ["view", "partition"],
    registry=REGISTRY,
)
SINK_COMPLETE = Gauge(
    "backbone_sink_complete_until_timestamp_seconds",
    "The sink has everything that was published up to this instant",
    ["sink", "topic", "partition"],
    registry=REGISTRY,
)
CONTRACT_DRIFT = Gauge(
    "backbone_contract_drift",
    "1 while the registry has another contract of the fact than this process",
    ["fact"],
    registry=REGISTRY,
)
CONTRACT_DRIFTS = Counter(
    "backbone_contract_drifts_total",
    "Drifts between contracts and registry, by kind",
    ["fact", "kind"],
    registry=REGISTRY,
)
CONTRACTS_CHECKED = Gauge(
    "backbone_contract_last_check_timestamp_seconds",
    "When the contracts were last compared with the registry",
    registry=REGISTRY,
)
GATEWAY_STALE = Counter(
    "backbone_gateway_stale_responses_total",
    "Answers older than the view's objective",
    ["view"],
    registry=REGISTRY,
)


def render() -> tuple[bytes, str]:
    """The text exposition, and its content type."""
    return generate_latest(REGISTRY), CONTENT_TYPE_LATEST
