"""Accidents of a warehouse's loaders, at random, under load: for `make test` a few seeds, for
`make soak` many."""

import random
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from clickhouse_connect.driver.exceptions import ClickHouseError
from confluent_kafka import KafkaException

from backbone.errors import Transient
from tests.e2e.bad_bytes import bad_prices
from tests.e2e.load import in_background
from tests.e2e.swallowing_proxy import SwallowingProxy
from tests.e2e.warehouse import SINK, Warehouse, equals_its_topic
from tests.e2e.world import PRICES, Running, World

EACH_SCENE = 5
ZOMBIE_SECONDS = 7.0  # longer than the group waits: the partition has gone to another by then


@dataclass
class Scene:
    """The loaders of one scene; `told` is what was done to them."""

    world: World
    warehouse: Warehouse
    proxy: SwallowingProxy
    chance: random.Random
    loaders: list[Running] = field(default_factory=list)
    thaws: list[threading.Timer] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    def start(self) -> None:
        self.loaders.append(self.world.start(*SINK, BACKBONE_CLICKHOUSE_URL=self.proxy.url))

    def wait(self, least: float, most: float) -> None:
        threading.Event().wait(self.chance.uniform(least, most))

    def kill(self) -> None:
        victim = self.chance.choice(self.loaders)
        victim.kill()
        self.loaders.remove(victim)
        self.start()

    def swallow(self) -> None:
        """Time-outs after inserts that landed."""
        self.proxy.swallow += self.chance.randrange(1, 4)

    def swallow_and_kill(self) -> None:
        self.swallow()
        self.wait(0.0, 0.5)
        self.kill()

    def another(self) -> None:
        """Two loaders, and so partitions that change hands."""
        if len(self.loaders) == 1:
            self.start()
        else:
            self.loaders.pop().stop()

    def zombie(self) -> None:
        """Frozen until somebody else has its partitions, then both go on."""
        victim = self.chance.choice(self.loaders)
        victim.signal(signal.SIGSTOP)
        if len(self.loaders) == 1:
            self.start()
        thaw = threading.Timer(ZOMBIE_SECONDS, _thaw, [victim])
        thaw.start()
        self.thaws.append(thaw)

    def rewind(self) -> None:
        """And so a replay: records that were loaded are delivered again."""
        self.thaw()
        for each in self.loaders:
            each.stop()
        self.loaders.clear()
        offset = self.chance.randrange(0, 1_000)
        self.world.wait(lambda: self._rewound(offset), "the group is empty, and rewound")
        self.start()

    def _rewound(self, offset: int) -> bool:
        try:
            self.warehouse.rewind(PRICES, offset)
        except KafkaException:  # who was killed is in the group still
            return False
        return True

    def forget(self) -> None:
        """As a retry after so many other inserts that the token is forgotten."""
        self._window(0)
        self.kill()
        self._window(1_000)

    def _window(self, inserts: int) -> None:
        with suppress(ClickHouseError):  # before the table is there
            self.warehouse.command(
                "ALTER TABLE pricing_price_changed__rows MODIFY SETTING "
                f"non_replicated_deduplication_window = {inserts}"
            )

    def thaw(self) -> None:
        for each in self.thaws:
            each.join()
        self.thaws.clear()

    def some(self) -> list[Callable[[], None]]:
        """Different ones: three scenes have nearly all of them."""
        kinds = [self.kill, self.swallow, self.swallow_and_kill, self.another]
        return self.chance.sample([*kinds, self.zombie, self.rewind, self.forget], EACH_SCENE)

    def happens(self, accident: Callable[[], None]) -> None:
        self.told.append(accident.__name__)
        accident()


def _thaw(frozen: Running) -> None:
    if frozen.process.poll() is None:
        frozen.signal(signal.SIGCONT)


def accidents(world: World, warehouse: Warehouse, seed: int) -> list[str]:
    """In the end the view equals the topic, and the dead letters are those that must be. Gives the
    names of what happened."""
    with SwallowingProxy(world.clickhouse_url) as proxy:
        scene = Scene(world, warehouse, proxy, random.Random(seed))
        try:
            with in_background(_prices_and_poison(world, seed)):
                scene.start()
                for accident in scene.some():
                    scene.wait(0.0, 1.5)
                    scene.happens(accident)
            scene.thaw()
            proxy.swallow = 0
            equals_its_topic(warehouse, PRICES, 90)
        except BaseException as error:
            error.add_note("\n".join(scene.told))
            raise
        for each in scene.loaders:
            code = each.stop()
            hardly_begun = code == -signal.SIGTERM and not each.said()
            assert code == 0 or hardly_begun, each.said()[-2000:]
        assert [each.log.name for each in scene.loaders if "Traceback" in each.said()] == []
        return scene.told


def _prices_and_poison(world: World, seed: int) -> Callable[[threading.Event], None]:
    chance = random.Random(f"input {seed}")
    bad = [each.message for each in bad_prices(world) if each.code != "bad_key"]

    def publish(stop: threading.Event) -> None:
        number = 0
        while not stop.wait(0.02):
            some = [world.price(number + n, f"C{(number + n) % 911}") for n in range(300)]
            number += len(some)
            some.insert(chance.randrange(300), chance.choice(bad))
            with suppress(Transient):  # a busy machine: they may be there, or not, or twice
                world.append(some)

    return publish
