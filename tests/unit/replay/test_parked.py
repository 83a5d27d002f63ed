"""Messages and their letters: one state each, and sums that balance or are seen not to."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from backbone.dead_letter_reading import DeadLetter
from backbone.dead_letters import from_record
from backbone.errors import Poison, PoisonReason
from backbone.fact import LogPosition
from backbone.record import Header, Record
from backbone.replay.outcomes import Became, Report, Settled, Told, what_counts
from backbone.replay.parked import (
    Newest,
    State,
    balance,
    by_message,
    is_open,
    place_of,
    state_of,
    unsettled,
    without_payload,
)

AT = datetime(2026, 11, 21, tzinfo=UTC)
POISON = Poison(PoisonReason.HANDLER_FAILED, "prices raised KeyError at line 5")


def letter(offset: int, of: int, *headers: Header) -> DeadLetter:
    """The letter at `offset`, of the fact that stood at `of`."""
    position = LogPosition("id-1", "pricing.price.v1", 3, of)
    message = from_record("prices", Record(position, b"k", b"v", headers, 5), POISON, AT)
    place = LogPosition("id-2", "dlq.prices", 0, offset)
    return DeadLetter.of(Record(place, message.key, message.value, message.headers, 6))


def told(offset: int, became: Became, run: str = "r") -> Told:
    return Told(f"dlq.prices/0/{offset}", "id-2", run, became, None)


def reported(*outcomes: Told) -> Settled:
    """In reports of one outcome each."""
    return Settled(Report("id-3", 1, [each]).to_bytes() for each in outcomes)


def test_letters_of_one_place_are_one_message_and_the_newest_counts() -> None:
    (parked,) = by_message([letter(0, of=7), letter(5, of=7)])

    assert (parked.letters, parked.letter.record.position.offset) == (2, 5)


def test_a_filter_looks_at_the_newest_letter_alone() -> None:
    letters = [letter(0, of=7), letter(5, of=7), letter(6, of=8)]

    found = by_message(letters, lambda each: each.record.position.offset in {0, 6})

    assert [each.letter.record.position.offset for each in found] == [6]


def test_a_message_has_the_state_that_was_told_of_its_newest_letter() -> None:
    outcomes = what_counts([told(0, Became.FAILED), told(5, Became.RECOVERED)])
    (parked,) = by_message([letter(0, of=7), letter(5, 7, ("replay.count", b"1"))])

    assert state_of(parked, outcomes, frozenset()) is State.RECOVERED


def test_of_each_record_the_newest_letter_says_whether_it_is_settled() -> None:
    letters = [letter(0, of=7), letter(1, of=8), letter(2, of=9), letter(3, of=7), letter(4, of=8)]
    settled = reported(told(0, Became.RECOVERED), told(4, Became.SUPERSEDED))

    assert {each.offset for each in unsettled(letters, settled)} == {7, 9}


BECAME = st.dictionaries(st.integers(0, 11), st.lists(st.sampled_from(Became), min_size=1))


@given(st.lists(st.integers(0, 4), max_size=12), BECAME)
def test_open_are_those_that_a_report_calls_open(
    facts: list[int], became: dict[int, list[Became]]
) -> None:
    letters = [letter(offset, of=fact) for offset, fact in enumerate(facts)]
    outcomes = [told(offset, each) for offset, some in became.items() for each in some]
    newest = Newest(reported(*outcomes), lambda each: f"fact {each.origin and each.origin.offset}")

    assert list(newest.seen(letters)) == letters

    states = {
        f"fact {each.letter.origin.offset}": state_of(each, what_counts(outcomes), frozenset())
        for each in by_message(letters)
        if each.letter.origin is not None
    }
    assert newest.open() == Counter(fact for fact, state in states.items() if is_open(state))


def test_an_outcome_of_a_topic_that_was_created_anew_settles_nothing() -> None:
    settled = reported(told(0, Became.RECOVERED))
    place = letter(0, of=7).record.position

    assert place in settled
    assert replace(place, topic_id="id-3") not in settled
    assert replace(place, partition=1) not in settled


def test_what_failed_again_and_was_not_tried_since_says_so() -> None:
    outcomes = what_counts([told(0, Became.FAILED)])
    (parked,) = by_message([letter(0, of=7), letter(5, 7, ("replay.count", b"1"))])

    state = state_of(parked, outcomes, frozenset())

    assert state is State.FAILED_AGAIN
    assert is_open(state)


def test_what_was_handed_over_and_not_told_of_is_in_flight() -> None:
    (parked,) = by_message([letter(0, of=7)])

    assert state_of(parked, {}, frozenset({parked.place})) is State.IN_FLIGHT
    assert state_of(parked, {}, frozenset()) is State.NOT_REPLAYED


def test_what_was_settled_stays_so_and_that_it_was_recovered_counts_first() -> None:
    place = place_of(letter(0, of=7))
    settled = [told(0, Became.ALREADY_APPLIED), told(0, Became.RECOVERED), told(0, Became.FAILED)]

    assert what_counts(settled)[place].became is Became.RECOVERED
    assert what_counts([told(0, Became.REFUSED), told(0, Became.FAILED)])[place].became is (
        Became.FAILED
    )


def test_the_sums_balance_and_a_letter_too_many_is_seen() -> None:
    letters = [letter(0, of=7), letter(5, of=7), letter(6, of=8)]
    parked = by_message(map(without_payload, letters))
    states = {each.place: state_of(each, {}, frozenset()) for each in parked}

    made = balance(3, states, parked)

    assert (made.messages, made.repeated, made.holds) == (2, 1, True)
    assert made.states[State.NOT_REPLAYED] == 2
    assert not balance(4, states, parked).holds


def test_a_report_keeps_no_payload() -> None:
    light = without_payload(letter(5, 7, ("replay.count", b"1"), ("ce_id", b"x")))

    assert light.record.value is None
    assert light.record.headers == [("replay.count", b"1")]
