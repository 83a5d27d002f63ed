"""Looking ahead: batches come in the order of their cursors, none is asked for behind the last."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from backbone.contracts.domain import EPOCH
from backbone.errors import Transient
from backbone.fact import Envelope, Fact
from backbone.log import Message
from backbone.look_ahead import DEPTH, Ahead, LookAhead
from backbone.source import Batch, Cursor

_FACT = Fact("shop.sales.OrderPlaced", "1", {}, Envelope("id", "/services/shop", EPOCH, "1"))


class _Numbers:
    """Gives `batches` batches with the cursor of each; the next one says that it has no more."""

    name = "numbers"
    facts = ("shop.sales.OrderPlaced",)

    def __init__(self, batches: int, fails_at: int | None = None) -> None:
        self.asked: list[int] = []
        self.closed = False
        self._batches = batches
        self._fails_at = fails_at

    def poll(self, cursor: Cursor | None) -> Batch:
        number = cursor["at"] + 1 if cursor else 1
        self.asked.append(number)
        if number == self._fails_at:
            raise Transient("the database went away")
        last = number == self._batches
        return Batch([_FACT] * number, cursor={"at": number}, wait_seconds=1.0 if last else 0.0)

    def close(self) -> None:
        self.closed = True


def _sizes(batch: Batch) -> Sequence[Message | None]:
    return [Message("topic", None, str(batch.size).encode())]


def _chain(polls: LookAhead, cursor: Mapping[str, Any] | None = None) -> list[Ahead]:
    ahead = [polls.begin(cursor)]
    while len(ahead) < DEPTH:
        ahead.append(polls.behind(ahead[-1]))
    return ahead


def test_batches_come_in_order_each_with_what_was_made_of_it() -> None:
    source = _Numbers(9)
    polls = LookAhead(source, _sizes)
    taken = [each.take() for each in _chain(polls)]
    polls.close()
    assert source.asked == [1, 2, 3]
    assert [each.batch.size for each in taken] == [1, 2, 3]
    assert [each.straight[0].value for each in taken if each.straight[0]] == [b"1", b"2", b"3"]
    assert source.closed


def test_nothing_is_asked_behind_a_batch_that_is_the_last_for_now() -> None:
    source = _Numbers(2)
    polls = LookAhead(source, _sizes)
    taken = [each.take() for each in _chain(polls)]
    polls.close()
    assert source.asked == [1, 2]
    assert [each.batch.empty for each in taken] == [False, False, True]
    assert taken[2].batch.cursor == {"at": 2}


def test_a_poll_that_fails_is_told_to_whoever_takes_it_and_nothing_is_asked_behind_it() -> None:
    source = _Numbers(9, fails_at=2)
    polls = LookAhead(source, _sizes)
    first, failed, behind = _chain(polls)
    assert first.take().batch.size == 1
    for each in (failed, behind):
        with pytest.raises(Transient, match="went away"):
            each.take()
    polls.close()
    assert source.asked == [1, 2]


def test_what_making_raises_is_told_as_well() -> None:
    def wrong(_: Batch) -> Sequence[Message | None]:
        raise ValueError("wrong")

    polls = LookAhead(_Numbers(9), wrong)
    with pytest.raises(ValueError, match="wrong"):
        polls.begin(None).take()
    polls.close()
