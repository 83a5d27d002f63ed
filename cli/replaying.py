"""Replaying from the command line: the plan by today's code, and the run with its progress."""

import getpass
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import uuid4

import typer

from backbone.errors import Misconfigured
from backbone.kafka.publisher import KafkaAppender
from backbone.log import Message
from backbone.record import Record
from backbone.replay import rejects
from backbone.replay.drive import Drive, Line, Retry, sampled_first
from backbone.replay.messages import of_fact, of_letter
from backbone.replay.outcomes import Became
from backbone.replay.parked import Place
from backbone.replay.plan import Planned, Target, Verdict
from backbone.replay.plan import planned as planned_by
from backbone.replay.ramp import Ramp
from backbone.replay.retry_headers import Run
from cli import mending, sink_replay, wiring
from cli.dead_letter_rows import Row
from cli.dlq_options import Pace, span
from cli.dlq_selection import Filter, Topics
from cli.replay_wiring import answers
from consumers.catalog import SINKS
from processors.catalog import VIEWS
from producers.catalog import SOURCES


@dataclass(frozen=True, slots=True)
class Done:
    """How a run ended. `left_out`: what the plan said would not pass."""

    name: str
    drive: Drive
    left_out: int

    @property
    def whole(self) -> bool:
        drive = self.drive
        return drive.settled == len(drive.retries) and not self.left_out

    def row(self) -> Row:
        ramp, became = self.drive.ramp, self.drive.became
        return {
            "replay": self.drive.replay,
            "messages": len(self.drive.retries),
            **{str(each): became[each] for each in Became},
            "unanswered": ramp.on_the_way,
            "not_sent": ramp.total - ramp.sent,
            "left_out": self.left_out,
        }

    def remedy(self) -> str:
        drive, ramp = self.drive, self.drive.ramp
        if drive.silent:
            return (
                f"{ramp.on_the_way} messages were not answered in {drive.line.silence_seconds:.0f} "
                f"s: is the owner up, and not building? `backbone run` it, then run this again"
            )
        if ramp.stopped:
            codes = ", ".join(f"{code} {count}" for code, count in drive.codes.most_common())
            return (
                f"stopped: {ramp.failed} of {ramp.heard} failed again ({codes}), "
                f"{ramp.total - ramp.sent} were not sent. `backbone dlq causes {self.name}` says "
                f"why; {self._mend()}, then run this again"
            )
        if ramp.failed:
            return f"{ramp.failed} failed again: `backbone dlq causes {self.name}` says why"
        return (
            f"{self.left_out} would not pass and were left out: `backbone dlq plan {self.name} "
            f"--letters` says why; {self._mend()}"
        )

    def _mend(self) -> str:
        if self.name in SOURCES:
            return "mend the rows with a file (--repairs)"
        return "mend it in the owner, start that again"


def planned(name: str, topics: Topics, wanted: Filter, repairs: Path | None) -> list[Planned]:
    """Raises Transient, Misconfigured."""
    if name in SOURCES:
        return mending.planned(name, topics.open_messages(wanted), repairs)
    if repairs is not None:
        raise typer.BadParameter("repairs are for the rejects of sources; others read facts")
    parked = topics.open_messages(wanted)
    if name in SINKS:
        return sink_replay.planned(name, parked)
    if name not in VIEWS:
        raise Misconfigured(f"{name} takes no retries: only sources, views and sinks do")
    rehearsal = wiring.rehearsal(name)
    found = planned_by(parked, _target(name), rehearsal)
    if rehearsal.released:
        sys.stderr.write(f"{rehearsal.released} facts held behind them would be applied too\n")
    return found


def say(name: str, found: Sequence[Planned]) -> None:
    if not found:
        sys.stderr.write(
            "no open message is among those asked for: "
            f"`backbone dlq report {name}` says what is open\n"
        )
        return
    passing = sum(each.verdict is Verdict.WOULD_PASS for each in found)
    sys.stderr.write(f"plan: {len(found)} messages are open, {passing} would pass\n")


def replay(
    name: str,
    found: Sequence[Planned],
    pace: Pace,
    *,
    also_failing: bool,
) -> Done:
    by_run = _run()
    unwanted = {Verdict.NOT_REPLAYABLE}
    if not also_failing:
        unwanted |= {Verdict.WOULD_FAIL, Verdict.HELD}
    chosen = [each for each in found if each.verdict not in unwanted]
    retries = [Retry(each.place, _message(name, each, by_run)) for each in chosen]
    ramp = Ramp(len(retries), pace.rate, pace.at_once, pace.tolerate)
    causes = {each.place: each.parked.letter.fingerprint for each in chosen}
    retries = sampled_first(retries, causes, ramp.window)
    drive = _drive(name, by_run, retries, ramp)
    return Done(name, drive, len(found) - len(chosen))


