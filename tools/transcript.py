"""``make transcript``: runs the commands in docs/setting-up-a-vendor.md, and writes their output.

Each block that begins with ``$`` is a piece of a terminal session. The commands talk to a billing
API that runs while the page is written. Addresses, times and ids are normalized.
"""

from __future__ import annotations

import asyncio
import os
import pty
import re
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.check.unseen import Unseen

PAGE = Path(__file__).parents[1] / "docs/setting-up-a-vendor.md"
PATIENCE_SECONDS = 60.0

_BLOCK = re.compile(r"(?<=```console\n)\$ .*?(?=^```$)", re.DOTALL | re.MULTILINE)
_COMMAND = re.compile(r"^\$ (.*\n(?:> .*\n)*)", re.MULTILINE)
_QUESTION = re.compile(rb"Really cancel (\S+) at the vendor\? Type its id to confirm: $")
_ALIKE = (
    (re.compile(r"http://127\.0\.0\.1:\d+"), "https://billing.example"),
    (re.compile(r"\bin \d+ ms\b"), "in 12 ms"),
    (re.compile(r"PR-\d{4}-\d{4}-\d{4}-001"), "PR-1234-5678-9012-001"),
)


async def fresh(page: str) -> str:
    """Return the page with the current output of its commands."""
    blocks = []
    async with _terminal() as directory:
        for block in _BLOCK.findall(page):
            commands = _COMMAND.findall(block)
            blocks.append("".join([await _said(each, directory) for each in commands]))
    left = iter(blocks)
    return _BLOCK.sub(lambda _: next(left), page)


@asynccontextmanager
async def _terminal() -> AsyncIterator[Path]:
    """A directory with the variables of an API, which runs inside this context."""
    api = Unseen()
    for number in range(1001, 1005):
        api.add(f"C-{number}")
    api.contracts["C-1003"].state = "TERMINATING"
    await api.start()
    try:
        with tempfile.TemporaryDirectory() as directory:
            lines = [f"{name}={value}\n" for name, value in api.variables().items()]
            _write(Path(directory, "billing.env"), "".join(lines))
            yield Path(directory)
    finally:
        await api.stop()


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


async def _said(command: str, directory: Path) -> str:
    """Run a command, and return it with its output, as a terminal shows them."""
    script = command.replace("\n> ", "\n")
    ours, theirs = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        "bash",
        "-c",
        script,
        cwd=directory,
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    try:
        said = await asyncio.wait_for(asyncio.to_thread(_read, ours), PATIENCE_SECONDS)
        await process.wait()
    finally:
        os.close(ours)
    text = said.decode().replace("\r\n", "\n")
    for pattern, alike in _ALIKE:
        text = pattern.sub(alike, text)
    return f"$ {command}{text}"


def _read(terminal: int) -> bytes:
    """Read all output until the end; answer the question as a person would."""
    said = b""
    while True:
        try:
            piece = os.read(terminal, 65536)
        except OSError:
            # On Linux, this means that the other side is closed.
            return said
        if not piece:
            return said
        said += piece
        if question := _QUESTION.search(said):
            os.write(terminal, question[1] + b"\n")


def main() -> int:
    """Write the page."""
    _write(PAGE, asyncio.run(fresh(PAGE.read_text(encoding="utf-8"))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
