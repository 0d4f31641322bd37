"""`serve` and `demo` leave nothing behind, however they end: real processes, real signals."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import psutil
import pytest

from sandbox.address import STATE_FILE, Address

# The runner, its resource tracker and its two workers, and the watchdog.
MOST_PROCESSES = 5
SECONDS = 60.0
NOBODY = "no sandbox is running here; start one: python -m sandbox serve\n"
# Owns the terminal and runs the command from a shell; if that is killed, the terminal says nothing.
LEADER = """
import fcntl, signal, subprocess, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
subprocess.call(["sh", "-c", '"$0" -m sandbox "$1"; true', sys.executable, sys.argv[1]])
signal.pause()
"""


class Terminal:
    """A terminal with a shell in it that runs a command of the sandbox."""

    def __init__(self, name: str, directory: Path, root: Path) -> None:
        self._end, far_end = pty.openpty()
        self.environment = {**os.environ, "PYTHONPATH": str(root)}
        self._leader = subprocess.Popen(
            [sys.executable, "-c", LEADER, name],
            cwd=directory,
            env=self.environment,
            stdin=far_end,
            stdout=far_end,
            stderr=far_end,
            start_new_session=True,
        )
        os.close(far_end)
        self.directory = directory
        self.everybody: list[psutil.Process] = []

    @property
    def shell(self) -> psutil.Process:
        """The command's parent."""
        return self.everybody[0]

    @property
    def command(self) -> psutil.Process:
        """The command's own process."""
        return self.everybody[1]

    def is_up(self) -> bool:
        """Whether the runner and all its processes are running."""
        self.everybody = psutil.Process(self._leader.pid).children(recursive=True)
        return len(self.everybody) == 2 + MOST_PROCESSES

    def close(self) -> None:
        """Close the terminal."""
        os.close(self._end)
        self._end = -1

    def clear(self) -> None:
        """Clean up, whatever the test's result."""
        if self._end >= 0:
            self.close()
        for process in filter(alive, self.everybody):
            process.kill()
        self._leader.kill()
        self._leader.wait()


def alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def wait_until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


@pytest.fixture(autouse=True)
def _heed_closed_terminals() -> Iterator[None]:
    """Under `nohup`, all of these processes ignore hang-ups."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.fixture
def run(tmp_path: Path, project_root: Path) -> Iterator[Callable[[str], Terminal]]:
    terminals = []

    def begin(name: str) -> Terminal:
        terminals.append(Terminal(name, tmp_path, project_root))
        wait_until(terminals[0].is_up, "the runner does not start")
        if name == "serve":
            wait_until((tmp_path / ".sandbox" / "state.json").exists, "it is not ready")
        return terminals[0]

    yield begin
    for terminal in terminals:
        terminal.clear()


WAYS: dict[str, Callable[[Terminal], None]] = {
    "the terminal is closed": lambda terminal: terminal.close(),
    "it is told to stop": lambda terminal: terminal.command.terminate(),
    "it is killed": lambda terminal: terminal.command.kill(),
    "its parent is killed": lambda terminal: terminal.shell.kill(),
}


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_serve_leaves_no_process_and_no_state(run, way):
    terminal = run("serve")
    WAYS[way](terminal)
    wait_until(lambda: not alive(terminal.command), "it does not end")
    state = terminal.directory / ".sandbox" / "state.json"
    assert state.exists() == (way == "it is killed")
    command = [sys.executable, "-m", "sandbox", "cancel"]
    where = {"cwd": terminal.directory, "env": terminal.environment}
    answer = subprocess.run(command, **where, capture_output=True, text=True, check=False)
    assert (answer.returncode, answer.stderr) == (1, NOBODY)
    assert not state.exists()
    wait_until(lambda: not any(map(alive, terminal.everybody)), "a process is left")


@pytest.mark.slow
@pytest.mark.parametrize("way", ["the terminal is closed", "it is killed"])
def test_demo_leaves_no_process(run, way):
    terminal = run("demo")
    WAYS[way](terminal)
    wait_until(lambda: not any(map(alive, terminal.everybody)), "a process is left")


@pytest.mark.parametrize("change", [{"started": 1.0}, {"process": 2**22 + 1}, {"more": 1}, None])
def test_a_state_of_another_process_or_version_is_ignored_and_removed(
    tmp_path, monkeypatch, change
):
    monkeypatch.chdir(tmp_path)
    STATE_FILE.parent.mkdir()
    here = psutil.Process()
    address = Address("url", "control", None, "key", "ENV", "ca", here.pid, here.create_time())
    address.write()
    assert Address.find() == address
    state = json.dumps({**asdict(address), **change}) if change else '{"url": '
    STATE_FILE.write_text(state)
    assert Address.find() is None
    assert not STATE_FILE.exists()


CLEANING_UP = """
import asyncio, pathlib
from sandbox.lifetime import Stopped, until_stopped

async def work():
    try:
        pathlib.Path("begun").touch()
        await asyncio.sleep(600)
    finally:
        await asyncio.sleep(1.5)
        pathlib.Path("cleaned-up").touch()

try:
    asyncio.run(until_stopped(work()))
except Stopped:
    pass
"""


@pytest.mark.parametrize("group", [signal.SIGHUP, signal.SIGKILL])
def test_the_end_of_the_parent_does_not_disturb_the_cleaning_up(tmp_path, project_root, group):
    """A closed terminal also ends the shell, at most half a second later."""
    shell = subprocess.Popen(
        ["sh", "-c", '"$0" -c "$1"; true', sys.executable, CLEANING_UP],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(project_root)},
        start_new_session=True,
    )
    wait_until((tmp_path / "begun").exists, "it does not begin")
    (command,) = psutil.Process(shell.pid).children()
    command.send_signal(signal.SIGHUP)
    shell.send_signal(group)
    wait_until(lambda: not alive(command), "it does not end")
    shell.wait()
    assert (tmp_path / "cleaned-up").exists()
