import pytest

from backbone.errors import Fatal
from backbone.views import remembered_entries
from backbone.views.encoding import encode_entry
from backbone.views.remembered_entries import RememberedEntries
from backbone.views.store import Entry


def _data(amount: str) -> bytes:
    return encode_entry(Entry({"amount": amount}, 1, 2, "id", "/shop", "7", 3, 4))


def test_equal_bytes_are_the_very_same_entry_and_other_bytes_are_not() -> None:
    entries = RememberedEntries()
    first = entries.decoded(b"a", _data("1"))
    assert entries.decoded(b"a", _data("1")) is first
    assert entries.decoded(b"a", _data("2")).value == {"amount": "2"}
    assert entries.decoded(b"a", _data("1")).value == {"amount": "1"}
    assert entries.decoded(b"b", _data("3")).value == {"amount": "3"}


def test_a_large_entry_is_not_kept() -> None:
    entries, large = RememberedEntries(), _data("1" * remembered_entries.MAX_BYTES)
    first = entries.decoded(b"a", large)
    assert entries.decoded(b"a", large) is not first
    assert entries.decoded(b"a", large) == first


def test_a_full_memory_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered_entries, "REMEMBERED", 2)
    entries = RememberedEntries()
    first = entries.decoded(b"a", _data("1"))
    entries.decoded(b"b", _data("2"))
    entries.decoded(b"c", _data("3"))
    assert len(entries._known) == 1
    assert entries.decoded(b"a", _data("1")) == first


def test_damaged_bytes_are_told_every_time() -> None:
    entries = RememberedEntries()
    for _ in range(2):
        with pytest.raises(Fatal, match="no entry"):
            entries.decoded(b"a", b"[1]")
