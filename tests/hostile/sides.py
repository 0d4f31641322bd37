"""The sides from which the extension reads what others have written.

Each is the reading of one answer over a real socket, with all that is done to its words afterwards.
"""

from __future__ import annotations

import json
import math
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
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
from connect_ext.portal.secret import Secret
from connect_ext.portal.settings import read_configuration
from connect_ext.vendors.base import Vendor, VendorContext
from connect_ext.vendors.registry import definitions
from connect_ext.vendors.zuora_soap import answers, envelopes
from connect_ext.vendors.zuora_soap.exchange import Operation, exchange
from tests.hostile.recipes import Recipe, Run
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
}
CUSTOMER = {"value": "Blauwal GmbH", "structured_value": {"city": "Łódź", "phone": "+31 20 5550"}}


def _words(text: str) -> list[bytes]:
    return [word.encode() for word in text.split("|")]


LINES = _words(
    "Retry-After: |Content-Type: |Set-Cookie: |Link: |Date: |Content-Range: |X: |Connection: "
    '|Mon, |01 Jan |2026 |00:00:00 |GMT|items 0-9/|9|;|, |=|(|)|a|\\|"|charset=|utf-8|\t'
    "|Zuora-Track-Id: |ratelimit-reset: "
)
JSON_WORDS = _words(
    '{|}|[|]|,|:|"|"a":|"status":|"message":|"items":|"error":|"id":|"text":|"type":"private",'
    '|"created":|"2026-03-02T09:15:41Z"|"active"|"x"|""|null|true|1|-1|1.5|1e99|0.|9999999999'
    "|\\n|\\u0041|\\ud800|\\ud83d\\ude00|\\\\|a| |ß|ﬃ|😀|é|İ|.|@|/|&lt;|&amp;|%41|<b>|<b |-->|<!--"
    "|[x](|://|www.|a@b.c|+49 |(030) |DE00 |1234 |::|1.1.|Bearer |key=|eyJ|\\t|connect-ext cancel "
    "|orders |lock |Łódź |t0ken-of-the-|QUJD"
)
XML_WORDS = _words(
    "<a>|</a>|<a/>|<a |b='c' |/>|>|<|<records>|</records>|<records/>|<Id>|</Id>|<Name>|</Name>"
    "|<Status>|<results>|</results>|<result>|</result>|<Errors>|</Errors>|<Code>|</Code>|<Message>"
    "|</Message>|<e:Fault>|</e:Fault>|<faultstring>|</faultstring>|<InvoiceDatas>|</InvoiceDatas>"
    "|<InvoiceItem>|</InvoiceItem>|<ChargeAmount>|</ChargeAmount>|xmlns:a='b' |xmlns='c' |xsi:nil="
    "|'true'|<!--|-->|<![CDATA[|]]>|<?a|?>|&#65;|&amp;|&quot;|&|;|<!DOCTYPE a [|<!ENTITY b 'c'>"
    "|<!ATTLIST a b CDATA ''>|orders |on |enabled |lock |optimistic |1|9|.|-|2026-03-02|T|\n| |a|ß"
    "|😀|<AmendmentIds>|</AmendmentIds>|<Session>|</Session>|<done>true</done>"
)
ORDERS_WORDS = JSON_WORDS + _words(
    '"success":true,|"success":false,|"reasons":[|"code":58730020,|"code":50000040,|"code":9|"orders"'
    ':[|"order":{|"orderNumber":|"CONNECT-PR-3071-1051-2166-004",|"subscriptions":[|"O-1",'
    '|"subscriptionNumber":"A-S00012345",|"subscriptionNumbers":[|"orderActions":[|"changeReason":'
    '|"CloudBlue Connect PR-3071-1051-2166-004"|"description":|"previewResult":{|"invoices":[|'
    '"creditMemos":[|"amount":|"Active"|"Completed"|"Pending"|"Cancelled"|"isLatestVersion":false,'
    '|"termEndDate":|"2026-03-02",|"access_token":|"expires_in":|"nextPage":"x",|"currency":"USD",'
)
BEGIN = b"<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'><e:Body>"
END = b"</e:Body></e:Envelope>"
QUERY, QUERY_END = b"<queryResponse><result><done>true</done>", b"</result></queryResponse>"
SESSION, CONNECT_KEY = "session-of-zuoras-user", "ApiKey SU-1:token-of-the-extension"
TRUST = ssl.create_default_context()


