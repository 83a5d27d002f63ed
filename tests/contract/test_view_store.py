"""What every view store promises.

Expectations are written by hand, so that no store passes against itself. Of three partitions,
gift_0001_20 lives in 0, a, c and BANK CHARGES in 1, b, d, e and 85123A in 2.
"""

import asyncio
import itertools
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping
from dataclasses import replace
from typing import Any, TypeVar

import pytest

from backbone.errors import Fenced
from backbone.views.encoding import encode_entry
from backbone.views.memory_store import MemoryViews
from backbone.views.part import MAX_KEYS
from backbone.views.redis_store import RedisViewReader, RedisViewWriter
from backbone.views.store import (
    Answer,
    AnyEntry,
    EncodedEntry,
    Entry,
    Page,
    Part,
    Status,
    ViewId,
    ViewReader,
    ViewWriter,
    Wiped,
)

T = TypeVar("T")
PRICES = ViewId("prices", 1, 3)
ORDERS = ViewId("orders", 1, 1)


class Store:
    """A store under test: its writer, its reader run to completion, and a way to lose all data."""

    def __init__(self, writer: ViewWriter, reader: ViewReader, flush: Callable[[], object]) -> None:
        self.writer = writer
        self.flush = flush
        self._reader = reader
        self._runner = asyncio.Runner()

    def get(self, view: ViewId, key: str) -> Answer:
        return self._run(self._reader.get(view, key))

    def page(self, view: ViewId, after: str | None, limit: int) -> Page:
        return self._run(self._reader.page(view, after, limit))

    def statuses(self, view: ViewId) -> list[Status | None]:
        return list(self._run(self._reader.statuses(view)))

    def keys(self, view: ViewId) -> list[str]:
        return [key for key, _ in self.page(view, None, 100).entries]

    def close(self) -> None:
        self.writer.close()
        self._run(self._reader.close())
        self._runner.close()

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(work)


def memory_store() -> Store:
    views = MemoryViews()
    return Store(views.writer(), views.reader(), views.flush)


def redis_store(server: Any) -> Store:
    server.ask("FLUSHALL")
    return Store(
        RedisViewWriter(server.url), RedisViewReader(server.url), lambda: server.ask("FLUSHALL")
    )


@pytest.fixture(params=["memory", pytest.param("redis", marks=pytest.mark.redis)])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    if request.param == "memory":
        made = memory_store()
    else:
        made = redis_store(request.getfixturevalue("redis_server"))
    yield made
    made.close()


def entry(amount: str, offset: int = 0) -> Entry:
    return Entry(
        value={"amount": amount},
        order_version=offset,
        offset=offset,
        event_id=f"id-{offset}",
        source="shop",
        sequence="0007",
        published_ms=1_700_000_000_000,
        occurred_ms=1_699_999_999_000,
    )


def status(offset: int, rebuild_until: int = 0) -> Status:
    return Status("topic-1", offset, rebuild_until, 1_700_000_000_000, 1_700_000_001_000)


def started(store: Store, view: ViewId = ORDERS, partition: int = 0) -> str:
    """Claim an empty partition and start it at offset 0."""
    token = store.writer.claim(view, partition).token
    store.writer.start(view, partition, token, status(0))
    return token


def put(expected: int, after: int, entries: Mapping[str, AnyEntry | None]) -> Part:
    return Part(expected, entries, status(after))


def test_nothing_is_built_before_the_first_claim(store: Store) -> None:
    assert store.get(PRICES, "85123A") == Answer(None, None, 2)
    assert store.page(PRICES, None, 10) == Page([], [None, None, None], None)
    assert store.statuses(PRICES) == [None, None, None]


def test_the_first_claim_finds_no_status_and_the_next_one_what_was_written(store: Store) -> None:
    first = store.writer.claim(ORDERS, 0)
    store.writer.start(ORDERS, 0, first.token, status(0, rebuild_until=9))
    store.writer.write(ORDERS, 0, first.token, put(0, 5, {}))

    second = store.writer.claim(ORDERS, 0)

    assert first.status is None
    assert second.status == status(5)
    assert first.run_id == second.run_id == store.writer.run_id() != ""


