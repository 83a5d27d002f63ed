"""`backbone dlq causes|plan|run|report`: what is asked for, and what is said no to."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from backbone.dead_letter_reading import DeadLetter
from backbone.dead_letters import from_record, topic_of
from backbone.errors import Misconfigured, Poison, PoisonReason
from backbone.fact import LogPosition
from backbone.instants import rfc3339
from backbone.log import Message, TopicSpec
from backbone.memory.follower import MemoryFollower
from backbone.memory.log import MemoryAdmin, MemoryAppender, MemoryLog
from backbone.memory.reader import MemoryReader
from backbone.record import Record
from backbone.replay.drive import Drive, Line
from backbone.replay.outcomes import Became, Report, Told
from backbone.replay.ramp import Ramp
from backbone.topics import replayed_topic
from cli import dlq, mending, wiring
from cli.dlq_options import instant, span
from cli.dlq_selection import Filter
from cli.replaying import Done, say
from tests.unit.replay.test_parked import AT, letter

RUNNER = CliRunner()


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> MemoryLog:
    made = MemoryLog()
    admin = MemoryAdmin(made)
    for name in ("dlq.prices", "retry.prices", "replayed.prices"):
        admin.create(TopicSpec(name, 1))
    monkeypatch.setattr(wiring, "topic_admin", lambda: admin)
    monkeypatch.setattr(wiring, "reader", lambda: MemoryReader(made))
    return made


def park(log: MemoryLog, count: int, message: str, at: datetime = AT) -> None:
    poison = Poison(PoisonReason.HANDLER_FAILED, message)
    position = LogPosition("id", "pricing.price.v1", 0, 0)
    records = (
        Record(LogPosition("id", position.topic, 0, number), b"secret-key", b"v", (), 5)
        for number in range(count)
    )
    MemoryAppender(log).append([from_record("prices", each, poison, at) for each in records])


def tell(log: MemoryLog, *outcomes: Became) -> None:
    """Of the first letters what became of each."""
    letters = [*map(DeadLetter.of, MemoryReader(log).scan(topic_of("prices")))]
    told = [
        Told(f"dlq.prices/0/{at}", letters[at].record.position.topic_id, "r", became, None)
        for at, became in enumerate(outcomes)
    ]
    report = Report("id", len(told), told).to_bytes()
    MemoryAppender(log).append([Message(replayed_topic("prices"), None, report, ())])


def said(*arguments: str) -> tuple[int, list[str]]:
    done = RUNNER.invoke(dlq.app, list(arguments), env={"COLUMNS": "300"})
    return done.exit_code, [" ".join(line.split()) for line in done.output.splitlines()]


def test_causes_are_shown_with_their_share_the_most_frequent_first(log: MemoryLog) -> None:
    park(log, 1, "prices raised KeyError at line 9")
    park(log, 3, "prices raised ValueError at line 5")

    code, (_, first, second) = said("causes", "prices")

    assert code == 0
    at = rfc3339(AT)
    assert first.split(" ", 1)[1] == (
        f"3 3 75.0% handler_failed prices raised ValueError at line 5 {at} {at} 0/1"
    )
    # the first of the records has failed twice: its newer letter counts
    assert second.split(" ", 1)[1].startswith("1 0 25.0% handler_failed prices raised KeyError")


@pytest.mark.parametrize(("became", "left"), [(Became.FAILED, "1"), (Became.RECOVERED, "0")])
def test_of_a_cause_those_are_open_that_no_replay_has_settled(
    log: MemoryLog, became: Became, left: str
) -> None:
    park(log, 3, "prices raised ValueError at line 5")
    tell(log, Became.RECOVERED, Became.SUPERSEDED, became)

    _, (_, first) = said("causes", "prices")

    assert first.split(" ")[1:3] == ["3", left]


def test_a_message_that_failed_again_later_is_not_open_in_a_span_before(log: MemoryLog) -> None:
    park(log, 2, "prices raised ValueError at line 5")
    park(log, 1, "prices raised ValueError at line 5", AT + timedelta(hours=1))

    _, (_, every) = said("causes", "prices")
    _, (_, before) = said("causes", "prices", "--until", rfc3339(AT + timedelta(minutes=1)))

    assert (every.split(" ")[1:3], before.split(" ")[1:3]) == (["3", "2"], ["2", "1"])


def test_where_nothing_was_ever_tried_again_all_are_open(
    log: MemoryLog,
) -> None:
    park(log, 2, "prices raised ValueError at line 5")
    del log.topics["replayed.prices"]

    _, (_, first) = said("causes", "prices")

    assert first.split(" ")[1:3] == ["2", "2"]


def test_a_report_of_what_nobody_replayed_says_that_something_is_left(log: MemoryLog) -> None:
    park(log, 2, "prices raised KeyError at line 9")

    code, lines = said("report", "prices")

    assert code == 3
    assert {"not_replayed 2", "messages 2", "letters in the topic 2", "balances yes"} <= set(lines)


def test_of_a_plan_of_nothing_it_is_said_where_to_look(capsys: pytest.CaptureFixture[str]) -> None:
    say("prices", [])

    assert "`backbone dlq report prices` says what is open" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "remedy"),
    [("shop", "mend the rows with a file (--repairs)"), ("prices", "mend it in the owner")],
)
def test_who_replays_in_vain_is_told_how_to_mend(name: str, remedy: str) -> None:
    ramp, follower = Ramp(0), MemoryFollower(MemoryLog(), "replayed.prices")
    line = Line(MemoryAppender(MemoryLog()), follower, lambda: 0.0, lambda _: None)

    assert remedy in Done(name, Drive("r", [], ramp, line), left_out=3).remedy()


@pytest.mark.usefixtures("log")
def test_a_name_that_has_no_dead_letters_is_refused() -> None:
    done = RUNNER.invoke(dlq.app, ["causes", "nobody"])

    assert isinstance(done.exception, Misconfigured)
    assert "the topic dlq.nobody does not exist" in str(done.exception)


def test_instants_and_ranges_are_read_or_refused_in_a_sentence() -> None:
    assert instant("2026-11-21T14:30:00Z") == datetime(2026, 11, 21, 14, 30, tzinfo=UTC)
    assert instant("2026-11-21") == datetime(2026, 11, 21, tzinfo=UTC)
    assert span("3-17") == (3, 17)
    for wrong in ("17", "17-3", "a-b", "-3"):
        with pytest.raises(typer.BadParameter, match="such as 100-250"):
            span(wrong)
    with pytest.raises(typer.BadParameter, match="is no instant"):
        instant("yesterday")


def test_every_part_of_a_filter_must_fit() -> None:
    found = letter(5, 7)

    assert Filter().takes(found)
    assert Filter(cause=found.fingerprint[:4], offsets=(5, 9), key="k").takes(found)
    assert not Filter(cause="none").takes(found)
    assert not Filter(code=PoisonReason.INVALID).takes(found)
    assert not Filter(since=datetime(2026, 11, 22, tzinfo=UTC)).takes(found)
    assert not Filter(until=AT).takes(found)
    assert not Filter(key="another").takes(found)
    assert not Filter(offsets=(6, 9)).takes(found)


def test_a_repair_file_names_rows_and_the_fields_to_replace(tmp_path: Path) -> None:
    path = tmp_path / "repairs.csv"
    path.write_text('where,price,currency\n1.csv:2,1.50,\n1.csv:3,,"GBP"\n')

    assert mending.read(path) == {"1.csv:2": {"price": "1.50"}, "1.csv:3": {"currency": "GBP"}}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("price\n1\n", "its first line must name where and the fields"),
        ("where,price\na,1,2\n", ":2: too many cells"),
        ("where,price\na,1\na,2\n", ":3: too many cells, or named twice"),
    ],
)
def test_a_repair_file_that_says_two_things_is_refused(
    tmp_path: Path, text: str, words: str
) -> None:
    path = tmp_path / "repairs.csv"
    path.write_text(text)

    with pytest.raises(typer.BadParameter, match=words):
        mending.read(path)


def test_the_message_of_a_letter_that_has_no_owner_s_topic_stays_where_it_is(
    log: MemoryLog,
) -> None:
    MemoryAppender(log).append([Message(topic_of("prices"), b"k", b"v", ())])

    code, lines = said("causes", "prices")

    assert code == 0
    assert "unknown" in lines[1]
