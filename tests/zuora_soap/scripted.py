"""A local server that gives a test's answers and records its calls."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

from aiohttp import web
from lxml import etree

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP_12 = "http://www.w3.org/2003/05/soap-envelope"
ACTIVE_ID = "0123456789abcdef0123456789abcdef"
OTHER_ID = "fedcba9876543210fedcba9876543210"
DRAFT_ID = "aaaa456789abcdef0123456789abcdef"
NUMBER = "A-S00000001"


@dataclass(frozen=True)
class Reply:
    """The server's answer; ``lost`` closes the connection instead."""

    body: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    lost: bool = False


@dataclass(frozen=True)
class Asked:
    """A request as it arrived."""

    operation: str
    path: str
    envelope: etree._Element
    raw: bytes
    headers: dict[str, str]

    def text(self, name: str) -> str | None:
        """The text of the first element with this local name."""
        found = self.envelope.xpath("//*[local-name()=$name]/text()", name=name)
        return str(found[0]) if found else None

    def names(self, parent: str) -> list[str]:
        """The local names of an element's children, in order."""
        (node,) = self.envelope.xpath("//*[local-name()=$name]", name=parent)
        return [etree.QName(child).localname for child in node]


Answering = Reply | Callable[[Asked], Reply]


class ScriptedZuora:
    """Answers each operation with its replies in turn, repeating the last one."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.logins = 0
        self.delay = 0.0
        self.url = ""
        self._script: dict[str, list[Answering]] = {"login": [self._login]}

    def on(self, operation: str, *replies: Answering) -> None:
        self._script[operation] = list(replies)

    def operations(self) -> list[str]:
        return [asked.operation for asked in self.asked]

    def of(self, operation: str) -> list[Asked]:
        return [asked for asked in self.asked if asked.operation == operation]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        envelope = etree.fromstring(raw)
        (body,) = envelope.xpath("/*/*[local-name()='Body']/*")
        operation = etree.QName(body).localname
        if envelope.xpath("//*[local-name()='EnablePreviewMode']"):
            operation = "preview"
        asked = Asked(operation, request.path, envelope, raw, dict(request.headers))
        self.asked.append(asked)
        if self.delay:
            await asyncio.sleep(self.delay)
        replies = self._script[operation]
        answering = replies.pop(0) if len(replies) > 1 else replies[0]
        reply = answering if isinstance(answering, Reply) else answering(asked)
        if reply.lost:
            assert request.transport is not None
            request.transport.close()
        headers = {"Content-Type": "text/xml;charset=UTF-8", **reply.headers}
        return web.Response(body=reply.body.encode(), status=reply.status, headers=headers)

    def _login(self, asked: Asked) -> Reply:
        self.logins += 1
        return logged_in(f"session-{self.logins}", f"http://{asked.headers['Host']}{asked.path}")


def soap(payload: str, namespace: str = SOAP) -> str:
    return (
        f"<?xml version='1.0' encoding='UTF-8'?><soapenv:Envelope xmlns:soapenv='{namespace}' "
        "xmlns:ns1='http://api.zuora.com/' xmlns:ns2='http://object.api.zuora.com/' "
        "xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'>"
        f"<soapenv:Body>{payload}</soapenv:Body></soapenv:Envelope>"
    )


def logged_in(session: str, server_url: str) -> Reply:
    return Reply(
        soap(
            f"<ns1:loginResponse><ns1:result><ns1:Session>{session}</ns1:Session>"
            f"<ns1:ServerUrl>{escape(server_url)}</ns1:ServerUrl></ns1:result></ns1:loginResponse>"
        )
    )


def found(*records: str) -> Reply:
    rows = "".join(records) or "<ns1:records xsi:nil='1'/>"
    return Reply(
        soap(
            "<ns1:queryResponse><ns1:result><ns1:done>true</ns1:done>"
            f"<ns1:queryLocator xsi:nil='1'/>{rows}<ns1:size>{len(records)}</ns1:size>"
            "</ns1:result></ns1:queryResponse>"
        )
    )


def record(kind: str, **fields: str) -> str:
    inner = "".join(f"<ns2:{name}>{escape(text)}</ns2:{name}>" for name, text in fields.items())
    return f"<ns1:records xsi:type='ns2:{kind}'>{inner}</ns1:records>"


def subscription(status: str = "Active", **fields: str) -> str:
    values = {"Id": ACTIVE_ID, "Name": NUMBER, "Status": status, "Version": "1", **fields}
    return record("Subscription", **values)


def amendment(name: str, status: str = "Draft", **fields: str) -> str:
    values = {
        "Id": DRAFT_ID,
        "Name": name,
        "Status": status,
        "SubscriptionId": ACTIVE_ID,
        "Type": "Cancellation",
        **fields,
    }
    return record("Amendment", **values)


def saved(operation: str, identity: str = DRAFT_ID) -> Reply:
    return Reply(
        soap(
            f"<ns1:{operation}Response><ns1:result><ns1:Id>{identity}</ns1:Id>"
            f"<ns1:Success>true</ns1:Success></ns1:result></ns1:{operation}Response>"
        )
    )


def amended(inner: str = f"<ns1:AmendmentIds>{DRAFT_ID}</ns1:AmendmentIds>") -> Reply:
    return Reply(
        soap(
            f"<ns1:amendResponse><ns1:results>{inner}<ns1:Success>true</ns1:Success>"
            "</ns1:results></ns1:amendResponse>"
        )
    )


def previewed(*items: tuple[str, str]) -> Reply:
    rows = "".join(
        f"<ns1:InvoiceItem><ns2:ChargeAmount>{charge}</ns2:ChargeAmount>"
        f"<ns2:TaxAmount>{tax}</ns2:TaxAmount></ns1:InvoiceItem>"
        for charge, tax in items
    )
    return amended(f"<ns1:InvoiceDatas>{rows}</ns1:InvoiceDatas>" if items else "")


def row_error(operation: str, code: str, message: str = "The vendor's words.") -> Reply:
    result = "results" if operation == "amend" else "result"
    return Reply(
        soap(
            f"<ns1:{operation}Response><ns1:{result}><ns1:Errors><ns1:Code>{code}</ns1:Code>"
            f"<ns1:Message>{escape(message)}</ns1:Message></ns1:Errors>"
            f"<ns1:Success>false</ns1:Success></ns1:{result}></ns1:{operation}Response>"
        )
    )


def fault(
    code: str,
    message: str = "The vendor's words.",
    *,
    kind: str = "UnexpectedErrorFault",
    status: int = 500,
    headers: dict[str, str] | None = None,
) -> Reply:
    payload = (
        "<soapenv:Fault xmlns:fns='http://fault.api.zuora.com/'>"
        f"<faultcode>fns:{code}</faultcode><faultstring>{escape(message)}</faultstring><detail>"
        f"<fns:{kind}><fns:FaultCode>{code}</fns:FaultCode><fns:FaultMessage>{escape(message)}"
        f"</fns:FaultMessage></fns:{kind}></detail></soapenv:Fault>"
    )
    return Reply(soap(payload), status, headers or {})


HTML = Reply("<html><body><p>AkamaiGHost<br></body></html>", 200, {"Content-Type": "text/html"})
