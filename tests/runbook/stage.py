"""A stage for the runbook's plays: an operator's view of a request, in a few lines."""

from __future__ import annotations

import logging
import re
import textwrap
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from connect.eaas.core.responses import BackgroundResponse

from connect_ext.connect.listing import Environment
from connect_ext.events import MAX_OUTPUT_CHARACTERS
from connect_ext.http.pace import MOST_CALLS_PER_MINUTE
from connect_ext.reconcile.reconciling import Order, reconcile
from connect_ext.reconcile.showing import shown
from connect_ext.waiting import showing
from connect_ext.waiting.gathering import Order as ToList
from connect_ext.waiting.gathering import gather
from sandbox.connect.environment import ENVIRONMENT_ID, SERVICE_ID
from tests.in_process import LOG, Extension, running_extension
from tests.runbook.alike import Alike

TASK = {"success": "succeeded", "fail": "failed", "skip": "skipped"}
WIDTH, MARGIN = 100, 9

_MARK = re.compile(r"\[connect-ext (?:cancel|undo) [0-9a-f]{8} [a-z-]+\]$")
_REPORT = re.compile(r"\[connect-ext (?:waiting|held|dry-run|settled|found) [a-z-]+\]$")


class _Heard(logging.Handler):
    """Keeps the log."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@dataclass(frozen=True)
class Seen:
    """An operator's view of a request after a delivery."""

    level: str
    line: str
    is_told: bool
    """Whether a note says what happened to it, so that people need not read the log."""
    text: str
    """All of it, for the page."""

    @property
    def facts(self) -> dict[str, str]:
        """The ``name=value`` pairs of the log's line."""
        return dict(re.findall(r" (\w+)=(\S+?)(?=[ :])", self.line))


class Stage:
    """An extension with its surroundings and the log of its deliveries."""

    def __init__(self, extension: Extension, heard: _Heard) -> None:
        self.extension, self.sandbox = extension, extension.sandbox
        self.connect, self.vendor = extension.sandbox.connect, extension.sandbox.vendor
        self._heard, self._alike = heard, Alike()
        self.response: BackgroundResponse

    async def deliver(self, request_id: str) -> None:
        """Deliver the request like the runner, which names its task in the client's headers."""
        extension = self.extension
        client = extension.client()
        client.default_headers["EAAS_TASK_ID"] = "TQ-123-456-0001"
        request = await client.requests[request_id].get()
        application = extension.application(client, LOG, extension.variables)
        self.response = await application.handle_asset_cancel_request(request)

    async def a_day_later(self, request_id: str) -> None:
        """A request that has waited for a day is reported to people, whatever it waits for."""
        self.extension.let_pass(24 * 3600.0)
        await self.deliver(request_id)

    async def reconcile(self, **options: Any) -> str:
        """The report of a run, without its empty lists."""
        extension = self.extension
        report = await reconcile(
            extension.variables,
            Order(calls_per_minute=MOST_CALLS_PER_MINUTE, **options),
            extension.shared.connect_api(extension.client()),
            Environment(SERVICE_ID, ENVIRONMENT_ID),
            extension.shared,
        )
        lines = self._alike(shown(report)).split("\n")
        return "\n".join(wrapped(line) for line in lines if not line.endswith(": 0"))

    async def what_waits(self) -> str:
        """The list as a schedule shows it."""
        extension = self.extension
        overview = await gather(
            extension.variables,
            ToList(calls_per_minute=MOST_CALLS_PER_MINUTE),
            extension.shared.connect_api(extension.client()),
            Environment(SERVICE_ID, ENVIRONMENT_ID),
            extension.shared,
        )
        lines = self._alike(showing.shown(overview, MAX_OUTPUT_CHARACTERS)).split("\n")
        return "\n".join(wrapped(line) for line in lines)

    def notes(self, request_id: str) -> str:
        """The notes about a request."""
        return "\n".join(
            wrapped(f"note: {self._alike(text)}") for text in _shortened(self._notes(request_id))
        )

    def _notes(self, request_id: str) -> list[str]:
        return [each["text"] for each in self.connect.notes(request_id)]

    def day(self, days: int) -> str:
        """The vendor's date this many days from now."""
        return (self.vendor.clock.today() + timedelta(days=days)).isoformat()

    def let_pass_everywhere(self, seconds: float) -> None:
        """Time passes, at the vendor first."""
        self.vendor.move_clock(timedelta(seconds=seconds))
        self.extension.let_pass(seconds)

    def last_line(self) -> str:
        """The last line in the log that ends a task, with its level."""
        record = self._ended()[-1]
        return wrapped(f"{record.levelname} {self._alike(record.getMessage())}")

    def _ended(self) -> list[logging.LogRecord]:
        return [each for each in self._heard.records if " outcome=" in each.getMessage()]

    def seen(self, request_id: str) -> Seen:
        """The last line about the request, its task, its status and its notes."""
        record = self._ended()[-1]
        level, line = record.levelname, self._alike(record.getMessage())
        notes = self._notes(request_id)
        rows = [
            ("log", f"{level} {line}"),
            ("task", self._task(notes)),
            ("request", _status(self.connect.request(request_id))),
            *(("note", text) for text in _shortened(notes) or ["none"]),
        ]
        text = "\n".join(_row(name, self._alike(said)) for name, said in rows)
        is_told = any(map(_REPORT.search, notes))
        return Seen(level, line, is_told, text)

    def _task(self, notes: list[str]) -> str:
        if self.response.status == "reschedule":
            return f"rescheduled, again in {self.response.countdown} s"
        output = self.response.output
        if not output:
            return TASK[self.response.status]
        is_told = any(text.startswith(output) for text in notes)
        return f"{TASK[self.response.status]}, output: {'as in the note' if is_told else output}"


def _shortened(notes: list[str]) -> list[str]:
    """The notes; before a report, marks are reduced to their tags."""
    if not any(map(_REPORT.search, notes)):
        return notes
    return [found[0] if (found := _MARK.search(text)) else text for text in notes]


def _row(name: str, text: str) -> str:
    """A row of the page; a text's line breaks are kept."""
    first, *others = text.split("\n")
    margin = " " * MARGIN
    return "\n".join(
        [
            wrapped(f"{name:{MARGIN}}{first}", MARGIN),
            *(wrapped(margin + line.strip(), MARGIN) for line in others),
        ]
    )


def wrapped(line: str, margin: int | None = None) -> str:
    """A line wrapped as needed; continuations align with its text or a margin."""
    own = len(line) - len(line.lstrip())
    return textwrap.fill(
        line.lstrip(),
        WIDTH,
        initial_indent=line[:own],
        subsequent_indent=" " * (own if margin is None else margin),
        break_long_words=False,
        break_on_hyphens=False,
    )


def _status(request: dict[str, Any]) -> str:
    reason = request["reason"] if request["status"] == "failed" else ""
    return f"{request['status']}, reason: {reason}" if reason else str(request["status"])


@asynccontextmanager
async def on_stage(variables: dict[str, str]) -> AsyncIterator[Stage]:
    """A stage with random values set to their middle."""
    heard, level = _Heard(), LOG.level
    LOG.addHandler(heard)
    LOG.setLevel(logging.INFO)
    try:
        async with running_extension(**variables) as extension:
            extension.begin_new_process(jitter=lambda: 0.5)
            yield Stage(extension, heard)
    finally:
        LOG.removeHandler(heard)
        LOG.setLevel(level)
