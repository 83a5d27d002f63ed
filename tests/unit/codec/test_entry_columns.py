"""Entries written at once are those that are written one by one, whatever the headers hold."""

from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest

from backbone.codec.entry_columns import Origins, begin_entries, entries
from backbone.record import Header
from backbone.views.encoding import decode_entry

TIMES = (
    b"2026-01-01T00:00:00.001999Z",
    b"0001-01-01T00:00:00.000000Z",
    b"9999-12-31T23:59:59.999999Z",
    b"0000-01-01T00:00:00.000000Z",
    b"2026-02-30T00:00:00.000000Z",
    b"2026-01-01T24:00:00.000000Z",
    b"2026-06-30T23:59:60.000000Z",
    b"2026-01-01T00:00:00Z",
    b"2026-01-01T00:00:00.5+02:00",
    b" 2026-01-01T00:00:00.001999Z",
    b"yesterday",
    b"\xff",
    b"",
    None,
)
TEXTS = (b"id", b'"quoted"', b"back\\slash", b"line\nend", "Größe 🎁".encode(), b"\x7f", b"", None)
STRANGE = (b"\xff", b"\xed\xa0\x80")


def _headers(random: Random, *, strange: bool) -> list[Header]:
    texts = TEXTS + STRANGE if strange else TEXTS
    found = [(name, random.choice(texts)) for name in ("ce_id", "ce_source", "ce_sequence")]
    found.append(("ce_time", random.choice([t for t in TIMES if strange or t != b"\xff"])))
    if random.random() < 0.2:
        found.append(random.choice(found))  # the last one counts
    return random.sample(found, random.randrange(len(found) + 1))


def _uniform(random: Random, count: int, *, strange: bool) -> list[list[Header]]:
    """As one producer writes them: the same names in every fact, one of them perhaps twice."""
    names = [name for name, _ in _headers(random, strange=strange)]
    texts = TEXTS + STRANGE if strange else TEXTS
    times = [time for time in TIMES if strange or time != b"\xff"]
    return [
        [(name, random.choice(times if name == "ce_time" else texts)) for name in names]
        for _ in range(count)
    ]


@pytest.mark.parametrize("uniform", [False, True])
@pytest.mark.parametrize("strange", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_at_once_and_one_by_one_are_the_same(seed: int, *, strange: bool, uniform: bool) -> None:
    random, count = Random(seed), 400
    numbers = [random.choice((0, -1, 7, 2**63 - 1, -(2**63))) for _ in range(count)]
    times = [random.choice((-1, 0, 1_700_000_000_001, 10**15)) for _ in range(count)]
    headers = (
        _uniform(random, count, strange=strange)
        if uniform
        else [_headers(random, strange=strange) for _ in range(count)]
    )
    documents = [b'{"a":"%d"}' % number for number in range(count)]
    at_once = entries(Origins(numbers, range(count), times, headers), documents)
    alone = [
        entries(Origins([number], [at], [time], [headers[at]]), [documents[at]])[0]
        for at, (number, time) in enumerate(zip(numbers, times, strict=True))
    ]
    assert at_once == alone
    with ThreadPoolExecutor(1) as ahead:
        coming = begin_entries(Origins(numbers, range(count), times, headers), documents, ahead)
        assert coming() == alone
    assert decode_entry(at_once[0]).value == {"a": "0"}
