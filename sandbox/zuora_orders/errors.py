"""Refusals: eight-digit codes that end in a two-digit category, and HTTP statuses by version."""

from __future__ import annotations

import re
import secrets
import uuid
from typing import Any, TypeAlias

from aiohttp import web

from sandbox.zuora_orders.messages import Language, message

Json = dict[str, Any]
Version: TypeAlias = tuple[int, ...]

DEFAULT_VERSION = "186.0"
NEWEST: Version = (2025, 8, 12)
# From here on, errors have their own HTTP statuses, and an order's answer has `subscriptions`.
ERRORS_HAVE_STATUSES: Version = (2024, 5, 20)
ANSWERS_HAVE_SUBSCRIPTIONS: Version = (223, 0)

HTTP_STATUSES = {
    10: 403,
    11: 401,
    **dict.fromkeys((20, 21, 22, 23, 27, 30, 90), 400),
    40: 404,
    45: 405,
    50: 409,
    **dict.fromkeys((60, 61, 99), 500),
    70: 429,
}
REQUEST_ID = web.RequestKey("request_id", str)
# These have the same status in every version.
_BY_GATEWAY = (11, 70)


class ZuoraError(Exception):
    """Zuora refuses a call; the message's name and values make a text in the user's language.

    `code` overrides the one made of the category and the call's resource, `status` the HTTP status
    that belongs to the category in the call's version.
    """

    def __init__(
        self,
        category: int,
        name: str,
        *,
        code: int | None = None,
        status: int | None = None,
        headers: dict[str, str] | None = None,
        **values: object,
    ) -> None:
        super().__init__(f"{category} {name} {values}")
        self.category, self.name, self.values = category, name, values
        self.code, self.status, self.headers = code, status, headers or {}

    def response(self, request: web.Request, language: Language) -> web.Response:
        """The answer in the form that the call's version uses."""
        code = self.code or code_of(request, self.category)
        text = message(language, self.name, **self.values)
        status = self.status or status_of(request, self.category)
        return reasons(request, [(code, text)], status, self.headers)


def version_of(request: web.Request) -> Version:
    """The version in the call's header; the default if missing, the newest if invalid."""
    return parse_version(request.headers.get("Zuora-Version", DEFAULT_VERSION)) or NEWEST


def parse_version(text: str) -> Version | None:
    """`223.0` and `2025-08-12` as comparable numbers; None for an unknown version."""
    if not re.fullmatch(r"\d{1,3}\.\d|\d{4}-\d\d-\d\d", text, re.ASCII):
        return None
    version = tuple(int(part) for part in re.split(r"[.-]", text))
    return version if version <= NEWEST else None


def status_of(request: web.Request, category: int) -> int:
    """The HTTP status of a category; older versions answer with 200."""
    named = version_of(request) >= ERRORS_HAVE_STATUSES or category in _BY_GATEWAY
    return HTTP_STATUSES.get(category, 400) if named else 200


def code_of(request: web.Request, category: int) -> int:
    """A category's error code, which starts with the number of the call's resource."""
    if category == 11:
        return 90000011
    if request.method == "POST":
        resource = 587400 if request.path.endswith("/preview") else 587300
    else:
        resource = 500000
    return resource * 100 + category


def reasons(
    request: web.Request,
    given: list[tuple[int, str]],
    status: int,
    headers: dict[str, str] | None = None,
) -> web.Response:
    """An error's answer with these codes and messages; without any, it has no `reasons`."""
    body: Json = {"success": False}
    if given and given[0][0] != 90000011:
        body["processId"] = secrets.token_hex(8).upper()
    if given:
        body["reasons"] = [{"code": code, "message": text} for code, text in given]
    if not given or given[0][0] != 90000011:
        body["requestId"] = request_id(request)
    return web.json_response(body, status=status, headers=headers)


def request_id(request: web.Request) -> str:
    """The id that Zuora gave the call."""
    if REQUEST_ID not in request:
        request[REQUEST_ID] = str(uuid.uuid4())
    return request[REQUEST_ID]