def test_the_counter_in_the_token_rises_with_every_claim_whatever_was_lost(store: Store) -> None:
    tokens = [store.writer.claim(ORDERS, 0).token for _ in range(3)]
    store.flush()
    tokens += [store.writer.claim(ORDERS, 0).token for _ in range(3)]
    counts = [int(token.rpartition(":")[2]) for token in tokens]
    assert counts == sorted(set(counts))
    assert len({token.rpartition(":")[0] for token in tokens}) == 6


def test_a_claim_fences_the_predecessor_and_a_stale_write_changes_nothing(store: Store) -> None:
    stale = started(store)
    owner = store.writer.claim(ORDERS, 0).token

    with pytest.raises(Fenced):
        store.writer.write(ORDERS, 0, stale, put(0, 1, {"a": entry("1.00")}))
    with pytest.raises(Fenced):
        store.writer.start(ORDERS, 0, stale, status(7))

    assert store.get(ORDERS, "a") == Answer(None, status(0), 0)
    assert store.keys(ORDERS) == []
    store.writer.write(ORDERS, 0, owner, put(0, 1, {"a": entry("2.00")}))


def test_a_claim_of_one_partition_fences_no_other(store: Store) -> None:
    zero, one = started(store, PRICES, 0), started(store, PRICES, 1)
    store.writer.write(PRICES, 0, zero, put(0, 1, {}))
    store.writer.write(PRICES, 1, one, put(0, 2, {}))
    assert store.statuses(PRICES) == [status(1), status(2), None]


def test_versions_of_a_view_share_nothing(store: Store) -> None:
    started(store)
    assert store.statuses(ViewId("orders", 2, 1)) == [None]


def test_another_offset_than_the_expected_one_is_a_wiped_store_and_changes_nothing(
    store: Store,
) -> None:
    token = started(store)
    store.writer.write(ORDERS, 0, token, put(0, 10, {"a": entry("1.00", 9)}))

    with pytest.raises(Wiped):
        store.writer.write(ORDERS, 0, token, put(11, 12, {"a": None, "b": entry("2.00", 11)}))

    assert store.get(ORDERS, "a") == Answer(entry("1.00", 9), status(10), 0)
    assert store.keys(ORDERS) == ["a"]


def test_a_partition_that_was_claimed_but_not_started_takes_no_write(store: Store) -> None:
    token = store.writer.claim(ORDERS, 0).token
    with pytest.raises(Wiped):
        store.writer.write(ORDERS, 0, token, put(0, 1, {"a": entry("1.00")}))
    assert store.get(ORDERS, "a") == Answer(None, None, 0)


def test_repeating_a_part_that_was_written_succeeds_and_changes_nothing(store: Store) -> None:
    token = started(store)
    store.writer.write(ORDERS, 0, token, put(0, 5, {"a": entry("1.00")}))

    store.writer.write(ORDERS, 0, token, put(0, 5, {"a": entry("9.99"), "b": entry("9.99")}))

    assert store.get(ORDERS, "a") == Answer(entry("1.00"), status(5), 0)
    assert store.keys(ORDERS) == ["a"]


def test_a_flushed_store_wipes_its_owner_until_it_claims_again(store: Store) -> None:
    token = started(store)
    store.writer.write(ORDERS, 0, token, put(0, 5, {"a": entry("1.00")}))
    store.flush()

    with pytest.raises(Wiped):
        store.writer.write(ORDERS, 0, token, put(5, 6, {"a": entry("2.00")}))
    with pytest.raises(Wiped):
        store.writer.start(ORDERS, 0, token, status(0))

    assert store.writer.claim(ORDERS, 0).status is None
    assert store.get(ORDERS, "a") == Answer(None, None, 0)


def test_a_deleted_key_is_gone_from_reads_and_lists(store: Store) -> None:
    token = started(store)
    store.writer.write(ORDERS, 0, token, put(0, 2, {"a": entry("1.00"), "b": entry("2.00", 1)}))
    store.writer.write(ORDERS, 0, token, put(2, 4, {"a": None, "never there": None}))
    assert store.get(ORDERS, "a") == Answer(None, status(4), 0)
    assert store.page(ORDERS, None, 10) == Page([("b", entry("2.00", 1))], [status(4)], None)


