"""Connect in memory, as strict as the platform is, below the real calls to Connect."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextvars import ContextVar
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
from connect.client import ClientError

from tests.model.history import Fate, Forge, Setting
from tests.model.process import STATUS_OF, WITH_RETRY_AFTER, FailedCallError, Process, now
from tests.model.virtual_time import seconds

PRODUCT, TEMPLATE, ACCOUNT = "PRD-411-678-887", "TL-471-184-949", "VA-589-589"
SUBSCRIPTION = "SUB-1"

_REFUSALS = (Fate.DENIED, Fate.UNKNOWN, Fate.BAD, Fate.CONFLICT)
_TAG = re.compile(r"\[connect-ext cancel [0-9a-f]{8} [a-z-]+\]$")
_PAGE = re.compile(r"limit=(\d+)&offset=(\d+)")

Message = dict[str, Any]
_response: ContextVar[httpx.Response | None] = ContextVar("response", default=None)


class ConnectTwin:
    """The requests of one subscription, their conversations, and the extension's doings with them.

    ``on_settle`` is called before a process approves or rejects a request that is pending.
    """

    def __init__(self, setting: Setting, on_settle: Callable[[str, str, Process], None]) -> None:
        self.setting, self._on_settle = setting, on_settle
        self.requests: list[dict[str, Any]] = []
        self.messages: dict[str, list[Message]] = {}
        self.settled_at: dict[str, float] = {}
        self.create()

    def create(self) -> None:
        """Make a cancel request."""
        request_id = f"PR-3071-1051-2166-{len(self.requests) + 1:03}"
        value = "" if self.setting.blank_parameter else SUBSCRIPTION
        parameter = {"id": "subscription_id", "value": value, "phase": "fulfillment"}
        self.messages[request_id] = []
        self.requests.append(
            {
                "id": request_id,
                "type": "cancel",
                "status": "pending",
                "created": _written(now()),
                "template": {"id": "TL-000-000-000"},
                "asset": {
                    "id": "AS-3071-1051-2166",
                    "product": {"id": PRODUCT},
                    "params": [parameter],
                    "tiers": {},
                },
            }
        )
        for number in range(self.setting.earlier_messages):
            before = now() - timedelta(hours=1)
            self._add(request_id, f"An older remark, number {number}.", "private", ACCOUNT, before)

    @property
    def latest(self) -> dict[str, Any]:
        """The request that is, or was last, pending."""
        return self.requests[-1]

    @property
    def proven(self) -> bool:
        """Whether a cancellation of the product was ever approved."""
        return self.setting.proven or any(r["status"] == "approved" for r in self.requests)

    def status(self, request_id: str) -> str:
        """The status of a request."""
        return str(self._find(request_id)["status"])

    def settle(
        self, request_id: str, status: str, process: Process | None = None
    ) -> dict[str, Any]:
        """Approve or fail a request, which must be pending; without a process an agent does it."""
        request = self._find(request_id)
        if request["status"] != "pending":
            raise _refusal(400)
        if process:
            self._on_settle(request_id, status, process)
        request["status"] = status
        self.settled_at[request_id] = seconds()
        return dict(request)

    def forge(self, forged: Forge) -> None:
        """Somebody writes a message with a tag like ours, if possible that of our last attempt."""
        request_id = self.latest["id"]
        tags = [_TAG.search(message["text"]) for message in self.own(request_id)]
        attempt = next((tag[0].split()[2] for tag in reversed(tags) if tag), "0badc0de")
        text = f"So it goes. [connect-ext cancel {attempt} {forged.state}]"
        if forged.by == "quoting":
            self._add(request_id, f"{text} Is this right?", "private", ACCOUNT, now())
        elif forged.by == "stranger":
            self._add(request_id, text, "private", "VA-000-000", now())
        else:
            self._add(request_id, text, forged.by, ACCOUNT, now())

    def own(self, request_id: str) -> list[Message]:
        """The private messages that the extension itself has left."""
        return [message for message in self.messages[request_id] if message["by_extension"]]

    def answer(
        self, process: Process, method: str, path: str, payload: dict[str, Any], began: datetime
    ) -> Any:
        """Serve one call of the REST API, made by a process; a message bears the call's begin."""
        resource, _, query = path.partition("?")
        match (method, *resource.split("/")):
            case ("get", "accounts"):
                return [{"id": ACCOUNT}]
            case ("get", "products", _, "templates"):
                return [{"id": TEMPLATE}]
            case ("get", "requests"):
                return [self._precedent()] if self.proven else []
            case ("get", "requests", request_id):
                return dict(self._find(request_id))
            case ("post", "requests", request_id, verb):
                return self._settled(request_id, verb, payload, process)
            case ("get", "conversations"):
                request_id = query.partition("instance_id=")[2].partition("&")[0]
                return [{"id": f"CO-{request_id}"}] if self.setting.keeps_notes else []
            case ("get", "conversations", either_id, "messages"):
                return self._shown(self._conversation(either_id), query)
            case ("post", "conversations", either_id, "messages"):
                about = (self._conversation(either_id), payload["text"], payload["type"])
                if self.setting.is_closed:
                    raise _refusal(400)
                return self._add(*about, ACCOUNT, began, by_extension=True)
        raise AssertionError(f"The twin knows no {method} {path}")

    def _precedent(self) -> dict[str, Any]:
        return {"type": "cancel", "status": "approved", "asset": self.latest["asset"]}

    def _settled(
        self, request_id: str, verb: str, payload: dict[str, Any], process: Process
    ) -> dict[str, Any]:
        if verb == "approve":
            self._check_approval(payload)
            return self.settle(request_id, "approved", process)
        if verb != "fail" or not payload["reason"]:
            raise _refusal(400)
        return self.settle(request_id, "failed", process)

    def _conversation(self, either_id: str) -> str:
        """The request that a conversation is about, called by its own id or by the request's."""
        if not self.setting.keeps_notes:
            raise _refusal(403)
        if not either_id.startswith("CO-") and not self.setting.by_instance_id:
            raise _refusal(404)
        return either_id.removeprefix("CO-")

    def _shown(self, request_id: str, query: str) -> _Page:
        messages = sorted(self.messages[request_id], key=lambda message: message["created"])
        if self.setting.filters and "eq(type,private)" in query:
            messages = [message for message in messages if message["type"] == "private"]
        page = _PAGE.search(query)
        assert page
        begin, end = int(page[2]), int(page[2]) + int(page[1])
        return _Page(messages[begin:end], f"items {begin}-{end - 1}/{len(messages)}")

    def _add(
        self,
        request_id: str,
        text: str,
        kind: str,
        account: str,
        created: datetime,
        *,
        by_extension: bool = False,
    ) -> Message:
        message = {
            "id": "ME-1",
            "account": {"id": account},
            "created": _written(created),
            "text": text,
            "type": kind,
            "by_extension": by_extension,
        }
        self.messages[request_id].append(message)
        return message

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


