"""A sandbox with runners of one kind, and the loads for them."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

import psutil

from benchmarks.figures import Sample
from sandbox import Sandbox
from sandbox.connect.tasks import Task
from sandbox.zuora import LocalZuora
from sandbox.zuora import Subscription as SoapSubscription
from sandbox.zuora_orders import LocalZuoraOrders, Subscription

Tenant = LocalZuora | LocalZuoraOrders
ROOT = Path(__file__).resolve().parent.parent
STARTING_SECONDS = 180.0
SETTLING_SECONDS = 300.0
REST, ZUORA, APPROVE_ONLY = "rest", "zuora-soap", "approve only"
REPEATABLE, ZUORA_WITHOUT_PREVIEW = "rest repeatable", "zuora-soap without preview"
ORDERS, ORDERS_WITHOUT_PREVIEW = "zuora", "zuora without preview"
TENANTS: dict[str, Callable[[], Tenant]] = {
    **dict.fromkeys((ZUORA, ZUORA_WITHOUT_PREVIEW), LocalZuora),
    **dict.fromkeys((ORDERS, ORDERS_WITHOUT_PREVIEW), LocalZuoraOrders),
}
SEED_INHERITS = ("PATH", "HOME", "LANG", "LC_ALL", "TZ")


class World:
    """A running sandbox, while entered.

    `handler` is APPROVE_ONLY, or the vendor of the extension: REST, REPEATABLE (the same, with a
    cancellation that may be sent twice), or one of TENANTS.
    """

    def __init__(
        self, handler: str, speed: str = "off", *, interpreter: Path = Path(sys.executable)
    ) -> None:
        self.handler, self.speed, self.interpreter = handler, speed, interpreter
        self.sandbox: Sandbox
        self.zuora: Tenant | None = None
        self.done = 0
        self._stack = AsyncExitStack()
        self._workers: list[psutil.Process] = []

    async def __aenter__(self) -> World:
        variables = {"REST_REPEATABLE": str(self.handler == REPEATABLE).lower()}
        if self.handler in TENANTS:
            self.zuora = TENANTS[self.handler]()
            await self.zuora.start()
            self._stack.push_async_callback(self.zuora.stop)
            variables.update(_variables(self.zuora))
            variables["ZUORA_PREVIEW"] = str(self.handler in (ZUORA, ORDERS)).lower()
        self.sandbox = await self._stack.enter_async_context(Sandbox(variables=variables))
        connect = self.sandbox.connect
        template = connect.catalogue.activation_templates(connect.default_product())[0]
        connect.set_variable("TEMPLATE_ID", template["id"])
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    # Runners

    async def start_runners(self, count: int = 1) -> None:
        """Start the missing instances concurrently, and warm them up."""
        await asyncio.gather(*(self._start() for _ in range(count - len(self._workers))))
        self._workers = [runner.background_worker() for runner in self.sandbox.runners]
        await self.burst(10 * count)

    async def _start(self) -> None:
        await self.sandbox.start_runner(
            handler="benchmarks.approve_only:ApproveOnly" if self.handler == APPROVE_ONLY else None,
            python_path=[ROOT],
            environment={"CONNECT_EXT_RUNNER_SPEED": self.speed},
            interpreter=self.interpreter,
            timeout=STARTING_SECONDS,
        )

    def use(self, instances: int) -> None:
        """Let only the first instances take tasks."""
        for index, runner in enumerate(self.sandbox.runners):
            for connection in self.sandbox.connect.tasks.connections:
                if connection.instance_id == runner.instance_id:
                    connection.accepting = index < instances

    def memory_bytes(self) -> int:
        """The resident memory of the first instance's worker."""
        return int(self._workers[0].memory_info().rss)

    def _cpu_seconds(self) -> float:
        times = [worker.cpu_times() for worker in self._workers]
        return float(sum(each.user + each.system for each in times))

    # Loads

    def set_latency(self, seconds: float) -> None:
        """Delay every answer of Connect and of the vendor."""
        self.sandbox.connect.faults.latency = self.sandbox.vendor.faults.latency = seconds
        if self.zuora is not None:
            self.zuora.faults.latency = seconds

    def assets(self, count: int) -> list[str]:
        """Create subscriptions at the vendor and in Connect."""
        if self.zuora is None:
            return [self.sandbox.new_subscription() for _ in range(count)]
        create = self.sandbox.connect.create_subscription
        return [create(_number(self.zuora.add())) for _ in range(count)]

    async def burst(self, count: int) -> Sample:
        """Create cancel requests at once, and wait for the last result."""
        return await self._measured(self.assets(count), 0.0, lambda _: True)

    async def paced(
        self, count: int, a_second: float, counts: Callable[[Task], bool] = lambda _: True
    ) -> Sample:
        """Create cancel requests at a steady pace; tasks that do not count give no latency."""
        return await self._measured(self.assets(count), 1 / a_second, counts)

    async def _measured(
        self, assets: list[str], pause: float, counts: Callable[[Task], bool]
    ) -> Sample:
        self._forget_calls()
        cpu = self._cpu_seconds()
        tasks = await self._cancel(assets, pause)
        await settled(tasks)
        cpu = self._cpu_seconds() - cpu
        count = len(tasks)
        self.done += count
        own, runners, vendors = self._calls()
        began = min(task.deliveries[0].at for task in tasks)
        ended = max(task.results[-1].at for task in tasks)
        return Sample(
            rate=count / (ended - began).total_seconds(),
            latencies=tuple(latency(task) for task in tasks if counts(task)),
            cpu_ms=1000 * cpu / count,
            own_connect_calls=own / count,
            runner_connect_calls=runners / count,
            vendor_calls=vendors / count,
        )

    async def _cancel(self, assets: list[str], pause: float) -> list[Task]:
        connect, loop = self.sandbox.connect, asyncio.get_running_loop()
        tasks, due = [], loop.time()
        for asset_id in assets:
            tasks += connect.tasks_of(connect.create_cancel_request(asset_id))
            if pause:
                due += pause
                await asyncio.sleep(max(0.0, due - loop.time()))
        return tasks

    def failed_calls(self) -> set[str]:
        """The tasks whose handler got a 502 from Connect."""
        calls = self.sandbox.connect.calls.calls
        return {call.task_id for call in calls if call.status == 502 and call.task_id}

    def _forget_calls(self) -> None:
        self.sandbox.connect.calls.clear()
        self.sandbox.vendor.calls.clear()
        if self.zuora is not None:
            self.zuora.calls.clear()

    def _calls(self) -> tuple[int, int, int]:
        """Calls to Connect by the handler and by the runner, and calls to the vendor."""
        calls = [c for c in self.sandbox.connect.calls.calls if "/devops/ws/" not in c.path]
        own = sum(1 for call in calls if call.task_id)
        vendor = self.zuora.calls if self.zuora is not None else self.sandbox.vendor.calls
        return own, len(calls) - own, len(vendor)

    # The seed document's way

    async def seed_way(self, count: int) -> Sample:
        """The same requests, handled the seed document's way, without a runner."""
        self._forget_calls()
        connect = self.sandbox.connect
        for asset_id in self.assets(count):
            connect.create_cancel_request(asset_id)
        report = await _report_of(self._seed_arguments(), self._seed_environment())
        if report["count"] != count:
            raise RuntimeError(f"the seed document's way found {report['count']}, not {count}")
        own, runners, vendors = self._calls()
        return Sample(
            rate=count / report["seconds"],
            cpu_ms=1000 * report["cpu_seconds"] / count,
            own_connect_calls=(own + runners) / count,
            runner_connect_calls=0.0,
            vendor_calls=vendors / count,
        )

    def _seed_arguments(self) -> list[str]:
        addresses = [self.sandbox.connect.url, self.sandbox.vendor.url]
        return [sys.executable, "-m", "benchmarks.seed_way", *addresses]

    def _seed_environment(self) -> dict[str, str]:
        return {
            **{name: os.environ[name] for name in SEED_INHERITS if name in os.environ},
            "API_KEY": self.sandbox.connect.api_key,
            "VENDOR_API_KEY": self.sandbox.vendor.api_key,
            "REQUESTS_CA_BUNDLE": str(self.sandbox.ca_bundle),
            "NO_PROXY": "localhost,127.0.0.1",
        }


