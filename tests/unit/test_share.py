"""How much of what a source publishes goes to which topic."""

from backbone.log import Message
from backbone.share import Share


def test_a_source_of_one_topic_has_published_everything_there() -> None:
    share = Share(["a", "a"])

    assert share.after(None, 5, 2) == {"a": 7}


def test_a_source_of_several_counts_them() -> None:
    share = Share(["a", "b"])
    told = [Message(name, b"k", b"v") for name in ("a", "b", "a", "dlq.x")]

    assert list(share.counted(told)) == told
    assert share.after({"a": 1, "b": 0}, 1, 3) == {"a": 3, "b": 1}


def test_each_batch_is_counted_anew() -> None:
    share = Share(["a", "b"])
    for _ in range(2):
        list(share.counted([Message("a", b"k", b"v")]))

    assert share.after(None, 0, 1) == {"a": 1, "b": 0}


def test_what_an_earlier_release_did_not_count_stays_unknown() -> None:
    assert Share(["a", "b"]).after(None, 5, 2) is None
