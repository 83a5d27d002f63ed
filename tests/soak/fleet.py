"""Workers that die, freeze, leave and come at random; whoever ended as it may is started again."""

import random
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

from tests.e2e.world import Running, World

PRICE_LIST = ("run", "source", "price-list")
RELAY = ("run", "source", "shop")
VIEWS = ("run", "view", "prices", "orders")
MAIN = "cli.main"
KINDS = (PRICE_LIST, RELAY, VIEWS)

# A worker that was overtaken while it was frozen ends, with one of these in its last words.
FENCED = (
    "was claimed by another process; nothing was written",
    "Another process has taken over",
)

OVERTAKEN = "lost: another worker has it"

ACCIDENTS: Counter[str] = Counter()
"""What has happened in all scenes of this run."""

FROZEN_SECONDS = 10.0  # a group waits six to ten


@dataclass
class Member:
    """One place in the fleet, and the process that has it now."""

    arguments: tuple[str, ...]
    running: Running
    module: str


@dataclass
class Fleet:
    """The workers of a world. `told` is what was done to them, for whoever looks at a failure."""

    world: World
    chance: random.Random
    members: list[Member] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    thaws: list[threading.Timer] = field(default_factory=list)

    @contextmanager
    def telling(self) -> Iterator[None]:
        """A failure says what had happened until then."""
        try:
            yield
        except BaseException as error:
            error.add_note("\n".join(self.told))
            raise

    def add(self, *arguments: str, module: str = MAIN) -> None:
        running = self.world.start(*arguments, module=module)
        self.members.append(Member(arguments, running, module))

    def wait(self, least: float, most: float) -> None:
        threading.Event().wait(self.chance.uniform(least, most))

    def begin(self, seconds: float = 60.0) -> None:
        """Until every kind of worker is at work."""
        for kind in {member.arguments for member in self.members}:
            self.world.wait(partial(self._works, kind), f"{' '.join(kind)} works", seconds)

    def accident(self) -> None:
        """Something happens to one of them; a slow one has its own troubles."""
        member = self.chance.choice([each for each in self.members if each.module == MAIN])
        self.chance.choice((self.kill, self.freeze))(member)
        self.mend()

    def kill(self, member: Member) -> None:
        self._tell("killed", "", member)
        member.running.kill()
        self._start_again(member)

    def freeze(self, member: Member) -> None:
        """For shorter or longer than its group waits for it; meanwhile work and accidents go on."""
        seconds = self.chance.uniform(0.2, FROZEN_SECONDS)
        self._tell("frozen", f" for {seconds:.1f} s", member)
        member.running.signal(signal.SIGSTOP)
        thaw = threading.Timer(seconds, member.running.signal, [signal.SIGCONT])
        thaw.start()
        self.thaws.append(thaw)

    def thaw(self) -> None:
        """Until nobody is frozen any more."""
        for each in self.thaws:
            each.join()

    def leave(self, member: Member) -> None:
        """As it is asked to: without an error, unless it was fenced or has hardly begun."""
        self._tell("asked to leave", "", member)
        self.members.remove(member)
        member.running.signal(signal.SIGCONT)
        code, words = member.running.stop(), self._last_words(member)
        hardly_begun = code == -signal.SIGTERM and not member.running.said()
        assert code == 0 or hardly_begun or self._was_fenced(words), words

    def mend(self) -> bool:
        """Start again who was fenced. Nobody may have ended otherwise."""
        for member in self.members:
            if member.running.process.poll() is not None:
                words = self._last_words(member)
                assert self._was_fenced(words), words
                self._tell("fenced", "", member)
                self._start_again(member)
        return True

    def nobody_stumbled(self) -> None:
        """No log has a traceback; how often a worker was overtaken in mid-work is counted."""
        ACCIDENTS["overtaken"] += sum(each.said().count(OVERTAKEN) for each in self.world.running)
        found = [each.log.name for each in self.world.running if "Traceback" in each.said()]
        assert found == []

    def _works(self, kind: tuple[str, ...]) -> bool:
        self.mend()
        saying = [each.running.said() for each in self.members if each.arguments == kind]
        return any("shard open" in said or "partition assigned" in said for said in saying)

    def _was_fenced(self, words: str) -> bool:
        return any(each in words for each in FENCED)

    def _start_again(self, member: Member) -> None:
        member.running = self.world.start(*member.arguments, module=member.module)

    def _last_words(self, member: Member) -> str:
        code = member.running.process.poll()
        return f"{' '.join(member.arguments)} ended with {code}: {member.running.said()[-3000:]}"

    def _tell(self, what: str, more: str, member: Member) -> None:
        ACCIDENTS[what] += 1
        self.told.append(f"{what}{more}: {' '.join(member.arguments)} ({member.running.log.name})")
