import pytest
from hypothesis import given
from hypothesis import strategies as st

from backbone.errors import Fatal
from backbone.log import NOTE_BYTES
from consumers.clickhouse.pending import Note, Pending, cut

TOPIC_ID = "4L6g3nShT-eMCtK--X86sw"


def test_a_note_is_the_offsets_in_few_letters() -> None:
    pending = Pending(100, 120, (100, 103, 104, 105, 120))

    assert str(Note(TOPIC_ID, pending)) == f"pending:100-120:0,3-5,20:{TOPIC_ID}"
    assert str(Note(TOPIC_ID)) == f"loaded:{TOPIC_ID}"
    assert pending.token(TOPIC_ID, 3) == f"{TOPIC_ID}-3-100-120"


@given(
    st.integers(0, 2**62), st.lists(st.integers(0, 3_000), unique=True).map(sorted), st.booleans()
)
def test_what_was_noted_is_read_as_it_was(
    first: int,
    excluded: list[int],
    begun: bool,
) -> None:
    pending = Pending(first, first + 3_000, tuple(first + each for each in excluded))
    note = Note(TOPIC_ID, pending if begun else None)

    assert Note.read(str(note)) == note


def test_nothing_noted_is_no_note() -> None:
    assert Note.read("") is None


@pytest.mark.parametrize("text", ["mine", "pending:1-2:", "pending:a-b::x", "pending:1-2:x:y"])
def test_what_no_loader_noted_is_refused(text: str) -> None:
    with pytest.raises(Fatal):
        Note.read(text)


@given(
    st.integers(0, 2**62),
    st.lists(st.booleans(), min_size=1, max_size=3_000),
    st.integers(1, 10_000_000),
)
def test_every_record_is_in_one_segment_whose_note_fits(
    first: int, bad: list[bool], gap: int
) -> None:
    offsets = [first + gap * number for number in range(len(bad))]
    poisoned = [place for place, each in enumerate(bad) if each]

    found = list(cut(offsets, poisoned))

    assert [place for part in found for place in part] == list(range(len(offsets)))
    assert all(found)
    for part in found:
        excluded = tuple(offsets[place] for place in poisoned if place in part)
        note = Note(TOPIC_ID, Pending(offsets[part.start], offsets[part.stop - 1], excluded))
        assert len(str(note)) <= NOTE_BYTES
