"""The troubles of the soak: failing calls, vendors with habits, instances that are killed."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from sandbox import Runner, Sandbox
from sandbox.faults import (
    NOBODY_LISTENS,
    DropAfter,
    DropBefore,
    Fault,
    FaultPlan,
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
# The runner repeats a call after any other answer; each time, it and all its tasks sleep a second.
NOT_REPEATED: tuple[Fault, ...] = (
    *(Respond(status) for status in (401, 403, 408, 429)),
    html_page(),
    truncated_json(),
)
# An account that may not write notes at all has a weaker guarantee, as the log says.
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
        if whom != "Connect":
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
    """A vendor's behaviour with a subscription, and the only correct end of its cancel request."""

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


def variant(dice: random.Random, variants: Sequence[Variant]) -> Variant:
    """Choose a variant at random, by weight."""
    return dice.choices(variants, [each.weight for each in variants])[0]


# Kills

SECONDS_BETWEEN_KILLS = (2.0, 5.0)
SECONDS_TO_MEET_A_CALL = 10.0
SECONDS_ON_HOLD = 1.0
SECONDS_TO_COME_BACK = 120.0
HALF = 0.5


RequestOf = Callable[[web.Request, bytes], str]


class Kills:
    """Ends one worker or one whole instance at a time, and waits for it to return.

    Two of six times, the instance is asked to stop (SIGTERM); otherwise it is sent SIGKILL.
    """

    def __init__(self, sandbox: Sandbox, dice: random.Random) -> None:
        self._sandbox, self._dice = sandbox, dice
        self._victim: asyncio.Future[Runner] | None = None
        self.done: Counter[str] = Counter()

    def at(self, plan: FaultPlan, path: str, request_of: RequestOf) -> None:
        """Also kill during cancellations there; ``request_of`` finds the request of one."""

        async def maybe_kill(request: web.Request, work: Work, /) -> web.StreamResponse:
            return await self._maybe_kill(request_of(request, await request.read()), work)

        plan.add("POST", path, maybe_kill)

    async def run(self, most: int) -> None:
        """Kill this many times, with a pause before each."""
        for number in range(most):
            await asyncio.sleep(self._dice.uniform(*SECONDS_BETWEEN_KILLS))
            runner, when = self._dice.choice(self._sandbox.runners), "at any time"
            if number % 2:
                sender = await self._sender_of_a_cancellation()
                runner, when = (sender, "during a cancellation") if sender else (runner, when)
            kind = await (self._kill_worker, self._kill, self._stop)[number // 2 % 3](runner)
            self.done[f"{kind} {when}"] += 1

    async def _kill_worker(self, runner: Runner) -> str:
        await runner.wait_for_new_worker(runner.kill_worker(), SECONDS_TO_COME_BACK)
        return "worker killed"

    async def _kill(self, runner: Runner) -> str:
        await runner.kill()
        await runner.start(SECONDS_TO_COME_BACK)
        return "instance killed"

    async def _stop(self, runner: Runner) -> str:
        await runner.stop()
        await runner.start(SECONDS_TO_COME_BACK)
        return "instance stopped"

    async def _sender_of_a_cancellation(self) -> Runner | None:
        """Find the runner that sends the next cancellation, and hold it; None if there is none."""
        self._victim = asyncio.get_running_loop().create_future()
        done, _ = await asyncio.wait([self._victim], timeout=SECONDS_TO_MEET_A_CALL)
        victim, self._victim = self._victim, None
        return victim.result() if done else None

    async def _maybe_kill(self, request_id: str, work: Work) -> web.StreamResponse:
        """Hold the victim's cancellation, before or after the vendor's work, until it is dead."""
        victim = self._victim
        if victim is None or victim.done():
            return await work()
        victim.set_result(self._sandbox.runner_of(request_id))
        if self._dice.random() < HALF:
            await work()
        await asyncio.sleep(SECONDS_ON_HOLD)
        return web.Response(status=NOBODY_LISTENS)
