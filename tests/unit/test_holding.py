"""Holding on memory twins: what stands behind a dead letter of its key waits, and is applied in the
order of the log once the letter is mended."""

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backbone import metrics
from backbone.errors import Fatal, Misconfigured
from backbone.log import Message
from backbone.memory.reader import MemoryReader
from backbone.record import Outcome, RecordBatch
from backbone.replay.messages import of_fact
from processors import folding, holding
from processors.hold import Hold, Waiting, decode, encode
from processors.prices import PRICES
from processors.view import LatestByKey
from tests.strict_view import (
    RUN,
    Trail,
    cancel,
    held,
    letters,
    place,
    replay,
    spoil,
    told,
    trails,
)
from tests.unit.test_projector_overlap import _accidents as accidents
from tests.unit.test_projector_overlap import _worker as worker_on_a_slow_store
from tests.view_bench import Bench, Worker, batch_of


@pytest.fixture
def view() -> Trail:
    return Trail()


@pytest.fixture
def bench(view: Trail) -> Bench:
    return Bench(view)


def test_what_follows_a_dead_letter_waits_for_it_and_is_applied_behind_it(
    view: Trail, bench: Bench
) -> None:
    place(bench, "1")
    place(bench, "1", "France")
    cancel(bench, "1")
    cancel(bench, "2")
    worker = bench.worker()
    worker.run()
    assert trails(bench) == {"1": [0], "2": [3]}
    assert held(bench) == [1, 2]

    view.bad.clear()
    replay(bench)
    worker.run()
    assert trails(bench) == {"1": [0, 1, 2], "2": [3]}
    assert held(bench) == []
    assert told(bench) == [("recovered", None)]


def test_what_is_held_is_told_as_an_outcome(bench: Bench) -> None:
    place(bench, "1", "France")
    cancel(bench, "1")
    cancel(bench, "2")
    worker = bench.worker()
    outcomes = worker.projector.step(batch_of(worker))
    assert [outcomes[place] for place in range(3)] == [
        Outcome.POISON,
        Outcome.HELD,
        Outcome.APPLIED,
    ]


def test_a_fold_that_is_not_strict_holds_nothing() -> None:
    bench = Bench(Trail(strict=False))
    place(bench, "1", "France")
    cancel(bench, "1")
    bench.worker().run()
    assert trails(bench) == {"1": [1]}
    assert held(bench) == []


def test_a_batch_that_is_worked_out_again_holds_the_same(bench: Bench) -> None:
    place(bench, "1", "France")
    cancel(bench, "1")
    worker = bench.worker()
    batch = batch_of(worker)
    worker.projector.step(batch)
    outcomes = worker.projector.step(batch)
    worker.projector.commit(batch)
    assert outcomes.count(Outcome.HELD) == 1
    assert held(bench) == [0, 1]


def test_what_nobody_can_read_holds_its_key_too(bench: Bench) -> None:
    place(bench, "1")
    spoil(bench, "1")
    cancel(bench, "1")
    spoil(bench, "2")
    bench.worker().run()
    assert trails(bench) == {"1": [0]}
    assert held(bench) == [1, 2, 3]


def test_many_at_once_are_held_as_few_are(view: Trail, bench: Bench) -> None:
    """Decoded in columns, where what cannot be read is known before the first fact is folded."""
    for number in range(150):
        place(bench, str(number))
    spoil(bench, "7")
    for number in range(150):
        cancel(bench, str(number))
    spoil(bench, "8")
    place(bench, "9", "France")
    worker = bench.worker()
    worker.run()
    assert held(bench) == [150, 158, 301, 302]
    assert trails(bench)["7"] == [7]
    assert trails(bench)["8"] == [8, 159]

    view.bad.clear()
    replay(bench, 2)
    worker.run()
    assert trails(bench)["9"] == [9, 160, 302]


def test_behind_two_letters_everything_waits_for_both(view: Trail, bench: Bench) -> None:
    place(bench, "1", "France")
    cancel(bench, "1")
    spoil(bench, "1")
    cancel(bench, "1")
    view.bad.add("Spain")
    place(bench, "1", "Spain")
    worker = bench.worker()
    worker.run()
    assert len(letters(bench)) == 2  # Spain is held: whether it fails is not known yet
    assert trails(bench) == {}

    view.bad.remove("France")
    replay(bench, 0)
    worker.run()
    assert trails(bench) == {"1": [0, 1]}
    assert held(bench) == [2, 3, 4]