@dataclass(frozen=True)
class Side:
    """One side: how an answer from it is read, and what a search begins with."""

    calls_at_once: int
    words: list[bytes]
    seeds: tuple[Recipe, ...]
    reader: Callable[[int], Any]
    """Makes what reads an answer from an address, for so many calls at once."""


class VendorReader:
    """A vendor's client; what an answer says is cleaned as it is for Connect."""

    def __init__(self, calls_at_once: int) -> None:
        self.http = HttpClient(3, calls_at_once, Transport(calls_at_once, TRUST))

    async def __call__(self, url: str) -> None:
        await self.tell(self.ask(url))

    async def tell(self, asking: Awaitable[object]) -> None:
        """Await it, and say for Connect what is wrong with the answer."""
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
        await rest_vendor(self.http, url, **PATHS).look_up(cancellation())


class Cancel(VendorReader):
    async def ask(self, url: str) -> None:
        await rest_vendor(self.http, url, **PATHS).cancel(cancellation(), None)


class Zuora(VendorReader):
    """Reads an answer as one to a query, to an amendment, and to a login."""

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


class ZuoraOrders(VendorReader):
    """Reads an answer as one to each of the operations; the others are answered as they should."""

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


@dataclass(frozen=True)
class OneOperation:
    """A client that sends one of Zuora's operations, and answers the others itself."""

    http: HttpClient
    name: str

    async def send(self, call: Call) -> Answer:
        name = orders_operation(call)
        return await self.http.send(call) if name == self.name else ORDERS_ANSWERS[name]


def orders_vendor(http: Any, url: str, *, has_token: bool = True, **variables: str) -> Vendor:
    """The vendor ``zuora`` at this address, behind this client; it shares its token with none."""
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
    if path.startswith("/v1/orders/"):
        return "orders" if path.startswith("/v1/orders/subscription/") else "order by number"
    return "subscription" if path.startswith("/v1/") else "token"


def orders_answer(body: object, status: int = 200) -> Answer:
    return Answer(status, httpx.Headers(), json.dumps(body).encode())


ORDERS_TOKEN = "t0ken-of-the-oauth-client"
ORDERS_ANSWERS = {
    "token": orders_answer({"access_token": ORDERS_TOKEN}),
    "subscription": orders_answer(
        {
            "success": True,
            "id": "8a12838d8ea33f0f018ea6864aa85328",
            "subscriptionNumber": ID.text,
            "accountNumber": "A0001",
            "status": "Active",
        }
    ),
    "preview": orders_answer({"success": True, "previewResult": {}}),
    "order": orders_answer({"success": False, "reasons": [{"code": 58730020}]}, 400),
    "order by number": orders_answer({"success": False, "reasons": [{"code": 50000040}]}, 404),
    "orders": orders_answer({"success": True, "orders": []}),
}


class Connect:
    """Connect's own calls: what a partner writes is in its answers."""

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


def _seed(*runs: tuple[bytes, int] | bytes, **more: Any) -> Recipe:
    parts = (run if isinstance(run, tuple) else (run, 1) for run in runs)
    return Recipe(tuple(Run(*part) for part in parts), **more)


