"""What must hold after any accident: same facts, same views, none twice, none missing."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

import psycopg

from backbone.cursor_record import CursorRecord
from backbone.kafka.reader import KafkaReader
from backbone.record import Record, last_header
from backbone.topics import cursor_topic
from cli.demo.balance import folded_orders, latest_prices
from producers.catalog import SOURCES
from tests.e2e.world import ORDERS, PRICES, World


def published_once(world: World, topic: str, count: int) -> None:
    """Exactly `count` facts, each once."""
    records = world.records(topic)
    ids = Counter(last_header(each.headers, "ce_id") for each in records)
    twice = [each for each in records if ids[last_header(each.headers, "ce_id")] > 1]
    assert not twice, "\n".join(_where(world, twice))
    assert len(ids) == count


def _where(world: World, twice: Sequence[Record]) -> Iterator[str]:
    """What is needed to tell a transaction that was published twice from a reader that read twice,
    and which cursors its source had."""
    for each in twice:
        place, event = each.position, last_header(each.headers, "ce_id")
        yield f"{place.topic}/{place.partition}/{place.offset} at {each.timestamp_ms}: {event!r}"
    for source in SOURCES:
        for each in world.records(cursor_topic(source))[-500:]:
            known = CursorRecord.from_bytes(each.value or b"")
            yield f"{source} cursor {each.position.offset} at {each.timestamp_ms}: {known}"


def in_order(world: World, topic: str) -> None:
    """The facts of each key stand in the log as they stood in their source."""
    sequences: defaultdict[bytes | None, list[bytes]] = defaultdict(list)
    for record in world.records(topic):
        sequences[record.key].append(last_header(record.headers, "ce_sequence") or b"")
    assert [key for key, found in sequences.items() if found != sorted(found)] == []


def prices_are_their_fold(world: World) -> None:
    reader = KafkaReader(world.base)
    assert world.served("prices") == latest_prices(reader, world.codec)
    reader.close()


def orders_are_their_fold(world: World) -> None:
    reader = KafkaReader(world.base)
    assert world.served("orders") == folded_orders(reader, world.codec)
    reader.close()


def in_the_outbox(world: World) -> int:
    with psycopg.connect(world.shop_dsn) as connection:
        row = connection.execute("SELECT count(*) FROM outbox").fetchone()
    assert row is not None
    return int(row[0])


def in_the_price_lists(world: World) -> int:
    """Rows, their headers left out."""
    return sum(len(path.read_text().splitlines()) - 1 for path in world.price_lists.glob("*.csv"))


def everything_arrives_once(world: World, beside: int = 0) -> None:
    """Every row of the price lists and of the outbox, each once and in its order, and so many
    prices beside the price lists; the views are the fold of that, and nothing was turned away."""
    rows, placed = in_the_price_lists(world), in_the_outbox(world)
    world.wait(lambda: world.cursor("price-list").read == rows, "every price was read")
    world.wait(lambda: world.cursor("shop").read == placed, "every order was read")
    world.wait(lambda: world.caught_up("prices") and world.caught_up("orders"), "caught up")
    published_once(world, PRICES, rows + beside)
    published_once(world, ORDERS, placed)
    in_order(world, PRICES)
    in_order(world, ORDERS)
    prices_are_their_fold(world)
    orders_are_their_fold(world)
    assert [world.dead(name) for name in ("price-list", "shop", "prices", "orders")] == [[]] * 4
