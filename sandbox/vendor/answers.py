"""The vendor's answers, and the body fields that it accepts."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web
from aiohttp.typedefs import Handler

Json = dict[str, Any]


class VendorError(Exception):
    """The vendor refuses a call."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(frozen=True)
class Answer:
    """A status and a JSON body, sent again for the same idempotency key."""

    status: int
    body: Json

    def response(self, **headers: str) -> web.Response:
        """The answer as aiohttp sends it."""
        return web.json_response(self.body, status=self.status, headers=headers)


def refused(status: int, message: str, code: str | None = None) -> Answer:
    """A refusal with its reason and, if there is one, its code."""
    return Answer(status, {"error": {"message": message, **({"code": code} if code else {})}})


@web.middleware
async def answer_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turns an error into the vendor's error body."""
    try:
        return await handler(request)
    except VendorError as error:
        return refused(error.status, error.message).response()
    except web.HTTPException as error:
        return refused(error.status, error.reason).response()


def body_of(raw: bytes, content_type: str) -> Json:
    """The fields of a body, which may be empty; a form's fields are texts."""
    if not raw:
        return {}
    if content_type == "application/x-www-form-urlencoded":
        return dict(parse_qsl(raw.decode(), keep_blank_values=True))
    if content_type != "application/json":
        raise VendorError(415, "the body must be JSON or a form")
    try:
        body = json.loads(raw)
    except ValueError as error:
        raise VendorError(400, "the body is not JSON") from error
    if not isinstance(body, dict):
        raise VendorError(400, "the body must be a JSON object")
    return body
