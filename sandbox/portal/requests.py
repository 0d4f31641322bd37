"""Fulfillment requests: the list, and each request with its walk and its conversation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from sandbox.connect.objects import DISTRIBUTOR, VENDOR, Json
from sandbox.connect.refusals import missing
from sandbox.connect.requests import OPEN, SETTLED
from sandbox.portal.chronicle import REMEMBERED
from sandbox.portal.rendering import Listing, matches

if TYPE_CHECKING:
    from sandbox.connect.tasks import Task
    from sandbox.portal.portal import Portal

# A page is shown anew at every change.
MESSAGES_SHOWN = 100


class RequestPages:
    """The pages about requests, and what people and Connect itself do with one."""

    def __init__(self, portal: Portal) -> None:
        self._sandbox, self._page = portal.sandbox, portal.rendering.page
        self._connect, self._chronicle = portal.sandbox.connect, portal.chronicle

    def routes(self) -> list[web.RouteDef]:
        """Their routes."""
        acts = {
            "approve": self.approve,
            "reject": self.reject,
            "revoke": self.revoke,
            "forward": self.forward,
            "resubmit": self.resubmit,
            "say": self.say,
        }
        return [
            web.get("/requests", self.show_all),
            web.get("/requests/{id}", self.show),
            *(web.post(f"/requests/{{id}}/{name}", act) for name, act in acts.items()),
        ]

    async def show_all(self, request: web.Request) -> web.StreamResponse:
        """GET /requests?q=...&status=...&page=..."""
        text, status = request.query.get("q", ""), request.query.get("status", "")
        found = [
            each
            for each in reversed(self._connect.requests.by_id.values())
            if status in ("", each["status"]) and _is_about(each, text)
        ]
        listing = Listing(request, found)
        return self._page(
            request,
            "requests.html",
            listing=listing,
            tasks={each["id"]: self._task(each["id"]) for each in listing.rows},
            statuses=OPEN + SETTLED,
        )

    async def show(self, request: web.Request) -> web.StreamResponse:
        """GET /requests/{id}"""
        found = self._connect.request(request.match_info["id"])
        messages = self._connect.notes(found["id"])
        steps = self._chronicle.steps(found["id"])
        return self._page(
            request,
            "request.html",
            request=found,
            asset=found["asset"],
            steps=steps,
            most_steps=REMEMBERED if len(steps) == REMEMBERED else None,
            messages=messages[-MESSAGES_SHOWN:],
            earlier=max(0, len(messages) - MESSAGES_SHOWN),
            task=self._task(found["id"]),
            is_settled=found["status"] in SETTLED,
        )

    async def approve(self, request: web.Request) -> web.StreamResponse:
        """POST /requests/{id}/approve: an agent of the vendor approves it by hand"""
        self._connect.agent_approve(request.match_info["id"])
        raise _back(request)

    async def reject(self, request: web.Request) -> web.StreamResponse:
        """POST /requests/{id}/reject: an agent of the vendor rejects it by hand"""
        reason = await _field(request, "reason")
        self._connect.agent_fail(request.match_info["id"], reason)
        raise _back(request)

    async def revoke(self, request: web.Request) -> web.StreamResponse:
        """POST /requests/{id}/revoke: the customer's side wants a scheduled request back"""
        self._connect.revoke(request.match_info["id"])
        raise _back(request)

    async def forward(self, request: web.Request) -> web.StreamResponse:
        """POST /requests/{id}/forward: the day of a scheduled request comes"""
        self._sandbox.day_comes(request.match_info["id"])
        raise _back(request)

    async def resubmit(self, request: web.Request) -> web.StreamResponse:
        """POST /requests/{id}/resubmit: an operator submits the failed task again"""
        task = self._task(self._connect.request(request.match_info["id"])["id"])
        if task is not None:
            self._connect.tasks.resubmit(task.id)
        raise _back(request)

    async def say(self, request: web.Request) -> web.StreamResponse:
        """POST /requests/{id}/say: a message of the distributor's, or a private note of ours"""
        is_private = await _field(request, "type") == "private"
        self._connect.say(
            request.match_info["id"],
            await _field(request, "text"),
            "private" if is_private else "message",
            VENDOR if is_private else DISTRIBUTOR,
        )
        raise _back(request)

    def _task(self, request_id: str) -> Task | None:
        """The newest task about a request."""
        tasks = self._connect.tasks.of_object.get(request_id)
        return tasks[-1] if tasks else None


async def _field(request: web.Request, name: str) -> str:
    value = str((await request.post()).get(name, "")).strip()
    if not value:
        raise missing(name)
    return value


def _back(request: web.Request) -> web.HTTPException:
    return web.HTTPSeeOther(f"/requests/{request.match_info['id']}")


def _is_about(request: Json, text: str) -> bool:
    asset = request["asset"]
    customer, product = asset["tiers"]["customer"], asset["product"]
    return matches(text, request["id"], asset["id"], customer["name"], product["name"])