def test_one_part_may_set_and_delete(store: Store) -> None:
    token = started(store)
    store.writer.write(ORDERS, 0, token, put(0, 2, {"a": entry("1.00"), "b": entry("2.00")}))
    store.writer.write(ORDERS, 0, token, put(2, 4, {"c": entry("3.00"), "a": None}))
    assert store.keys(ORDERS) == ["b", "c"]


def test_the_writer_reads_in_the_order_asked(store: Store) -> None:
    token = started(store)
    store.writer.write(ORDERS, 0, token, put(0, 2, {"a": entry("1.00"), "b": entry("2.00")}))
    found = store.writer.read(ORDERS, 0, ["b", "none", "a", "b"])
    assert found == [entry("2.00"), None, entry("1.00"), entry("2.00")]
    assert store.writer.read(ORDERS, 0, []) == []


def test_entries_are_asked_for_and_waited_for_later(store: Store) -> None:
    token = started(store)
    store.writer.write(ORDERS, 0, token, put(0, 2, {"a": entry("1.00"), "b": entry("2.00")}))
    many = [f"none{number}" for number in range(2 * MAX_KEYS)]

    first = store.writer.begin_read(ORDERS, 0, ["b", "none", "a"])
    second = store.writer.begin_read(ORDERS, 0, [*many, "a"])
    given_up = store.writer.begin_read(ORDERS, 0, ["a"])
    given_up.abandon()

    assert second.finish() == [*(None for _ in many), entry("1.00")]
    assert first.finish() == [entry("2.00"), None, entry("1.00")]
    assert store.writer.read(ORDERS, 0, ["a"]) == [entry("1.00")]
    assert store.writer.begin_read(ORDERS, 0, []).finish() == []


def test_versions_are_those_of_the_entries_in_the_order_asked(store: Store) -> None:
    token = started(store)
    older = entry("1.00")._replace(order_version=-5, offset=7)
    store.writer.write(ORDERS, 0, token, put(0, 2, {"a": older, "b": entry("2.00", 3)}))
    found = store.writer.versions(ORDERS, 0, ["b", "none", "a"])
    assert found == [(3, 3), None, (-5, 7)]
    assert store.writer.versions(ORDERS, 0, []) == []


def test_an_entry_may_come_encoded(store: Store) -> None:
    token = started(store)
    encoded = EncodedEntry((4, 4), encode_entry(entry("1.00", 4)))
    store.writer.write(ORDERS, 0, token, put(0, 5, {"a": encoded}))
    assert store.get(ORDERS, "a").entry == entry("1.00", 4)


def test_keys_that_are_known_are_written_and_those_that_are_not_are_listed_too(
    store: Store,
) -> None:
    token = started(store)
    store.writer.write(ORDERS, 0, token, put(0, 1, {"b": entry("1.00")}))
    entries: dict[str, AnyEntry | None] = dict.fromkeys(("b", "c", "a"), entry("2.00", 1))
    store.writer.write(ORDERS, 0, token, replace(put(1, 2, entries), known={"b"}))
    assert store.page(ORDERS, None, 9).entries == [(key, entry("2.00", 1)) for key in "abc"]


def test_parts_that_were_begun_are_written_in_order(store: Store) -> None:
    token = started(store)
    parts = [put(0, 2, {"a": entry("1.00")}), put(2, 5, {"a": entry("2.00"), "b": entry("3.00")})]
    writing = store.writer.begin(ORDERS, 0, token, parts)
    parts.append(put(5, 6, {}))  # what the caller does with its list is its own affair
    writing.finish()
    assert writing.written == 2
    assert store.get(ORDERS, "a") == Answer(entry("2.00"), status(5), 0)
    assert store.keys(ORDERS) == ["a", "b"]


def test_nothing_is_written_behind_a_part_that_was_refused(store: Store) -> None:
    token = started(store)
    parts = [put(0, 2, {"a": entry("1.00")}), put(3, 5, {"b": entry("1.00")}), put(5, 6, {})]
    writing = store.writer.begin(ORDERS, 0, token, parts)
    with pytest.raises(Wiped):
        writing.finish()
    assert writing.written == 1
    assert store.statuses(ORDERS) == [status(2)]
    assert store.keys(ORDERS) == ["a"]


