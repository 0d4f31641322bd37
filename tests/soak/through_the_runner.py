"""Many requests through one official runner while one call in five fails at random.

`python -m tests.soak.through_the_runner [--requests 2000] [--seed N]`; exit status 0 if everything
settled, approved, with one cancellation each, and the worker's memory did not grow.

Calls fail on both sides, before their work and after it. Those that a vendor refuses by are left
out (they reject, rightly), and so is a vendor that answers 200 and does nothing: no extension can
tell that from one that is slow. The runner's own reads fail by answers that it does not repeat: it
sleeps a second, with all tasks in it, for each that it does.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from aiohttp import web

from sandbox import Sandbox
from sandbox.connect.journal import Happening
from sandbox.faults import DropAfter, DropBefore, Fault, Respond, Work, html_page, truncated_json
from sandbox.runner import RunnerFailed

ONE_IN = 5
AT_ONCE = 100
FIRST = 200
MOST_GROWTH = 30 * 1024 * 1024
# 30 seconds of a rescheduled task take 1.5 here.
COUNTDOWN_SCALE = 0.05
# A cancellation without an answer waits for a minute: three in a row, and a pause of the vendor's.
SETTLE_SECONDS = 600.0

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
NOT_REPEATED: tuple[Fault, ...] = (
    *(Respond(status) for status in (401, 403, 408, 429)),
    html_page(),
    truncated_json(),
)
# Rarely: it pauses everything that goes to the vendor.
LEAVE_ME_ALONE = Respond(429, headers={"Retry-After": "1"})
RARELY = 0.01


@dataclass
class Trouble:
    """One call in five fails; counts calls and failures by who is called."""

    dice: random.Random
    calls: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)

    def at(self, whom: str) -> Fault:
        """The fault for every call to a server: most of the time, none."""

        async def perhaps(request: web.Request, work: Work, /) -> web.StreamResponse:
            self.calls[whom] += 1
            if self.dice.random() >= 1 / ONE_IN:
                return await work()
            self.failed[whom] += 1
            return await self._one_of(whom, request)(request, work)

        return perhaps

    def _one_of(self, whom: str, request: web.Request) -> Fault:
        if whom == "Connect" and "EAAS_TASK_ID" not in request.headers:
            return self.dice.choice(NOT_REPEATED)
        if whom == "vendor" and self.dice.random() < RARELY:
            return LEAVE_ME_ALONE
        return self.dice.choice((*BEFORE, *AFTER))


@dataclass(frozen=True)
class Found:
    """What there was to see in the end."""

    statuses: Counter[str]
    cancellations: Counter[int]
    deliveries: int
    seconds: float
    memory_then: int
    memory_now: int
    unsettled: int

    @property
    def is_good(self) -> bool:
        """Whether every promise held."""
        return (
            set(self.statuses) == {"approved"}
            and set(self.cancellations) == {1}
            and not self.unsettled
            and self.memory_now - self.memory_then <= MOST_GROWTH
        )


class Soak:
    """A sandbox with one runner, into which requests are put, so many at a time."""

    def __init__(self, sandbox: Sandbox, requests: int) -> None:
        self._sandbox, self._wanted = sandbox, requests
        self._subscriptions: dict[str, str] = {}
        self._open = 0
        self._changed = asyncio.Event()
        self._memory_then = 0
        sandbox.connect.journal.listen(self._heard)

    async def run(self) -> Found:
        """Put all of them in, and wait until they have settled or the time is over."""
        began = time.monotonic()
        while len(self._subscriptions) < self._wanted:
            await self._wait(lambda: self._open < AT_ONCE)
            if len(self._subscriptions) == FIRST:
                await self._wait(lambda: self._open == 0)
                self._memory_then = self._sandbox.runners[0].worker_memory()
            self._begin()
        await self._wait(lambda: self._open == 0)
        return self._found(time.monotonic() - began)

    def _begin(self) -> None:
        subscription = self._sandbox.vendor.add()
        asset_id = self._sandbox.connect.create_subscription(subscription.id)
        self._open += 1
        request_id = self._sandbox.connect.create_cancel_request(asset_id)
        self._subscriptions[request_id] = subscription.id

    async def _wait(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + SETTLE_SECONDS
        while not condition() and time.monotonic() < deadline:
            self._changed.clear()
            try:
                await asyncio.wait_for(self._changed.wait(), 1.0)
            except asyncio.TimeoutError:
                continue

    def _heard(self, happening: Happening) -> None:
        if happening.kind == "task":
            task = self._sandbox.connect.tasks.by_id[happening.object_id]
            if task.settled and task.results and task.results[-1].accepted:
                self._open -= 1
                self._changed.set()

    def _found(self, seconds: float) -> Found:
        connect, vendor = self._sandbox.connect, self._sandbox.vendor
        tasks = connect.tasks.by_id.values()
        return Found(
            statuses=Counter(connect.status(request_id) for request_id in self._subscriptions),
            cancellations=Counter(
                vendor.subscriptions[each].cancellations for each in self._subscriptions.values()
            ),
            deliveries=sum(len(task.deliveries) for task in tasks),
            seconds=seconds,
            memory_then=self._memory_then or self._sandbox.runners[0].worker_memory(),
            memory_now=self._sandbox.runners[0].worker_memory(),
            unsettled=sum(not task.settled for task in tasks),
        )


def _report(found: Found, trouble: Trouble) -> str:
    failed = ", ".join(
        f"{trouble.failed[whom]} of {trouble.calls[whom]} calls to {whom} failed"
        for whom in sorted(trouble.calls)
    )
    then, now = found.memory_then / 2**20, found.memory_now / 2**20
    return "\n".join(
        [
            f"requests: {dict(found.statuses)}, unsettled tasks: {found.unsettled}",
            f"cancellations at the vendor: {dict(found.cancellations)}",
            f"{failed}; {found.deliveries} deliveries in {found.seconds:.0f} s",
            f"memory of the worker: {then:.1f} MB after the first {FIRST}, {now:.1f} MB in the end",
            "good" if found.is_good else "NOT GOOD",
        ]
    )


async def soak(requests: int, seed: int) -> int:
    """Run it; the exit status."""
    trouble = Trouble(random.Random(seed))
    async with Sandbox(countdown_scale=COUNTDOWN_SCALE, retry_seconds=30) as sandbox:
        runner = await sandbox.start_runner(timeout=120)
        pid = runner.background_worker().pid
        sandbox.connect.faults.add("*", "", trouble.at("Connect"))
        sandbox.vendor.faults.add("*", "", trouble.at("vendor"))
        found = await Soak(sandbox, requests).run()
        if runner.background_worker().pid != pid:
            raise RunnerFailed("the worker died on the way")
        if "a bug in the extension" in runner.log:
            raise RunnerFailed("the extension has a bug: see its log")
    print(_report(found, trouble))
    return 0 if found.is_good else 1


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=None)
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(2**32)
    print(f"{options.requests} requests, one call in {ONE_IN} fails, seed {seed}", flush=True)
    return asyncio.run(soak(options.requests, seed))


if __name__ == "__main__":
    sys.exit(main())
