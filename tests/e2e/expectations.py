"""What must hold after any accident: same facts, same views, none twice, none missing."""

from collections import Counter

from backbone.kafka.reader import KafkaReader
from cli.demo.balance import folded_orders, latest_prices
from tests.e2e.world import World


def published_once(world: World, topic: str, count: int) -> None:
    """Exactly `count` facts, each once."""
    ids = Counter(world.ids(topic))
    assert [each for each, times in ids.items() if times > 1] == []
    assert len(ids) == count


def prices_are_their_fold(world: World) -> None:
    reader = KafkaReader(world.base)
    assert world.served("prices") == latest_prices(reader, world.codec)
    reader.close()


def orders_are_their_fold(world: World) -> None:
    reader = KafkaReader(world.base)
    assert world.served("orders") == folded_orders(reader, world.codec)
    reader.close()
