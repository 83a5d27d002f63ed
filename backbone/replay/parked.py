"""What stands in a dead-letter topic, message by message.

A message may have several letters: it was written twice around a crash, or failed again when it was
replayed. They tell of one first position; the newest letter is the one that counts.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from sys import intern

from backbone.dead_letter_reading import DeadLetter
from backbone.fact import LogPosition
from backbone.replay.outcomes import Settled, Told
from backbone.replay.retry_headers import COUNT

Place = tuple[str, str]
"""The topic's id and `topic/partition/offset`: what outcomes are told of."""


class State(StrEnum):
    """Where a message stands in the end. A closed set and a public contract."""

    RECOVERED = "recovered"
    SUPERSEDED = "superseded"
    ALREADY_APPLIED = "already_applied"
    FAILED_AGAIN = "failed_again"
    REFUSED = "refused"
    IN_FLIGHT = "in_flight"  # handed to the owner, who has not told yet
    NOT_REPLAYED = "not_replayed"


@dataclass(frozen=True, slots=True)
class Parked:
    """One message: its newest letter, and how many there are."""

    letter: DeadLetter
    letters: int

    @property
    def place(self) -> Place:
        return place_of(self.letter)


def place_of(letter: DeadLetter) -> Place:
    position = letter.record.position
    return position.topic_id, str(position)


def by_message(
    letters: Iterable[DeadLetter], takes: Callable[[DeadLetter], bool] = lambda _: True
) -> list[Parked]:
    """The messages whose newest letter is taken, in the order of those letters. The others are not
    kept in memory."""
    newest: dict[str, DeadLetter | None] = {}
    counts: Counter[str] = Counter()
    for letter in letters:
        known = _message(letter)
        newest.pop(known, None)
        newest[known] = letter if takes(letter) else None
        counts[known] += 1
    return [Parked(letter, counts[known]) for known, letter in newest.items() if letter]


class Newest:
    """Which messages are open, of letters that go by: the newest of each says so. A text is kept of
    each message."""

    def __init__(self, settled: Settled, group: Callable[[DeadLetter], str | None]) -> None:
        """`group` says what an open message is counted by; None: not at all."""
        self._settled = settled
        self._group = group
        self._open: dict[str, str | None] = {}

    def seen(self, letters: Iterable[DeadLetter]) -> Iterator[DeadLetter]:
        for letter in letters:
            group = None if letter.record.position in self._settled else self._group(letter)
            self._open[_message(letter)] = None if group is None else intern(group)
            yield letter

    def open(self) -> Counter[str]:
        """Once all were seen: how many messages of each group."""
        return Counter(group for group in self._open.values() if group is not None)


def unsettled(letters: Iterable[DeadLetter], settled: Settled) -> list[LogPosition]:
    """Where those records stood at first whose newest letter is not settled. One may fail once more
    after it was recovered, when its view is built anew."""
    newest = {each.origin: each.record.position for each in letters if each.origin is not None}
    return [origin for origin, place in newest.items() if place not in settled]


def without_payload(letter: DeadLetter) -> DeadLetter:
    """As much of a letter as a report needs: there may be very many."""
    headers = [each for each in letter.record.headers if each[0] == COUNT]
    return replace(letter, record=replace(letter.record, value=None, headers=headers))


def _message(letter: DeadLetter) -> str:
    """What tells messages apart: where the input stood, or else the letter itself."""
    if letter.source_position is not None:
        return letter.source_position
    return str(letter.origin or letter.record.position)


def state_of(parked: Parked, told: Mapping[Place, Told], sent: frozenset[Place]) -> State:
    """`told`: the outcomes that count; `sent`: whatever was ever handed to the owner."""
    found = told.get(parked.place)
    if found is not None:
        return State(found.became)
    if parked.place in sent:
        return State.IN_FLIGHT
    return State.FAILED_AGAIN if _was_replayed(parked.letter) else State.NOT_REPLAYED


def _was_replayed(letter: DeadLetter) -> bool:
    return letter.header(COUNT) is not None


def is_open(state: State) -> bool:
    """Whether there is something left to be replayed."""
    return state in {State.FAILED_AGAIN, State.NOT_REPLAYED, State.IN_FLIGHT, State.REFUSED}


@dataclass(frozen=True, slots=True)
class Balance:
    """`letters` were counted in the topic, `messages` are those of different inputs."""

    letters: int
    messages: int
    repeated: int
    states: Mapping[State, int]

    @property
    def holds(self) -> bool:
        return self.letters == self.messages + self.repeated and self.messages == sum(
            self.states.values()
        )


def balance(letters: int, states: Mapping[Place, State], parked: Iterable[Parked]) -> Balance:
    """`letters` is counted apart, so that the sums can be wrong."""
    found = list(parked)
    counts = Counter(states.values())
    repeated = sum(each.letters - 1 for each in found)
    return Balance(letters, len(found), repeated, {state: counts[state] for state in State})
