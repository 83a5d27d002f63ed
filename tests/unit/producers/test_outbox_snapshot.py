"""The cursor's arithmetic, by hand and against a model of Postgres' transactions."""

import json
import random
from dataclasses import dataclass, field

import pytest

from backbone.errors import Fatal
from producers.outbox.snapshot import NOTHING, Identity, OutboxCursor, Snapshot

HERE = Identity("7301", 1)


def test_a_snapshot_is_read_and_written_as_postgres_writes_it() -> None:
    texts = ["1:1:", "10:20:10,14,15", "731:731:"]

    assert [str(Snapshot.parse(text)) for text in texts] == texts
    assert Snapshot.parse("10:20:10,14,15") == Snapshot(20, (10, 14, 15))


def test_a_lowered_snapshot_has_seen_nothing_from_there_on() -> None:
    assert str(Snapshot(20, (10, 15)).lowered(12)) == "10:12:10"
    assert str(Snapshot(20, (15,)).lowered(12)) == "12:12:"
    assert str(Snapshot(20, (15,)).lowered(99)) == "15:20:15"


def test_two_snapshots_meet_in_what_both_saw_ended() -> None:
    assert str(Snapshot(20, (15,)).meet(Snapshot(18, (11, 16)))) == "11:18:11,15,16"


def test_a_cursor_rests_opens_advances_and_rests_again() -> None:
    cursor = OutboxCursor(HERE)
    assert cursor.resting

    cursor = cursor.opened(Snapshot(20, (12,)))
    assert (str(cursor.old), str(cursor.new)) == ("1:1:", "12:20:12")

    cursor = cursor.advanced(position=7, highest=15).advanced(position=9, highest=14)
    assert (cursor.position, cursor.highest, cursor.resting) == (9, 15, False)

    cursor = cursor.closed()
    assert (str(cursor.old), cursor.position, cursor.highest) == ("12:16:12", 0, 0)
    assert cursor.resting


def test_an_open_window_stays_open_whatever_has_ended_since() -> None:
    cursor = OutboxCursor(HERE).opened(Snapshot(20, (12,))).advanced(1, 15)

    assert cursor.opened(Snapshot(30)).new == Snapshot(20, (12,))


def test_an_id_given_out_again_after_a_crash_has_not_ended_in_an_open_window() -> None:
    # Ids up to 29 had ended when the window was opened, 15 as the last one that is on disk. After
    # the crash 16 runs again, and 17 has committed.
    cursor = OutboxCursor(HERE).opened(Snapshot(30)).advanced(position=1, highest=15)

    cursor = cursor.opened(Snapshot(18, (16,))).advanced(position=2, highest=17).closed()

    assert str(cursor.old) == "16:18:16"


def test_a_window_without_rows_leaves_the_cursor_where_it_was() -> None:
    cursor = OutboxCursor(HERE, Snapshot(16, (12,)), Snapshot(16, (12,)))

    assert cursor.opened(Snapshot(30, (12,))).closed() == cursor


def test_a_long_transaction_that_ended_is_no_longer_waited_for() -> None:
    cursor = OutboxCursor(HERE, Snapshot(16, (12,)), Snapshot(16, (12,)))

    opened = cursor.opened(Snapshot(30))

    assert opened.ended == (12,)
    assert str(opened.advanced(3, 12).closed().old) == "16:16:"


def test_a_cursor_comes_back_from_json_as_it_was() -> None:
    cursor = OutboxCursor(HERE, Snapshot(16, (12,)), Snapshot(30), 9, 15)

    assert cursor.to_json() == {
        "system": "7301",
        "timeline": 1,
        "old": "12:16:12",
        "new": "30:30:",
        "position": 9,
        "highest": 15,
    }
    assert OutboxCursor.from_json(json.loads(json.dumps(cursor.to_json()))) == cursor


@pytest.mark.parametrize("cursor", [{"line": 17}, {"system": "1", "timeline": "x"}])
def test_the_cursor_of_another_kind_of_source_is_refused(cursor: dict[str, object]) -> None:
    with pytest.raises(Fatal, match="not the cursor of an outbox"):
        OutboxCursor.from_json(cursor)


@dataclass
class Model:
    """Postgres as far as the cursor sees it: ids, commits, rollbacks, crashes and row locks."""

    dice: random.Random
    next_id: int = 3
    durable: int = 3  # the least id that a crash may give out again
    running: dict[int, list[int]] = field(default_factory=dict)  # id -> positions written
    rows: dict[int, int] = field(default_factory=dict)  # committed position -> transaction id
    positions: int = 0

    def step(self) -> None:
        action = self.dice.choices(
            (self.begin, self.write, self.commit, self.roll_back, self.crash), (3, 4, 3, 1, 0.5)
        )[0]
        action()

    def begin(self) -> None:
        self.running[self.next_id] = []
        self.next_id += 1

    def write(self) -> None:
        if self.running:
            self.positions += 1
            self.running[self._any()].append(self.positions)

    def commit(self) -> None:
        if self.running:
            xid = self._any()
            written = self.running.pop(xid)
            self.rows |= dict.fromkeys(written, xid)
            if written:  # only then the commit waits for the disk
                self.durable = max(self.durable, xid + 1)

    def roll_back(self) -> None:
        if self.running:
            self.running.pop(self._any())

    def crash(self) -> None:
        self.running.clear()
        self.next_id = self.durable

    def snapshot(self) -> Snapshot:
        """As pg_current_snapshot(): its end is one past the last id that has ended."""
        ended = max((x for x in range(3, self.next_id) if x not in self.running), default=2)
        return Snapshot(ended + 1, tuple(sorted(x for x in self.running if x <= ended)))

    def read(self, cursor: OutboxCursor, limit: int) -> list[tuple[int, int]]:
        """As the query of database.py reads."""
        return [
            (position, xid)
            for position, xid in sorted(self.rows.items())
            if (cursor.old.xmax <= xid < cursor.new.xmax or xid in cursor.ended)
            and xid < cursor.new.xmax
            and xid not in cursor.new.running
            and position > cursor.position
        ][:limit]

    def _any(self) -> int:
        return self.dice.choice(list(self.running))


def relayed(model: Model, cursor: OutboxCursor, limit: int) -> tuple[list[int], OutboxCursor]:
    cursor = cursor.opened(model.snapshot())
    rows = model.read(cursor, limit)
    if rows:
        cursor = cursor.advanced(rows[-1][0], max(xid for _, xid in rows))
    return [position for position, _ in rows], cursor if len(rows) == limit else cursor.closed()


@pytest.mark.parametrize("seeds", [range(start, start + 250) for start in range(0, 1500, 250)])
def test_every_committed_row_is_read_once_whatever_happens(seeds: range) -> None:
    for seed in seeds:
        model = Model(random.Random(seed))
        cursor, read = OutboxCursor(HERE), list[int]()
        for _ in range(200):
            model.step()
            if model.dice.random() < 0.4:
                found, cursor = relayed(model, cursor, limit=model.dice.choice((1, 1, 2, 50)))
                read += found
        model.running.clear()
        for _ in range(2):  # the rest of an open window, then the last one
            found, cursor = relayed(model, cursor, limit=1000)
            read += found
        assert sorted(read) == sorted(model.rows), f"seed {seed}"
        assert cursor.old != NOTHING or not model.rows
