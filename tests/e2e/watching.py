"""Watching from outside, all the time: a view's claims and offsets, and what its readers see."""

import threading
from types import TracebackType
from typing import Self, cast

import httpx

from backbone.views.layout import partition_keys
from tests.e2e.world import World


class _Watching:
    """Looks again and again, in a thread of its own."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(0.002):
            self._look()

    def _look(self) -> None:
        raise NotImplementedError


class Positions(_Watching):
    """The stored offset of each partition of a view: `steps_back` names each that went back."""

    def __init__(self, world: World, name: str) -> None:
        super().__init__()
        view = world.view(name)
        keys = [partition_keys(view, partition) for partition in range(view.partitions)]
        self._redis = world.redis
        self._claims = [each.claim for each in keys]
        self._offsets = [each.offset for each in keys]
        self._last = [0] * view.partitions
        self.steps_back: list[str] = []

    def claims(self) -> list[bytes | None]:
        return cast("list[bytes | None]", self._redis.mget(self._claims))

    def offsets(self) -> list[int]:
        return [int(each or 0) for each in self._redis.mget(self._offsets)]

    def beyond(self, offsets: list[int]) -> bool:
        return all(now > then for now, then in zip(self.offsets(), offsets, strict=True))

    def _look(self) -> None:
        now = self.offsets()
        for partition, (before, after) in enumerate(zip(self._last, now, strict=True)):
            if after < before:
                self.steps_back.append(f"{partition}: {before} -> {after}")
        self._last = now


class Answers(_Watching):
    """What a reader of one key is told: its value of `field`, or the problem's code.

    `seen` leaves out repetitions.
    """

    def __init__(self, url: str, field: str) -> None:
        super().__init__()
        self._client = httpx.Client()
        self._url, self._field = url, field
        self.seen: list[str] = []

    def last(self) -> str:
        return self.seen[-1] if self.seen else ""

    def begin_again(self) -> None:
        """Forget all but the last answer."""
        self.seen = self.seen[-1:]

    def _look(self) -> None:
        try:
            answer = self._client.get(self._url)
        except httpx.TransportError:
            told = "unreachable"
        else:
            body = answer.json()
            told = body["data"][self._field] if answer.is_success else body["code"]
        if told != self.last():
            self.seen.append(told)

    def _watch(self) -> None:
        with self._client:
            super()._watch()
