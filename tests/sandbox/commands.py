"""The sandbox's command line, in its own process."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import ssl
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp

PATIENCE = 20.0


@contextlib.asynccontextmanager
async def command(*arguments: str, cwd: Path, root: Path, **environment: str) -> AsyncIterator[Any]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "sandbox", *arguments),
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(root), "PYTHONUNBUFFERED": "1", **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
        try:
            await asyncio.wait_for(process.communicate(), PATIENCE)
        except asyncio.TimeoutError:
            # A signal can get lost while a process is busy; how it ends does not matter here.
            process.kill()
            await process.communicate()


async def line_with(process: Any, text: str) -> str:
    while True:
        raw = await asyncio.wait_for(process.stdout.readline(), PATIENCE)
        assert raw, f"no line with {text!r}"
        line: str = raw.decode()
        if text in line:
            return line


def client(address: Any) -> aiohttp.ClientSession:
    """A client of the sandbox that another process serves."""
    context = ssl.create_default_context(cafile=address["ca_bundle"])
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=context),
        headers={"Authorization": address["api_key"]},
    )
