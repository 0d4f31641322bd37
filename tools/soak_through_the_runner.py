"""Many requests through two official runners, with every trouble at once: ``make soak``.

``python -m tools.soak_through_the_runner [--requests N] [--kills N] [--seed N]``; exit status 0 if
every request ended as it must.

One call in five fails, to Connect and to the vendor, before its work or after it. Most vendors
need seconds to show a cancellation, and meet a second one with a conflict, a refusal or another
order. One request in ten is delivered to both instances. In the first half, workers and whole
instances are killed and restarted. In the second half, memory must stay flat.

Left out are faults for which no end is the only right one: a vendor that refuses after an attempt
whose outcome is unknown, and one that answers 200 without doing anything. A seed repeats the
subscriptions and the kinds of faults; processes never interleave the same way twice.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from sandbox import Sandbox
from sandbox.connect.journal import Happening
from sandbox.runner import RunnerFailed
from tools.soak_troubles import ONE_IN, FailingCalls, Kills, Variant, variant

INSTANCES = 2
REQUESTS, KILLS = 1000, 12
AT_ONCE = 60
TWICE_ONE_IN = 10
MOST_GROWTH = 10 * 1024 * 1024
# The shortest wait of 30 seconds takes 1.5 here.
COUNTDOWN_SCALE = 0.05
VARIABLES = {"VENDOR_TIMEOUT_SECONDS": "2", "SETTLE_MINUTES": "0.2"}
# The time for the requests that are open at once, not for all of them.
MOST_SECONDS = 300.0
SHOWN = 10


@dataclass(frozen=True)
class Put:
    """A request that was put in."""

    variant: Variant
    subscription_id: str


@dataclass(frozen=True)
class Found:
    """The state of everything in the end."""

    ends: Counter[tuple[str, str]]
    wrong: list[str]
    deliveries: int
    seconds: float
    memory_then: int
    memory_now: int
    kills: Counter[str]

    @property
    def growth(self) -> int:
        """Bytes that all workers together have grown by in the second half."""
        return self.memory_now - self.memory_then

    @property
    def is_good(self) -> bool:
        """Whether every promise held."""
        return not self.wrong and self.growth <= MOST_GROWTH * INSTANCES


class Soak:
    """A sandbox with its runners; a bounded number of requests is open at a time."""

    def __init__(self, sandbox: Sandbox, requests: int, kills: int, dice: random.Random) -> None:
        self._sandbox, self._requests, self._most_kills = sandbox, requests, kills
        self._dice = dice
        self._put: dict[str, Put] = {}
        self._request_of: dict[str, str] = {}
        self._open: set[str] = set()
        self._changed = asyncio.Event()
        self._kills = Kills(sandbox, random.Random(dice.random()), self._request_of.__getitem__)
        sandbox.connect.journal.listen(self._heard)

    async def run(self) -> Found:
        """Put all requests in, and wait until they have settled or time is up."""
        began, half = time.monotonic(), self._requests // 2
        killing = asyncio.create_task(self._kills.run(self._most_kills))
        while len(self._put) < half or not killing.done():
            await self._put_one()
        await killing
        kept_up = await self._wait(lambda: not self._open)
        memory_then = self._memory()
        while kept_up and len(self._put) < self._requests:
            kept_up = await self._put_one()
        await self._wait(lambda: not self._open)
        tasks = self._sandbox.connect.tasks.by_id.values()
        return Found(
            ends=Counter(self._end(request_id) for request_id in self._put),
            wrong=[line for request_id in self._put for line in self._mistakes(request_id)],
            deliveries=sum(len(task.deliveries) for task in tasks),
            seconds=time.monotonic() - began,
            memory_then=memory_then,
            memory_now=self._memory(),
            kills=self._kills.done,
        )

    async def _put_one(self) -> bool:
        """Put one request in as soon as there is room; False if there was none in time."""
        if not await self._wait(lambda: len(self._open) < AT_ONCE):
            return False
        if len(self._put) >= self._requests:
            # The kills take longer than the requests.
            await asyncio.sleep(0.1)
            return True
        connect, chosen = self._sandbox.connect, variant(self._dice)
        subscription = self._sandbox.vendor.add(**chosen.fields)
        asset_id = connect.create_subscription(subscription.id)
        request_id = connect.create_cancel_request(asset_id)
        self._put[request_id] = Put(chosen, subscription.id)
        self._request_of[subscription.id] = request_id
        self._open.add(request_id)
        if self._dice.random() < 1 / TWICE_ONE_IN:
            self._deliver_to_the_other(request_id)
        return True

    def _deliver_to_the_other(self, request_id: str) -> None:
        connect = self._sandbox.connect
        deliveries = connect.tasks_of(request_id)[-1].deliveries
        first = deliveries[-1].instance_id if deliveries else None
        for runner in self._sandbox.runners:
            if runner.instance_id != first and connect.instances.connected(runner.instance_id):
                connect.tasks.deliver_again(request_id, runner.instance_id)
                return

    async def _wait(self, condition: Callable[[], bool]) -> bool:
        """Wait for the condition; False if it does not come true."""
        deadline = time.monotonic() + MOST_SECONDS
        while not condition():
            if time.monotonic() > deadline:
                return False
            self._changed.clear()
            try:
                await asyncio.wait_for(self._changed.wait(), 1.0)
            except asyncio.TimeoutError:
                continue
        return True

    def _heard(self, happening: Happening) -> None:
        if happening.kind == "task":
            task = self._sandbox.connect.tasks.by_id[happening.object_id]
            if task.settled:
                self._open.discard(task.request_id)
                self._changed.set()

    def _memory(self) -> int:
        return sum(runner.worker_memory() for runner in self._sandbox.runners)

    def _end(self, request_id: str) -> tuple[str, str]:
        return self._put[request_id].variant.name, self._sandbox.connect.status(request_id)

    def _mistakes(self, request_id: str) -> list[str]:
        put, connect = self._put[request_id], self._sandbox.connect
        expected = put.variant
        subscription = self._sandbox.vendor.subscriptions[put.subscription_id]
        found = {
            "status": (connect.status(request_id), expected.status),
            "orders": (subscription.orders, expected.orders),
            "cancellations": (subscription.cancellations, expected.orders),
            "unsettled tasks": (sum(not t.settled for t in connect.tasks_of(request_id)), 0),
        }
        wrong = [f"{name} {is_} not {must}" for name, (is_, must) in found.items() if is_ != must]
        return [f"{request_id} ({expected.name}): {', '.join(wrong)}"] if wrong else []


def report(found: Found, calls: FailingCalls) -> str:
    """The figures, as lines."""
    ends = (f"  {count:5} {name}: {status}" for (name, status), count in sorted(found.ends.items()))
    failed = ", ".join(
        f"{calls.failed[whom]} of {calls.calls[whom]} calls to {whom} failed"
        for whom in sorted(calls.calls)
    )
    kills = ", ".join(f"{count} x {kind}" for kind, count in found.kills.items()) or "none"
    then, growth = found.memory_then / 2**20, found.growth / 2**20
    left_out = [f"... and {len(found.wrong) - SHOWN} more"] if len(found.wrong) > SHOWN else []
    return "\n".join(
        [
            *("ends, by the vendor's habit:", *ends),
            f"{failed}; {found.deliveries} deliveries in {found.seconds:.0f} s",
            f"kills: {kills}",
            f"memory of {INSTANCES} workers: {then:.1f} MB, then {growth:+.1f} MB",
            *(*found.wrong[:SHOWN], *left_out),
            "good" if found.is_good else "NOT GOOD",
        ]
    )


async def soak(requests: int, kills: int, seed: int) -> int:
    """Run it; the exit status."""
    dice = random.Random(seed)
    calls = FailingCalls(random.Random(dice.random()))
    async with Sandbox(
        variables=VARIABLES, countdown_scale=COUNTDOWN_SCALE, retry_seconds=30
    ) as sandbox:
        await asyncio.gather(*(sandbox.start_runner(timeout=120) for _ in range(INSTANCES)))
        sandbox.connect.faults.add("*", "", calls.at("Connect"))
        running = Soak(sandbox, requests, kills, dice)
        sandbox.vendor.faults.add("*", "", calls.at("vendor"))
        found = await running.run()
        if any("cause=bug" in runner.log for runner in sandbox.runners):
            raise RunnerFailed("the extension has a bug: see its log")
    print(report(found, calls))
    return 0 if found.is_good else 1


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--requests", type=int, default=REQUESTS)
    parser.add_argument("--kills", type=int, default=KILLS)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    options = parser.parse_args()
    print(
        f"{options.requests} requests, {INSTANCES} instances, {options.kills} kills,"
        f" one call in {ONE_IN} fails, seed {options.seed}",
        flush=True,
    )
    return asyncio.run(soak(options.requests, options.kills, options.seed))


if __name__ == "__main__":
    sys.exit(main())
