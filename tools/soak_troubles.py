"""The troubles of the soak: failing calls, vendors with habits, instances that are killed."""

from __future__ import annotations

import asyncio
import random
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from sandbox import Runner, Sandbox
from sandbox.faults import (
    NOBODY_LISTENS,
    DropAfter,
    DropBefore,
    Fault,
    Respond,
    Work,
    html_page,
    redirect,
    truncated_json,
)

# Failing calls

ONE_IN = 5
BEFORE: tuple[Fault, ...] = (
    DropBefore(),
    *(Respond(status) for status in (401, 403, 408, 429, 500, 502, 503, 504)),
)
AFTER: tuple[Fault, ...] = (
    DropAfter(),
    *(Respond(status, after_work=True) for status in (500, 502, 504)),
    Respond(200, after_work=True),
    html_page(after_work=True),
    truncated_json(after_work=True),
)
ONLY_VENDOR: tuple[Fault, ...] = (
    redirect("urn:job:1", 303, after_work=True),
    redirect("/elsewhere", 302, after_work=True),
)
# The runner repeats a call after any other answer; each time it sleeps a second, all tasks in it.
NOT_REPEATED: tuple[Fault, ...] = (
    *(Respond(status) for status in (401, 403, 408, 429)),
    html_page(),
    truncated_json(),
)
# An account that may not keep notes at all gets a weaker guarantee, as the log says.
NOTES_REFUSED = (401, 403)
# Each pauses every call to the vendor, so they are rare.
PAUSES: tuple[Fault, ...] = (
    Respond(429, headers={"Retry-After": "1"}),
    *(Respond(status, headers={"Retry-After": "1"}, after_work=True) for status in (503, 504)),
)
RARELY = 0.02


@dataclass
class FailingCalls:
    """One call in five fails; counts calls and failures by the server called."""

    dice: random.Random
    calls: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)

    def at(self, whom: str) -> Fault:
        """A fault for every call to a server; most of the time it does nothing."""

        async def maybe(request: web.Request, work: Work, /) -> web.StreamResponse:
            self.calls[whom] += 1
            if self.dice.random() >= 1 / ONE_IN:
                return await work()
            self.failed[whom] += 1
            return await self.dice.choice(self._faults(whom, request))(request, work)

        return maybe

    def _faults(self, whom: str, request: web.Request) -> tuple[Fault, ...]:
        if whom == "vendor":
            return PAUSES if self.dice.random() < RARELY else (*BEFORE, *AFTER, *ONLY_VENDOR)
        if "EAAS_TASK_ID" not in request.headers:
            return NOT_REPEATED
        if "/conversations" in request.path:
            return tuple(each for each in (*BEFORE, *AFTER) if not _refuses_notes(each))
        return (*BEFORE, *AFTER)


def _refuses_notes(fault: Fault) -> bool:
    return isinstance(fault, Respond) and fault.status in NOTES_REFUSED


# Vendors with habits


@dataclass(frozen=True)
class Variant:
    """A vendor's habit with a subscription, and the only right end of its cancel request."""

    name: str
    weight: int
    fields: Mapping[str, Any] = field(default_factory=dict)
    status: str = "approved"
    orders: int = 1


SLOW = {"shows_after_seconds": 3.0, "honours_keys": False}
VARIANTS = (
    Variant("shows it at once", 30, {"honours_keys": False}),
    Variant("honours idempotency keys", 10),
    Variant("slow, then a conflict", 15, {**SLOW, "second": "conflict"}),
    Variant("slow, then a refusal", 15, {**SLOW, "second": "refuse"}),
    Variant("slow, then another order", 15, {**SLOW, "second": "order"}),
    Variant("slow, then cancelling", 5, {**SLOW, "cancelling_seconds": 3.0, "second": "order"}),
    Variant("locked at first", 4, {"locked_seconds": 3.0, "honours_keys": False}),
    Variant("cancelled before", 3, {"status": "cancelled"}, orders=0),
    Variant("a draft", 3, {"status": "draft"}, status="failed", orders=0),
)


def variant(dice: random.Random) -> Variant:
    """A random one, by weight."""
    return dice.choices(VARIANTS, [each.weight for each in VARIANTS])[0]


# Kills

SECONDS_BETWEEN_KILLS = (2.0, 5.0)
SECONDS_TO_MEET_A_CALL = 10.0
SECONDS_TO_COME_BACK = 120.0
SUBSCRIPTION = re.compile(r"/subscriptions/([^/]+)/cancel$")


class Kills:
    """Kills, with SIGKILL, one worker or one whole instance at a time, and restarts it."""

    def __init__(
        self, sandbox: Sandbox, dice: random.Random, request_of: Callable[[str], str]
    ) -> None:
        """``request_of`` gives the request about a subscription at the vendor."""
        self._sandbox, self._dice, self._request_of = sandbox, dice, request_of
        self._victim: asyncio.Future[tuple[Runner, int]] | None = None
        self._kinds = (
            self._worker_at_any_time,
            self._instance_at_any_time,
            self._worker_during_a_cancellation,
            self._instance_during_a_cancellation,
        )
        self.done: Counter[str] = Counter()
        sandbox.vendor.faults.add("POST", r"/cancel$", self._maybe_kill)

    async def run(self, most: int) -> None:
        """Kill so many times, with a pause before each."""
        for number in range(most):
            await asyncio.sleep(self._dice.uniform(*SECONDS_BETWEEN_KILLS))
            kind = self._kinds[number % len(self._kinds)]
            await kind()
            self.done[kind.__name__.strip("_").replace("_", " ")] += 1

    async def _worker_at_any_time(self) -> None:
        runner = self._dice.choice(self._sandbox.runners)
        await runner.wait_for_new_worker(runner.kill_worker(), SECONDS_TO_COME_BACK)

    async def _instance_at_any_time(self) -> None:
        await self._restart(self._dice.choice(self._sandbox.runners))

    async def _worker_during_a_cancellation(self) -> None:
        runner, worker = await self._killed_during_a_cancellation()
        await runner.wait_for_new_worker(worker, SECONDS_TO_COME_BACK)

    async def _instance_during_a_cancellation(self) -> None:
        runner, _ = await self._killed_during_a_cancellation()
        await self._restart(runner)

    async def _restart(self, runner: Runner) -> None:
        await runner.kill()
        await runner.start(SECONDS_TO_COME_BACK)

    async def _killed_during_a_cancellation(self) -> tuple[Runner, int]:
        self._victim = asyncio.get_running_loop().create_future()
        try:
            return await asyncio.wait_for(asyncio.shield(self._victim), SECONDS_TO_MEET_A_CALL)
        except asyncio.TimeoutError:
            runner = self._dice.choice(self._sandbox.runners)
            return runner, runner.kill_worker()
        finally:
            self._victim = None

    async def _maybe_kill(self, request: web.Request, work: Work, /) -> web.StreamResponse:
        """Kill the sender of a cancellation that has arrived, before or after the vendor's work."""
        victim, path = self._victim, SUBSCRIPTION.search(request.path)
        if victim is None or victim.done() or path is None:
            return await work()
        runner = self._sandbox.runner_of(self._request_of(path[1]))
        if self._dice.random() < 0.5:
            victim.set_result((runner, runner.kill_worker()))
            return web.Response(status=NOBODY_LISTENS)
        response = await work()
        if not victim.done():
            victim.set_result((runner, runner.kill_worker()))
        return response
