"""The columnar engine accepts and refuses what the row engine does, byte for byte, whatever the
schema, the damage and the neighbours.

`ENGINES_PAYLOADS=20000` and `ENGINES_SEED` make more of them, and others.
"""

import os
import resource
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pytest
from polars.exceptions import PanicException

from backbone.codec.columnar_engine import ColumnarDecoder
from backbone.contracts.catalog import Contracts
from backbone.errors import Poison, PoisonReason
from tests.unit.codec.awkward import AWKWARD, Case, cases
from tests.unit.codec.payloads import Maker, damaged

AVRO = Path(__file__).parents[3] / "avro"
PAYLOADS = int(os.environ.get("ENGINES_PAYLOADS", "500"))
SEED = int(os.environ.get("ENGINES_SEED", "20111004"))
BATCH = 500
Verdict = tuple[str, Any]
NAMES = (*(each.rpartition(".")[2] for each in Contracts.load(AVRO)), *AWKWARD, "evolved")


@cache
def _cases() -> dict[str, Case]:
    return cases(Contracts.load(AVRO))


@cache
def _payloads(name: str) -> list[bytes]:
    """Well-formed facts, facts nobody writes, and hurt ones, in no order."""
    case, random = _cases()[name], Random(f"{SEED} {name}")
    sound = [Maker(random).write(case.shape) for _ in range(PAYLOADS // 4)]
    odd = [Maker(random, mischief=0.05).write(case.shape) for _ in range(PAYLOADS // 4)]
    hurt = [damaged(random, sound) for _ in range(PAYLOADS - len(sound) - len(odd))]
    every = sound + odd + hurt
    random.shuffle(every)
    return every


@cache
def _verdicts(name: str) -> list[Verdict]:
    """What the row engine says of each."""
    return [_verdict(_cases()[name], payload) for payload in _payloads(name)]


def _verdict(case: Case, payload: bytes) -> Verdict:
    try:
        return "accepted", case.rows.decode(payload)
    except Poison as poison:
        return poison.reason, (str(poison), poison.violations)


def _of_columns(decoder: ColumnarDecoder, payloads: list[bytes]) -> list[Verdict]:
    columns = decoder.decode(payloads)
    found: dict[int, Verdict] = {at: ("accepted", data) for at, data in columns.rows()}
    assert not found.keys() & columns.poisons.keys()
    for at, poison in columns.poisons.items():
        found[at] = (poison.reason, (str(poison), poison.violations))
    return [found[at] for at in range(len(payloads))]


def _reads_alone(case: Case, payload: bytes) -> bool:
    try:
        return case.columns._parsed([payload]) is not None
    except (Exception, PanicException):  # noqa: BLE001 - a dozen kinds, one meaning
        return False


class Nobody:
    """A row engine that decides nothing, so that only what was vouched for is accepted."""

    def decode(self, payload: bytes) -> dict[str, Any]:
        del payload
        raise Poison(PoisonReason.UNDECODABLE, "nobody vouched for it")


@pytest.fixture(params=NAMES)
def case(request: pytest.FixtureRequest) -> Case:
    return _cases()[request.param]


def test_both_engines_say_the_same_of_every_payload(case: Case) -> None:
    payloads, expected = _payloads(case.name), _verdicts(case.name)
    for start in range(0, len(payloads), BATCH):
        found = _of_columns(case.columns, payloads[start : start + BATCH])
        for payload, ours, theirs in zip(
            payloads[start:], found, expected[start : start + BATCH], strict=False
        ):
            assert ours == theirs, payload.hex()


def test_what_the_columnar_engine_vouches_for_the_row_engine_accepts(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only payloads that parse alone, so that no neighbour hides what is let through."""
    pairs = zip(_payloads(case.name), _verdicts(case.name), strict=True)
    whole = [(payload, verdict) for payload, verdict in pairs if _reads_alone(case, payload)]
    monkeypatch.setattr(case.columns, "_rows", Nobody())
    found = _of_columns(case.columns, [payload for payload, _ in whole])
    vouched = 0
    for (payload, theirs), ours in zip(whole, found, strict=True):
        if ours[0] == "accepted":
            vouched += 1
            assert ours == theirs, payload.hex()
    assert vouched > PAYLOADS // 10


def test_neighbours_change_nothing(case: Case) -> None:
    """Each payload alone, among well-formed facts, and in another order: the same verdict."""
    random = Random(SEED)
    payloads, expected = _payloads(case.name), _verdicts(case.name)
    sound = [Maker(random).write(case.shape) for _ in range(BATCH // 2)]
    for at in random.sample(range(PAYLOADS), 8):
        place = random.randrange(len(sound) + 1)
        among = [*sound[:place], payloads[at], *sound[place:]]
        assert _of_columns(case.columns, [payloads[at]]) == [expected[at]]
        assert _of_columns(case.columns, among)[place] == expected[at]
    order = random.sample(range(PAYLOADS), min(PAYLOADS, 2 * BATCH))
    found = _of_columns(case.columns, [payloads[at] for at in order])
    assert found == [expected[at] for at in order]


def test_damage_leaves_no_memory_behind() -> None:
    case, payloads = _cases()["nested"], _payloads("nested")[: 2 * BATCH]
    for _ in range(3):
        case.columns.decode(payloads)
    before = _resident_pages()
    for _ in range(12):
        case.columns.decode(payloads)
    assert (_resident_pages() - before) * resource.getpagesize() < 32 * 1024 * 1024


def _resident_pages() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1])
