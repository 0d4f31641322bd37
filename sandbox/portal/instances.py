"""The runner's instances: what becomes of each, and people who start and end them.

Starting and stopping take their time; meanwhile the page goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import psutil

from sandbox.connect.journal import Happening
from sandbox.connect.server import LocalConnect
from sandbox.runner import Runner, RunnerFailed


class Instances:
    """Starts and ends runners in the background, and knows how each of them stands.

    `failure` is the first line of why the last start or kill has failed, until the next one.
    """

    def __init__(
        self,
        connect: LocalConnect,
        start_runner: Callable[[], Awaitable[Runner]],
        changed: Callable[..., None],
    ) -> None:
        self._connect, self._start_runner, self._changed = connect, start_runner, changed
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping: set[str] = set()
        self._known = {each.instance_id for each in connect.instances.connected()}
        self.starting = 0
        self.failure = ""
        connect.journal.listen(self._happened)

    def status(self, runner: Runner) -> str:
        """starting, running, connecting, stopping or ended."""
        if runner.exit_status is not None:
            return "ended"
        if runner.instance_id in self._stopping:
            return "stopping"
        if self._connect.instances.connected(runner.instance_id):
            return "running"
        if runner.instance_id in self._known:
            return "connecting"
        return "starting" if runner.running or self.starting else "ended"

    def tasks(self, runner: Runner) -> list[str]:
        """The objects of the tasks that an instance has right now."""
        queue = self._connect.tasks
        return [
            queue.by_id[task_id].object_id
            for connection in queue.connections
            if connection.instance_id == runner.instance_id
            for task_id in connection.unanswered
        ]

    def start(self) -> None:
        """Start one more."""
        self.failure = ""
        self.starting += 1
        self._do(self._started())

    def stop(self, runner: Runner) -> None:
        """Ask an instance to stop, as a container platform does."""
        self._stopping.add(runner.instance_id)
        self._do(runner.stop())

    def kill(self, runner: Runner) -> None:
        """Kill all processes of an instance, as when a machine dies."""
        self._do(runner.kill())

    def kill_worker(self, runner: Runner) -> None:
        """Kill the process of an instance that handles the tasks."""
        self.failure = ""
        self._do(self._worker_killed(runner))

    async def close(self) -> None:
        """Give up what has been begun; instances that start or stop are killed."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        self._changed("runners")

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.result()
        self._changed("runners")

    async def _started(self) -> None:
        try:
            await self._start_runner()
        except RunnerFailed as error:
            # The rest is the runner's log.
            self.failure = str(error).partition("\n")[0]
        except OSError as error:
            self.failure = f"the runner could not be started: {error.strerror}"
        finally:
            self.starting -= 1

    async def _worker_killed(self, runner: Runner) -> None:
        try:
            # It reads the whole log, which can be long.
            await asyncio.to_thread(runner.kill_worker)
        except RunnerFailed as error:
            self.failure = str(error).partition("\n")[0]
        except psutil.NoSuchProcess:
            self.failure = "the worker has ended already"

    def _happened(self, happening: Happening) -> None:
        if happening.kind == "instance":
            self._known.add(happening.object_id)
