"""Calls to the local Zuora over real HTTP, and their answers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import httpx
from lxml import etree

from sandbox.zuora import LocalZuora
from sandbox.zuora.fields import API, OBJECT

# Beside the repository, or further up.
_PLACES = [up / "shared" / "contracts" / "zuora" for up in Path(__file__).parents]
CONTRACTS = next((place for place in _PLACES if place.exists()), _PLACES[0])
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
NAMESPACES = f'xmlns:soapenv="{SOAP}" xmlns:api="{API}" xmlns:obj="{OBJECT}" xmlns:xsi="{INSTANCE}"'
SINGLE = (
    "<api:CallOptions><api:useSingleTransaction>true</api:useSingleTransaction></api:CallOptions>"
)
PREVIEW = (
    "<api:PreviewOptions><api:EnablePreviewMode>true</api:EnablePreviewMode></api:PreviewOptions>"
)
CAREFUL = (
    "<api:AmendOptions><api:GenerateInvoice>false</api:GenerateInvoice>"
    "<api:ProcessPayments>false</api:ProcessPayments></api:AmendOptions>"
)


def envelope(body: str, headers: str = "") -> bytes:
    return (
        f"<soapenv:Envelope {NAMESPACES}><soapenv:Header>{headers}</soapenv:Header>"
        f"<soapenv:Body>{body}</soapenv:Body></soapenv:Envelope>"
    ).encode()


def fields(**given: str) -> str:
    """Fields of an object in the test's own order."""
    return "".join(f"<obj:{name}>{value}</obj:{name}>" for name, value in given.items())


def cancellation(subscription_id: str, day: str, **changes: str | None) -> str:
    """A cancellation's fields in the schema's order, without those that are None."""
    given: dict[str, str | None] = {
        "ContractEffectiveDate": day,
        "EffectiveDate": day,
        "Name": "Cancel a subscription",
        "Status": "Completed",
        "SubscriptionId": subscription_id,
        "Type": "Cancellation",
    }
    changed = {**given, **changes}
    return fields(**{name: text for name, text in sorted(changed.items()) if text is not None})


def amendment(inner: str) -> str:
    return f'<api:zObjects xsi:type="obj:Amendment">{inner}</api:zObjects>'


@dataclass(frozen=True)
class Answer:
    status: int
    headers: httpx.Headers
    root: etree._Element

    def all(self, name: str) -> list[str | None]:
        return [e.text for e in self.root.iter() if etree.QName(e).localname == name]

    def one(self, name: str) -> str | None:
        (text,) = self.all(name)
        return text

    @property
    def body(self) -> etree._Element:
        return self.root[-1][0]


class Caller:
    """A client of one version that logs in on demand."""

    def __init__(self, zuora: LocalZuora, http: httpx.AsyncClient, version: str) -> None:
        self.zuora, self.http, self.version = zuora, http, version
        self.session = ""

    async def post(self, content: bytes) -> Answer:
        response = await self.http.post(
            self.zuora.soap_url(self.version),
            content=content,
            headers={"Content-Type": "text/xml; charset=UTF-8", "SOAPAction": '""'},
        )
        return Answer(response.status_code, response.headers, etree.fromstring(response.content))

    async def login(self, password: str | None = None) -> Answer:
        name, word = self.zuora.username, password or self.zuora.password
        body = f"<api:username>{name}</api:username><api:password>{word}</api:password>"
        answer = await self.post(envelope(f"<api:login>{body}</api:login>"))
        if answer.status == 200:
            self.session = answer.one("Session") or ""
        return answer

    async def call(self, body: str, headers: str = "") -> Answer:
        if not self.session:
            await self.login()
        header = f"<api:SessionHeader><api:session>{self.session}</api:session></api:SessionHeader>"
        return await self.post(envelope(body, headers + header))

    async def query(self, text: str) -> Answer:
        text = text.replace("&", "&amp;").replace("<", "&lt;")
        return await self.call(f"<api:query><api:queryString>{text}</api:queryString></api:query>")

    async def create(self, inner: str, headers: str = "") -> Answer:
        return await self.call(f"<api:create>{amendment(inner)}</api:create>", headers)

    async def update(self, inner: str) -> Answer:
        return await self.call(f"<api:update>{amendment(inner)}</api:update>")

    async def delete(self, kind: str, identifier: str) -> Answer:
        inner = f"<api:type>{kind}</api:type><api:ids>{identifier}</api:ids>"
        return await self.call(f"<api:delete>{inner}</api:delete>")

    async def amend(self, inner: str, options: str = CAREFUL) -> Answer:
        request = f"<api:Amendments>{inner}</api:Amendments>{options}"
        return await self.call(f"<api:amend><api:requests>{request}</api:requests></api:amend>")

    async def preview(self, inner: str) -> Answer:
        return await self.amend(inner, PREVIEW)
