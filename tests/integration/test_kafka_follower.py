"""What following partitions promises, on the real Kafka."""

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from backbone.errors import Misconfigured, Transient
from backbone.kafka import config
from backbone.kafka.admin import KafkaTopicAdmin
from backbone.kafka.fetch.follower import FetchingFollower
from backbone.kafka.follower import KafkaFollower
from cli.stack.stack import Endpoints
from tests.integration.filled_topic import filled, numbered, values_of

pytestmark = pytest.mark.kafka


@pytest.fixture
def base(endpoints: Endpoints, unique: str) -> config.Config:
    return config.common(endpoints.kafka_bootstrap, {}, unique)


Follows = type[KafkaFollower | FetchingFollower]


@pytest.fixture(params=[KafkaFollower, FetchingFollower])
def follows(request: pytest.FixtureRequest) -> Follows:
    found: Follows = request.param
    return found


class AwayOnce(KafkaTopicAdmin):
    """Kafka does not answer the first question."""

    def __init__(self, base: config.Config) -> None:
        super().__init__(base)
        self.asked = 0

    def topic_id(self, name: str) -> str:
        self.asked += 1
        if self.asked == 1:
            raise Transient("Kafka did not answer")
        return super().topic_id(name)


def test_what_stood_there_while_kafka_was_away_is_delivered_then(
    base: config.Config, unique: str, follows: Follows
) -> None:
    filled(base, unique, numbered(3))
    follower = follows(base, unique, AwayOnce(base))
    follower.start(0, 0)
    with pytest.raises(Transient):
        follower.poll(100, 0.1)
    assert values_of(follower, 3) == [b"0", b"1", b"2"]


def test_where_the_beginning_has_expired_it_goes_on_with_what_is_left(
    base: config.Config, unique: str, follows: Follows
) -> None:
    admin = filled(base, unique, numbered(5))
    client, place = AdminClient(base), TopicPartition(unique, 0, 3)
    client.delete_records([place])[place].result()
    assert admin.starts(unique) == {0: 3}
    follower = follows(base, unique)
    follower.start(0, 0)
    assert values_of(follower, 2) == [b"3", b"4"]


def test_a_topic_that_is_not_there_is_told_with_its_remedy(
    base: config.Config, unique: str, follows: Follows
) -> None:
    follower = follows(base, unique)
    follower.start(0, 0)
    with pytest.raises(Misconfigured, match="Run `backbone topics plan`"):
        follower.poll(100, 0.1)
    follower.close()


def test_of_large_records_a_poll_takes_few(
    base: config.Config, unique: str, follows: Follows
) -> None:
    values = [bytes([number]) * 500_000 for number in range(40)]
    filled(base, unique, values)
    follower = follows(base, unique)
    follower.start(0, 0)
    taken: list[list[bytes | None]] = []
    while sum(map(len, taken)) < len(values):
        taken += [[*batch.values] for batch in follower.poll(8_000, 0.1)]
    follower.close()

    assert [value for some in taken for value in some] == values
    assert max(map(len, taken)) <= 10
