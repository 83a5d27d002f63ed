"""What an appender says while no broker answers."""

import pytest

from backbone.errors import Transient
from backbone.kafka.config import common
from backbone.kafka.publisher import KafkaAppender
from backbone.log import Message


def test_what_was_begun_and_dropped_with_another_append_does_not_pass_for_done(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("backbone.kafka.publisher._CALL_SECONDS", 0.05)
    appender = KafkaAppender(common("127.0.0.1:1", {}, "tests"))
    begun = appender.begin([Message("replayed.v", None, b"outcomes", (), 0)])
    with pytest.raises(Transient):
        appender.append([Message("dlq.v", b"k", b"letter")])

    with pytest.raises(Transient, match=r"while appending 1 records to replayed\.v"):
        begun.finish()
    appender.close()
