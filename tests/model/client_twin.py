"""The official client, connected to a Connect in memory."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from email.utils import format_datetime
from typing import Any

import httpx
from connect.client import ClientError

from tests.model.connect_twin import ConnectTwin, Page, refusal
from tests.model.history import Fate
from tests.model.process import STATUS_OF, WITH_RETRY_AFTER, FailedCallError, Process, now
from tests.model.virtual_time import seconds

_REFUSALS = (Fate.DENIED, Fate.UNKNOWN, Fate.BAD, Fate.CONFLICT)
_response: ContextVar[httpx.Response | None] = ContextVar("response", default=None)


class ClientTwin:
    """The official client's only method that the extension calls, and the answer it keeps."""

    api_key = "ApiKey SU-1:1"

    def __init__(self, twin: ConnectTwin, process: Process) -> None:
        self._twin, self._process = twin, process
        self.endpoint = process.endpoint

    @property
    def response(self) -> httpx.Response | None:
        """The last answer, in a context variable like the official client's."""
        return _response.get()

    async def execute(self, method: str, path: str, **arguments: Any) -> Any:
        """Call Connect like the official client, and raise the same errors."""
        payload, began = arguments.get("json", {}), now()
        if payload.get("text", "").endswith(" sending]"):
            self._process.mark_began = seconds()
        _response.set(None)

        def work() -> Any:
            return self._twin.answer(self._process, method, path, payload, began)

        try:
            answer = await self._process.calls(work, self._fate(path))
        except FailedCallError as failed:
            answer = _as_the_client_does(failed.fate, work)
        headers = {"Date": format_datetime(now(), usegmt=True)}
        if isinstance(answer, Page):
            headers["Content-Range"] = answer.content_range
        _response.set(httpx.Response(200, headers=headers))
        return answer

    def _fate(self, path: str) -> Fate:
        """The call's fate; Connect refuses at most one message of a delivery without a reason."""
        fate = self._process.next_fate()
        if fate in _REFUSALS and path.startswith(("conversations", "accounts")):
            self._process.odd_refusals += 1
            return fate if self._process.odd_refusals == 1 else Fate.FINE
        return fate


def _as_the_client_does(fate: Fate, work: Callable[[], Any]) -> Any:
    if fate is Fate.FORGOTTEN:
        # Connect does what its answer says.
        return work()
    if fate is Fate.GARBAGE:
        raise ValueError("Expecting value")
    if fate is Fate.REDIRECT_AFTER:
        # The client treats it as a success.
        return b"Moved."
    status = STATUS_OF.get(fate)
    if status is None:
        raise ClientError
    raise refusal(status, wait=fate in WITH_RETRY_AFTER)
