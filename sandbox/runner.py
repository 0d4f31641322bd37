"""The official connect-extension-runner, unmodified, as a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from sandbox.connect.environment import API_KEY, ENVIRONMENT_ID
from sandbox.watchdog import Watchdog

# The variables that a runner inherits; above all, it inherits no proxy.
INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "SYSTEMROOT")
BACKGROUND_PID = re.compile(r"[Bb]ackground\S* worker pid: (\d+)")
TAIL_CHARACTERS = 4000
POLL_SECONDS = 0.05
MASTER_STOP_SECONDS = 30.0
KILL_SECONDS = 5.0


class RunnerFailed(Exception):  # noqa: N818 - reads as what happened
    """The runner failed to do something; the message ends with its log."""


@dataclass(frozen=True)
class RunnerOptions:
    """How to start a runner.

    `interpreter` is the Python of its environment. `handler` ("module:Class") replaces the
    project's own events application and is found on `python_path`. `environment` is added to the
    process's own.
    """

    instance_id: str = "INS-0001"
    interpreter: Path = Path(sys.executable)
    debug: bool = False
    handler: str | None = None
    python_path: Iterable[Path] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    working_directory: Path = Path(__file__).resolve().parent.parent


class Runner:
    """One instance of the extension.

    It ends when this process does, for whatever reason. `connected` says whether its background
    worker has its websocket open.
    """

    def __init__(
        self,
        address: str,
        ca_bundle: Path,
        directory: Path,
        connected: Callable[[], bool],
        options: RunnerOptions,
    ) -> None:
        self.options = options
        self.log_file = directory / f"{options.instance_id}.log"
        self._address = address
        self._ca_bundle = ca_bundle.resolve()  # the runner has its own working directory
        self._directory = directory
        self._connected = connected
        self._process: asyncio.subprocess.Process | None = None
        self._watchdog: Watchdog | None = None

    @property
    def instance_id(self) -> str:
        """The instance's id in Connect."""
        return self.options.instance_id

    @property
    def log(self) -> str:
        """The output of the runner and of the extension."""
        return self.log_file.read_text("utf-8", "replace") if self.log_file.exists() else ""

    @property
    def pid(self) -> int:
        """The process id of the runner's master."""
        return self._running().pid

    @property
    def running(self) -> bool:
        """Whether the master is alive."""
        return self._process is not None and self._process.returncode is None

    @property
    def exit_status(self) -> int | None:
        """The master's exit status (a signal is negative), or None while it runs."""
        return self._process.returncode if self._process is not None else None

    async def start(self, timeout: float = 60.0) -> None:
        """Start, and wait until tasks can be delivered. Raises RunnerFailed."""
        with self.log_file.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._command(),
                env=self._environment(),
                cwd=self.options.working_directory,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._watchdog = Watchdog(self._process.pid)
        try:
            await self._wait(self._connected, timeout, "connect")
        except BaseException:
            await self.kill()
            raise

    def terminate(self) -> None:
        """Ask the runner to stop, as a container platform does, without waiting."""
        self._running().send_signal(signal.SIGTERM)

    async def stop(self, timeout: float = MASTER_STOP_SECONDS) -> None:
        """Ask the runner to stop, and wait; after the timeout, kill what is left.

        If the wait is cancelled, kill it at once.
        """
        try:
            if self.running:
                self.terminate()
                with contextlib.suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(self._running().wait(), timeout)
        finally:
            await self.kill()

    async def kill(self) -> None:
        """Kill the master and its workers, as if the machine had died."""
        if self._process is None or self._watchdog is None:
            return
        # While a worker lives, the process group outlives its leader.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._watchdog.stop()
        self._watchdog = None
        await asyncio.wait_for(self._process.wait(), KILL_SECONDS)

    def background_worker(self) -> psutil.Process:
        """The worker process that handles the tasks. Raises RunnerFailed if there is none."""
        found = BACKGROUND_PID.findall(self.log)
        if not found or not psutil.pid_exists(int(found[-1])):
            raise RunnerFailed(f"no background worker\n{self._tail()}")
        return psutil.Process(int(found[-1]))

    def kill_worker(self) -> int:
        """Kill the background worker without warning; the master starts a new one."""
        worker = self.background_worker()
        worker.kill()
        return int(worker.pid)

    def worker_memory(self) -> int:
        """The resident memory of the background worker, in bytes."""
        return int(self.background_worker().memory_info().rss)

    async def wait_for_log(self, text: str, timeout: float = 60.0) -> None:
        """Wait until the log contains the text. Raises RunnerFailed."""
        await self._wait(lambda: text in self.log, timeout, f"log {text!r}")

    async def wait_for_new_worker(self, old_pid: int, timeout: float = 60.0) -> None:
        """Wait until a background worker with another process id is connected."""
        await self._wait(
            lambda: BACKGROUND_PID.findall(self.log)[-1] != str(old_pid) and self._connected(),
            timeout,
            "start a new worker",
        )

    def _running(self) -> asyncio.subprocess.Process:
        if self._process is None:
            raise RunnerFailed("the runner was not started")
        return self._process

    async def _wait(self, condition: Callable[[], bool], timeout: float, what: str) -> None:
        deadline = time.monotonic() + timeout
        while not condition():
            if not self.running:
                raise RunnerFailed(f"the runner ended and did not {what}\n{self._tail()}")
            if time.monotonic() > deadline:
                raise RunnerFailed(f"the runner did not {what} in {timeout:g} s\n{self._tail()}")
            await asyncio.sleep(POLL_SECONDS)

    def _tail(self) -> str:
        return self.log[-TAIL_CHARACTERS:]

    def _command(self) -> list[str]:
        # The console script of this interpreter, whatever PATH says.
        script = str(Path(sys.executable).parent / "cextrun")
        flags = ["-d"] if self.options.debug else []
        return [str(self.options.interpreter), script, "--no-validate", "--no-rich-logging", *flags]

    def _environment(self) -> dict[str, str]:
        inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
        return {
            **inherited,
            "PYTHONUNBUFFERED": "1",
            "PYTHONPATH": os.pathsep.join(str(path) for path in self._python_path()),
            "SSL_CERT_FILE": str(self._ca_bundle),
            "REQUESTS_CA_BUNDLE": str(self._ca_bundle),
            "SERVER_ADDRESS": self._address,
            "API_KEY": API_KEY,
            "ENVIRONMENT_ID": ENVIRONMENT_ID,
            "INSTANCE_ID": self.instance_id,
            "NO_PROXY": "localhost,127.0.0.1",
            **self.options.environment,
        }

    def _python_path(self) -> list[Path]:
        given = [Path(path).resolve() for path in self.options.python_path]
        if self.options.handler is None:
            return [*given, self.options.working_directory]
        return [self._entry_point(self.options.handler), *given, self.options.working_directory]

    def _entry_point(self, handler: str) -> Path:
        """A directory with the metadata of a distribution whose entry point is the handler.

        The runner takes the first entry point with that name, and PYTHONPATH comes before the
        installed packages.
        """
        directory = self._directory / f"{self.instance_id}-entry-point"
        metadata = directory / "sandbox_handler-1.0.dist-info"
        metadata.mkdir(parents=True, exist_ok=True)
        (metadata / "METADATA").write_text(
            "Metadata-Version: 2.1\nName: sandbox-handler\nVersion: 1.0\n"
        )
        (metadata / "entry_points.txt").write_text(f"[connect.eaas.ext]\neventsapp = {handler}\n")
        return directory
