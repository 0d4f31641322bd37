"""Runs ``python -m connect_ext.diagnostics`` and reads the file that it writes."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 110.0

Process = asyncio.subprocess.Process


@dataclass(frozen=True)
class Ran:
    """The result of a run."""

    status: int
    out: str
    err: str
    file: str
    """The text of the one file that it wrote; empty if it wrote none."""

    @property
    def document(self) -> Any:
        return json.loads(self.file)

    @property
    def all(self) -> str:
        """Everything that anybody gets to see."""
        return f"{self.out}\n{self.err}\n{self.file}"


class Diagnostics:
    """Runs the command in a directory of its own."""

    def __init__(self, directory: Path, environment: Mapping[str, str] | None = None) -> None:
        """``environment`` is added to that of the tests."""
        self.directory, self.environment = directory, dict(environment or {})

    def file(self, content: str | bytes, name: str = "vendor.env") -> Path:
        path = self.directory / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def env(self, variables: Mapping[str, str]) -> Path:
        return self.file("".join(f"{name}={value}\n" for name, value in variables.items()))

    def written(self) -> list[Path]:
        return sorted(self.directory.glob("*.json"))

    async def begin(self, *arguments: object, **more: Any) -> Process:
        path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        return await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "connect_ext.diagnostics", *map(str, arguments)),
            cwd=self.directory,
            env={**os.environ, "PYTHONUTF8": "1", "PYTHONPATH": path, **self.environment},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            **more,
        )

    async def run(
        self, variables: Mapping[str, str] | Path, *arguments: object, **more: Any
    ) -> Ran:
        path = variables if isinstance(variables, Path) else self.env(variables)
        before = self.written()
        process = await self.begin("--env", path, *arguments, **more)
        said = await asyncio.wait_for(process.communicate(), PATIENCE_SECONDS)
        files = [each.read_text() for each in self.written() if each not in before]
        assert len(files) <= 1
        return Ran(process.returncode or 0, *(each.decode() for each in said), "".join(files))