def test_nothing_that_was_begun_is_written_over_a_later_claim(store: Store) -> None:
    token = started(store)
    store.writer.claim(ORDERS, 0)
    writing = store.writer.begin(ORDERS, 0, token, [put(0, 2, {"a": entry("1.00")})])
    with pytest.raises(Fenced):
        writing.finish()
    assert writing.written == 0
    assert store.keys(ORDERS) == []


@pytest.mark.parametrize("written", [0, 1, 2, 3])
def test_parts_given_again_are_written_once_however_many_were(store: Store, written: int) -> None:
    """As after an answer that was lost: then others come behind them."""
    token = started(store)
    parts = [put(at, at + 1, {f"k{at}": entry("1.00", at)}) for at in range(3)]
    store.writer.begin(ORDERS, 0, token, parts[:written]).finish()
    again = [
        put(at, at + 1, {f"k{at}": entry("1.00" if at >= written else "never", at)})
        for at in range(4)
    ]
    writing = store.writer.begin(ORDERS, 0, token, again)
    writing.finish()
    assert writing.written == 4
    assert [each.value for _, each in store.page(ORDERS, None, 9).entries] == [
        {"amount": "1.00"}
    ] * 4


def test_entries_that_move_no_offset_are_not_taken_for_written_by_what_moved_it(
    store: Store,
) -> None:
    """Retries: one that was refused does not hold up what stands behind it."""
    token = started(store)
    store.writer.write(ORDERS, 0, token, put(0, 2, {"a": entry("1.00")}))
    retried, end = put(2, 2, {"b": entry("2.00")}), put(2, 3, {})
    store.writer.write(ORDERS, 0, token, end)
    writing = store.writer.begin(ORDERS, 0, token, [retried, end])
    with pytest.raises(Wiped):
        writing.finish()
    assert writing.written == 0
    heartbeat = put(2, 2, {})
    store.writer.begin(ORDERS, 0, token, [heartbeat, end]).finish()
    assert store.keys(ORDERS) == ["a"]


def test_what_was_begun_may_be_abandoned(store: Store) -> None:
    token = started(store)
    writing = store.writer.begin(ORDERS, 0, token, [put(0, 1, {"a": entry("1.00")})])
    writing.abandon()
    writing.abandon()
    again = put(0, 1, {"a": entry("1.00")})
    store.writer.write(ORDERS, 0, token, again)
    assert store.get(ORDERS, "a") == Answer(entry("1.00"), status(1), 0)


def three_partitions(store: Store) -> None:
    """Seven keys over three partitions."""
    layout = {0: ["gift_0001_20"], 1: ["c", "a", "BANK CHARGES"], 2: ["d", "85123A", "b"]}
    for partition, keys in layout.items():
        token = started(store, PRICES, partition)
        entries: dict[str, Entry | None] = {key: entry("1.00") for key in keys}
        store.writer.write(PRICES, partition, token, put(0, 10 + partition, entries))


def test_a_page_merges_the_partitions_in_order_of_the_bytes_of_the_keys(store: Store) -> None:
    three_partitions(store)
    page = store.page(PRICES, None, 10)
    keys = [key for key, _ in page.entries]
    assert keys == ["85123A", "BANK CHARGES", "a", "b", "c", "d", "gift_0001_20"]
    assert page.statuses == [status(10), status(11), status(12)]
    assert page.next_key is None


@pytest.mark.parametrize("limit", [1, 2, 3, 6, 7])
def test_pages_continue_without_gap_or_double(store: Store, limit: int) -> None:
    three_partitions(store)
    keys, after = [], None
    for _ in range(8):
        page = store.page(PRICES, after, limit)
        assert len(page.entries) <= limit
        keys += [key for key, _ in page.entries]
        after = page.next_key
        if after is None:
            break
    assert keys == ["85123A", "BANK CHARGES", "a", "b", "c", "d", "gift_0001_20"]


def test_the_last_full_page_says_that_it_is_the_last(store: Store) -> None:
    three_partitions(store)
    assert store.page(PRICES, None, 7).next_key is None
    assert store.page(PRICES, None, 6).next_key == "d"