def latency(task: Task) -> float:
    """Seconds from a task's first delivery to the result that settled it."""
    return (task.results[-1].at - task.deliveries[0].at).total_seconds()


async def settled(tasks: Iterable[Task]) -> None:
    """Wait until all of these tasks are settled. Raises TimeoutError."""
    left, loop = list(tasks), asyncio.get_running_loop()
    deadline = loop.time() + SETTLING_SECONDS
    while left:
        if left[-1].settled:
            left.pop()
        elif loop.time() > deadline:
            raise TimeoutError(f"{len(left)} tasks did not settle")
        else:
            await asyncio.sleep(0.02)


async def _report_of(arguments: list[str], environment: dict[str, str]) -> Any:
    process = await asyncio.create_subprocess_exec(
        *arguments,
        env=environment,
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        if process.stdout is None or process.stdin is None:
            raise RuntimeError("no pipes")
        await asyncio.wait_for(process.stdout.readline(), STARTING_SECONDS)
        process.stdin.write(b"go\n")
        await process.stdin.drain()
        line = await asyncio.wait_for(process.stdout.readline(), SETTLING_SECONDS)
        await process.wait()
        return json.loads(line)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def _variables(zuora: Tenant) -> dict[str, str]:
    return zuora.variables("91.0") if isinstance(zuora, LocalZuora) else zuora.variables()


def _number(subscription: SoapSubscription | Subscription) -> str:
    if isinstance(subscription, SoapSubscription):
        return subscription.name
    return subscription.number