def _message(name: str, each: Planned, run: Run) -> Message:
    letter = each.parked.letter
    if letter.origin is None:
        return rejects.message(name, letter, each.repair, run)
    return _to_owner(name, of_letter(name, letter, letter.origin, run))


def _to_owner(name: str, message: Message) -> Message:
    """A sink reads its retries from one partition, whatever topic they stood in."""
    return message._replace(partition=0) if name in SINKS else message


def _run() -> Run:
    return Run(uuid4().hex[:12], getpass.getuser())


def _drive(name: str, run: Run, retries: Sequence[Retry], ramp: Ramp) -> Drive:
    base = wiring.kafka(f"dlq-{name}")
    with (
        closing(KafkaAppender(base)) as appender,
        closing(answers(name, base, wiring.topic_admin())) as follower,
    ):
        progress = _Progress(ramp)
        drive = Drive(run.id, retries, ramp, Line(appender, follower, time.monotonic, progress))
        if retries:
            progress.began()
        try:
            drive.run()
        except KeyboardInterrupt:
            sys.stderr.write(
                f"interrupted: {ramp.sent} of {ramp.total} were sent, {ramp.heard} answered. The "
                "owner goes on with what it has; the same command goes on with the others\n"
            )
            raise
    return drive


class _Progress:
    """A line on stderr every second."""

    def __init__(self, ramp: Ramp) -> None:
        self._ramp = ramp
        self._due = 0.0

    def began(self) -> None:
        ramp = self._ramp
        rate = f"{ramp.rate:g} a second" if ramp.rate else "as fast as it goes"
        sys.stderr.write(
            f"replaying {ramp.total}: {ramp.window} first, then doubling to at most {ramp.most} "
            f"without an answer; {rate}; stops after more than {ramp.tolerated} failures\n"
        )

    def __call__(self, drive: Drive) -> None:
        if time.monotonic() < self._due:
            return
        self._due = time.monotonic() + 1.0
        ramp = drive.ramp
        sys.stderr.write(
            f"sent {ramp.sent} of {ramp.total}, answered {ramp.heard}, failed {ramp.failed}\n"
        )


def _target(name: str) -> Target:
    topic = VIEWS[name].topic
    state = wiring.topics_as_declared({topic})[topic]
    return Target(topic, state.topic_id, state.partitions)


# a plain range of a fact topic


@dataclass(frozen=True, slots=True)
class Range:
    topic: str
    offsets: Sequence[str]
    since: datetime | None
    until: datetime | None

    def spans(self) -> dict[int, tuple[int, int]]:
        found = {}
        for each in self.offsets:
            partition, slash, rest = each.partition("/")
            if not (slash and partition.isdecimal()):
                raise typer.BadParameter(f"{each}: give PARTITION/FIRST-LAST, such as 0/100-250")
            found[int(partition)] = span(rest) or (0, 0)
        return found


def replay_range(name: str, wanted: Range, pace: Pace) -> Done:
    reads = _reads(name)
    if wanted.topic not in reads:
        raise typer.BadParameter(
            f"{name} reads {', '.join(reads) or 'no topic'}, not {wanted.topic}"
        )
    if not wanted.offsets and wanted.since is None:
        raise typer.BadParameter("say which: --offsets, or --since")
    by_run = _run()
    retries = [
        Retry(_place(each), _to_owner(name, of_fact(name, each, by_run))) for each in _facts(wanted)
    ]
    ramp = Ramp(len(retries), pace.rate, pace.at_once, pace.tolerate)
    return Done(name, _drive(name, by_run, retries, ramp), 0)


def _reads(name: str) -> Sequence[str]:
    if name in SINKS:
        return sink_replay.topics_of(name)
    return [VIEWS[name].topic] if name in VIEWS else []


def _place(record: Record) -> Place:
    return record.position.topic_id, str(record.position)


def _facts(wanted: Range) -> Iterator[Record]:
    spans = wanted.spans()
    ends = wiring.topic_admin().ends(wanted.topic)
    starts = ends | {each: first for each, (first, _) in spans.items()} if spans else {}
    with closing(wiring.reader()) as reader:
        records = reader.scan(wanted.topic, starts)
        yield from (each for each in records if _within(each, spans, wanted))


def _within(record: Record, spans: dict[int, tuple[int, int]], wanted: Range) -> bool:
    place = record.position
    last = spans[place.partition][1] if spans else place.offset
    seconds = record.timestamp_ms / 1000
    return (
        place.offset <= last
        and (wanted.since is None or seconds >= wanted.since.timestamp())
        and (wanted.until is None or seconds < wanted.until.timestamp())
    )
