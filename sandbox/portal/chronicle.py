"""What has happened to each request: deliveries, calls to the vendor, marks, notes, waits."""

from __future__ import annotations

import re
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from sandbox.connect.journal import Happening
from sandbox.connect.server import LocalConnect
from sandbox.portal.rendering import shortened
from sandbox.runner_log import LogEntry, RunnerLogs

# A request that waits for days has thousands; the newest say how it stands.
REMEMBERED = 400

# The extension's log about an exchange with the vendor, and about the end of a task.
EXCHANGE = re.compile(
    r"method=(?P<method>\S+) http=(?P<status>\S+) ms=(?P<milliseconds>\d+): (?P<what>.*)"
)
END = re.compile(r"task=\S+ .*?outcome=(?P<outcome>\S+) cause=(?P<cause>\S+).*?: (?P<what>.*)")
# The end of a note that is a mark, for the extension itself.
TAG = re.compile(r"\[connect-ext (?P<operation>\w+) \w+ (?P<state>\w+)\]$")

TASK_TITLES = {
    "scheduled": "Connect queued the task",
    "processing": "Connect delivered the task",
    "rescheduled": "The extension postponed the task",
    "retrying": "The task ended without a result; Connect repeats it",
    "succeeded": "The task succeeded",
    "failed": "The task failed: it waits for a person",
    "skipped": "The extension skipped the task",
    "lost": "The instance went away without a result",
    "forgotten": "Connect lost the task",
    "late": "A late result was ignored",
}
REQUEST_TITLES = {
    "pending": "The request is pending",
    "approved": "The request was approved",
    "failed": "The request was rejected",
    "scheduled": "The request was scheduled",
    "revoking": "The distributor asked to revoke the request",
    "revoked": "The revocation was confirmed",
}


@dataclass(frozen=True)
class Step:
    """One step of a request's walk: `kind` is request, task, call, mark, note, message or log."""

    at: datetime
    kind: str
    title: str
    text: str = ""


class Chronicle:
    """The steps of every request, and who is told of them.

    `changed` gets the topics that a step, or anything else that happens, is about.
    """

    def __init__(
        self, connect: LocalConnect, logs: RunnerLogs, changed: Callable[..., None]
    ) -> None:
        self._connect = connect
        self._logs = logs
        self._changed = changed
        self._steps: dict[str, deque[Step]] = defaultdict(lambda: deque(maxlen=REMEMBERED))
        connect.journal.listen(self._happened)
        logs.listen(self._logged)

    def steps(self, request_id: str) -> list[Step]:
        """A request's steps, the oldest first."""
        return sorted(self._steps[request_id], key=lambda step: step.at)

    def _happened(self, happening: Happening) -> None:
        self._logs.catch_up()
        match happening.kind:
            case "request":
                self._request_changed(happening)
            case "task":
                self._task_changed(happening)
            case "note":
                self._add(happening.object_id, self._note(happening))
            case "instance":
                # A runner declares its variables as it connects.
                self._changed("runners", "variables")
            case "variable":
                self._changed("variables")

    def _request_changed(self, happening: Happening) -> None:
        request = self._connect.request(happening.object_id)
        title = REQUEST_TITLES.get(happening.text, happening.text)
        reason = request["reason"] if happening.text in ("failed", "revoking") else ""
        self._add(request["id"], Step(happening.at, "request", title, reason))
        self._changed("subscriptions", request["asset"]["id"])

    def _task_changed(self, happening: Happening) -> None:
        request_id = self._connect.tasks.by_id[happening.object_id].object_id
        word, _, rest = happening.text.partition(" ")
        title = TASK_TITLES.get(word, happening.text)
        text = "" if word == "scheduled" else rest
        if word == "processing":
            title, text = f"{title} to {rest.removeprefix('on ')}", ""
        self._add(request_id, Step(happening.at, "task", title, text))
        self._changed("runners")

    def _note(self, happening: Happening) -> Step:
        message = self._connect.notes(happening.object_id)[-1]
        text, author = message["text"].rstrip(), message["account"]["name"]
        if message["type"] != "private":
            return Step(happening.at, "message", f"{author} wrote a message", text)
        tag = TAG.search(text)
        if tag is None:
            return Step(happening.at, "note", f"{author} left a private note", text)
        title = f"Mark: {tag['operation']}, {tag['state']}"
        return Step(happening.at, "mark", title, text[: tag.start()].rstrip())

    def _logged(self, entry: LogEntry) -> None:
        self._changed("runners", *(["vendor"] if entry.kind == "call" else []))
        if entry.at is None or not entry.object_id.startswith("PR-"):
            return
        self._add(entry.object_id, _step(entry, entry.at))

    def _add(self, request_id: str, step: Step) -> None:
        self._steps[request_id].append(replace(step, text=shortened(step.text)))
        self._changed("requests", request_id)


def _step(entry: LogEntry, at: datetime) -> Step:
    if exchange := EXCHANGE.fullmatch(entry.text):
        what = exchange["what"][:1].upper() + exchange["what"][1:]
        answer = "no answer" if exchange["status"] == "-" else f"HTTP {exchange['status']}"
        text = f"{exchange['method']}, {answer}, {exchange['milliseconds']} ms"
        return Step(at, "call", what, text)
    if end := END.fullmatch(entry.text):
        return Step(at, "log", end["what"], f"outcome {end['outcome']}, cause {end['cause']}")
    return Step(at, "log", entry.text)
