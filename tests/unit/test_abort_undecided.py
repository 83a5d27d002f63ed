"""How an undecided transaction is aborted; that it is, shows tests/e2e/test_undecided.py."""

from collections.abc import Callable
from typing import Any

import pytest

from backbone.errors import Transient
from backbone.kafka.undecided import abort_undecided, stays_undecided

CURSOR = ("cursor.s", 0)


class Client:
    """A producer's and an administrator's part; so many records are not acknowledged."""

    def __init__(self, undecided: dict[str, list[int]], unacknowledged: int = 0) -> None:
        self.open = undecided
        self.unacknowledged = unacknowledged
        self.did: list[Any] = []

    def undecided(self, topic: str) -> list[int]:
        return self.open.get(topic, [])

    def begin_transaction(self) -> None:
        self.did.append("begin")

    def produce(self, *what: Any) -> None:
        topic, _, key, partition, _ = what
        self.did.append((topic, partition, key))

    def flush(self, _: float) -> int:
        return self.unacknowledged

    def abort_transaction(self, _: float) -> None:
        self.did.append("abort")
        self.open = {}


class Refusing(Client):
    """It says of every record that it was refused."""

    def produce(self, *what: Any) -> None:
        report: Callable[[Any, Any], None] = what[-1]
        super().produce(*what)
        report(self, None)

    def name(self) -> str:
        return "NOT_LEADER"


def _abort(client: Any) -> None:
    abort_undecided(client, client, CURSOR, ["facts", "dlq.s"], 1.0)


def test_nothing_is_begun_where_the_cursor_is_decided() -> None:
    client = Client({"facts": [1]})
    _abort(client)
    assert client.did == []


def test_every_open_partition_is_aborted_and_the_cursor_last() -> None:
    client = Client({"cursor.s": [0], "facts": [2, 0], "dlq.s": []})
    _abort(client)
    key = b"cursor.s/0"
    assert client.did == ["begin", ("facts", 0, key), ("facts", 2, key), (*CURSOR, key), "abort"]


@pytest.mark.parametrize(
    ("client", "why"),
    [
        (Client({"cursor.s": [0], "facts": [0]}, unacknowledged=1), "no answer"),
        (Refusing({"cursor.s": [0], "facts": [0]}), "NOT_LEADER"),
    ],
)
def test_while_a_partition_does_not_take_it_the_cursor_stays_undecided(
    client: Client, why: str
) -> None:
    with pytest.raises(Transient, match=why):
        _abort(client)
    assert (*CURSOR, b"cursor.s/0") not in client.did
    assert client.undecided("cursor.s") == [0]


class Slow(Client):
    """It is decided when it was asked so often."""

    def __init__(self, asked: int) -> None:
        super().__init__({"cursor.s": [0]})
        self.left = asked

    def undecided(self, topic: str) -> list[int]:
        self.left -= 1
        return super().undecided(topic) if self.left >= 0 else []


def test_markers_that_come_late_are_waited_for() -> None:
    late: Any = Slow(asked=3)
    never: Any = Client({"cursor.s": [0]})

    assert not stays_undecided(late, CURSOR, 10.0)
    assert late.left == -1  # it was asked until then, and no more
    assert stays_undecided(never, CURSOR, 0.05)
