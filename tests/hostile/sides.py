"""The sides from which the extension reads what others have written.

Each reads one answer over a real socket and does all later work on its words.
"""

from __future__ import annotations

import json
import math
import ssl
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
from connect.client import AsyncConnectClient

from connect_ext.cancelling import marks, reporting
from connect_ext.cancelling.settling import Settling
from connect_ext.connect.account import AccountKey, AccountState
from connect_ext.connect.api import ConnectApi
from connect_ext.connect.client import CALLS_AT_ONCE, ConnectClient, QuietClient, Session
from connect_ext.errors import CancellationError, Later
from connect_ext.http.client import Answer, Call, HttpClient
from connect_ext.http.oauth import KeptToken
from connect_ext.http.transport import Transport
from connect_ext.portal.policy import CancellationDate
from connect_ext.portal.secret import Secret
from connect_ext.portal.settings import read_configuration
from connect_ext.vendors.base import Act, Vendor, VendorContext
from connect_ext.vendors.registry import definitions
from connect_ext.vendors.zuora.orders import order_number
from connect_ext.vendors.zuora_soap import answers, envelopes
from connect_ext.vendors.zuora_soap.exchange import Operation, exchange
from tests.hostile.recipes import Recipe
from tests.hostile.seeds import (
    JSON_WORDS,
    OF_CONNECT,
    OF_ORDERS,
    OF_REST,
    OF_ZUORA,
    ORDERS_WORDS,
    XML_WORDS,
)
from tests.http.vendors import rest_vendor
from tests.unit.builders import ID, ORDERS_VARIABLES, cancel_request, cancellation, settings

VENDOR_CALLS_AT_ONCE = 20
"""The initial value of VENDOR_MAX_CONCURRENCY."""

PATHS = {
    "REST_STATUS_PATH": "items[?status=='x'].status | [0] || status",
    "REST_REASON_PATH": "items[?a==`1`].status | join('', @) || message || error.message",
    "REST_BUSY_WHEN": "length(items[?contains(to_string(@), 'x')]) > `0` || contains(message, 'l')",
    "REST_END_DATE_PATH": "max(items[].a)",
    "REST_ID_PATH": "items[0].id",
    "REST_TERM_END_PATH": "min(items[].a) || items || message",
    "REST_CHARGED_THROUGH_PATH": "sort(items[].status)[-1] || status",
    "REST_CANCEL_BODY": '{"on": "{effective_date}"}',
    "REST_UNDO_REQUEST": "POST /subscriptions/{subscription_id}/undo",
    "CANCELLATION_DATE": "end_of_term",
}
CUSTOMER = {"value": "Blauwal GmbH", "structured_value": {"city": "Łódź", "phone": "+31 20 5550"}}


SESSION, CONNECT_KEY = "session-of-zuoras-user", "ApiKey SU-1:token-of-the-extension"
TRUST = ssl.create_default_context()


@dataclass(frozen=True)
class Side:
    """One side: how an answer from it is read, and the seeds of a search."""

    calls_at_once: int
    words: list[bytes]
    seeds: tuple[Recipe, ...]
    reader: Callable[[int], Any]
    """Makes a reader of an address's answer, for this many calls at once."""


class VendorReader:
    """A vendor's client; an answer's words are cleaned as for Connect."""

    def __init__(self, calls_at_once: int) -> None:
        self.http = HttpClient(3, calls_at_once, Transport(calls_at_once, TRUST))

    async def __call__(self, url: str) -> None:
        await self.tell(self.ask(url))

    async def tell(self, asking: Awaitable[object]) -> None:
        """Await it, and write for Connect what is wrong with the answer."""
        try:
            await asking
        except CancellationError as error:
            request = cancel_request({"id": "subscription_id", "value": "A-S0001"}, CUSTOMER)
            clean = Settling(request, settings(), None).clean  # type: ignore[arg-type]
            await clean(error.vendor_text)
            await clean(error.message)

    async def ask(self, url: str) -> None:
        raise NotImplementedError

    async def aclose(self) -> None:
        await self.http.aclose()


class LookUp(VendorReader):
    async def ask(self, url: str) -> None:
        asked = replace(cancellation(), when=CancellationDate.END_OF_TERM)
        await rest_vendor(self.http, url, **PATHS).look_up(asked)


class Cancel(VendorReader):
    async def ask(self, url: str) -> None:
        await rest_vendor(self.http, url, **PATHS).cancel(cancellation(), None)


class Undo(VendorReader):
    async def ask(self, url: str) -> None:
        await rest_vendor(self.http, url, **PATHS).take_back(UNDO, None)


class Zuora(VendorReader):
    """Reads an answer as the one to a query, an amendment and a login."""

    operations = (
        ("query", answers.subscription_versions, False),
        ("amend", answers.preview, True),
        ("login", answers.login_result, False),
    )

    async def ask(self, url: str) -> None:
        last = None
        for call, read, changes in self.operations:
            operation = Operation[Any](call, envelopes.query("x"), read, changes)
            try:
                await exchange(self.http, url, SESSION, operation)
            except CancellationError as error:
                last = error
        if last:
            raise last


class ZuoraDelete(Zuora):
    """Reads an answer as the one to an amendment's deletion."""

    operations = (("delete", answers.deleted_id, True),)


class ZuoraOrders(VendorReader):
    """Reads an answer as the one to each operation in turn; the others get correct answers."""

    def __init__(self, calls_at_once: int) -> None:
        self.clients = {
            name: HttpClient(3, calls_at_once, Transport(calls_at_once, TRUST))
            for name in ORDERS_ANSWERS
        }

    async def __call__(self, url: str) -> None:
        for name, client in self.clients.items():
            vendor = orders_vendor(OneOperation(client, name), url, has_token=name != "token")
            await self.tell(self._ask(vendor, name))

    async def _ask(self, vendor: Vendor, name: str) -> None:
        asked = replace(cancellation(), may_have_been_sent=name in ("order by number", "orders"))
        shown = await vendor.look_up(asked)
        if name in ("preview", "order"):
            await vendor.cancel(asked, shown)

    async def aclose(self) -> None:
        for client in self.clients.values():
            await client.aclose()


