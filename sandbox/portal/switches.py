"""Switches for faults of the whole local vendor: one place that knows which are on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite
from typing import Any, Protocol

from sandbox.connect.refusals import invalid, unknown
from sandbox.faults import DropAfter, Fault, Respond, Rule
from sandbox.vendor import LocalVendor

MOST_SECONDS = 86400.0
MOST_CHARACTERS = 500


class Effect(Protocol):
    """What a switch does to the vendor."""

    @property
    def is_on(self) -> bool:
        """Whether it is on."""

    async def start(self, value: Any, /) -> None:
        """Begin it, or go on with another value."""

    async def stop(self) -> None:
        """End it: the vendor is as it was before."""


class Habit:
    """A field of every subscription at the vendor, also of those that are added meanwhile."""

    def __init__(self, vendor: LocalVendor, field: str) -> None:
        self._vendor, self._field = vendor, field
        self._before: dict[str, Any] = {}

    @property
    def is_on(self) -> bool:
        """Whether new subscriptions get a value; `serve --slow` gives them one, too."""
        return self.value is not None

    @property
    def value(self) -> Any:
        """The value that new subscriptions get."""
        return self._vendor.defaults.get(self._field)

    async def start(self, value: Any, /) -> None:
        """Give every subscription the value."""
        subscriptions = self._vendor.subscriptions.values()
        if not self.is_on:
            self._before = {each.id: getattr(each, self._field) for each in subscriptions}
        self._vendor.defaults[self._field] = value
        for each in subscriptions:
            setattr(each, self._field, value)

    async def stop(self) -> None:
        """Give every subscription the value that it had before."""
        self._vendor.defaults.pop(self._field, None)
        for each in self._vendor.subscriptions.values():
            setattr(each, self._field, self._before.get(each.id))


class Misbehaviour:
    """Calls of a kind that go wrong."""

    def __init__(self, vendor: LocalVendor, method: str, path: str, fault: Fault) -> None:
        self._vendor, self._calls, self._fault = vendor, (method, path), fault
        self._rule: Rule | None = None

    @property
    def is_on(self) -> bool:
        """Whether they go wrong."""
        return self._rule is not None

    async def start(self, _: Any, /) -> None:
        """Let them go wrong."""
        self._rule = self._rule or self._vendor.faults.add(*self._calls, self._fault)

    async def stop(self) -> None:
        """Let them go well."""
        if self._rule is not None:
            self._vendor.faults.remove(self._rule)
        self._rule = None


class Outage:
    """The vendor is down."""

    def __init__(self, vendor: LocalVendor) -> None:
        self._vendor = vendor
        self._is_down = False

    @property
    def is_on(self) -> bool:
        """Whether connections are refused."""
        return self._is_down

    async def start(self, _: Any, /) -> None:
        """Stop serving."""
        await self._vendor.stop()
        self._is_down = True

    async def stop(self) -> None:
        """Serve again, at the same address."""
        if self._is_down:
            await self._vendor.start()
        self._is_down = False


def seconds(text: str) -> float:
    """A number of seconds that somebody has typed."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not (isfinite(value) and 0 < value <= MOST_SECONDS):
        raise invalid(f"Seconds: expected a number above 0, and {MOST_SECONDS:.0f} at most.")
    return value


def reason(text: str) -> str:
    """A refusal's reason that somebody has typed."""
    value = text.strip()
    if not 0 < len(value) <= MOST_CHARACTERS:
        raise invalid(f"Reason: expected a text of {MOST_CHARACTERS} characters at most.")
    return value


@dataclass(eq=False)
class Switch:
    """A switch: what it `does`, and what the extension does about it `then`.

    With `reads` it takes a value, which is asked for by the `label`.
    """

    name: str
    title: str
    does: str
    then: str
    effect: Effect
    label: str = ""
    value: str = ""
    reads: Callable[[str], Any] | None = None

    @property
    def is_on(self) -> bool:
        """Whether it is on."""
        return self.effect.is_on


class Switches:
    """Every switch of a vendor."""

    def __init__(self, vendor: LocalVendor) -> None:
        self.all = {each.name: each for each in (*_of_habits(vendor), *_of_calls(vendor))}
        # A vendor that stops takes a moment, in which somebody may press the same switch again.
        self._lock = asyncio.Lock()

    async def turn_on(self, name: str, text: str) -> None:
        """Turn a switch on, or give one that is on another value. Raises Refusal."""
        switch = self._named(name)
        value = None
        if switch.reads is not None:
            value = switch.reads(text)
            switch.value = text.strip()
        async with self._lock:
            await switch.effect.start(value)

    async def turn_off(self, name: str) -> None:
        """Turn a switch off. Raises Refusal."""
        async with self._lock:
            await self._named(name).effect.stop()

    def _named(self, name: str) -> Switch:
        if name not in self.all:
            raise unknown(name)
        return self.all[name]


def _of_habits(vendor: LocalVendor) -> tuple[Switch, ...]:
    slow = Habit(vendor, "shows_after_seconds")
    return (
        Switch(
            "slow",
            "Slow",
            "The vendor accepts a cancellation at once but shows it only after a while.",
            "The extension keeps looking and does not send it again.",
            slow,
            label="Seconds until it shows",
            value=f"{slow.value:g}" if slow.is_on else "30",
            reads=seconds,
        ),
        Switch(
            "in-progress",
            "In progress",
            "A cancellation stays “cancelling” for a while before it is done.",
            "The extension waits and approves the request once the subscription is cancelled.",
            Habit(vendor, "cancelling_seconds"),
            label="Seconds in progress",
            value="30",
            reads=seconds,
        ),
        Switch(
            "422",
            "422",
            "The vendor refuses every cancellation for a business reason (HTTP 422).",
            "The extension rejects the request with that reason, unless ON_REFUSAL is “hold”.",
            Habit(vendor, "refusal"),
            label="Reason",
            value="The contract has a minimum term.",
            reads=reason,
        ),
    )


def _of_calls(vendor: LocalVendor) -> tuple[Switch, ...]:
    busy = Respond(503, b'{"error": {"message": "service unavailable"}}')
    return (
        Switch(
            "503",
            "503",
            "The vendor answers every call with HTTP 503 and does nothing.",
            "The extension waits and tries again, at growing intervals.",
            Misbehaviour(vendor, "*", "", busy),
        ),
        Switch(
            "lost-answer",
            "Lost answer",
            "The vendor cancels the subscription, but its answer never arrives. The list of calls"
            " shows the answer that was lost.",
            "The extension looks at the subscription instead of cancelling it again.",
            Misbehaviour(vendor, "POST", "/cancel$", DropAfter()),
        ),
        Switch(
            "down",
            "Down",
            "The vendor refuses connections.",
            "The extension knows that nothing was sent, so it waits and tries again.",
            Outage(vendor),
        ),
    )