def test_a_single_partition_turns_pages_too(store: Store) -> None:
    token = started(store)
    keys = ["a", "b", "c"]
    store.writer.write(ORDERS, 0, token, put(0, 1, dict.fromkeys(keys, entry("1.00"))))
    assert store.page(ORDERS, None, 2).next_key == "b"
    assert [key for key, _ in store.page(ORDERS, "b", 2).entries] == ["c"]


def test_a_page_continues_behind_a_key_that_was_deleted_meanwhile(store: Store) -> None:
    three_partitions(store)
    assert [key for key, _ in store.page(PRICES, "bb", 2).entries] == ["c", "d"]


@pytest.mark.parametrize("limit", [0, 1_001])
def test_a_page_of_no_or_of_too_many_entries_is_refused(store: Store, limit: int) -> None:
    with pytest.raises(ValueError, match="a page holds 1 to 1000 entries"):
        store.page(PRICES, None, limit)


def test_an_entry_comes_with_the_status_of_the_same_write(store: Store) -> None:
    token = started(store)
    for offset in range(5):
        part = put(offset, offset + 1, {"a": entry("1.00", offset)})
        store.writer.write(ORDERS, 0, token, part)
        assert store.get(ORDERS, "a") == Answer(entry("1.00", offset), status(offset + 1), 0)


def test_reads_while_somebody_writes_never_mix_two_writes(store: Store) -> None:
    token = started(store)
    enough = threading.Event()

    def write_on() -> None:
        for offset in itertools.takewhile(lambda _: not enough.is_set(), itertools.count()):
            entries: dict[str, Entry | None] = dict.fromkeys("abc", entry("1.00", offset))
            store.writer.write(ORDERS, 0, token, put(offset, offset + 1, entries))

    writing = threading.Thread(target=write_on)
    writing.start()
    try:
        seen: set[int] = set()
        while len(seen) < 20 and writing.is_alive():
            answer, page = store.get(ORDERS, "a"), store.page(ORDERS, None, 3)
            assert_of_one_write(answer.status, [answer.entry], count=1)
            assert_of_one_write(page.statuses[0], [found for _, found in page.entries], count=3)
            seen.update(found.offset for _, found in page.entries)
    finally:
        enough.set()
        writing.join()
    assert len(seen) >= 20


def assert_of_one_write(found: Status | None, entries: list[Entry | None], count: int) -> None:
    """The write of offset n stores `count` entries of offset n, and the status n+1."""
    assert found is not None
    if found.offset > 0:
        assert [entry and entry.offset for entry in entries] == [found.offset - 1] * count


def test_a_heartbeat_moves_the_status_and_nothing_else(store: Store) -> None:
    token = started(store)
    store.writer.write(ORDERS, 0, token, put(0, 3, {"a": entry("1.00")}))
    beat = Status("topic-1", 3, 0, 1_700_000_000_000, 1_700_000_999_000)

    store.writer.write(ORDERS, 0, token, Part(3, {}, beat))

    assert store.get(ORDERS, "a") == Answer(entry("1.00"), beat, 0)
    store.writer.write(ORDERS, 0, token, put(3, 4, {}))


def test_start_sets_another_rebuild_border_and_keeps_the_entries(store: Store) -> None:
    token = started(store)
    store.writer.write(ORDERS, 0, token, put(0, 3, {"a": entry("1.00")}))

    store.writer.start(ORDERS, 0, token, status(1, rebuild_until=8))

    assert store.get(ORDERS, "a") == Answer(entry("1.00"), status(1, rebuild_until=8), 0)
    store.writer.write(ORDERS, 0, token, put(1, 2, {}))


def test_a_cleared_partition_is_forgotten_and_its_owner_wiped(store: Store) -> None:
    three_partitions(store)
    token = store.writer.claim(PRICES, 2).token

    assert store.writer.clear(PRICES, 2) == 3

    with pytest.raises(Wiped):
        store.writer.write(PRICES, 2, token, put(12, 13, {"b": entry("1.00")}))
    with pytest.raises(Wiped):
        store.writer.start(PRICES, 2, token, status(0))
    assert store.keys(PRICES) == ["BANK CHARGES", "a", "c", "gift_0001_20"]
    assert store.statuses(PRICES) == [status(10), status(11), None]
    assert store.writer.claim(PRICES, 2).status is None
    assert store.writer.clear(PRICES, 2) == 0