class ZuoraOrdersDelete(VendorReader):
    """Reads an answer as the one to an order's deletion."""

    async def ask(self, url: str) -> None:
        one = OneOperation(self.http, "delete order", ANSWERS_BEFORE_DELETION)
        vendor = orders_vendor(one, url)
        await vendor.take_back(UNDO, await vendor.look_up(UNDO))


@dataclass(frozen=True)
class OneOperation:
    """A client that sends one of Zuora's operations and answers the others itself."""

    http: HttpClient
    name: str
    others: Mapping[str, Answer] = field(default_factory=lambda: ORDERS_ANSWERS)

    async def send(self, call: Call) -> Answer:
        name = orders_operation(call)
        return await self.http.send(call) if name == self.name else self.others[name]


def orders_vendor(http: Any, url: str, *, has_token: bool = True, **variables: str) -> Vendor:
    """The vendor ``zuora`` at this address, with this client and a token of its own."""
    values = {**ORDERS_VARIABLES, "ZUORA_API_URL": url, **variables}
    read = read_configuration(values, definitions())
    kept = KeptToken(ORDERS_TOKEN, math.inf) if has_token else KeptToken()
    context = VendorContext(http, lambda _key, _make: kept)  # type: ignore[arg-type]
    return definitions()["zuora"].create(read.default.vendor.own, context)


def orders_operation(call: Call) -> str:
    """The operation that a call is."""
    path = httpx.URL(call.url).path
    if call.method == "POST" and not path.endswith("/token"):
        return "preview" if path.endswith("/preview") else "order"
    if call.method == "DELETE":
        return "delete order"
    if path.startswith("/v1/orders/"):
        return "orders" if path.startswith("/v1/orders/subscription/") else "order by number"
    return "subscription" if path.startswith("/v1/") else "token"


def orders_answer(body: object, status: int = 200) -> Answer:
    return Answer(status, httpx.Headers(), json.dumps(body).encode())


ORDERS_TOKEN = "t0ken-of-the-oauth-client"
SUBSCRIPTION = {
    "success": True,
    "id": "8a12838d8ea33f0f018ea6864aa85328",
    "subscriptionNumber": ID.text,
    "accountNumber": "A0001",
    "status": "Active",
}
ORDERS_ANSWERS = {
    "token": orders_answer({"access_token": ORDERS_TOKEN}),
    "subscription": orders_answer(SUBSCRIPTION),
    "preview": orders_answer({"success": True, "previewResult": {}}),
    "order": orders_answer({"success": False, "reasons": [{"code": 58730020}]}, 400),
    "order by number": orders_answer({"success": False, "reasons": [{"code": 50000040}]}, 404),
    "orders": orders_answer({"success": True, "orders": []}),
}


UNDO = replace(cancellation(), act=Act.UNDO)
ANSWERS_BEFORE_DELETION = {
    **ORDERS_ANSWERS,
    "subscription": orders_answer(
        {**SUBSCRIPTION, "status": "Cancelled", "subscriptionEndDate": "2099-01-01"}
    ),
    "order by number": orders_answer(
        {
            "success": True,
            "order": {
                "orderNumber": order_number(UNDO.request_id),
                "status": "Completed",
                "subscriptions": [{"subscriptionNumber": ID.text}],
            },
        }
    ),
}


class Connect:
    """Connect's own calls: their answers contain what a partner writes."""

    def __init__(self, calls_at_once: int) -> None:
        self.session = Session(Transport(calls_at_once, TRUST))

    async def __call__(self, url: str) -> None:
        official = AsyncConnectClient(CONNECT_KEY, endpoint=url)
        state = AccountState(AccountKey(url, Secret(CONNECT_KEY)), id="VA-1")
        client = ConnectClient(QuietClient(official, self.session), pauses=())
        connect = ConnectApi(client, state)
        with suppress(Later):
            await connect.status("PR-1-2")
        with suppress(Later):
            notes = await connect.conversation.private_notes("PR-1-2")
            marks.history_of(notes.notes, notes.now)
            reporting.last_report(notes.notes)

    async def aclose(self) -> None:
        await self.session.aclose()


SIDES = {
    "look-up": Side(VENDOR_CALLS_AT_ONCE, JSON_WORDS, OF_REST, LookUp),
    "cancellation": Side(VENDOR_CALLS_AT_ONCE, JSON_WORDS, OF_REST, Cancel),
    "Zuora": Side(VENDOR_CALLS_AT_ONCE, XML_WORDS, OF_ZUORA, Zuora),
    "Zuora orders": Side(VENDOR_CALLS_AT_ONCE, ORDERS_WORDS, OF_ORDERS, ZuoraOrders),
    "Connect": Side(CALLS_AT_ONCE, JSON_WORDS, OF_CONNECT, Connect),
}
# They read less than the others.
UNDO_SIDES = {
    "undo": Side(VENDOR_CALLS_AT_ONCE, JSON_WORDS, OF_REST, Undo),
    "Zuora's delete": Side(VENDOR_CALLS_AT_ONCE, XML_WORDS, OF_ZUORA, ZuoraDelete),
    "deletion of an order": Side(VENDOR_CALLS_AT_ONCE, ORDERS_WORDS, OF_ORDERS, ZuoraOrdersDelete),
}
ALL_SIDES = SIDES | UNDO_SIDES
