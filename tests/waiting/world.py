"""The extension in this process, a list of waiting requests, and the command that makes one."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from connect_ext.connect.listing import Environment
from connect_ext.http.pace import MOST_CALLS_PER_MINUTE
from connect_ext.waiting.entry import Entry, Overview
from connect_ext.waiting.gathering import Order, gather
from sandbox import LocalVendor, Sandbox
from sandbox.connect.environment import ENVIRONMENT_ID, SERVICE_ID
from sandbox.connect.objects import VENDOR
from tests.check.trying import Ran
from tests.in_process import Extension, running_extension

HOURS, DAYS = 3600.0, 86_400.0
PATIENCE_SECONDS = 60.0
LATER = {"WHEN_EFFECTIVE_LATER": "schedule", **LocalVendor().variables_for_later_ends()}
"""The variables for requests that are scheduled."""


class World:
    """A sandbox with requests, and lists of those that wait."""

    def __init__(self, extension: Extension) -> None:
        self.extension, self.sandbox = extension, extension.sandbox
        self.connect, self.vendor = self.sandbox.connect, self.sandbox.vendor

    def cancel(self, subscription_id: str | None = None, **fields: Any) -> str:
        """A customer cancels a new subscription; Connect makes a task for it."""
        return self.sandbox.cancel(subscription_id, **fields)

    async def held(self, subscription_id: str = "SUB-held") -> str:
        """A request that is held because the vendor refuses; needs ``ON_REFUSAL`` ``hold``."""
        request_id = self.cancel(subscription_id, refusal="It is leased until May.")
        await self.extension.settle(request_id)
        return request_id

    async def scheduled(self, subscription_id: str = "SUB-later", days: int = 90) -> str:
        """A request that is scheduled this many days from now; needs ``LATER``."""
        ends_at = day(days=days)
        request_id = self.cancel(subscription_id, status="ends_later", ends_at=ends_at)
        await self.extension.settle(request_id)
        return request_id

    def note(self, request_id: str, text: str) -> None:
        """Our own account writes a private note."""
        self.connect.say(request_id, text, "private", VENDOR)

    async def overview(self, *products: str, environment: bool = True, **more: Any) -> Overview:
        """The waiting requests, as the extension's own process lists them."""
        extension = self.extension
        return await gather(
            extension.variables,
            Order(products, MOST_CALLS_PER_MINUTE),
            extension.shared.connect_api(extension.client(more.pop("api_key", None))),
            Environment(SERVICE_ID, ENVIRONMENT_ID) if environment else None,
            extension.shared,
            **more,
        )

    async def entry(self) -> Entry:
        """The only entry of the list."""
        (entry,) = (await self.overview()).entries
        return entry


def day(**ahead: float) -> str:
    return (datetime.now(timezone.utc) + timedelta(**ahead)).date().isoformat()


@asynccontextmanager
async def waiting(**variables: str) -> AsyncIterator[World]:
    """A world whose extension has these variables."""
    async with running_extension(**variables) as extension:
        yield World(extension)


class CommandLine:
    """Runs ``python -m connect_ext.waiting`` against a sandbox, over TLS."""

    def __init__(self, directory: Path, sandbox: Sandbox, variables: Mapping[str, str]) -> None:
        self.file = directory / "vendor.env"
        self.file.write_text("".join(f"{name}={value}\n" for name, value in variables.items()))
        self.environment = {
            "API_KEY": sandbox.connect.api_key,
            "SERVER_ADDRESS": sandbox.connect.address,
            "ENVIRONMENT_ID": ENVIRONMENT_ID,
            "SSL_CERT_FILE": str(sandbox.ca_bundle),
        }

    @property
    def command(self) -> Sequence[str]:
        """The command with its file."""
        return (sys.executable, "-m", "connect_ext.waiting", "--env", str(self.file))

    @property
    def surroundings(self) -> dict[str, str]:
        """The environment of the process."""
        return {**os.environ, "PYTHONUTF8": "1", **self.environment}

    async def begin(self, *arguments: str) -> asyncio.subprocess.Process:
        pipe = asyncio.subprocess.PIPE
        return await asyncio.create_subprocess_exec(
            *self.command, *arguments, env=self.surroundings, stdout=pipe, stderr=pipe
        )

    async def run(self, *arguments: str) -> Ran:
        process = await self.begin("--calls-per-minute", str(MOST_CALLS_PER_MINUTE), *arguments)
        said = await asyncio.wait_for(process.communicate(), PATIENCE_SECONDS)
        return Ran(process.returncode or 0, *(each.decode() for each in said))