def test_a_held_fact_that_fails_when_it_is_released_is_a_letter_and_holds_on(
    view: Trail, bench: Bench
) -> None:
    view.bad.add("Spain")
    place(bench, "1", "France")
    place(bench, "1", "Spain")
    cancel(bench, "1")
    worker = bench.worker()
    worker.run()
    view.bad.remove("France")
    replay(bench)
    worker.run()
    assert told(bench) == [("recovered", None)]
    assert trails(bench) == {"1": [0]}
    assert [each.origin.offset for each in letters(bench) if each.origin] == [0, 1]
    assert letters(bench)[1].record.value == letters(bench)[1].record.value
    assert held(bench) == [1, 2]

    view.bad.clear()
    replay(bench, 1)
    worker.run()
    assert trails(bench) == {"1": [0, 1, 2]}


def test_a_later_letter_is_refused_while_an_earlier_one_is_dead(view: Trail, bench: Bench) -> None:
    spoil(bench, "1")
    worker = bench.worker()
    worker.run()
    place(bench, "1")
    worker.run()
    fact = list(MemoryReader(bench.log).scan(view.topic))[1]
    bench.append(of_fact(view.name, fact, RUN))
    worker.run()
    assert told(bench) == [("refused", "held")]
    assert trails(bench) == {}
    assert held(bench) == [0, 1]


def test_what_fails_again_holds_on(view: Trail, bench: Bench) -> None:
    place(bench, "1", "France")
    cancel(bench, "1")
    worker = bench.worker()
    worker.run()
    replay(bench)
    worker.run()
    assert told(bench) == [("failed_again", "handler_failed")]
    assert held(bench) == [0, 1]
    view.bad.clear()
    replay(bench, 1)
    worker.run()
    assert trails(bench) == {"1": [0, 1]}


def test_what_the_view_does_not_read_any_more_holds_nothing(bench: Bench, view: Trail) -> None:
    place(bench, "1", "France")
    cancel(bench, "1")
    worker = bench.worker()
    worker.run()
    view.reads = {each: view.reads[each] for each in view.reads if "Cancelled" in each}  # type: ignore[misc] # a ClassVar
    replay(bench)
    worker.run()
    assert trails(bench) == {"1": [1]}
    assert held(bench) == []


def _write_the_first_part_and_die(bench: Bench, worker: Worker) -> None:
    held = worker.projector._held[0]
    assert len(held.worked_out()) == 2
    bench.views.writer().write(bench.id, 0, held.token, held.worked_out()[0])
    worker.subscription.close()


def test_of_a_batch_that_is_half_written_what_is_held_is_there_before_the_offset_moves(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folding, "MAX_KEYS", 2)
    place(bench, "1", "France")
    for key in ("2", "3", "4", "1"):
        cancel(bench, key)
    worker = bench.worker()
    worker.projector.step(batch_of(worker))
    _write_the_first_part_and_die(bench, worker)
    assert held(bench) == [0]
    bench.worker().run()
    assert trails(bench) == {"2": [1], "3": [2], "4": [3]}
    assert held(bench) == [0, 4]


