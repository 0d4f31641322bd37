"""A stage for the plays of the runbook: what an operator sees of a request, in a few lines."""

from __future__ import annotations

import logging
import re
import textwrap
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from connect.eaas.core.responses import BackgroundResponse

from tests.in_process import LOG, Extension, running_extension

TASK = {"success": "succeeded", "fail": "failed", "skip": "skipped"}
WIDTH = 100

_MARK = re.compile(r"\[connect-ext (?:cancel|undo) [0-9a-f]{8} [a-z-]+\]$")
_REPORT = re.compile(r"\[connect-ext (?:waiting|held|dry-run|settled|found) [a-z-]+\]$")

# Ids, dates and times are made alike, so that the page stays as it is.
_ALIKE = (
    (re.compile(r"\bPR(-\d{4}){3}-\d{3}\b"), "PR-1234-5678-9012-002"),
    (re.compile(r"\bPRD(-\d{3}){3}\b"), "PRD-123-456-789"),
    (re.compile(r"\bms=\d+"), "ms=87"),
    (re.compile(r"\b20\d\d-\d\d-\d\d \d\d:\d\d\b"), "2026-03-02 09:15"),
    (re.compile(r"\b20\d\d-\d\d-\d\d\b"), "2026-03-02"),
    (re.compile(r"(\[connect-ext (?:cancel|undo)) [0-9a-f]{8} "), r"\1 3f9a12c4 "),
    (re.compile(r"http://127\.0\.0\.1:\d+"), "https://vendor.example"),
    (re.compile(r"\bat \w+\.py:\d+(?: < \w+\.py:\d+)*"), "at walk.py:57 < process.py:112"),
)


def alike(text: str) -> str:
    """The text with the same ids, dates and times in every run."""
    for pattern, same in _ALIKE:
        text = pattern.sub(same, text)
    return text


class _Heard(logging.Handler):
    """Keeps what is logged."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@dataclass(frozen=True)
class Seen:
    """What an operator sees of a request after a delivery."""

    level: str
    line: str
    is_told: bool
    """Whether a note says what has become of it, so that people need not read the log."""
    text: str
    """All of it, for the page."""

    @property
    def facts(self) -> dict[str, str]:
        """The ``name=value`` pairs of the log's line."""
        return dict(re.findall(r" (\w+)=(\S+?)(?=[ :])", self.line))


class Stage:
    """An extension with its surroundings, and the log of its deliveries."""

    def __init__(self, extension: Extension, heard: _Heard) -> None:
        self.extension, self.sandbox = extension, extension.sandbox
        self.connect, self.vendor = extension.sandbox.connect, extension.sandbox.vendor
        self._heard = heard
        self.response: BackgroundResponse

    async def deliver(self, request_id: str, **fields: Any) -> None:
        """Deliver the request as the runner does, which names its task in the client's headers.

        ``fields`` take the place of those that Connect shows.
        """
        extension = self.extension
        client = extension.client()
        client.default_headers["EAAS_TASK_ID"] = "TQ-123-456-0001"
        request = await client.requests[request_id].get()
        application = extension.application(client, LOG, extension.variables)
        self.response = await application.handle_asset_cancel_request({**request, **fields})

    async def a_day_later(self, request_id: str) -> None:
        """People hear of what has waited for a day, whatever it is."""
        self.extension.let_pass(24 * 3600.0)
        await self.deliver(request_id)

    def seen(self, request_id: str) -> Seen:
        """The last line about the request, its task, its status and its notes."""
        records = [r for r in self._heard.records if " outcome=" in r.getMessage()]
        level, line = records[-1].levelname, alike(records[-1].getMessage())
        notes = [each["text"] for each in self.connect.notes(request_id)]
        rows = [
            ("log", f"{level} {line}"),
            ("task", self._task(notes)),
            ("request", _status(self.connect.request(request_id))),
            *(("note", text) for text in _shortened(notes) or ["none"]),
        ]
        text = "\n".join(_wrapped(name, alike(said)) for name, said in rows)
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
    """The notes; where one is a report, the marks before it are no more than their tags."""
    if not any(map(_REPORT.search, notes)):
        return notes
    return [found[0] if (found := _MARK.search(text)) else text for text in notes]


def _wrapped(name: str, text: str) -> str:
    """A row of the page; the lines of a text stay lines."""
    lines = [f"{name:9}{text}".split("\n")[0], *(line.strip() for line in text.split("\n")[1:])]
    rows = []
    for line in lines:
        indent = " " * 9 if rows else ""
        rows += textwrap.wrap(
            line,
            WIDTH,
            initial_indent=indent,
            subsequent_indent=" " * 9,
            break_long_words=False,
            break_on_hyphens=False,
        )
    return "\n".join(rows)


def _status(request: dict[str, Any]) -> str:
    reason = request["reason"] if request["status"] == "failed" else ""
    return f"{request['status']}, reason: {reason}" if reason else str(request["status"])


@asynccontextmanager
async def on_stage(variables: dict[str, str]) -> AsyncIterator[Stage]:
    """A stage; what is random is in the middle."""
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
