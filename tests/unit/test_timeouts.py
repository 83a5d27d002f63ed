"""Time-outs rise from the inside out, and ours do."""

import pytest

from backbone import timeouts
from backbone.errors import Misconfigured
from producers.outbox import database


def test_ours_are_in_order() -> None:
    timeouts.check_order(timeouts.ORDER)


@pytest.mark.parametrize("outer", [2, 1])
def test_a_wrong_order_is_refused_with_every_pair_that_is_wrong(outer: int) -> None:
    with pytest.raises(Misconfigured) as caught:
        timeouts.check_order({"a": 1, "b": 2, "c": outer, "d": 9, "e": 3})

    assert str(caught.value) == (
        f"time-outs are out of order: b (2 ms) must be below c ({outer} ms); "
        "d (9 ms) must be below e (3 ms)"
    )


def test_a_poll_of_the_outbox_ends_in_time_and_leaves_a_transaction_room() -> None:
    poll_ms = (database.CONNECT_SECONDS + database.READING_SECONDS) * 1_000

    assert timeouts.STATEMENT_TIMEOUT_MS < database.READING_SECONDS * 1_000
    assert poll_ms < timeouts.SOURCE_POLL_MS
    both = timeouts.SOURCE_POLL_MS + timeouts.TRANSACTION_TIMEOUT_MS
    assert both < timeouts.MAX_POLL_INTERVAL_MS
