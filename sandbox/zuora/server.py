"""The local Zuora: its SOAP API in every version, over plain HTTP."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from typing import Any, Literal

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from sandbox.faults import FaultPlan
from sandbox.http_server import HttpServer
from sandbox.zuora import soap, zoql
from sandbox.zuora.amending import Amending
from sandbox.zuora.billing import PACIFIC, Billing
from sandbox.zuora.changes import Call, Changes
from sandbox.zuora.fields import NEWEST, OLDEST, code_at
from sandbox.zuora.querying import answered
from sandbox.zuora.records import Account, Amendment, Invoice, Subscription
from sandbox.zuora.sessions import Sessions, User
from sandbox.zuora.soap import CallError, Envelope, Part
from sandbox.zuora.trouble import Trouble, concerning, version_of, xml

Tenant = Literal["subscribe-and-amend", "harmonization", "orders"]

USERNAME = "sandbox-user@example.com"
PASSWORD = "sandbox-zuora-password-66260700"  # noqa: S105 - that of a sandbox
_WRONG_LOGIN = "Invalid login. User name and password do not match."
# The operations that tenants with Orders refuse.
_SWITCHED_OFF: dict[Tenant, frozenset[str]] = {
    "subscribe-and-amend": frozenset(),
    "harmonization": frozenset(("create", "update", "delete")),
    "orders": frozenset(("create", "update", "delete", "amend")),
}


@dataclass(frozen=True)
class ZuoraCall:
    """One call; `preview` is an operation of its own, and `names` are the call's subscriptions. The
    envelope holds secrets and stays in memory."""

    at: datetime
    operation: str
    version: float
    names: tuple[str, ...]
    status: int
    envelope: str = field(repr=False)


class LocalZuora:
    """Zuora: a tenant with subscriptions, its API and a log of all calls.

    `idle_seconds`: the life of an unused session. `server_url`: the address for further calls in
    the login's answer (None: the login's own). `nil_unset_fields`: a query returns unset fields as
    nil instead of leaving them out. `soap_12_answers`: answers come in a SOAP 1.2 envelope.
    `tax_rate`: the tax on every amount (0.2: a fifth). Set `clock_ahead` to move the tenant's
    clock.
    """

    def __init__(
        self,
        *,
        username: str = USERNAME,
        password: str = PASSWORD,
        tenant: Tenant = "subscribe-and-amend",
        require_activation: bool = False,
        require_acceptance: bool = False,
        idle_seconds: float = 900.0,
        server_url: str | None = None,
        nil_unset_fields: bool = False,
        soap_12_answers: bool = False,
        zone: tzinfo = PACIFIC,
        tax_rate: Decimal | float = 0,
        fault_seed: int = 0,
        port: int = 0,
    ) -> None:
        self.username, self.password = username, password
        self.users = {username: User(username, password)}
        self.tenant: Tenant = tenant
        self.server_url = server_url
        self.nil_unset_fields = nil_unset_fields
        self.soap_12_answers = soap_12_answers
        self.clock_ahead = timedelta()
        self.billing = Billing(zone=zone)
        self.billing.now = self.now
        self.billing.require_activation = require_activation
        self.billing.require_acceptance = require_acceptance
        self.billing.tax_rate = Decimal(str(tax_rate))
        self._changes = Changes(Amending(self.billing))
        self.sessions = Sessions(idle_seconds=idle_seconds)
        self.faults = FaultPlan(seed=fault_seed)
        self.calls: list[ZuoraCall] = []
        self._server = HttpServer(self._application, port=port)

    @property
    def url(self) -> str:
        """The address without a path."""
        return self._server.url

    def soap_url(self, version: float | str = "29.0") -> str:
        """The address of the API in a version."""
        return f"{self.url}/apps/services/a/{float(version):.1f}"

    async def start(self) -> None:
        """Serve; after a stop it comes back at the same address, with all its data."""
        await self._server.start()

    async def stop(self) -> None:
        """Close everything; connections are then refused."""
        await self._server.stop()

    def variables(self, version: float | str = "29.0") -> dict[str, str]:
        """The extension's variables for this vendor, as an administrator would set them."""
        return {
            "VENDOR": "zuora-soap",
            "ZUORA_SOAP_URL": self.soap_url(version),
            "ZUORA_USERNAME": self.username,
            "ZUORA_PASSWORD": self.password,
        }

    def now(self) -> datetime:
        """The moment by the tenant's clock, in UTC."""
        return datetime.now(timezone.utc) + self.clock_ahead

    def today(self) -> date:
        """The day in the tenant's zone."""
        return self.billing.today()

    def add_account(self, currency: str = "USD", name: str = "Sandbox customer") -> Account:
        """Add an account; `add` takes its id as `account_id`."""
        return self.billing.add_account(currency, name)

    def add(self, name: str | None = None, status: str = "Active", **fields: Any) -> Subscription:
        """Add a subscription; `fields` are those of `Subscription`."""
        return self.billing.add(name, status, fields)

    def new_version(self, name: str, **fields: Any) -> Subscription:
        """Amend a subscription in another way, making the ids of older versions stale."""
        return self.billing.new_version(name, **fields)

    def amend_otherwise(
        self, name: str, kind: str = "TermsAndConditions", **fields: Any
    ) -> Amendment:
        """Put an amendment of another kind on top, so that a cancellation is not the last one."""
        return self.billing.amend_otherwise(name, kind, fields)

    def end_now(self, name: str) -> None:
        """Let a cancelled subscription end today. Raises KeyError."""
        self.billing.end_now(name)

    def invoice(self, name: str, through: date | None = None) -> Invoice:
        """Run billing; earlier amendments can no longer be deleted."""
        return self.billing.invoice(name, through)

    def subscription(self, name: str) -> Subscription:
        """The latest version. Raises KeyError."""
        return self.billing.latest(name)

    def versions(self, name: str) -> list[Subscription]:
        """Every version, the oldest first. Raises KeyError."""
        return self.billing.versions(name)

    def amendments(self, name: str) -> list[Amendment]:
        """Every amendment, the oldest first. Raises KeyError."""
        return self.billing.amendments_of(name)

    def effective_cancellations(self, name: str) -> int:
        """How many cancellations took effect, undone ones included; at most one if all goes
        well.
        """
        return self.billing.cancellations[name]

    def undone_cancellations(self, name: str) -> int:
        """How many cancellations were taken back."""
        return self.billing.undone[name]

    def expire_sessions(self) -> None:
        """End every session early."""
        self.sessions.end_all()

    def add_user(self, name: str, password: str) -> User:
        """Add an API user."""
        self.users[name] = User(name, password)
        return self.users[name]

    def deny(self, *operations: str, username: str | None = None) -> None:
        """Take away a user's permission for operations."""
        self.users[username or self.username].denied.update(operations)

    def on(self, operation: str = "*", name: str | None = None) -> Trouble:
        """Trouble for the next calls of an operation: login, query, create, update, delete,
        preview, amend (without previews) or `*` (any); with a name, only for that subscription."""
        return Trouble(self.faults, self.sessions, concerning(operation, name, self._names_in))

    def calls_to(self, operation: str = "*", name: str | None = None) -> list[ZuoraCall]:
        """The calls of an operation (as in `on`), of one subscription if a name is given."""
        return [
            call
            for call in self.calls
            if operation in ("*", call.operation) and (name is None or name in call.names)
        ]

    def count(self, operation: str = "*", name: str | None = None) -> int:
        """The number of calls that `calls_to` finds."""
        return len(self.calls_to(operation, name))

    def _application(self) -> web.Application:
        application = web.Application(middlewares=[self._recording(), self.faults.middleware()])
        application.add_routes([web.post("/apps/services/a/{version}", self._post)])
        return application

    def _recording(self) -> Middleware:
        @web.middleware
        async def record(request: web.Request, handler: Handler) -> web.StreamResponse:
            body = await request.read()
            moment, operation, names = datetime.now(timezone.utc), *self._about(body)
            status = 500
            try:
                response = await handler(request)
                status = response.status
                return response
            finally:
                version, text = version_of(request), body.decode("utf-8", "replace")
                self.calls.append(ZuoraCall(moment, operation, version, names, status, text))

        return record

    def _about(self, body: bytes) -> tuple[str, tuple[str, ...]]:
        try:
            envelope = soap.parse(body)
        except CallError:
            return "", ()
        return envelope.operation, self._names_in(envelope)

    def _names_in(self, envelope: Envelope) -> tuple[str, ...]:
        texts = envelope.texts()
        keys = [*texts, *(literal for text in texts for literal in zoql.literals(text))]
        names = (self.billing.name_of(key) for key in keys)
        return tuple(dict.fromkeys(name for name in names if name is not None))

    async def _post(self, request: web.Request) -> web.StreamResponse:
        if request.content_type != "text/xml":
            raise web.HTTPUnsupportedMediaType
        version = version_of(request)
        try:
            if not OLDEST <= version <= NEWEST:
                raise CallError("INVALID_VERSION", "There is no such version of the API")
            envelope = soap.parse(await request.read())
            call = Call(version, envelope.name, envelope.body, envelope.check(version))
            results = self._results(call, request)
        except CallError as fault:
            fault.code = code_at(version, fault.code)
            return xml(soap.fault(fault, soap_12=self.soap_12_answers), 500)
        return xml(soap.answer(call.operation, results, soap_12=self.soap_12_answers))

    def _results(self, call: Call, request: web.Request) -> Iterable[list[Part]]:
        if call.operation == "login":
            return [self._login(call, str(request.url))]
        self._authorize(call)
        return self._query(call) if call.operation == "query" else self._changes.result(call)

    def _login(self, call: Call, url: str) -> list[Part]:
        user = self.users.get(soap.value(call.body, "username") or "")
        if user is None or user.password != soap.value(call.body, "password"):
            raise CallError("INVALID_VALUE", _WRONG_LOGIN, "LoginFault")
        return [("Session", self.sessions.open(user)), ("ServerUrl", self.server_url or url)]

    def _authorize(self, call: Call) -> None:
        header = call.headers.get("SessionHeader")
        token = soap.value(header, "session") if header is not None else None
        user = self.sessions.user(token or "")
        if user is None:
            raise CallError("INVALID_SESSION", "Session is invalid or expired.")
        if call.operation in user.denied:
            raise CallError("NO_PERMISSION", "The user lacks the permission for this call.")
        if call.operation in _SWITCHED_OFF[self.tenant]:
            raise CallError("API_DISABLED", "The API was disabled.")

    def _query(self, call: Call) -> Iterable[list[Part]]:
        query = zoql.parse(soap.value(call.body, "queryString") or "", call.version)
        return [answered(self.billing, query, call.version, nil_unset=self.nil_unset_fields)]
