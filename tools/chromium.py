"""The Chromium that is installed, without a window, for the tests of the page and its pictures."""

from __future__ import annotations

import os
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, async_playwright

from tools.locks import ROOT

# It calls nobody but the page.
ARGUMENTS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class NoChromium(Exception):  # noqa: N818 - reads as what happened
    """There is none; the message says how to get one."""


def find() -> str:
    """Its path. Raises NoChromium."""
    search = [ROOT / ".ci/find-chromium"]
    found = subprocess.run(search, capture_output=True, text=True, check=False)
    if found.returncode:
        raise NoChromium(found.stderr.strip())
    return found.stdout.strip()


@asynccontextmanager
async def launched() -> AsyncIterator[Browser]:
    """The browser, until the end of the block. Raises NoChromium."""
    # Its sandbox needs a user of its own.
    arguments = [*ARGUMENTS, "--no-sandbox"] if os.geteuid() == 0 else [*ARGUMENTS]
    path = find()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=arguments)
        try:
            yield browser
        finally:
            await browser.close()