def test_of_retries_that_are_half_written_nothing_is_forgotten_before_all_are(
    view: Trail, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key in ("1", "2", "3"):
        place(bench, key, "France")
    cancel(bench, "1")
    worker = bench.worker()
    worker.run()
    view.bad.clear()
    monkeypatch.setattr(folding, "MAX_KEYS", 2)
    failed = RecordBatch.of(list(MemoryReader(bench.log).scan(view.topic))[:3])
    worker.projector.retry(worker.projector.with_held(failed))
    _write_the_first_part_and_die(bench, worker)
    assert trails(bench) == {"1": [0], "2": [1]}
    replay(bench)
    bench.worker().run()
    assert trails(bench) == {"1": [0, 3], "2": [1], "3": [2]}
    assert held(bench) == []


def test_how_many_wait_is_a_metric_while_the_partition_is_ours(bench: Bench) -> None:
    place(bench, "1", "France")
    cancel(bench, "1")
    worker = bench.worker()
    worker.run()
    assert b'backbone_view_held_facts{partition="0",view="trail"} 2.0' in metrics.render()[0]
    worker.subscription.close()
    assert b'backbone_view_held_facts{partition="0"' not in metrics.render()[0]


@pytest.mark.parametrize("rebuilt", [False, True])
def test_what_can_never_be_mended_is_passed_over_by_declaration(
    view: Trail,
    bench: Bench,
    rebuilt: bool,
) -> None:
    place(bench, "1")
    spoil(bench, "1")
    place(bench, "1", "France")
    cancel(bench, "1")
    worker = bench.worker()
    worker.run()
    worker.subscription.close()
    assert held(bench) == [1, 2, 3]

    view.passes_over = frozenset({"sales.order.v1/0/1", "sales.order.v1/0/2"})
    if rebuilt:
        bench.views.flush()
    else:
        replay(bench)
    worker = bench.worker()
    worker.run(polls=6)
    assert trails(bench) == {"1": [0, 3]}
    assert held(bench) == []
    assert len(letters(bench)) == 1
    assert told(bench) == ([] if rebuilt else [("superseded", None)])


def test_a_letter_without_a_readable_key_can_be_passed_over_too(view: Trail, bench: Bench) -> None:
    bench.append(Message(view.topic, b"\xff", b"\0\0\0", [], 0))
    cancel(bench, "1")
    worker = bench.worker()
    worker.run()
    worker.subscription.close()
    view.passes_over = frozenset({"sales.order.v1/0/0"})
    replay(bench)
    bench.worker().run()
    assert told(bench) == [("superseded", None)]
    assert held(bench) == []


def test_a_new_owner_holds_on_and_releases(view: Trail, bench: Bench) -> None:
    place(bench, "1", "France")
    cancel(bench, "1")
    worker = bench.worker()
    worker.run()
    worker.subscription.close()
    cancel(bench, "1")
    other = bench.worker()
    other.run()
    assert trails(bench) == {}
    view.bad.clear()
    replay(bench)
    other.run()
    assert trails(bench) == {"1": [0, 1, 2]}


def test_tried_again_after_a_crash_before_it_was_told_nothing_is_applied_twice(
    view: Trail, bench: Bench
) -> None:
    place(bench, "1", "France")
    cancel(bench, "1")
    worker = bench.worker()
    worker.run()
    view.bad.clear()
    replay(bench)
    worker.run()
    bench.log.topics["replayed.trail"].partitions[0].clear()
    worker.subscription.close()
    bench.worker().run()
    assert told(bench) == [("superseded", None)]
    assert trails(bench) == {"1": [0, 1]}


def test_an_emptied_store_holds_the_same_again(bench: Bench) -> None:
    place(bench, "1", "France")
    cancel(bench, "1")
    worker = bench.worker()
    worker.run()
    bench.views.flush()
    worker.run(polls=6)
    assert held(bench) == [0, 1]
    assert trails(bench) == {}
    # a second letter of the same message, as any view writes it that is built again
    assert [each.origin for each in letters(bench)] == [letters(bench)[0].origin] * 2


def test_of_a_full_hold_the_next_facts_are_letters_too_and_nothing_is_lost(
    view: Trail, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holding, "MAX_OF_KEY", 3)
    place(bench, "1", "France")
    for _ in range(4):
        cancel(bench, "1")
    worker = bench.worker()
    worker.run()
    assert [each.code for each in letters(bench)] == ["handler_failed", "hold_full", "hold_full"]
    assert held(bench) == [0, 1, 2, 3, 4]

    view.bad.clear()
    replay(bench)
    worker.run()
    assert told(bench) == [("recovered", None)] * 3
    assert trails(bench) == {"1": [0, 1, 2, 3, 4]}


def test_records_are_held_up_to_so_many_bytes(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holding, "MAX_BYTES", 10)
    place(bench, "1", "France")
    cancel(bench, "1")
    bench.worker().run()
    assert [each.code for each in letters(bench)] == ["handler_failed", "hold_full"]


def test_when_no_more_can_wait_the_worker_stops_and_commits_nothing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holding, "MAX_WAITING", 2)
    worker = bench.worker()
    worker.run()
    place(bench, "1", "France")
    cancel(bench, "1")
    cancel(bench, "1")
    with pytest.raises(Fatal, match="wait in one partition and no more are held") as raised:
        worker.run()
    assert "backbone view rebuild" in str(raised.value)
    assert bench.status().offset == 0
    assert letters(bench) == []