class _Page(list[Message]):
    """A page of a list, with the header that tells how many there are."""

    def __init__(self, messages: list[Message], content_range: str) -> None:
        super().__init__(messages)
        self.content_range = content_range


class ClientTwin:
    """The one call of the official client that the extension makes, and the answer it keeps."""

    api_key = "ApiKey SU-1:1"

    def __init__(self, twin: ConnectTwin, process: Process) -> None:
        self._twin, self._process = twin, process
        self.endpoint = process.endpoint

    @property
    def response(self) -> httpx.Response | None:
        """The last answer; in a context variable, as the official client has it."""
        return _response.get()

    async def execute(self, method: str, path: str, **arguments: Any) -> Any:
        """Call Connect as the official client does, and raise what it raises."""
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
        if isinstance(answer, _Page):
            headers["Content-Range"] = answer.content_range
        _response.set(httpx.Response(200, headers=headers))
        return answer

    def _fate(self, path: str) -> Fate:
        """The fate of the call; Connect refuses one message of a delivery at most for no reason."""
        fate = self._process.next_fate()
        if fate in _REFUSALS and path.startswith(("conversations", "accounts")):
            self._process.odd_refusals += 1
            return fate if self._process.odd_refusals == 1 else Fate.FINE
        return fate


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
    raise _refusal(status, wait=fate in WITH_RETRY_AFTER)


def _refusal(status: int, *, wait: bool = False) -> ClientError:
    error = ClientError(status_code=status)
    if wait:
        response = httpx.Response(status, headers={"Retry-After": "90"})
        error.__cause__ = httpx.HTTPStatusError("", request=None, response=response)
    return error


def _written(moment: datetime) -> str:
    """As Connect writes it: in whole seconds."""
    return moment.isoformat(timespec="seconds")