def test_a_part_takes_many_keys_and_clear_removes_any_number(store: Store) -> None:
    token = started(store)
    for number in range(3):
        entries: dict[str, Entry | None] = {f"k{number}-{i}": entry("1.0") for i in range(MAX_KEYS)}
        store.writer.write(ORDERS, 0, token, put(number, number + 1, entries))
    assert len(store.page(ORDERS, None, 1_000).entries) == 1_000
    assert store.writer.clear(ORDERS, 0) == 3 * MAX_KEYS
    assert store.keys(ORDERS) == []


def test_as_many_keys_are_deleted_in_one_part(store: Store) -> None:
    token = started(store)
    keys = [f"k{i}" for i in range(MAX_KEYS)]
    store.writer.write(ORDERS, 0, token, put(0, 1, dict.fromkeys(keys, entry("1.00"))))
    store.writer.write(ORDERS, 0, token, put(1, 2, dict.fromkeys(keys, None)))
    assert store.keys(ORDERS) == []


def test_more_keys_are_refused_and_nothing_is_written(store: Store) -> None:
    token = started(store)
    entries: dict[str, Entry | None] = {f"k{i}": entry("1.00") for i in range(MAX_KEYS + 1)}
    with pytest.raises(ValueError, match=f"at most {MAX_KEYS} distinct keys, not {MAX_KEYS + 1}"):
        store.writer.write(ORDERS, 0, token, put(0, MAX_KEYS + 1, entries))
    assert store.page(ORDERS, None, 10) == Page([], [status(0)], None)


def test_a_part_that_goes_back_is_refused(store: Store) -> None:
    token = started(store)
    with pytest.raises(ValueError, match="cannot go back from offset 5 to 4"):
        store.writer.write(ORDERS, 0, token, put(5, 4, {}))


@pytest.mark.parametrize(
    "key", ["Größe", "日本", "🎁", "{a}", "}{orders:0}:1:claim", "a b/c%2F\n\0", "", ":"]
)
def test_a_key_may_hold_any_character(store: Store, key: str) -> None:
    token = started(store)
    store.writer.write(ORDERS, 0, token, put(0, 1, {key: entry("1.00"), "zzz": entry("2.00")}))
    assert store.get(ORDERS, key).entry == entry("1.00")
    assert store.writer.read(ORDERS, 0, [key]) == [entry("1.00")]
    assert sorted(store.keys(ORDERS)) == sorted([key, "zzz"])
    store.writer.write(ORDERS, 0, token, put(1, 2, {key: None}))
    assert store.get(ORDERS, key).entry is None
    assert store.keys(ORDERS) == ["zzz"]


def test_keys_are_in_order_of_bytes_not_of_locale(store: Store) -> None:
    token = started(store)
    keys = ["Ö", "z", "Z", "😀", "\uffff", "a"]
    store.writer.write(ORDERS, 0, token, put(0, 1, dict.fromkeys(keys, entry("1.00"))))
    assert store.keys(ORDERS) == ["Z", "a", "z", "Ö", "\uffff", "😀"]


def test_a_value_comes_back_as_it_was_written_even_when_the_writer_changes_it_later(
    store: Store,
) -> None:
    token = started(store)
    value: dict[str, Any] = {
        "amount": "0.10",
        "count": -9_007_199_254_740_993,
        "open": True,
        "note": None,
        "lines": [{"sku": "85123A", "texts": {"de": "Größe \u2028 \0"}}, []],
    }
    written = Entry(value, 3, 17, "id-1", "shop", "0007", 1_700_000_000_001, -1)
    store.writer.write(ORDERS, 0, token, put(0, 18, {"a": written}))

    value["lines"].append("changed")

    found = store.get(ORDERS, "a").entry
    assert found is not None
    assert found.value == {
        "amount": "0.10",
        "count": -9_007_199_254_740_993,
        "open": True,
        "note": None,
        "lines": [{"sku": "85123A", "texts": {"de": "Größe \u2028 \0"}}, []],
    }
    assert (found.order_version, found.offset, found.event_id) == (3, 17, "id-1")
    assert (found.source, found.sequence) == ("shop", "0007")
    assert (found.published_ms, found.occurred_ms) == (1_700_000_000_001, -1)


