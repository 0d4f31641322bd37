"""Runs ``python -m connect_ext.reconcile`` against a sandbox like an operator."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox import Sandbox
from sandbox.connect.environment import ENVIRONMENT_ID

PATIENCE_SECONDS = 300.0
FAST = ("--calls-per-minute", "60000")


@dataclass(frozen=True)
class Ran:
    """The result of a run."""

    status: int
    out: str
    err: str

    @property
    def report(self) -> Any:
        """Its output with ``--json``."""
        return json.loads(self.out)

    def findings(self, kind: str) -> set[tuple[str, str, str]]:
        """The id, the cause and the outcome of each finding of a kind."""
        found = [each for each in self.report["findings"] if each["kind"] == kind]
        return {(each["id"], each["cause"], each["outcome"]) for each in found}

    def for_a_person(self) -> set[tuple[str, str, str]]:
        """The id, the cause and the next step of each request that needs a person."""
        found = [each for each in self.report["findings"] if each["kind"] == "needs-a-person"]
        return {(each["id"], each["cause"], each["next_step"]) for each in found}


class Command:
    """The command, with the sandbox's variables in a file and its Connect in the environment."""

    def __init__(self, sandbox: Sandbox, directory: Path) -> None:
        self.sandbox, self.directory = sandbox, directory

    def env_file(self, **variables: str) -> Path:
        """A file with the environment's variables and these."""
        given = {
            each.name: each.value for each in self.sandbox.connect.environment.variables.values()
        }
        path = self.directory / "vendor.env"
        lines = [f"{name}={value}\n" for name, value in {**given, **variables}.items()]
        path.write_text("".join(lines), encoding="utf-8")
        return path

    def environment(self, **more: str | None) -> dict[str, str]:
        """The process's environment; None removes a name."""
        given = {
            **os.environ,
            "PYTHONUTF8": "1",
            "API_KEY": self.sandbox.connect.api_key,
            "SERVER_ADDRESS": self.sandbox.connect.address,
            "ENVIRONMENT_ID": ENVIRONMENT_ID,
            "SSL_CERT_FILE": str(self.sandbox.ca_bundle),
            **more,
        }
        return {name: value for name, value in given.items() if value is not None}

    async def begin(
        self,
        *arguments: str,
        stdout: int = asyncio.subprocess.PIPE,
        stderr: int = asyncio.subprocess.PIPE,
        **environment: str | None,
    ) -> asyncio.subprocess.Process:
        """Start it."""
        return await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "connect_ext.reconcile", "--env", str(self.env_file()), *arguments),
            env=self.environment(**environment),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
        )

    async def run(self, *arguments: str, **environment: str | None) -> Ran:
        """Run it to its end."""
        return await ended(await self.begin(*arguments, **environment))


async def ended(process: asyncio.subprocess.Process) -> Ran:
    """Wait for the end of a run; a redirected stream counts as empty."""
    out, err = await asyncio.wait_for(process.communicate(), PATIENCE_SECONDS)
    return Ran(process.returncode or 0, (out or b"").decode(), (err or b"").decode())
