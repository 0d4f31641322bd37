"""A Connect in memory, as strict as the platform, behind the real calls to Connect."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import httpx
from connect.client import ClientError

from tests.model.history import Forge, Setting
from tests.model.later import BEGINNING, Confirming
from tests.model.process import Process, now
from tests.model.virtual_time import seconds

PRODUCT, TEMPLATE, ACCOUNT = "PRD-411-678-887", "TL-471-184-949", "VA-589-589"
SUBSCRIPTION = "SUB-1"

_TAG = re.compile(r"\[connect-ext (?:cancel|undo) [0-9a-f]{8} [a-z-]+\]$")
_PAGE = re.compile(r"limit=(\d+)&offset=(\d+)")

_BEFORE = {
    "approved": "pending",
    "failed": "pending",
    "scheduled": "pending",
    "pending": "scheduled",
    "revoking": "scheduled",
    "revoked": "revoking",
}
"""The status from which a request can reach each status."""

Message = dict[str, Any]


class ConnectTwin:
    """One subscription's requests and conversations, and the extension's actions on them.

    ``on_settle`` is called before a process gives a request a possible new status.
    """

    def __init__(self, setting: Setting, on_settle: Callable[[str, str, Process], None]) -> None:
        self.setting, self._on_settle = setting, on_settle
        self.requests: list[dict[str, Any]] = []
        self.messages: dict[str, list[Message]] = {}
        self.left_at: dict[tuple[str, str], float] = {}
        """When each request left a status."""
        self.by_agent: set[str] = set()
        """The requests that an agent settled."""
        self.scheduled_by: Process | None = None
        self.comes_back_at = 0.0
        """When the scheduled request will change its status."""
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
        """The request that is pending, or was most recently."""
        return self.requests[-1]

    @property
    def proven(self) -> bool:
        """Whether any cancellation of the product was ever approved."""
        return self.setting.proven or any(r["status"] == "approved" for r in self.requests)

    def status(self, request_id: str) -> str:
        """The status of a request."""
        return str(self._find(request_id)["status"])

    def settle(
        self, request_id: str, status: str, process: Process | None = None
    ) -> dict[str, Any]:
        """Give a request a status that is possible now; without a process, an agent does it."""
        request = self._find(request_id)
        if request["status"] != _BEFORE[status]:
            raise refusal(400)
        if process:
            self._on_settle(request_id, status, process)
        self.left_at[request_id, request["status"]] = seconds()
        request["status"] = status
        return dict(request)

    def by_hand(self, what: str) -> None:
        """An agent, or the buyer's side, acts on the latest request, if possible."""
        words = {"approve": "approved", "fail": "failed", "revoke": "revoking"}
        status = {**words, "forward": "pending", "confirm": "revoked"}[what]
        if status not in ("revoking", "pending"):
            self.by_agent.add(self.latest["id"])
        self._comes_to(self.latest["id"], status)

    def planned_at(self, request_id: str) -> float:
        """The moment for which a request is scheduled, or about to be."""
        planned = datetime.fromisoformat(self._find(request_id)["planned_date"])
        return (planned - BEGINNING).total_seconds()

    def _comes_to(self, request_id: str, status: str) -> None:
        if self.status(request_id) == _BEFORE[status]:
            self.settle(request_id, status)

    def _schedule(self, request_id: str, planned: str, process: Process) -> dict[str, Any]:
        """Schedule it for a future moment; it comes back then or a while later."""
        left, later = (datetime.fromisoformat(planned) - now()).total_seconds(), self.setting.later
        request = self._find(request_id)
        if not later.takes_schedules or left <= 0 or request["status"] != "pending":
            raise refusal(400)
        request["planned_date"] = planned
        shown = self.settle(request_id, "scheduled", process)
        self.scheduled_by = process
        loop, back = asyncio.get_running_loop(), left + later.late
        loop.call_later(back, self._comes_back, request_id, "pending", planned)
        if later.revoked_at is not None:
            revoked = left * later.revoked_at
            loop.call_later(revoked, self._comes_back, request_id, "revoking", planned)
            back = min(back, revoked)
        self.comes_back_at = seconds() + back
        return shown

    def _comes_back(self, request_id: str, status: str, planned: str) -> None:
        if self._find(request_id)["planned_date"] == planned:
            self._comes_to(request_id, status)

    def _confirm(self, request_id: str, process: Process) -> dict[str, Any]:
        """Confirm a revocation, or do what the product does instead."""
        if self.status(request_id) != "revoking":
            raise refusal(400)
        match self.setting.later.confirming:
            case Confirming.REVOKES:
                return self.settle(request_id, "revoked", process)
            case Confirming.IGNORED:
                self._on_settle(request_id, "revoked", process)
                return dict(self._find(request_id))
            case Confirming.REFUSED:
                self._on_settle(request_id, "revoked", process)
                raise refusal(400)

    def forge(self, forged: Forge) -> None:
        """Somebody writes a message with a tag like ours, if possible our last attempt's."""
        request_id = self.latest["id"]
        tags = [_TAG.search(message["text"]) for message in self.own(request_id)]
        last = next((tag[0] for tag in reversed(tags) if tag), "[connect-ext cancel 0badc0de x]")
        text = f"So it goes. {last.rpartition(' ')[0]} {forged.state}]"
        if forged.by == "quoting":
            self._add(request_id, f"{text} Is this right?", "private", ACCOUNT, now())
        elif forged.by == "stranger":
            self._add(request_id, text, "private", "VA-000-000", now())
        else:
            self._add(request_id, text, forged.by, ACCOUNT, now())

    def own(self, request_id: str) -> list[Message]:
        """The extension's own private messages."""
        return [message for message in self.messages[request_id] if message["by"]]

    def may_have_sent(self, request_id: str) -> bool:
        """Whether, by the notes, a process other than the one that scheduled it may have sent a
        cancellation.
        """
        begun, ended = set(), set()
        for message in self.own(request_id):
            tag = _TAG.search(message["text"])
            act, attempt, state = tag[0].strip("[]").split()[1:] if tag else ("", "", "")
            if act == "cancel" and state == "sending" and message["by"] is not self.scheduled_by:
                begun.add(attempt)
            elif act == "cancel" and state in ("not-sent", "refused", "conflict"):
                ended.add(attempt)
        return bool(begun - ended)

    def answer(
        self, process: Process, method: str, path: str, payload: dict[str, Any], began: datetime
    ) -> Any:
        """Serve a process's call to the REST API; a message gets the time when the call began."""
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
                    raise refusal(400)
                return self._add(*about, ACCOUNT, began, by=process)
        raise AssertionError(f"The twin knows no {method} {path}")

    def _precedent(self) -> dict[str, Any]:
        return {"type": "cancel", "status": "approved", "asset": self.latest["asset"]}

    def _settled(
        self, request_id: str, verb: str, payload: dict[str, Any], process: Process
    ) -> dict[str, Any]:
        if verb == "approve":
            self._check_approval(payload)
            return self.settle(request_id, "approved", process)
        if verb == "schedule":
            return self._schedule(request_id, payload["planned_date"], process)
        if verb == "confirm":
            return self._confirm(request_id, process)
        if verb != "fail" or not payload["reason"]:
            raise refusal(400)
        return self.settle(request_id, "failed", process)

    def _conversation(self, either_id: str) -> str:
        """The request of a conversation that is named by its own id or by the request's."""
        if not self.setting.keeps_notes:
            raise refusal(403)
        if not either_id.startswith("CO-") and not self.setting.by_instance_id:
            raise refusal(404)
        return either_id.removeprefix("CO-")

    def _shown(self, request_id: str, query: str) -> Page:
        messages = sorted(self.messages[request_id], key=lambda message: message["created"])
        if self.setting.filters and "eq(type,private)" in query:
            messages = [message for message in messages if message["type"] == "private"]
        page = _PAGE.search(query)
        assert page
        begin, end = int(page[2]), int(page[2]) + int(page[1])
        return Page(messages[begin:end], f"items {begin}-{end - 1}/{len(messages)}")

    def _add(
        self,
        request_id: str,
        text: str,
        kind: str,
        account: str,
        created: datetime,
        *,
        by: Process | None = None,
    ) -> Message:
        message = {
            "id": "ME-1",
            "account": {"id": account},
            "created": _written(created),
            "text": text,
            "type": kind,
            "by": by,
        }
        self.messages[request_id].append(message)
        return message

    def _check_approval(self, payload: dict[str, Any]) -> None:
        if payload["template_id"] != TEMPLATE:
            raise refusal(400)
        date = payload.get("effective_date")
        if date and datetime.fromisoformat(date) > now():
            raise refusal(400)

    def _find(self, request_id: str) -> dict[str, Any]:
        for request in self.requests:
            if request["id"] == request_id:
                return request
        raise refusal(404)


class Page(list[Message]):
    """A page of a list, with the header that gives the total number."""

    def __init__(self, messages: list[Message], content_range: str) -> None:
        super().__init__(messages)
        self.content_range = content_range


def refusal(status: int, *, wait: bool = False) -> ClientError:
    error = ClientError(status_code=status)
    if wait:
        response = httpx.Response(status, headers={"Retry-After": "90"})
        error.__cause__ = httpx.HTTPStatusError("", request=None, response=response)
    return error


def _written(moment: datetime) -> str:
    """As Connect writes it: in whole seconds."""
    return moment.isoformat(timespec="seconds")
