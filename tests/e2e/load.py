"""Input that goes on while accidents happen."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import psycopg

from tests.e2e.world import World

Work = Callable[[threading.Event], None]
"""Goes on until the event is set."""


@contextmanager
def in_background(*works: Work) -> Iterator[None]:
    stop = threading.Event()
    threads = [threading.Thread(target=work, args=(stop,)) for work in works]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def prices(world: World) -> Work:
    """Facts for 911 keys, in every partition."""

    def publish(stop: threading.Event) -> None:
        number = 0
        while not stop.is_set():
            world.append([world.price(number + n, f"C{(number + n) % 911}") for n in range(200)])
            number += 200

    return publish


def price_lists(world: World, rows: int = 20, every_seconds: float = 0.05) -> Work:
    """A file each time: the source publishes each in a transaction of its own."""

    def drop(stop: threading.Event) -> None:
        number = 0
        while not stop.wait(every_seconds):
            world.write_price_list(number, rows)
            number += 1

    return drop


def orders(world: World, written: list[str]) -> Work:
    """Placed a few at a time; `written` tells which were."""

    def sell(stop: threading.Event) -> None:
        with psycopg.connect(world.shop_dsn) as connection:
            while not stop.wait(0.005):
                some = [f"o{len(written) + number:05d}" for number in range(10)]
                for order in some:
                    world.place_order(connection, order)
                connection.commit()
                written.extend(some)

    return sell


def sales(world: World, placed: list[int]) -> Work:
    """Orders one by one, every tenth cancelled at once, whenever the shop's own database answers;
    `placed` counts the tries."""

    def sell(stop: threading.Event) -> None:
        while not stop.wait(0.05):
            with suppress(psycopg.OperationalError), psycopg.connect(world.shop_dsn) as connection:
                while not stop.wait(0.005):
                    placed[0] += 1
                    order = f"o{placed[0]:05d}"
                    world.place_order(connection, order)
                    if placed[0] % 10 == 0:
                        world.cancel_order(connection, order)
                    connection.commit()

    return sell


def change_prices(world: World) -> None:
    """Much is said about others before the price of K is 9."""
    facts = [world.price(number, f"C{number % 5_000}") for number in range(1, 6_000)]
    world.append([*facts, world.price(8, "K")])


def change_orders(world: World) -> None:
    """K is placed, then many others are, then it is cancelled."""
    with psycopg.connect(world.shop_dsn) as connection:
        world.place_order(connection, "K")
        for number in range(2_000):
            world.place_order(connection, f"h{number}")
        world.cancel_order(connection, "K")
