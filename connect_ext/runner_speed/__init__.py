"""Makes the official runner faster from inside; without this module everything works the same.

**What it gains.** The runner looks its application up in the metadata of every installed package,
several times for each task, and the Connect client reads its own version from there for each
call: most of what a task costs. The runner also reads two things from Connect for a task before
it takes the next one from the websocket, so that at 50 ms of latency it takes in at most 10 tasks
a second, whatever the handler does. ``docs/benchmarks.md`` has the figures.

**What it touches**, in memory and in the runner's worker processes only, by
``CONNECT_EXT_RUNNER_SPEED``:

- ``off``: nothing.
- ``lookups``, which is the default: ``iter_entry_points`` in ``connect.eaas.runner.handlers.base``
  and ``get_version`` in ``connect.eaas.runner.config`` and ``connect.client.utils`` remember their
  answers.
- ``all``: besides, ``EventsWorker.process_task`` begins a task of its own for each message and
  goes on reading, until ``AT_ONCE`` tasks are being taken in; ``EventsWorker.running_tasks``
  counts those as well, because a worker that shuts down waits until that is zero. And the Connect
  client gets a transport that has ``CALLS_AT_ONCE`` connections and keeps them.

**What it costs.** It relies on how one version of the runner looks inside. So it compares the
version, and what it relies on, with what it was tested with (and written for), and does nothing
but say so in one line of the log if anything is different. ``all`` also lets more calls to Connect
run at the same time, and more tasks be under way when a worker is killed; Connect delivers those
again. The master process is never touched: it loads changed code anew (``cextrun -r``) and starts
new workers with it.

**When it can go.** ``lookups`` when the runner and the client remember these answers themselves,
``all`` when the runner does not wait for Connect between two messages.
"""

from __future__ import annotations

import asyncio
import hashlib
import inspect
import logging
import multiprocessing
import os
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import httpx

VARIABLE = "CONNECT_EXT_RUNNER_SPEED"
OFF, LOOKUPS, ALL = "off", "lookups", "all"
TESTED_RUNNERS = ("43.1",)
AT_ONCE = 64
"""How many tasks are taken in side by side; beyond that, they wait in the websocket."""
CALLS_AT_ONCE = 32
"""How many calls to Connect are under way at a time with ``all``; beyond that, they queue."""

LOG = logging.getLogger("eaas.eventsapp")

_RUNNER = "connect.eaas.runner"
_LOOKUPS = (
    (f"{_RUNNER}.handlers.base", "iter_entry_points", ("group", "name")),
    (f"{_RUNNER}.config", "get_version", ()),
    ("connect.client.utils", "get_version", ()),
)
_WORKER = (f"{_RUNNER}.workers.events", "EventsWorker")
_MANAGER = (f"{_RUNNER}.managers.base", "TasksManagerBase")
_CLIENT = "connect.client.fluent"
# How a task is received, counted, answered and waited for, in the runner that ``all`` is made for.
_READ = (
    *((*_WORKER, name) for name in ("run", "receive", "process_message", "process_task")),
    *((*_WORKER, name) for name in ("running_tasks", "result_sender", "stopping", "start")),
    *((*_MANAGER, name) for name in ("submit", "enqueue_result", "send_exception_response")),
    (_CLIENT, "AsyncConnectClient", "session"),
)
_READ_SHA256 = "df1365b46eaad949364ac2c8e2cfe2aefc825663f3f48068bd68586ccf8213fc"


def quicken() -> None:
    """Do what the variable says if this is a worker process of the runner; this never raises."""
    if multiprocessing.parent_process() is None or _RUNNER not in sys.modules:
        return
    speed = os.environ.get(VARIABLE, "").strip().lower() or LOOKUPS
    if speed == OFF:
        return
    obstacle = obstacle_to(speed)
    if obstacle:
        LOG.warning("%s: the runner stays as it is, since %s.", VARIABLE, obstacle)
        return
    _remember_lookups()
    if speed == ALL:
        take_in_side_by_side(_found(*_WORKER), Intake(AT_ONCE))
        _keep_connections()
    LOG.info("%s is %s.", VARIABLE, speed)


def obstacle_to(speed: str) -> str:
    """Why nothing can be done, as the end of a sentence that begins with 'since'; else ''."""
    if speed not in (LOOKUPS, ALL):
        return f"its value is none of {OFF}, {LOOKUPS} and {ALL}"
    runner = _installed_runner()
    if runner not in TESTED_RUNNERS:
        return f"this was not tested with version {runner or 'unknown'} of it"
    for module, name, parameters in _LOOKUPS:
        if _parameters(_found(module, name)) != parameters:
            return f"{module}.{name} does not look as expected"
    if speed == ALL and _fingerprint() != _READ_SHA256:
        return "it takes tasks in otherwise than expected"
    return ""


def _installed_runner() -> str:
    try:
        return version("connect-extension-runner")
    except PackageNotFoundError:
        return ""