@pytest.mark.parametrize("value", [b"bytes", {1, 2}, 2**64, {1: "a key that is no text"}])
def test_a_value_that_json_cannot_hold_is_refused_before_anything_is_written(
    store: Store, value: object
) -> None:
    token = started(store)
    bad = Entry({"v": value}, 0, 0, "id-7", "shop", "1", 0, 0)
    with pytest.raises(ValueError, match="made from fact id-7 cannot be stored"):
        store.writer.write(ORDERS, 0, token, put(0, 1, {"a": entry("1.00"), "b": bad}))
    assert store.page(ORDERS, None, 10) == Page([], [status(0)], None)


def test_a_partition_the_view_does_not_have_is_refused(store: Store) -> None:
    with pytest.raises(ValueError, match="partitions 0 to 2, not 3"):
        store.writer.claim(PRICES, 3)


def test_a_view_name_cannot_break_out_of_the_hash_tag(store: Store) -> None:
    with pytest.raises(ValueError, match="brace"):
        store.writer.claim(ViewId("pri}ces", 1, 1), 0)


def test_the_check_at_start_accepts_a_store_that_drops_nothing(store: Store) -> None:
    store.writer.check()


# what is held


def test_what_is_held_is_written_with_the_entries_and_taken_back(store: Store) -> None:
    token = started(store)
    assert store.writer.held(ORDERS, 0) == {}
    first = replace(put(0, 3, {"a": entry("1")}), held={1: b"one\0", 2: b"two", 900: b""})
    store.writer.write(ORDERS, 0, token, first)
    assert store.writer.held(ORDERS, 0) == {1: b"one\0", 2: b"two", 900: b""}
    second = replace(put(3, 4, {"b": entry("2"), "a": None}), held={1: None, 2: b"again", 3: b"x"})
    store.writer.write(ORDERS, 0, token, second)
    assert store.writer.held(ORDERS, 0) == {2: b"again", 3: b"x", 900: b""}
    assert store.keys(ORDERS) == ["b"]
    assert store.statuses(ORDERS) == [status(4)]


def test_a_part_without_what_is_held_leaves_it_as_it_was(store: Store) -> None:
    token = started(store)
    store.writer.write(ORDERS, 0, token, replace(put(0, 1, {}), held={0: b"x"}))
    store.writer.write(ORDERS, 0, token, put(1, 2, {"a": entry("1")}))
    assert store.writer.held(ORDERS, 0) == {0: b"x"}


def test_what_is_held_is_written_under_the_claim_and_at_its_offset_alone(store: Store) -> None:
    stale = started(store)
    token = store.writer.claim(ORDERS, 0).token
    late = replace(put(0, 1, {}), held={0: b"x"})
    with pytest.raises(Fenced):
        store.writer.write(ORDERS, 0, stale, late)
    with pytest.raises(Wiped):
        store.writer.write(ORDERS, 0, token, replace(put(7, 8, {}), held={7: b"x"}))
    assert store.writer.held(ORDERS, 0) == {}


def test_many_are_held_at_once_and_by_their_partition(store: Store) -> None:
    token = started(store, PRICES, 2)
    many = {offset: b"%d" % offset for offset in range(9_000)}
    store.writer.write(PRICES, 2, token, replace(put(0, 9_000, {}), held=many))
    assert store.writer.held(PRICES, 2) == many
    assert store.writer.held(PRICES, 1) == {}
    gone = dict.fromkeys(range(8_999))
    store.writer.write(PRICES, 2, token, replace(put(9_000, 9_000, {}), held=gone))
    assert store.writer.held(PRICES, 2) == {8_999: b"8999"}


def test_what_is_held_goes_when_the_partition_is_cleared(store: Store) -> None:
    token = started(store)
    store.writer.write(ORDERS, 0, token, replace(put(0, 1, {}), held={0: b"x"}))
    store.writer.clear(ORDERS, 0)
    assert store.writer.held(ORDERS, 0) == {}
