"""The world of bookings: a contract and a view of a test's own, and what fails in it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from backbone.codec.codec import Codec
from backbone.contracts.catalog import Contracts
from backbone.envelope import to_headers
from backbone.fact import Envelope, Fact
from backbone.log import Message
from backbone.settings import REPOSITORY
from backbone.views.store import ViewId
from tests.e2e.bookings import CANCELLED, CHANGED, CREATED, KINDS, TOPIC, contracts
from tests.e2e.world import START, Running, World

MODULE = "tests.e2e.bookings"
SECRET = "Ada Lovelace"

Expected = dict[str, tuple[str, str]]
"""By booking: its status and its room."""


@dataclass
class Travel:
    """Its codec, its processes, and what its view serves."""

    world: World
    contracts: Contracts
    codec: Codec
    settings: dict[str, str]
    strict: bool = False

    @classmethod
    def ready(cls, world: World, folder: Path, *, strict: bool = False) -> "Travel":
        """Contracts registered, topics there and empty."""
        avro = contracts(folder)
        settings = {"BACKBONE_CONTRACTS_DIR": str(avro), "PYTHONPATH": str(REPOSITORY)}
        settings |= {"BOOKINGS_STRICT": "1"} if strict else {}
        made = Contracts.load(avro)
        for each in made.values():
            world.registry.register(each.subject, each.registered)
        codec = Codec(made, world.registry)
        codec.check(list(made))
        names = [TOPIC, *(f"{each}.bookings" for each in ("dlq", "retry", "replayed"))]
        for name in world.admin.topic_ids(names):
            world.admin.delete(name)
        world.wait(lambda: not world.admin.topic_ids(names), "the old topics are gone")
        found = cls(world, made, codec, settings, strict)
        done = found.run("topics", "apply")
        assert done.returncode == 0, done.stderr
        return found

    # what happens

    def created(self, key: str) -> Message:
        return self._fact(CREATED, key, 0, guest=SECRET)

    def changed(self, key: str, room: str) -> Message:
        return self._fact(CHANGED, key, 1, room=room, nights=2)

    def cancelled(self, key: str) -> Message:
        return self._fact(CANCELLED, key, 2)

    def incident(self, count: int) -> Expected:
        """Every change fails, for one of three causes; one booking in five was cancelled
        afterwards. Gives what must be in the end; a strict view has the room that was changed."""
        facts: list[Message] = []
        expected = {}
        for number in range(count):
            key, room = f"b{number:04d}", KINDS[number % 10 % 3]
            facts += [self.created(key), self.changed(key, room)]
            expected[key] = ("changed", room)
            if number % 5 == 0:
                facts.append(self.cancelled(key))
                expected[key] = ("cancelled", room if self.strict else "single")
        self.world.append(facts)
        return expected

    def _fact(self, kind: str, key: str, number: int, **data: Any) -> Message:
        contract = self.contracts[kind]
        identity = str(uuid5(NAMESPACE_URL, f"{kind}/{key}/{number}"))
        envelope = Envelope(identity, contract.system_of_record, START, f"{number:020d}")
        value = self.codec.encode(Fact(kind, key, {"booking_id": key, **data}, envelope))
        return Message(TOPIC, key.encode(), value, to_headers(envelope, contract.ce_type))

    # its processes and commands, by the release that is deployed

    def start(self, fix: str) -> Running:
        given = {**self.settings, "BOOKINGS_FIX": fix}
        return self.world.start("run", "view", "bookings", module=MODULE, **given)

    def run(self, *arguments: str, fix: str = "right") -> "CompletedProcess[str]":
        given = {**self.settings, "BOOKINGS_FIX": fix}
        return self.world.run(*arguments, module=MODULE, **given)

    def rows(self, *arguments: str, fix: str = "right", code: int = 0) -> Sequence[dict[str, Any]]:
        done = self.run(*arguments, "--output", "json", fix=fix)
        assert done.returncode == code, done.stderr
        assert SECRET not in done.stdout + done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    # what came of it

    def served(self) -> Expected:
        found = self.world.served_of(ViewId("bookings", 1, 4))
        return {key: (value["status"], value.get("room", "")) for key, value in found.items()}

    def dead(self) -> int:
        return sum(self.world.admin.ends("dlq.bookings").values())