def _found(module: str, *names: str) -> Any:
    """What the runner has loaded under these names, or None."""
    found: Any = sys.modules.get(module)
    for name in names:
        found = getattr(found, name, None)
    return found


def _parameters(function: Any) -> tuple[str, ...] | None:
    return tuple(inspect.signature(function).parameters) if inspect.isfunction(function) else None


def _fingerprint() -> str:
    """A hash of the source of everything that ``all`` relies on; '' if it cannot be read."""
    whole = hashlib.sha256()
    for names in _READ:
        found = _found(*names)
        function: Any = found.fget if isinstance(found, property) else found
        try:
            whole.update(inspect.getsource(function).encode())
        except (OSError, TypeError, SyntaxError):
            return ""
    return whole.hexdigest()


def _remember_lookups() -> None:
    for module, name, parameters in _LOOKUPS:
        original = _found(module, name)
        setattr(sys.modules[module], name, _remembering(original, iterates=bool(parameters)))


def _remembering(look_up: Callable[..., Any], *, iterates: bool) -> Callable[..., Any]:
    if not iterates:
        return cache(look_up)

    @cache
    def found(group: str, name: str | None) -> tuple[Any, ...]:
        return tuple(look_up(group, name))

    def iter_entry_points(group: str, name: str | None = None) -> Iterator[Any]:
        return iter(found(group, name))

    return iter_entry_points


def _keep_connections() -> None:
    endpoint = _found(f"{_RUNNER}.config", "ConfigHelper")().get_api_url()
    context = _found(_CLIENT, "_SSL_CONTEXT")
    _found(_CLIENT, "_ASYNC_TRANSPORTS")[endpoint] = Connections(
        httpx.AsyncHTTPTransport(verify=context) for _ in range(CALLS_AT_ONCE)
    )


class Connections(httpx.AsyncBaseTransport):
    """Gives each call one of its transports to itself; without a free one the call waits.

    So each transport has one connection. One transport with all of them looks through all of them
    whenever a call begins or ends, and closes each beyond twenty as soon as its call has ended.
    """

    def __init__(self, transports: Iterable[httpx.AsyncBaseTransport]) -> None:
        self._transports = list(transports)
        # The last one in is the first one out: its connection is the likeliest to be alive.
        self._free: asyncio.LifoQueue[httpx.AsyncBaseTransport] = asyncio.LifoQueue()
        for transport in reversed(self._transports):
            self._free.put_nowait(transport)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request; its transport is free again when the answer is closed."""
        transport = await self._free.get()
        try:
            response = await transport.handle_async_request(request)
        except BaseException:
            self._free.put_nowait(transport)
            raise
        stream: Any = response.stream
        response.stream = _Lent(stream, lambda: self._free.put_nowait(transport))
        return response

    async def aclose(self) -> None:
        """Close all connections."""
        for transport in self._transports:
            await transport.aclose()


class _Lent(httpx.AsyncByteStream):
    """An answer's body, after which its transport goes back."""

    def __init__(self, stream: httpx.AsyncByteStream, give_back: Callable[[], None]) -> None:
        self._stream = stream
        self._give_back: Callable[[], None] | None = give_back

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._stream:
            yield part

    async def aclose(self) -> None:
        # httpx closes an answer that was read to its end, and may close it once more.
        give_back, self._give_back = self._give_back, None
        try:
            await self._stream.aclose()
        finally:
            if give_back is not None:
                give_back()


class Intake:
    """Takes tasks in side by side, a bounded number at once."""

    def __init__(self, at_once: int) -> None:
        self._places = asyncio.Semaphore(at_once)
        self._waiting = 0
        self._under_way: set[asyncio.Task[None]] = set()

    @property
    def size(self) -> int:
        """How many tasks were received and are not yet handed to the handler.

        There is no moment in which a task counts neither here nor in its manager, which counts it
        before its taking in ends, until its result lies in the queue of results.
        """
        return self._waiting + len(self._under_way)

    async def take(self, submit: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Begin to take a task in; wait before that as long as there is no place."""
        self._waiting += 1
        try:
            await self._places.acquire()
        finally:
            self._waiting -= 1
        task = asyncio.create_task(submit())
        self._under_way.add(task)
        task.add_done_callback(self._taken)

    def _taken(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._places.release()
        error = None if task.cancelled() else task.exception()
        if error is not None:
            # The runner answers every error that it expects; it logs the others as well.
            LOG.error("A task could not be taken in: %s.", type(error).__name__)


def take_in_side_by_side(worker_class: Any, intake: Intake) -> None:
    """Let workers of this class go on reading while tasks are being taken in."""
    submit, running_tasks = worker_class.process_task, worker_class.running_tasks

    async def process_task(self: Any, task_data: Any) -> None:
        await intake.take(lambda: submit(self, task_data))

    worker_class.process_task = process_task
    worker_class.running_tasks = property(lambda self: running_tasks.fget(self) + intake.size)
