"""Watches the calls to a vendor: what was asked, what came back, and in which shape."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from connect_ext.errors import CancellationError
from connect_ext.http.client import Answer, Call, HttpClient


@dataclass(frozen=True)
class Watched:
    """One call and its answer; None where there was none that could be read."""

    call: Call
    answer: Answer | None
    error: str
    """A sentence, empty where there is an answer."""
    milliseconds: int


@dataclass
class Calls:
    """The calls of one check, in their order."""

    made: list[Watched] = field(default_factory=list)

    def client(self, timeout_seconds: float, max_concurrency: int) -> HttpClient:
        """A vendor's client that is watched."""
        return WatchedClient(timeout_seconds, max_concurrency, self)


class WatchedClient(HttpClient):
    """Sends as every vendor's client does, and keeps what it has seen."""

    def __init__(self, timeout_seconds: float, max_concurrency: int, calls: Calls) -> None:
        super().__init__(timeout_seconds, max_concurrency)
        self._calls = calls

    async def send(self, call: Call) -> Answer:
        """Send one call; raises what ``HttpClient.send`` raises."""
        clock = asyncio.get_running_loop().time
        began = clock()

        def keep(answer: Answer | None, error: str = "") -> None:
            milliseconds = round((clock() - began) * 1000)
            self._calls.made.append(Watched(call, answer, error, milliseconds))

        try:
            answer = await super().send(call)
        except CancellationError as error:
            keep(None, error.message)
            raise
        keep(answer)
        return answer
