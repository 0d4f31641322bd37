"""Watches a vendor: records the calls, their answers, and what these show."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace

from connect_ext.check.as_the_vendor import AsTheVendor
from connect_ext.errors import CancellationError, OutcomeUnknown, Refused
from connect_ext.http.client import Answer, Call, HttpClient
from connect_ext.vendors.base import (
    Accepted,
    Cancellation,
    Plan,
    Subscription,
    Vendor,
)
from connect_ext.vendors.words import known_words_of


@dataclass(frozen=True)
class Watched:
    """One call and its answer; None if there was no readable answer."""

    call: Call
    answer: Answer | None
    error: str
    """A sentence; empty if there is an answer."""
    milliseconds: int
    has_left: bool
    """Whether the vendor may have received it."""


@dataclass
class Calls:
    """The calls of one check, in order."""

    made: list[Watched] = field(default_factory=list)

    @property
    def has_changed_something(self) -> bool:
        """Whether a changing call has reached the vendor, or may have."""
        return any(each.call.changes and each.has_left for each in self.made)

    def client(self, timeout_seconds: float, max_concurrency: int) -> HttpClient:
        """Make a watched client for a vendor."""
        return WatchedClient(timeout_seconds, max_concurrency, self)


class WatchedClient(HttpClient):
    """Sends calls like any vendor's client, and records them."""

    def __init__(self, timeout_seconds: float, max_concurrency: int, calls: Calls) -> None:
        super().__init__(timeout_seconds, max_concurrency)
        self._calls = calls

    async def send(self, call: Call) -> Answer:
        """Send one call; raises what ``HttpClient.send`` raises."""
        await self.prepare()
        clock = asyncio.get_running_loop().time
        began = clock()

        def keep(answer: Answer | None, error: str = "", *, has_left: bool = True) -> None:
            milliseconds = round((clock() - began) * 1000)
            self._calls.made.append(Watched(call, answer, error, milliseconds, has_left))

        try:
            answer = await super().send(call)
        except CancellationError as error:
            keep(None, error.message, has_left=isinstance(error, OutcomeUnknown))
            raise
        keep(answer)
        return answer


class WatchedVendor(AsTheVendor):
    """A vendor whose own words are masked: they may name a customer."""

    def __init__(self, vendor: Vendor) -> None:
        super().__init__(vendor)
        self.shown: Subscription | None = None
        """The subscription in the last look or the answer to the cancellation."""

    async def look_up(self, cancellation: Cancellation) -> Subscription:
        """As the vendor itself."""
        self.shown = None
        try:
            self.shown = await self._vendor.look_up(cancellation)
        except CancellationError as error:
            raise _sifted(error) from None
        return self.shown

    async def cancel(
        self, cancellation: Cancellation, subscription: Subscription | None
    ) -> Accepted:
        """As the vendor itself."""
        try:
            accepted = await self._vendor.cancel(cancellation, subscription)
        except CancellationError as error:
            raise _sifted(error) from None
        self.shown = accepted.subscription or self.shown
        return replace(accepted, amounts="")

    async def plan(self, cancellation: Cancellation, subscription: Subscription | None) -> Plan:
        """As the vendor itself; no calls if it has no plans."""
        try:
            return await super().plan(cancellation, subscription)
        except CancellationError as error:
            raise _sifted(error) from None


def _sifted(error: CancellationError) -> CancellationError:
    error.vendor_text = known_words_of(error.vendor_text)
    if isinstance(error, Refused):
        # Its hint names keys of the answer; the findings cover those that may be shown.
        error.reason, error.hint = error.vendor_text, ""
    return error
