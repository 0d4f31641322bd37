"""A stand-in for Recurly's subscriptions, API v2021-02-25.

Sources: the description in github.com/recurly/recurly-client-python (`openapi/api.yaml`), its code
for the headers and for the shape of errors, and github.com/recurly/recurly-client-ruby/pull/579 for
idempotency.
"""

from __future__ import annotations

import base64
import json
from datetime import datetime, timedelta, timezone
from typing import Any, ClassVar

from aiohttp import web

from tests.presets.stand_in import TERM, Held, NotTaken, StandIn, Trouble
from tests.presets.stored import FirstAnswers

VERSION = "application/vnd.recurly.v2021-02-25"
PERIOD = timedelta(days=10)
"""From now to the next bill date, which comes before the end of the term."""


class Recurly(StandIn):
    """A site; its only key may do everything."""

    vendor: ClassVar[str] = "recurly"
    # Recurly's wording for this is not documented.
    refusal: ClassVar[str] = "A subscription with a processing invoice cannot be terminated."
    key: ClassVar[str] = "0123456789abcdef0123456789abcdef"

    def __init__(self) -> None:
        super().__init__()
        self._answers = FirstAnswers("Idempotency-Prior", _other_request)

    def new_id(self, number: int) -> str:
        return f"rstandin{number:05d}"[-13:]

    def variables(self) -> dict[str, str]:
        return {"VENDOR": "recurly", "REST_API_URL": self.url, "REST_API_KEY": self.key}

    def routes(self) -> list[web.RouteDef]:
        path = "/subscriptions/{id}"
        return [
            web.get(path, self._get),
            web.delete(path, self._terminate),
            web.put(f"{path}/cancel", self._cancel),
            web.put(f"{path}/reactivate", self._reactivate),
        ]

    async def _get(self, request: web.Request) -> web.Response:
        return web.json_response(self.shown(self._held(request)))

    async def _terminate(self, request: web.Request) -> web.Response:
        held, query = self._held(request), dict(request.query)
        if query.pop("refund", "none") not in ("none", "partial", "full"):
            raise _invalid("Please provide valid values for these parameters: refund.")
        if query.pop("charge", "true") not in ("true", "false") or query:
            raise _invalid("Please provide valid values for these parameters: charge.")

        def terminated() -> None:
            if held.cancelled:
                raise _invalid("Cannot expire an inactive subscription.")
            self.cancel(held, at_end=False)

        return await self._changed(request, held, terminated)

    async def _cancel(self, request: web.Request) -> web.Response:
        held, fields = self._held(request), await _fields(request)
        timeframe = fields.pop("timeframe", "term_end")
        if timeframe not in ("bill_date", "term_end") or fields:
            raise _error(400, "bad_request", "The body has something that is not known.")

        def cancelled() -> None:
            if held.cancelled or held.ends_later or held.word == "paused":
                raise _invalid("Only active and future subscriptions can be canceled.")
            self.cancel(held, at_end=True)
            if timeframe == "bill_date":
                held.ends_at = datetime.now(timezone.utc) + PERIOD

        return await self._changed(request, held, cancelled)

    async def _reactivate(self, request: web.Request) -> web.Response:
        held = self._held(request)

        def reactivated() -> None:
            if not held.ends_later:
                raise _invalid("Only canceled subscriptions can be reactivated.")
            self.undo(held)

        return await self._changed(request, held, reactivated)

    async def _changed(self, request: web.Request, held: Held, change: Any) -> web.Response:
        if self.is_busy(held):
            # The HTTP status is not documented.
            status = 409 if held.busy_answers else 422
            message = "Another request is already operating on this subscription."
            raise _error(status, "simultaneous_request", message)

        async def first() -> web.Response:
            if held.trouble is Trouble.REFUSES:
                raise _invalid(self.refusal)
            change()
            return web.json_response(self.shown(held))

        return await self._answers.answer(
            request.headers.get("Idempotency-Key", ""), request, first
        )

    def _held(self, request: web.Request) -> Held:
        if request.headers.get("Accept") != VERSION:
            message = "That accept header isn't in the format we use to specify an API version."
            raise _error(406, "invalid_api_version", message)
        # The key is the user, and there is no password.
        wanted = base64.b64encode(f"{self.key}:".encode()).decode()
        if request.headers.get("Authorization") != f"Basic {wanted}":
            raise _error(401, "unauthorized", "Your API key is not valid.")
        subscription_id = request.match_info["id"]
        if subscription_id not in self.subscriptions:
            message = f"Couldn't find Subscription with id = {subscription_id}"
            raise _error(404, "not_found", message)
        return self.subscriptions[subscription_id]

    def shown(self, held: Held) -> dict[str, Any]:
        """The subscription object."""
        now = datetime.now(timezone.utc)
        # By the description, no date is null.
        ends = {}
        if held.ends_at:
            ends = {"canceled_at": _written(now), "expires_at": _written(held.ends_at)}
        return {
            "id": held.id,
            "object": "subscription",
            "uuid": f"0123456789abcdef{held.id:0>16}"[:32],
            "state": _state(held),
            "account": {"id": "account00001", "object": "account", "code": "1"},
            "plan": {"id": "plan00000001", "object": "plan", "name": "Gold"},
            "current_period_started_at": _written(now - TERM),
            "current_period_ends_at": _written(now + PERIOD),
            "current_term_started_at": _written(now - TERM),
            "current_term_ends_at": _written(now + TERM),
            "auto_renew": True,
            "currency": "EUR",
            "quantity": 1,
            "created_at": _written(now - TERM),
            **ends,
        }


def _state(held: Held) -> str:
    if held.cancelled:
        return "expired"
    return "canceled" if held.ends_later else held.word or "active"


async def _fields(request: web.Request) -> dict[str, Any]:
    body = await request.read()
    if body and request.headers.get("Content-Type") != "application/json":
        raise _error(415, "invalid_content_type", "Content-Type must be application/json.")
    return json.loads(body) if body else {}


def _other_request(_key: str) -> NotTaken:
    # Recurly's answer to another request with the same key is not documented.
    return _error(409, "bad_request", "The idempotency key was used for another request.")


def _invalid(message: str) -> NotTaken:
    return _error(422, "validation", message)


def _error(status: int, kind: str, message: str) -> NotTaken:
    return NotTaken(status, {"error": {"type": kind, "message": message, "params": []}})


def _written(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