_OF_REST = (
    _seed(b'{"items":[', (b'{"a":1,"status":"x"},', 3_000), b"{}]}"),
    _seed(b'{"items":[', (b"1,", 19_000), b"1]}"),
    _seed(b'{"status":"active","message":"', (b"a", 5_000_000), b'"}'),
    _seed(b'{"message":"', (b"a@b.c ", 900), b'"}', status=422),
    _seed(b'{"error":{"message":"', (b"1234 ", 900), b'"}}', status=400),
    _seed(b'{"message":"', (b"\\u0041", 700_000), b'"}', status=409),
    _seed(b"[", (b"9" * 100 + b",", 19_000), b"1]", chunk=5000),
    _seed(
        b'{"status":"', (b"x", 30), b'"}', line=Run(b"Retry-After: " + b"Mon, " * 99), status=503
    ),
)
_OF_ZUORA = (
    _seed(BEGIN + QUERY, (b"<records><Id>x</Id></records>", 4_900), QUERY_END + END),
    _seed(BEGIN + QUERY + b"<records>", (b"<a/>", 19_000), b"</records>" + QUERY_END + END),
    _seed(BEGIN + b"<e:Fault><faultstring>", (b"orders on ", 400_000), b"</faultstring></e:Fault>"),
    _seed(BEGIN + QUERY, (b"<!---->", 15_000), QUERY_END + END),
    _seed(BEGIN + QUERY + b"<records><Id>", (b"&#65;", 900_000), b"</Id></records>" + QUERY_END),
    _seed(BEGIN + QUERY + b"<records ", (b"b='c' ", 9_000), b"/>" + QUERY_END + END),
)
_NUMBER = b'"subscriptionNumber":"A-S00012345","status":"Active","id":"1","accountNumber":"A",'
_LISTED = (
    b'{"orderNumber":"O-1","status":"Failed","description":'
    b'"CloudBlue Connect PR-3071-1051-2166-004"},'
)
_OF_ORDERS = (
    _seed(b'{"success":false,"reasons":[', (b'{"code":58730020,"message":"a"},', 16_000), b"{}]}"),
    _seed(b"{" + _NUMBER + b'"ratePlans":[', (b'{"a":1.5},', 30_000), b"{}]}"),
    _seed(b"{" + _NUMBER + b'"x":"', (b"\\u0041", 800_000), b'"}'),
    _seed(b'{"success":true,"orders":[', (_LISTED, 12_000), b"{}]}"),
    _seed(
        b'{"order":{"orderNumber":"CONNECT-PR-3071-1051-2166-004","status":"', (b"a ", 99), b'"}}'
    ),
    _seed(b'{"previewResult":{"invoices":[', (b'{"amount":0.1},', 30_000), b"{}]}}"),
    _seed(
        b'{"success":false,"reasons":[{"code":58730020,"message":"',
        (b"a@b.c ", 900),
        b'"}]}',
        status=400,
    ),
    _seed(b"{}", line=Run(b"ratelimit-reset: " + b"Mon, " * 99), status=429),
    _seed(b'{"access_token":"', (b"a", 16_000), b'","expires_in":', (b"9", 300), b"}"),
)
ONE_OF_ONE = Run(b"Content-Range: items 0-0/1")
_OF_CONNECT = (
    _seed(
        b"[",
        (b'{"type":"private","text":"x","created":"2026-03-02T09:15:41Z"},', 20_000),
        b"{}]",
        line=ONE_OF_ONE,
    ),
    _seed(b'[{"text":"', (b"\\n", 8_000_000), b'"}]', line=ONE_OF_ONE),
    _seed(b"[", (b"9" * 200 + b",", 70_000), b"1]", line=ONE_OF_ONE),
    _seed(b'{"status":"', (b"a", 16_000_000), b'"}', line=ONE_OF_ONE),
)


SIDES = {
    "look-up": Side(VENDOR_CALLS_AT_ONCE, JSON_WORDS, _OF_REST, LookUp),
    "cancellation": Side(VENDOR_CALLS_AT_ONCE, JSON_WORDS, _OF_REST, Cancel),
    "Zuora": Side(VENDOR_CALLS_AT_ONCE, XML_WORDS, _OF_ZUORA, Zuora),
    "Zuora orders": Side(VENDOR_CALLS_AT_ONCE, ORDERS_WORDS, _OF_ORDERS, ZuoraOrders),
    "Connect": Side(CALLS_AT_ONCE, JSON_WORDS, _OF_CONNECT, Connect),
}
