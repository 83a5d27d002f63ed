"""Dead letters as a test asks for them."""

from collections import Counter
from collections.abc import Mapping, Sequence

from backbone import dead_letters as names
from backbone.dead_letter_reading import DeadLetter
from backbone.record import Record, last_header
from tests.e2e.world import World

_CONNECT = (names.TOPIC, names.PARTITION, names.OFFSET, names.STAGE, names.EXCEPTION_MESSAGE)

Place = tuple[str, str, str]
"""Topic, partition and offset, as Connect's headers tell them."""


def by_place(world: World, name: str) -> dict[str, DeadLetter]:
    """By where the input stood in its source; nothing may stand there twice."""
    found = [DeadLetter.of(record) for record in world.dead(name)]
    letters = {letter.where: letter for letter in found}
    assert len(letters) == len(found)
    return letters


def told(world: World, name: str, expected: Mapping[str, tuple[str, str]]) -> None:
    """Exactly these inputs were turned away, each for its reason and with these words."""
    letters = by_place(world, name)
    codes = {place: letter.code for place, letter in letters.items()}
    assert codes == {place: code for place, (code, _) in expected.items()}
    unclear = {
        place: letters[place].message
        for place, (_, words) in expected.items()
        if words not in letters[place].message
    }
    assert unclear == {}


def origins(letters: Sequence[Record]) -> Counter[Place]:
    """How often each position of the log was parked."""
    return Counter(
        (_text(each, names.TOPIC), _text(each, names.PARTITION), _text(each, names.OFFSET))
        for each in letters
    )


def place(record: Record) -> Place:
    position = record.position
    return position.topic, str(position.partition), str(position.offset)


def is_copy(letter: Record, original: Record) -> bool:
    """Key, value and headers byte for byte, and what Connect tells behind them, as text."""
    kept = list(letter.headers)[: len(original.headers)]
    same = (letter.key, letter.value, kept)
    return same == (original.key, original.value, list(original.headers)) and all(
        _text(letter, name).isprintable() and _text(letter, name) for name in _CONNECT
    )


def reason(letter: Record) -> tuple[bytes | None, str]:
    return letter.key, DeadLetter.of(letter).code


def _text(letter: Record, name: str) -> str:
    return (last_header(letter.headers, name) or b"").decode()
