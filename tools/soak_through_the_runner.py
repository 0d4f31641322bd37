"""Many requests through two official runners, with all kinds of trouble at once: ``make soak``.

``python -m tools.soak_through_the_runner [--requests N] [--kills N] [--seed N]
[--speed off|lookups|all]``; exit status 0 if every request ended correctly.

One call in five to Connect and the vendors fails, before or after its work. Most vendors need
seconds to show a cancellation, and answer a second one with a conflict, a refusal or another
order. One request in four goes to a Zuora with orders: some orders are finished after its gateway
has given up, some are locked at first, some stay pending until an operator has them carried out.
One request in ten is delivered to both instances. In the first half, workers and whole instances
are killed or stopped by SIGTERM, and restarted; after that, memory must stay flat. Connect's clock
is minutes ahead of ours. Tokens last at most a minute. The runners log everything they can, and
their logs are searched for every secret and token in every form.

Faults without a single correct ending are left out: a vendor that refuses after an attempt with an
unknown outcome, and one that answers 200 without doing anything. A seed repeats the subscriptions
and the kinds of faults; processes never interleave the same way twice.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from aiohttp import web

from sandbox import LocalVendor, Sandbox
from sandbox.connect.journal import Happening
from sandbox.runner import RunnerFailed
from tests.leaks import leaks
from tools.soak_troubles import ONE_IN, VARIANTS, FailingCalls, Kills, Variant, variant
from tools.soak_zuora import ORDERED, PRODUCT_ID, Tenant

INSTANCES = 2
REQUESTS, KILLS = 1000, 12
AT_ONCE = 100
TWICE_ONE_IN = 10
PAUSE_WHILE_KILLING = 0.1
MOST_GROWTH = 5 * 1024 * 1024
# The shortest wait of 30 seconds takes one second here; a person's 5 minutes take nine.
COUNTDOWN_SCALE = 0.03
CONNECT_IS_AHEAD = timedelta(minutes=7)
VARIABLES = {"VENDOR_TIMEOUT_SECONDS": "2", "SETTLE_MINUTES": "0.1"}
# For the requests that are open at once, not for all. The mark of a call with an unknown outcome
# stands for over a minute (the time to send plus the time to settle), a few times in a row.
MOST_SECONDS = 600.0
SHOWN = 10
TOKEN_SECONDS = 60
SUBSCRIPTION = re.compile(r"/subscriptions/([^/]+)/cancel$")


@dataclass(frozen=True)
class Put:
    """A request that was created."""

    variant: Variant
    subscription_id: str

    @property
    def is_ordered(self) -> bool:
        """Whether it goes to the Zuora with orders."""
        return self.variant in ORDERED


@dataclass(frozen=True)
class Found:
    """The state of everything at the end."""

    ends: Counter[tuple[str, str]]
    wrong: list[str]
    deliveries: int
    seconds: float
    waits: list[float]
    """Seconds from each task to its end, sorted."""
    memory_then: int
    memory_now: int
    kills: Counter[str]

    @property
    def growth(self) -> int:
        """The growth of all workers together, in bytes, since the kills ended."""
        return self.memory_now - self.memory_then

    @property
    def is_good(self) -> bool:
        """Whether every promise held."""
        return not self.wrong and self.growth <= MOST_GROWTH * INSTANCES


class Soak:
    """A sandbox with its runners; a bounded number of requests is open at a time."""

    def __init__(self, sandbox: Sandbox, requests: int, kills: int, dice: random.Random) -> None:
        self._sandbox, self._requests, self._most_kills = sandbox, requests, kills
        self._dice, self.tenant = dice, Tenant(sandbox)
        self._put: dict[str, Put] = {}
        self._request_of: dict[str, str] = {}
        self._open: set[str] = set()
        self._changed = asyncio.Event()
        self._kills = Kills(sandbox, random.Random(dice.random()))
        self._kills.at(sandbox.vendor.faults, SUBSCRIPTION.pattern, self._request_cancelled)
        self._kills.at(sandbox.zuora_orders.faults, "^/v1/orders$", self.tenant.request_ordered)
        sandbox.connect.journal.listen(self._heard)

    async def run(self) -> Found:
        """Create all requests, and wait until they have settled or time is up."""
        began = time.monotonic()
        half = self._requests // 2
        await self._put_while_killing(half)
        await self._put_up_to(half + half // 4)
        kept_up = await self._wait(lambda: len(self._open) < AT_ONCE / 2)
        print(f"{len(self._put)} requests after {time.monotonic() - began:.0f} s", flush=True)
        memory_then = self._memory()
        if kept_up:
            await self._put_up_to(self._requests)
        await self._wait(lambda: not self._open)
        tasks = self._sandbox.connect.tasks.by_id.values()
        return Found(
            ends=Counter(self._end(request_id) for request_id in self._put),
            wrong=[line for request_id in self._put for line in self._mistakes(request_id)],
            deliveries=sum(len(task.deliveries) for task in tasks),
            seconds=time.monotonic() - began,
            waits=sorted(
                (task.results[-1].at - task.created).total_seconds()
                for task in tasks
                if task.settled
            ),
            memory_then=memory_then,
            memory_now=self._memory(),
            kills=self._kills.done,
        )

    async def _put_while_killing(self, requests: int) -> None:
        """Create up to this many requests, spread over all the kills."""
        killing = asyncio.create_task(self._kills.run(self._most_kills))
        while not killing.done():
            due = requests * (self._kills.done.total() + 1) // max(1, self._most_kills)
            if len(self._put) < min(due, requests) and len(self._open) < AT_ONCE:
                self._put_one()
            await asyncio.sleep(PAUSE_WHILE_KILLING)
        await killing

    async def _put_up_to(self, requests: int) -> None:
        """Create requests until there are this many, or until the runners fall behind."""
        while len(self._put) < requests:
            if not await self._wait(lambda: len(self._open) < AT_ONCE):
                return
            self._put_one()

    def _put_one(self) -> None:
        connect, chosen = self._sandbox.connect, variant(self._dice, (*VARIANTS, *ORDERED))
        if chosen in ORDERED:
            subscription_id = self.tenant.add(chosen)
            asset_id = connect.create_subscription(subscription_id, product_id=PRODUCT_ID)
        else:
            subscription_id = self._sandbox.vendor.add(**chosen.fields).id
            asset_id = connect.create_subscription(subscription_id)
        request_id = connect.create_cancel_request(asset_id)
        self._put[request_id] = Put(chosen, subscription_id)
        self._request_of[subscription_id] = request_id
        self._open.add(request_id)
        if self._dice.random() < 1 / TWICE_ONE_IN:
            self._deliver_to_the_other(request_id)

    def _request_cancelled(self, request: web.Request, _: bytes) -> str:
        found = SUBSCRIPTION.search(request.path)
        return self._request_of[found[1]] if found else ""

    def _deliver_to_the_other(self, request_id: str) -> None:
        connect = self._sandbox.connect
        deliveries = connect.tasks_of(request_id)[-1].deliveries
        first = deliveries[-1].instance_id if deliveries else None
        for runner in self._sandbox.runners:
            if runner.instance_id != first and connect.instances.connected(runner.instance_id):
                connect.tasks.deliver_again(request_id, runner.instance_id)
                return

    async def _wait(self, condition: Callable[[], bool]) -> bool:
        """Wait for the condition; False if it does not become true."""
        deadline = time.monotonic() + MOST_SECONDS
        while not condition():
            if time.monotonic() > deadline:
                return False
            self._changed.clear()
            self.tenant.let_time_pass(self._ordered())
            try:
                await asyncio.wait_for(self._changed.wait(), 1.0)
            except asyncio.TimeoutError:
                continue
        return True

    def _heard(self, happening: Happening) -> None:
        if happening.kind == "task":
            task = self._sandbox.connect.tasks.by_id[happening.object_id]
            put = self._put.get(task.object_id)
            is_left = put and put.is_ordered and self.tenant.see_to(task, put.subscription_id)
            if task.settled and not is_left:
                self._open.discard(task.object_id)
                self._changed.set()

    def _ordered(self) -> list[tuple[str, str]]:
        """The open requests for the Zuora with orders, each with its subscription."""
        puts = [(request_id, self._put[request_id]) for request_id in self._open]
        return [(request_id, put.subscription_id) for request_id, put in puts if put.is_ordered]

    def _memory(self) -> int:
        return sum(runner.worker_memory() for runner in self._sandbox.runners)

    def _end(self, request_id: str) -> tuple[str, str]:
        return self._put[request_id].variant.name, self._sandbox.connect.status(request_id)

    def _done(self, put: Put) -> tuple[int, int]:
        """The number of orders to cancel that the vendor accepted, and of cancellations."""
        if put.is_ordered:
            zuora, number = self._sandbox.zuora_orders, put.subscription_id
            return len(zuora.orders_of(number)), zuora.effective_cancellations(number)
        subscription = self._sandbox.vendor.subscriptions[put.subscription_id]
        return subscription.orders, subscription.cancellations

    def _mistakes(self, request_id: str) -> list[str]:
        put, connect = self._put[request_id], self._sandbox.connect
        expected = put.variant
        orders, cancellations = self._done(put)
        found = {
            "status": (connect.status(request_id), expected.status),
            "orders": (orders, expected.orders),
            "cancellations": (cancellations, expected.orders),
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
            f"seconds to the end of a task: {_spread(found.waits)}",
            f"kills: {kills}",
            f"memory of {INSTANCES} workers: {then:.1f} MB, then {growth:+.1f} MB",
            *(*found.wrong[:SHOWN], *left_out),
            "good" if found.is_good else "NOT GOOD",
        ]
    )


def _spread(values: list[float]) -> str:
    if not values:
        return "none ended"
    middle, high = values[len(values) // 2], values[int(0.99 * len(values))]
    return f"median {middle:.0f}, 99 % {high:.0f}, longest {values[-1]:.0f}"


async def soak(requests: int, kills: int, seed: int, speed: str) -> int:
    """Run the soak; return the exit status."""
    # aiohttp treats a caller that is killed in the middle of its request as an error.
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)
    dice = random.Random(seed)
    calls = FailingCalls(random.Random(dice.random()))
    async with Sandbox(
        variables=VARIABLES,
        vendor=LocalVendor(auth="oauth2", expires_in=TOKEN_SECONDS),
        countdown_scale=COUNTDOWN_SCALE,
        retry_seconds=30,
        log_level="DEBUG",
    ) as sandbox:
        sandbox.connect.conversations.whole_seconds = True
        sandbox.connect.clock.ahead = CONNECT_IS_AHEAD
        running = Soak(sandbox, requests, kills, dice)
        for _ in range(INSTANCES):
            environment = {"CONNECT_EXT_RUNNER_SPEED": speed}
            await sandbox.start_runner(environment=environment, timeout=120, debug=True)
        sandbox.connect.faults.add("*", "", calls.at("Connect"))
        sandbox.vendor.faults.add("*", "", calls.at("vendor"))
        sandbox.zuora_orders.faults.add("*", "", calls.at("Zuora"))
        found = await running.run()
        logs = [runner.log for runner in sandbox.runners]
        secrets = {**secrets_of(sandbox), **running.tenant.secrets()}
        shown = [name for log in logs for name in leaks(log, secrets)]
        if any("cause=bug" in log for log in logs):
            raise RunnerFailed("the extension has a bug: see its log")
    print(report(found, calls))
    print(
        f"{sum(map(len, logs)) / 1e6:.0f} MB of debug log show: {', '.join(shown) or 'no secret'}"
    )
    return 0 if found.is_good and not shown else 1


def secrets_of(sandbox: Sandbox) -> dict[str, str]:
    """Every secret that the runners had, and the common prefix of all tokens."""
    vendor, tokens = sandbox.vendor, sandbox.vendor.tokens
    return {
        "REST_OAUTH_CLIENT_SECRET": vendor.client_secret,
        "a token of the vendor": tokens.prefix,
        "Connect's token": sandbox.connect.api_key.partition(":")[2],
    }


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--requests", type=int, default=REQUESTS)
    parser.add_argument("--kills", type=int, default=KILLS)
    parser.add_argument("--speed", choices=("off", "lookups", "all"), default="all")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    options = parser.parse_args()
    print(
        f"{options.requests} requests, {INSTANCES} instances, {options.kills} kills,"
        f" one call in {ONE_IN} fails, speed {options.speed}, seed {options.seed}",
        flush=True,
    )
    return asyncio.run(soak(options.requests, options.kills, options.seed, options.speed))


if __name__ == "__main__":
    sys.exit(main())
