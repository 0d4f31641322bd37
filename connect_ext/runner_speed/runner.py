"""The official runner as this process has loaded it, and the version this package is made for."""

from __future__ import annotations

import hashlib
import inspect
import sys
from importlib.metadata import PackageNotFoundError, version
from typing import Any

RUNNER = "connect.eaas.runner"
CLIENT = "connect.client.fluent"
TESTED = ("43.1",)

_WORKER = (f"{RUNNER}.workers.events", "EventsWorker")
_MANAGER = (f"{RUNNER}.managers.base", "TasksManagerBase")
# The code that receives, counts, answers and waits for a task: ``all`` relies on it.
_INTAKE = (
    *((*_WORKER, name) for name in ("run", "receive", "process_message", "process_task")),
    *((*_WORKER, name) for name in ("running_tasks", "result_sender", "stopping", "start")),
    *((*_MANAGER, name) for name in ("submit", "enqueue_result", "send_exception_response")),
    (CLIENT, "AsyncConnectClient", "session"),
)
INTAKE_FINGERPRINT = "df1365b46eaad949364ac2c8e2cfe2aefc825663f3f48068bd68586ccf8213fc"


def is_loaded() -> bool:
    """Whether this process runs, or was forked from, the runner."""
    return RUNNER in sys.modules


def installed_version() -> str:
    """The version of the installed runner; '' if it is not installed."""
    try:
        return version("connect-extension-runner")
    except PackageNotFoundError:
        return ""


def loaded(module: str, *names: str) -> Any:
    """The object that the runner has loaded under these names; None if there is none."""
    found: Any = sys.modules.get(module)
    for name in names:
        found = getattr(found, name, None)
    return found


def events_worker() -> Any:
    """The class of the workers that handle events."""
    return loaded(*_WORKER)


def intake_fingerprint() -> str:
    """A hash of all source code that ``all`` relies on; '' if it cannot be read."""
    whole = hashlib.sha256()
    for names in _INTAKE:
        found = loaded(*names)
        function: Any = found.fget if isinstance(found, property) else found
        try:
            whole.update(inspect.getsource(function).encode())
        except (OSError, TypeError, SyntaxError):
            return ""
    return whole.hexdigest()
