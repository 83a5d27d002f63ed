"""Input that goes on while accidents happen."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

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


def price_lists(world: World) -> Work:
    def drop(stop: threading.Event) -> None:
        number = 0
        while not stop.wait(0.05):
            world.write_price_list(number, 20)
            number += 1

    return drop


def orders(world: World, written: list[str]) -> Work:
    """Each placed in a transaction of its own; `written` tells which were."""

    def sell(stop: threading.Event) -> None:
        with psycopg.connect(world.shop_dsn) as connection:
            while not stop.wait(0.002):
                order = f"o{len(written):05d}"
                world.place_order(connection, order)
                connection.commit()
                written.append(order)

    return sell
