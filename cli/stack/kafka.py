import base64
import signal
import struct
import uuid
from typing import ClassVar

from cli.stack.java import java
from cli.stack.pins import read as pins
from cli.stack.ports import HOST, exchange
from cli.stack.problems import StackError
from cli.stack.process import Launch, run
from cli.stack.service import Site

# The session times let a killed member's partitions be taken over in under 6 s instead of 40 s,
# and a killed broker serve again in under 4 s instead of 12 s. One broker: every internal topic
# has one replica, and few partitions, which are created at the first use of a group.
PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller}
listeners=PLAINTEXT://{host}:{broker},CONTROLLER://{host}:{controller}
advertised.listeners=PLAINTEXT://{host}:{broker}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=data
auto.create.topics.enable=false
default.replication.factor=1
min.insync.replicas=1
offsets.topic.num.partitions=4
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=6000
group.consumer.min.session.timeout.ms=6000
group.consumer.session.timeout.ms=6000
group.consumer.min.heartbeat.interval.ms=1000
group.consumer.heartbeat.interval.ms=1500
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=500
"""
JVM = (
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "--enable-native-access=ALL-UNNAMED",
    "--sun-misc-unsafe-memory-access=allow",
)
# Metadata, version 4: correlation id 1, no client id, of no topics, create none.
METADATA_REQUEST = struct.pack(">ihhihi?", 15, 3, 4, 1, -1, 0, False)
METADATA_ANSWER = struct.Struct(">iiii")  # size, correlation id, throttle time, brokers


def pinned_version() -> str:
    """The version of the broker that is downloaded."""
    return next(each.version for each in pins() if each.artifact == "kafka_2.13")


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(".")))


class Kafka:
    ports: ClassVar[tuple[str, ...]] = ("kafka", "kafka-controller")
    downloads: ClassVar[bool] = True
    ready_seconds: ClassVar[float] = 60.0
    gentle: ClassVar[signal.Signals] = signal.SIGTERM

    def __init__(self, site: Site) -> None:
        self._site = site
        self._folder = site.folder("kafka")
        self._properties = self._folder / "server.properties"

    def prepare(self, hold: int) -> None:
        self._properties.write_text(
            PROPERTIES.format(
                host=HOST,
                broker=self._site.state.ports["kafka"],
                controller=self._site.state.ports["kafka-controller"],
            )
        )
        if self._site.state.note("kafka_cluster_id") is None:
            self._format(hold)
        self._require_readable()

    def _require_readable(self) -> None:
        """A newer Kafka reads what an older one has formatted, and leaves it in that form; the
        other way round it ends with a stack trace."""
        # a state without the note is one of 4.3.1
        formatted_by = self._site.state.note("kafka_version") or "4.3.1"
        if _numbers(formatted_by) > _numbers(pinned_version()):
            root = self._site.state.root
            raise StackError(
                f"the Kafka of the stack in {root} was made by version {formatted_by}, and "
                f"{pinned_version()} cannot read its data: start a stack in another directory with "
                f"--state, or remove this one with the data of all its services by "
                f"`backbone stack down --wipe --state {root}`"
            )

    def _format(self, hold: int) -> None:
        cluster_id = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        tool = ["kafka.tools.StorageTool", "format", f"--cluster-id={cluster_id}"]
        # A format that was killed half way left a folder that is not to be trusted.
        command = self._java(*tool, "--ignore-formatted", "-c", self._properties.name)
        run(Launch(command, self._folder), "formatting Kafka's storage", hold)
        self._site.state.set_note("kafka_version", pinned_version())
        self._site.state.set_note("kafka_cluster_id", cluster_id)

    def launch(self) -> Launch:
        return Launch(self._java("kafka.Kafka", self._properties.name), self._folder)

    def _java(self, *main: str) -> list[str]:
        jars = ":".join(map(str, self._site.cache.jars))
        return [*java("256m", self._folder / "tmp", JVM), "-cp", jars, *main]

    def answers(self) -> bool:
        answer = exchange(self._site.state.ports["kafka"], METADATA_REQUEST)
        if len(answer) < METADATA_ANSWER.size:
            return False
        *_, brokers = METADATA_ANSWER.unpack_from(answer)
        return bool(brokers)  # a broker that still waits for its controller is not listed

    def settle(self) -> None:
        self._require_readable()  # a broker that was up before has not been prepared
