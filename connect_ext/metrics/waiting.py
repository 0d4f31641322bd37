"""A process's list of waiting requests, which shows the ones that have waited longest."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from connect_ext.cancelling.request import CancelRequest
from connect_ext.cancelling.steps import Final, Wait
from connect_ext.errors import CancellationError

MOST_REQUESTS = 10_000
LONG_PAST = timedelta(minutes=15)
"""A request whose next look is overdue by so much has been handled by another instance."""


@dataclass(frozen=True)
class WaitingRequest:
    """A request that waits."""

    request_id: str
    since: datetime
    cause: str
    next_look: datetime


class WaitingRequests:
    """The requests whose last task in this process ended in a wait.

    A request that waits for a known date is left out: nobody can speed it up.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, WaitingRequest] = {}

    def note(self, step: Final, data: Any, now: datetime) -> None:
        """Note how a request's task has ended; ``data`` is Connect's JSON, or anything."""
        try:
            request = CancelRequest.from_connect(data)
        except CancellationError:
            # Without an id, nobody could find it.
            return
        self._waiting.pop(request.id, None)
        if isinstance(step, Wait) and step.until is None:
            self._waiting[request.id] = WaitingRequest(
                request.id,
                request.waits_since or now,
                step.cause.value,
                now + timedelta(seconds=step.seconds),
            )
            if len(self._waiting) > MOST_REQUESTS:
                del self._waiting[next(iter(self._waiting))]

    def shown(self, most: int, now: datetime) -> tuple[int, tuple[WaitingRequest, ...]]:
        """How many wait, and the longest-waiting ones; forgets those that others have handled."""
        self._waiting = {
            request_id: each
            for request_id, each in self._waiting.items()
            if now < each.next_look + LONG_PAST
        }
        longest = heapq.nsmallest(most, self._waiting.values(), key=lambda each: each.since)
        return len(self._waiting), tuple(longest)
