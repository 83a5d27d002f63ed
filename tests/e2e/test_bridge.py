"""A dual run on the real services: the old major is fed from the new one while its bridge is
killed, and its checksums say whether all was told."""

import json
import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from backbone.codec.codec import Codec
from backbone.contracts.catalog import Contracts
from backbone.envelope import to_headers
from backbone.fact import Envelope, Fact
from backbone.log import Message
from backbone.settings import REPOSITORY
from tests.e2e.weights import NAME, NEW, NEW_TOPIC, OLD_TOPIC, contracts
from tests.e2e.world import START, Running, World

pytestmark = [pytest.mark.kafka, pytest.mark.registry]

THINGS = 50
FACTS = 3_000
KILLS = 2
TAKEOVER_SECONDS = 90.0  # at most, of a killed worker, beside other tests


@dataclass
class Lab:
    world: World
    codec: Codec
    contracts: Contracts
    settings: dict[str, str]

    def start(self) -> Running:
        return self.world.start("run", "source", NAME, module="tests.e2e.weights", **self.settings)

    def compared(self, code: int = 0) -> dict[str, dict[str, Any]]:
        arguments = ("source", "compare", NAME, "--output", "json")
        done = self.world.run(*arguments, module="tests.e2e.weights", **self.settings)
        assert done.returncode == code, done.stderr
        return {each["facts of"]: each for each in map(json.loads, done.stdout.splitlines())}

    def weigh(self, numbers: Sequence[int]) -> None:
        self.world.append([self._weighed(each) for each in numbers])

    def _weighed(self, number: int) -> Message:
        contract, key = self.contracts[NEW], f"t{number % THINGS}"
        envelope = Envelope(f"id-{number}", contract.system_of_record, START, f"{number:020d}")
        data = {"thing_id": key, "kilograms": Decimal(number).scaleb(-3)}
        value = self.codec.encode(Fact(NEW, key, data, envelope))
        return Message(NEW_TOPIC, key.encode(), value, to_headers(envelope, contract.ce_type))

    def has_told(self, some: int) -> bool:
        return len(self.world.records(OLD_TOPIC)) >= some

    def told(self) -> dict[str, list[int]]:
        """The old facts of each thing, in their order."""
        found: dict[str, list[int]] = defaultdict(list)
        for record in self.world.records(OLD_TOPIC):
            data = self.codec.decode(record.value, OLD_TOPIC, record.headers)[1]
            found[data["thing_id"]].append(data["grams"])
        return found


@pytest.fixture
def lab(world: World, tmp_path: Path) -> Lab:
    avro = contracts(tmp_path)
    made = Contracts.load(avro)
    for each in made.values():
        world.registry.register(each.subject, each.registered)
    codec = Codec(made, world.registry)
    codec.check(list(made))
    beside = [f"{each}.{NAME}" for each in ("cursor", "dlq", "retry", "replayed")]
    names = [OLD_TOPIC, NEW_TOPIC, *beside]
    for name in world.admin.topic_ids(names):
        world.admin.delete(name)
    world.wait(lambda: not world.admin.topic_ids(names), "the old topics are gone")
    settings = {"BACKBONE_CONTRACTS_DIR": str(avro), "PYTHONPATH": str(REPOSITORY)}
    done = world.run("topics", "apply", module="tests.e2e.weights", **settings)
    assert done.returncode == 0, done.stderr
    return Lab(world, codec, made, settings)


def test_a_bridge_that_is_killed_tells_every_fact_once_in_the_order_of_its_key(lab: Lab) -> None:
    expected: dict[str, list[int]] = defaultdict(list)
    for number in range(1, FACTS):  # 0 weighs nothing, and is not told
        expected[f"t{number % THINGS}"].append(number)
    dice, part = random.Random(7), FACTS // (KILLS + 1)
    worker = lab.start()
    for turn in range(KILLS):
        lab.weigh(range(turn * part, (turn + 1) * part))
        some = turn * part + dice.randrange(part - 1)
        lab.world.wait(partial(lab.has_told, some), "some are told", TAKEOVER_SECONDS)
        worker.kill()
        worker = lab.start()
    lab.weigh(range(KILLS * part, FACTS))
    lab.world.wait(partial(lab.has_told, FACTS - 1), "all are told", TAKEOVER_SECONDS)
    assert worker.stop() == 0
    assert lab.told() == expected
    sums = lab.compared()
    assert sums["told"]["count"] == FACTS - 1
    assert sums["told"]["sum"] == sums["to be told"]["sum"]

    again = lab.world.records(OLD_TOPIC)[0]
    lab.world.append([Message(OLD_TOPIC, again.key, again.value, list(again.headers))])
    assert lab.compared(code=1)["told"]["count"] == FACTS
