"""Answers from vendors and Connect with marked words wherever one fits."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from sandbox.faults import Fault, Respond, Work
from sandbox.zuora.trouble import RowErrors, SoapFault
from tests.faults.marked import Make, Told, Words


def answers(words: Words, place: str) -> Iterator[Fault]:
    """Answers with words in them: any status, headers, fields, pages.

    Plain words would be shown as a status or a field's name, so these have a digit.
    """
    for status in (200, 400, 401, 404, 418, 429, 500):
        what = f"{place}, HTTP {status}"
        body = {
            "status": f"{words.new(f'{what}, status')} 7",
            "error_code": words.new(f"{what}, code"),
            "errors": [words.new(f"{what}, error")],
            f"{words.new(f'{what}, name of a field')} 7": 1,
        }
        headers = {
            "WWW-Authenticate": words.new(f"{what}, header"),
            "Set-Cookie": f"a={words.new(f'{what}, cookie')}",
        }
        yield Respond(status, json.dumps(body).encode(), headers=headers)
    location = f"https://{words.new(f'{place}, Location')}.example/"
    yield Respond(307, headers={"Location": location})
    page = f"<!doctype html><html><body>{words.new(f'{place}, page')}</body></html>"
    yield Respond(200, page.encode(), "text/html")
    yield Respond(502, page.encode(), "text/html")


def soap(words: Words, place: str) -> Iterator[Make]:
    """Zuora's errors in SOAP: texts about the customer, and invalid codes."""
    errors: tuple[type[SoapFault | RowErrors], ...] = (SoapFault, RowErrors)
    for code in ("UNKNOWN_ERROR", "INVALID_VALUE", "NO_PERMISSION", "REQUEST_EXCEEDED_LIMIT"):
        for error in errors:
            if error is SoapFault or place.rpartition(" ")[2] not in ("create", "update", "amend"):
                yield _of_soap(error, code)
    for error in errors:
        yield _of_soap(error, words.new(f"{place}, code"), literal=True)


def _of_soap(error: type[SoapFault | RowErrors], code: str, **more: bool) -> Make:
    return lambda told: error(code, told.reason, **more)


@dataclass(frozen=True)
class Doctored:
    """The work's own JSON answer, with something else in it."""

    change: Callable[[dict[str, Any]], object]
    headers: dict[str, str] = field(default_factory=dict)

    async def __call__(self, _: web.Request, work: Work, /) -> web.StreamResponse:
        answer = await work()
        assert isinstance(answer, web.Response)
        body = json.loads(answer.body)
        self.change(body)
        return web.json_response(body, status=answer.status, headers=self.headers)


CATEGORIES = (10, 20, 21, 30, 40, 45, 50, 60, 61, 70, 90, 99)


def reasons(words: Words, place: str) -> Iterator[Make]:
    """Zuora's errors in JSON: texts about the customer, and invalid codes."""
    for code in (*(58730000 + category for category in CATEGORIES), words.new(f"{place}, code")):
        rest = {
            "processId": words.new(f"{place}, process"),
            f"{words.new(f'{place}, name of a field')}": words.new(f"{place}, field"),
        }
        yield _error(400 if code == 58730020 else 500, code, rest)


def _error(status: int, code: int | str, rest: dict[str, str]) -> Make:
    def make(told: Told) -> Fault:
        found = [{"code": code, "message": told.reason}]
        body = {"success": False, "reasons": found, **rest}
        return Respond(status, json.dumps(body).encode())

    return make


def doctored(words: Words, call: str) -> Iterator[Make]:
    """Answers from Zuora's orders that report success, with a marked word in one place."""
    for fields in DOCTORED[call]:
        yield _with(json.loads(fields.replace("WORD", words.new(f"Zuora {call}, {fields}"))))
    for header in ("Zuora-Track-Id", "Zuora-Request-Id"):
        yield _with_header(header, words.new(f"Zuora {call}, {header}"))


DOCTORED = {
    "token": ('{"scope": "WORD"}', '{"jti": "WORD"}', '{"expires_in": "WORD"}'),
    "subscription": (
        *('{"subscriptionNumber": "WORD"}', '{"id": "WORD"}', '{"currency": "WORD"}'),
        *('{"invoiceOwnerAccountNumber": "WORD"}', '{"scheduledCancelDate": "WORD"}'),
        *('{"termEndDate": "WORD"}', '{"contractEffectiveDate": "WORD"}', '{"WORD": 1}'),
    ),
    "preview": (
        *('{"previewResult": "WORD"}', '{"previewResult": {"invoices": [{"amount": "WORD"}]}}'),
        '{"previewResult": {"WORD": [{"amount": 1}]}}',
    ),
    "order": (
        *('{"orderNumber": "WORD"}', '{"status": "WORD"}', '{"accountNumber": "WORD"}'),
        '{"subscriptions": [{"status": "WORD"}]}',
        '{"subscriptions": [{"subscriptionNumber": "WORD"}]}',
    ),
}


def _with(fields: dict[str, Any]) -> Make:
    return lambda _: Doctored(lambda body: body.update(fields))


def _with_header(name: str, word: str) -> Make:
    return lambda _: Doctored(lambda _: None, {name: word})


def plain_statuses(words: Words) -> Iterator[Make]:
    """A status that is a plain word is shown, unless it is also the customer's name."""
    yield lambda told: Doctored(lambda body: body.update(status=told.name))
    yield lambda _: Doctored(lambda body: body.update(status=f"{words.new('a status')} 7"))


def orders_found(words: Words, call: str) -> Iterator[Make]:
    """Zuora's orders from an earlier attempt, with marked words in each field."""
    for status in ("Pending", words.new(f"Zuora {call}, status")):
        number = words.new(f"Zuora {call}, order number")
        yield _found(call, status, number if call == "orders" else "")


def _found(call: str, status: str, number: str) -> Make:
    def make(told: Told) -> Fault:
        found = {
            "orderNumber": number or f"CONNECT-{told.request_id}",
            "status": status,
            "description": f"CloudBlue Connect {told.request_id}",
        }
        body = {"orders": [found]} if call == "orders" else {"order": found}
        return Respond(200, json.dumps({"success": True, **body}).encode())

    return make
