"""orders: a fold, fact by fact, over the stored state of each key."""

from bench.facts.orders import TOPIC
from bench.stages.views import ViewStage

ORDERS = ViewStage(
    name="orders",
    what="orders of five lines folded by key, from Kafka into Redis, fenced",
    topic=TOPIC,
    facts=100_000,
    keys=90_000,
    ratio=0.1,
)