def test_a_latest_by_key_view_is_never_strict() -> None:
    declared = {name: getattr(PRICES, name) for name in LatestByKey.__dataclass_fields__}
    with pytest.raises(Misconfigured, match="prices keeps the newest fact of each key"):
        LatestByKey(**{**declared, "strict": True})


@given(
    st.builds(
        Waiting,
        st.binary(),
        st.booleans(),
        st.none() | st.binary(),
        st.lists(st.tuples(st.text(), st.none() | st.binary())),
        st.integers(0, 2**53),
    )
)
def test_what_is_held_comes_back_as_the_record_it_was(waiting: Waiting) -> None:
    assert decode(encode(waiting)) == waiting


@pytest.mark.parametrize("data", [b"", b"{}\n", b'[0,0,[9,1],["a"]]\n', b"nonsense\n\n"])
def test_bytes_that_are_no_held_fact_stop_the_owner(data: bytes) -> None:
    with pytest.raises(Fatal, match="backbone view rebuild"):
        Hold({0: data})


@pytest.mark.parametrize("share", [0.0, 0.3])
@pytest.mark.parametrize("seed", range(6))
def test_it_holds_and_releases_however_slow_the_store(share: float, seed: int) -> None:
    """Requests and answers are lost, and what is on its way is given again."""
    view, random = Trail(), Random(seed)
    bench = Bench(view)
    worker = worker_on_a_slow_store(bench, accidents(Random(seed), share), records=1 + seed)
    for _ in range(60):
        key = f"K{random.randrange(6)}"
        place(bench, key, "France" if random.random() < 0.1 else "Greece")
    worker.run(300)
    assert len(held(bench)) > len(letters(bench)) > 0
    view.bad.clear()
    replay(bench)
    worker.run(300)
    assert trails(bench) == _expected(bench)
    assert held(bench) == []


def _expected(bench: Bench) -> dict[str, list[int]]:
    expected: dict[str, list[int]] = {}
    for record in MemoryReader(bench.log).scan(bench.view.topic):
        key = (record.key or b"").decode()
        expected.setdefault(key, []).append(record.position.offset)
    return expected


def _happens(bench: Bench, worker: Worker, what: str, detail: Any) -> None:
    happens: dict[str, Callable[[], None]] = {
        "restart": lambda: None,
        "flush": bench.views.flush,
        "replay": lambda: replay(bench),
        "run": lambda: worker.run(polls=detail),
        "cancel": lambda: cancel(bench, detail),
        "fail": lambda: place(bench, detail, "France"),
        "place": lambda: place(bench, detail),
    }
    happens[what]()


Step = tuple[str, Any]
STEPS = st.one_of(
    st.tuples(st.sampled_from(["place", "fail", "cancel"]), st.sampled_from(["1", "2", "3"])),
    st.tuples(st.just("run"), st.integers(1, 4)),
    st.tuples(st.sampled_from(["replay", "restart", "flush"]), st.none()),
)


@pytest.mark.parametrize("max_records", [1, 1_000])
@given(steps=st.lists(STEPS, max_size=30))
@settings(max_examples=80, deadline=None)
def test_in_the_end_every_key_was_given_its_facts_in_order_and_once(
    max_records: int, steps: list[Step]
) -> None:
    """Whatever happens before: letters, replays in vain, takeovers and an emptied store."""
    view = Trail()
    bench = Bench(view)
    worker = bench.worker(max_records)
    for what, detail in steps:
        if what == "restart":
            worker.subscription.close()
            worker = bench.worker(max_records)
        _happens(bench, worker, what, detail)
        assert [each for each in trails(bench).values() if each != sorted(set(each))] == []
    view.bad.clear()
    worker.subscription.close()
    worker = bench.worker()
    worker.run(polls=6)
    replay(bench)
    worker.run(polls=6)
    assert trails(bench) == _expected(bench)
    assert held(bench) == []
