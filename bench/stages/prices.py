"""prices: the newest fact of each key, columnar, with the fence."""

from bench.facts.prices import TOPIC
from bench.stages.views import ViewStage

PRICES = ViewStage(
    name="prices",
    what="latest price per key, from Kafka into Redis, fenced",
    topic=TOPIC,
    facts=500_000,
    keys=20_000,
    ratio=0.3,
)
