"""The ramp: a few first, then more, and no more after a failure."""

from backbone.replay.ramp import Ramp


def through(ramp: Ramp, count: int) -> None:
    """So many are sent and come back well."""
    ramp.send(count)
    for _ in range(count):
        ramp.hear(failed=False)


def test_ten_go_first_and_double_as_long_as_all_is_well() -> None:
    ramp = Ramp(100_000)

    allowed = []
    for _ in range(5):
        allowed.append(ramp.allowance(0.0))
        through(ramp, allowed[-1])

    assert allowed == [10, 20, 40, 80, 160]


def test_never_more_than_one_in_a_hundred_is_on_its_way() -> None:
    ramp = Ramp(5_000)
    for _ in range(10):
        through(ramp, ramp.allowance(0.0))

    assert ramp.allowance(0.0) == 50


def test_of_few_messages_one_at_a_time_is_on_its_way() -> None:
    assert Ramp(7).allowance(0.0) == 1
    assert Ramp(0).allowance(0.0) == 0


def test_what_is_on_its_way_counts() -> None:
    ramp = Ramp(5_000)
    ramp.send(4)

    assert ramp.allowance(0.0) == 6


def test_a_failure_stops_it_and_a_wrong_fix_is_stopped_within_one_in_a_hundred() -> None:
    ramp = Ramp(5_000)
    sent = ramp.allowance(0.0)
    ramp.send(sent)
    ramp.hear(failed=True)

    assert ramp.stopped
    assert ramp.allowance(0.0) == 0
    assert sent <= 50


def test_so_many_failures_are_tolerated() -> None:
    ramp = Ramp(5_000, tolerated=1)
    ramp.send(2)
    ramp.hear(failed=True)
    assert not ramp.stopped

    ramp.hear(failed=True)
    assert ramp.stopped


def test_a_failure_starts_the_doubling_anew() -> None:
    ramp = Ramp(5_000, tolerated=1)
    through(ramp, 9)
    ramp.send(1)
    ramp.hear(failed=True)
    through(ramp, 9)

    assert ramp.window == 10


def test_the_rate_is_kept() -> None:
    ramp = Ramp(100_000, rate=100.0, at_once=1_000)

    assert ramp.allowance(50.0) == 1
    assert ramp.allowance(50.0625) == 7
    through(ramp, 7)
    assert ramp.allowance(50.0625) == 0
    assert ramp.allowance(60.0) == 10


def test_the_last_ones_are_no_more_than_are_left() -> None:
    ramp = Ramp(25, at_once=100)
    through(ramp, 10)

    assert ramp.allowance(0.0) == 15
