"""Tries a configuration, in this process and from the command line."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from connect_ext.check.checking import Order, check
from connect_ext.check.report import Report
from connect_ext.check.showing import in_short, shown, shown_since, shown_without_values

PATIENCE_SECONDS = 60.0


async def tried(
    variables: Mapping[str, str], subscription_id: str | None = None, **order: Any
) -> Report:
    """The report of a check that sends no cancellation."""
    return await check(variables, Order(subscription_id, **order))


@dataclass
class Person:
    """The person asked before the cancellation."""

    agrees: bool = True
    asked: list[Report] = field(default_factory=list)

    async def __call__(self, report: Report) -> bool:
        self.asked.append(report)
        return self.agrees


async def cancelled(
    variables: Mapping[str, str],
    subscription_id: str,
    person: Person | None = None,
    wait_seconds: float = 20.0,
    **order: Any,
) -> Report:
    """The report of a check that cancels, if the person agrees."""
    wanted = Order(subscription_id, wait_seconds=wait_seconds, **order)
    return await check(variables, wanted, agreed=person or Person())


def everything_told(report: Report) -> str:
    """Everything that a check may show of a report."""
    before = Report(report.vendor, report.product_id, ())
    texts = (shown(report), shown_since(report, before), shown_without_values(report))
    return "\n".join([*texts, in_short(report), json.dumps(report.as_json(), ensure_ascii=False)])


@dataclass(frozen=True)
class Ran:
    """The result of a command."""

    status: int
    out: str
    err: str

    @property
    def last(self) -> str:
        return self.out.splitlines()[-1]


class CommandLine:
    """Runs ``python -m connect_ext.check`` with a file of variables."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def file(self, name: str, content: str | bytes) -> Path:
        path = self.directory / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def env(self, variables: Mapping[str, str]) -> Path:
        return self.file("vendor.env", "".join(f"{k}={v}\n" for k, v in variables.items()))

    async def begin(
        self, *arguments: object, python: Sequence[str] = ("-m", "connect_ext.check")
    ) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            *(*python, *map(str, arguments)),
            env={**os.environ, "PYTHONUTF8": "1"},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    async def run(
        self, variables: Mapping[str, str] | Path, *arguments: object, typed: str = ""
    ) -> Ran:
        file = variables if isinstance(variables, Path) else self.env(variables)
        process = await self.begin("--env", file, *arguments)
        said = await asyncio.wait_for(process.communicate(typed.encode()), PATIENCE_SECONDS)
        return Ran(process.returncode or 0, *(each.decode() for each in said))
