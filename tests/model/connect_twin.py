"""Connect in memory, as strict as the platform is, below the real ``ConnectApi``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import httpx
from connect.client import AsyncConnectClient, ClientError

from connect_ext.connect_api import ConnectApi
from tests.model.history import Fate
from tests.model.process import STATUS_OF, FailedCallError, Process, now

PRODUCT, TEMPLATE = "PRD-411-678-887", "TL-471-184-949"
SUBSCRIPTION = "SUB-1"


class ConnectTwin:
    """The requests of one subscription, their conversations, and what the extension does to them.

    ``on_close`` is called before a process approves or rejects a request that is pending.
    """

    def __init__(self, parameter: str, on_close: Callable[[str, str, Process], None]) -> None:
        self._parameter = parameter
        self._on_close = on_close
        self.requests: list[dict[str, Any]] = []
        self.notes: dict[str, list[str]] = {}
        self.create()

    def create(self) -> None:
        """Make a cancel request."""
        number = len(self.requests) + 1
        request_id = f"PR-3071-1051-2166-{number:03}"
        parameter = {"id": "subscription_id", "value": self._parameter}
        self.notes[request_id] = []
        self.requests.append(
            {
                "id": request_id,
                "type": "cancel",
                "status": "pending",
                "created": now().isoformat(),
                "template": {"id": "TL-000-000-000"},
                "asset": {
                    "id": "AS-3071-1051-2166",
                    "product": {"id": PRODUCT},
                    "params": [parameter],
                    "tiers": {},
                },
            }
        )

    @property
    def latest(self) -> dict[str, Any]:
        """The request that is, or was last, pending."""
        return self.requests[-1]

    def close(self, request_id: str, status: str, process: Process | None = None) -> dict[str, Any]:
        """Approve or fail a request, which must be pending; without a process an agent does it."""
        request = self._find(request_id)
        if request["status"] != "pending":
            raise _refusal(400)
        if process:
            self._on_close(request_id, status, process)
        request["status"] = status
        return dict(request)

    def answer(self, process: Process, method: str, path: str, payload: dict[str, Any]) -> Any:
        """Serve one call of the REST API, made by a process."""
        match (method, *path.partition("?")[0].split("/")):
            case ("get", "products", _, "templates"):
                return [{"id": TEMPLATE}]
            case ("get", "conversations"):
                request_id = path.partition("instance_id=")[2].partition("&")[0]
                return [{"id": f"CO-{request_id}"}]
            case ("get", "conversations", conversation_id, "messages"):
                texts = self.notes[conversation_id.removeprefix("CO-")]
                return [{"text": text} for text in texts]
            case ("post", "conversations", conversation_id, "messages"):
                self.notes[conversation_id.removeprefix("CO-")].append(payload["text"])
                return {"id": "ME-1", **payload}
            case ("get", "requests", request_id):
                return dict(self._find(request_id))
            case ("post", "requests", request_id, "approve"):
                self._check_approval(payload)
                return self.close(request_id, "approved", process)
            case ("post", "requests", request_id, "fail"):
                if not payload["reason"]:
                    raise _refusal(400)
                return self.close(request_id, "failed", process)
        raise AssertionError(f"The twin knows no {method} {path}")

    def _check_approval(self, payload: dict[str, Any]) -> None:
        if payload["template_id"] != TEMPLATE:
            raise _refusal(400)
        date = payload.get("effective_date")
        if date and datetime.fromisoformat(date) > now():
            raise _refusal(400)

    def _find(self, request_id: str) -> dict[str, Any]:
        for request in self.requests:
            if request["id"] == request_id:
                return request
        raise _refusal(404)


class ClientTwin:
    """The one call of the official client that ``ConnectApi`` makes."""

    def __init__(self, twin: ConnectTwin, process: Process) -> None:
        self._twin, self._process = twin, process
        self.endpoint = process.endpoint

    async def execute(self, method: str, path: str, **arguments: Any) -> Any:
        """Call Connect as the official client does, and raise what it raises."""
        payload = arguments.get("json", {})

        def work() -> Any:
            return self._twin.answer(self._process, method, path, payload)

        try:
            return await self._process.calls(work)
        except FailedCallError as failed:
            return _as_the_client_does(failed.fate, work)


class ModelConnectApi(ConnectApi):
    """The real one, over the twin instead of over HTTP."""

    def __init__(self, twin: ConnectTwin, process: Process) -> None:
        super().__init__(AsyncConnectClient("ApiKey SU-1:1", endpoint=process.endpoint))
        self._client = ClientTwin(twin, process)


def _as_the_client_does(fate: Fate, work: Callable[[], Any]) -> Any:
    if fate is Fate.FORGOTTEN:
        # Connect does what it says.
        return work()
    if fate is Fate.GARBAGE:
        raise ValueError("Expecting value")
    if fate is Fate.REDIRECT_AFTER:
        # The client takes it for a success.
        return b"Moved."
    status = STATUS_OF.get(fate)
    if status is None:
        raise ClientError
    raise _refusal(status, wait=fate in (Fate.BUSY, Fate.ERROR_AND_WAIT))


def _refusal(status: int, *, wait: bool = False) -> ClientError:
    error = ClientError(status_code=status)
    if wait:
        response = httpx.Response(status, headers={"Retry-After": "90"})
        error.__cause__ = httpx.HTTPStatusError("", request=None, response=response)
    return error
