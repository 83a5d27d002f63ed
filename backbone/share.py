"""How much of what a source publishes goes to which of its topics, for the ledger."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from backbone.log import Message


class Share:
    """Counts one batch at a time. A source of one topic, as nearly all are, costs nothing."""

    def __init__(self, topics: Iterable[str]) -> None:
        self._topics = tuple(dict.fromkeys(topics))
        self._counts: Counter[str] = Counter()

    def counted(self, messages: Iterable[Message]) -> Iterable[Message]:
        """The same messages; they are counted as they are taken."""
        if len(self._topics) <= 1:
            return messages
        self._counts = Counter()
        return self._counting(messages)

    def _counting(self, messages: Iterable[Message]) -> Iterator[Message]:
        for message in messages:
            self._counts[message.topic] += 1
            yield message

    def after(
        self, before: Mapping[str, int] | None, published: int, more: int
    ) -> Mapping[str, int] | None:
        """The counts after the batch. `published`: in all, before it; where that was not counted by
        topic, it is known only of a source with a single one."""
        if len(self._topics) == 1:
            return {self._topics[0]: published + more}
        if before is None and published:
            return None
        return {name: (before or {}).get(name, 0) + self._counts[name] for name in self._topics}
