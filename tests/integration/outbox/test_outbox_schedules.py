"""Order, loss and doubles by hand-made schedules: two or three connections, one step at a time."""

import pytest

from tests.integration.outbox.naive import BehindLast, BelowXmin
from tests.integration.outbox.shop import Shop, again, count, counters, insert

pytestmark = pytest.mark.postgres


def test_a_row_that_commits_behind_a_later_position_is_not_lost(shop: Shop) -> None:
    slow, quick, relay = shop.connect(), shop.connect(), shop.source()
    behind_last = BehindLast(shop.connect())

    slow.execute("BEGIN")
    count(slow, "slow")
    count(quick, "quick")
    first = relay.poll(None)
    behind_last.poll()
    slow.execute("COMMIT")
    second = relay.poll(again(first.cursor))
    behind_last.poll()

    assert counters(first) == [("quick", 1)]
    assert counters(second) == [("slow", 1)]
    assert behind_last.read == [("quick", 1)]  # the row of `slow` is lost for ever


def test_a_transaction_that_took_its_id_early_and_wrote_late_keeps_the_order_of_the_lock(
    shop: Shop,
) -> None:
    early, late, relay = shop.connect(), shop.connect(), shop.source()
    below_xmin = BelowXmin(shop.connect())

    early.execute("BEGIN")
    early.execute("SELECT pg_current_xact_id()")
    count(late, "a")
    count(early, "a")
    early.execute("COMMIT")
    batch = relay.poll(None)
    below_xmin.poll()

    assert counters(batch) == [("a", 1), ("a", 2)]
    assert below_xmin.read == [("a", 2), ("a", 1)]


def test_an_open_transaction_of_a_stranger_holds_nothing_up(shop: Shop) -> None:
    stranger, writer, relay = shop.connect(), shop.connect(), shop.source()
    below_xmin = BelowXmin(shop.connect())

    stranger.execute("BEGIN")
    stranger.execute("SELECT pg_current_xact_id()")
    count(writer, "a")
    below_xmin.poll()

    assert counters(relay.poll(None)) == [("a", 1)]
    assert below_xmin.read == []


def test_rows_of_rolled_back_savepoints_and_transactions_are_never_seen(shop: Shop) -> None:
    writer, relay = shop.connect(), shop.source()

    writer.execute("BEGIN")
    count(writer, "kept")
    writer.execute("SAVEPOINT one")
    count(writer, "undone")
    writer.execute("ROLLBACK TO one")
    writer.execute("SAVEPOINT two")
    count(writer, "kept")
    writer.execute("RELEASE two")
    writer.execute("COMMIT")
    writer.execute("BEGIN")
    count(writer, "kept")
    writer.execute("ROLLBACK")

    assert counters(relay.poll(None)) == [("kept", 1), ("kept", 2)]


def test_what_commits_between_two_pages_of_a_window_comes_once_and_after_them(shop: Shop) -> None:
    slow, writer, relay = shop.connect(), shop.connect(), shop.source(max_rows=2)

    slow.execute("BEGIN")
    insert(slow, "slow", 1)
    for number in (1, 2, 3):
        insert(writer, "a", number)
    first = relay.poll(None)
    insert(slow, "slow", 2)
    slow.execute("COMMIT")
    insert(writer, "a", 4)
    second = relay.poll(again(first.cursor))
    third = relay.poll(again(second.cursor))
    fourth = relay.poll(again(third.cursor))
    fifth = relay.poll(again(fourth.cursor))

    assert counters(first) == [("a", 1), ("a", 2)]
    assert counters(second) == [("a", 3)]
    assert counters(third) == [("slow", 1), ("slow", 2)]
    assert counters(fourth) == [("a", 4)]
    assert fifth.empty


def test_a_page_that_just_fills_a_window_is_followed_by_the_next_window(shop: Shop) -> None:
    writer, relay = shop.connect(), shop.source(max_rows=1)

    insert(writer, "a", 1)
    first = relay.poll(None)
    insert(writer, "a", 2)
    second = relay.poll(again(first.cursor))

    assert [counters(first), counters(second)] == [[("a", 1)], [("a", 2)]]


def test_a_prepared_transaction_is_read_when_it_is_committed(shop: Shop) -> None:
    writer, relay = shop.connect(), shop.source()

    with_two_phases = shop.connect()
    with_two_phases.execute("BEGIN")
    count(with_two_phases, "prepared")
    with_two_phases.execute("PREPARE TRANSACTION 'one'")
    count(writer, "plain")
    first = relay.poll(None)
    with_two_phases.execute("COMMIT PREPARED 'one'")
    second = relay.poll(again(first.cursor))

    assert counters(first) == [("plain", 1)]
    assert counters(second) == [("prepared", 1)]


def test_a_rewound_cursor_gives_every_row_behind_a_position_again_and_then_goes_on(
    shop: Shop,
) -> None:
    slow, writer, relay = shop.connect(), shop.connect(), shop.source()
    slow.execute("BEGIN")
    insert(slow, "slow", 1)
    for number in (1, 2, 3):
        insert(writer, "a", number)

    again_from_three = relay.poll(relay.rewound(position=2))
    slow.execute("COMMIT")
    then = relay.poll(again(again_from_three.cursor))

    assert counters(again_from_three) == [("a", 2), ("a", 3)]
    assert counters(then) == [("slow", 1)]


def test_a_rewind_to_the_end_gives_nothing_twice(shop: Shop) -> None:
    writer, relay = shop.connect(), shop.source()
    for number in (1, 2):
        insert(writer, "a", number)

    at_end = relay.poll(relay.rewound(position=2))
    insert(writer, "a", 3)

    assert at_end.empty
    assert counters(relay.poll(again(at_end.cursor))) == [("a", 3)]
