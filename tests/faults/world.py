"""A sandbox with one runner and four vendors, where every request has its own client."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Any

from aiohttp import web

from sandbox import LocalVendor, Sandbox
from sandbox.runner import Runner
from sandbox.vendor import VendorSubscription
from sandbox.zuora import LocalZuora, soap
from sandbox.zuora_orders import LocalZuoraOrders
from sandbox.zuora_orders.calls import operation_of
from tests.faults.faults import Switch

REST, OAUTH, ZUORA, ORDERS = "rest", "oauth2", "zuora-soap", "zuora"
PASSWORD = "sandbox-zuora-password-of-everybody"
CLIENT_SECRET = "sandbox+orders/secret-of-all=clients&%3D"
AT_VENDOR = (
    *("token", "GET", "POST", "undo", "login", "query", "preview", "create", "update", "amend"),
    *("delete", "subscription", "order", "order by number", "orders", "delete order"),
)
DAYS_LEFT = 30
"""Days in the term of subscriptions that are cancelled at its end."""
SOON = {"SETTLE_MINUTES": "0.05"}
"""A second look comes after three seconds."""
_REQUEST_ID = re.compile(r"PR(?:-\d+)+")
_PRODUCT_ID = re.compile(r"PRD-\d+")
_TAG = re.compile(rb"\[connect-ext (?:(?:cancel|undo) \w{8} )?([a-z-]+)")


@dataclass(frozen=True)
class Secrets:
    """The variables that all users of the two Zuoras share."""

    password: str = PASSWORD
    client_secret: str = CLIENT_SECRET


@dataclass
class Case:
    """One customer's cancellation, with its own product, client and, at Zuora, user.

    In a Zuora with orders, the user is an OAuth client.
    """

    name: str
    kind: str
    product_id: str
    asset_id: str
    subscription_id: str
    request_id: str = ""


class World:
    """Begins, breaks and counts cancellations.

    Calls have names by which the switches make them go wrong: `GET S-7`, `POST S-7` and `undo S-7`
    at the REST vendors, `token C7`, `amend C7`, `order by number C7` at Zuora, and at Connect
    `runner's count PR-…`, `runner's read PR-…`, `read PR-…`, `approve PR-…`, `fail PR-…`,
    `schedule PR-…`, `confirm PR-…`, `templates PRD-7`, `precedent PRD-7`, `notes PR-…` for reading
    the notes, and for leaving one the word in its tag: `sending PR-…`, `not-sent PR-…`,
    `held PR-…`; `note PR-…` for one without a tag.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        oauth: LocalVendor,
        zuora: LocalZuora,
        orders: LocalZuoraOrders,
        secrets: Secrets,
    ) -> None:
        self.sandbox, self._secrets = sandbox, secrets
        self.oauth, self.zuora, self.orders = oauth, zuora, orders
        self.connect, self.vendor = sandbox.connect, sandbox.vendor
        self.runner: Runner
        self.overrides: dict[str, dict[str, str]] = {}
        self.at_connect = Switch(sandbox.connect.faults, self._connect_call)
        self.at_vendor = Switch(sandbox.vendor.faults, _rest_call)
        self.at_oauth = Switch(oauth.faults, _rest_call)
        self.at_zuora = Switch(zuora.faults, self._zuora_call)
        self.at_orders = Switch(orders.faults, self._orders_call)
        self._numbers = count(1)

    def case(
        self,
        kind: str,
        *,
        version: str = "78.0",
        status: str = "active",
        timeout_seconds: int = 20,
        own_client: bool = True,
        ends_later: bool = False,
        habits: Mapping[str, Any] | None = None,
        **variables: str,
    ) -> Case:
        """A subscription that can be cancelled; `begin` cancels it, `push` tells the runner.

        `habits` are fields of the REST vendor's `VendorSubscription`. `ends_later`: it is cancelled
        at the end of its term, and the request is scheduled.
        """
        number = next(self._numbers)
        if ends_later:
            term_ends = self.vendor.clock.today() + timedelta(days=DAYS_LEFT)
            habits = {"term_ends": term_ends.isoformat(), **(habits or {})}
            variables = {"CANCELLATION_DATE": "end_of_term", **variables}
        name, product_id = f"C{number}", f"PRD-{number}"
        self.connect.create_product(product_id=product_id)
        own = {}
        if own_client:
            # A unique time-out gives it its own client, with its own pause.
            own["VENDOR_TIMEOUT_SECONDS"] = f"{timeout_seconds}.{number:04d}"
        if kind == ORDERS:
            client_id, _ = self.orders.add_client(name, self._secrets.client_secret)
            subscription_id = self.orders.add(status=status.capitalize()).number
            own |= {"VENDOR": ORDERS, "ZUORA_CLIENT_ID": client_id}
        elif kind == ZUORA:
            self.zuora.add_user(name, self._secrets.password)
            subscription_id = self.zuora.add(status=status.capitalize()).name
            own |= {"VENDOR": ZUORA, "ZUORA_USERNAME": name}
            if version != "78.0":
                own["ZUORA_SOAP_URL"] = self.zuora.soap_url(version)
            if version == "19.0" and not ends_later:
                # There, cancellations take effect a day later.
                own["WHEN_EFFECTIVE_LATER"] = "approve"
        else:
            vendor = self.oauth if kind == OAUTH else self.vendor
            subscription_id = vendor.add(f"S-{number}", status=status, **(habits or {})).id
            if kind == OAUTH:
                own |= {"REST_AUTH": OAUTH, "REST_API_URL": vendor.url, "REST_OAUTH_SCOPE": name}
        if own | variables:
            self.overrides[product_id] = own | variables
        asset_id = self.connect.create_subscription(subscription_id, product_id=product_id)
        return Case(name, kind, product_id, asset_id, subscription_id)

    def push(self) -> None:
        """Give the running extension the cases' variables."""
        self.connect.set_variable("PRODUCT_OVERRIDES", json.dumps(self.overrides))

    def forget(self, cases: Iterable[Case]) -> None:
        """Take the cases' variables out of the portal; `push` tells the runner."""
        for case in cases:
            self.overrides.pop(case.product_id, None)

    def begin(self, case: Case) -> str:
        """The customer cancels; returns the request's id."""
        case.request_id = self.connect.create_cancel_request(case.asset_id)
        return case.request_id

    def next_request_id(self, case: Case) -> str:
        """The future id of the case's first request."""
        return f"PR-{case.asset_id[3:]}-002"

    def place(self, case: Case, call: str) -> tuple[Switch, str]:
        """The switch for a call about the case, and its name for the call."""
        if call in ("templates", "precedent"):
            return self.at_connect, f"{call} {case.product_id}"
        if call not in AT_VENDOR:
            return self.at_connect, f"{call} {self.next_request_id(case)}"
        if case.kind in (ZUORA, ORDERS):
            return self.at_zuora if case.kind == ZUORA else self.at_orders, f"{call} {case.name}"
        switch = self.at_oauth if case.kind == OAUTH else self.at_vendor
        return switch, f"{call} {case.name if call == 'token' else case.subscription_id}"

    def time_to_settle_ends(self, cases: Iterable[Case]) -> None:
        """Make every mark on these requests older than SETTLE_MINUTES."""
        for case in cases:
            self.connect.conversations.backdate(case.request_id, timedelta(hours=2))

    def subscription(self, case: Case) -> VendorSubscription:
        """The case's subscription at its REST vendor."""
        vendor = self.oauth if case.kind == OAUTH else self.vendor
        return vendor.subscriptions[case.subscription_id]

    def cancellations(self, case: Case) -> int:
        """How often a vendor has really cancelled the subscription."""
        if case.kind == ORDERS:
            return self.orders.effective_cancellations(case.subscription_id)
        if case.kind == ZUORA:
            return self.zuora.effective_cancellations(case.subscription_id)
        return self.subscription(case).cancellations

    def undone(self, case: Case) -> int:
        """How often a vendor has really undone a cancellation."""
        if case.kind == ORDERS:
            return self.orders.billing.undone[case.subscription_id]
        if case.kind == ZUORA:
            return self.zuora.undone_cancellations(case.subscription_id)
        return self.subscription(case).undone

    def _zuora_call(self, _: web.Request, body: bytes) -> str:
        try:
            envelope = soap.parse(body)
        except soap.CallError:
            return ""
        if envelope.operation == "login":
            return f"login {soap.value(envelope.body, 'username')}"
        tokens = [soap.value(header, "session") for header in envelope.headers]
        users = [self.zuora.sessions.user(token) for token in tokens if token]
        return f"{envelope.operation} {users[0].name if users and users[0] else ''}"

    def _orders_call(self, request: web.Request, body: bytes) -> str:
        operation, _ = operation_of(request)
        token = request.headers.get("Authorization", "").partition(" ")[2]
        named = self.orders.access.client_named_in(body) if operation == "token" else None
        return f"{operation} {named or self.orders.client_name_of(token) or ''}"

    def _connect_call(self, request: web.Request, body: bytes) -> str:
        parts = request.path.removeprefix("/public/v1/").split("/")
        if parts[0] == "products":
            return f"templates {parts[1]}"
        if parts[0] == "conversations" and len(parts) > 1:
            by_id = self.connect.conversations.by_id
            request_id = by_id[parts[1]]["instance_id"] if parts[1] in by_id else parts[1]
            return f"{_note_call(request, body)} {request_id}"
        found = _REQUEST_ID.search(request.path_qs)
        request_id = found[0] if found else ""
        if request.method == "POST":
            return f"{parts[-1]} {request_id}"
        product = _PRODUCT_ID.search(request.path_qs)
        if parts[0] == "requests" and product:
            return f"precedent {product[0]}"
        # The client that the runner makes for a task names the task; its own reads come first.
        if "EAAS_TASK_ID" in request.headers:
            return f"read {request_id}"
        return f"runner's {'count' if len(parts) == 1 else 'read'} {request_id}"


def _note_call(request: web.Request, body: bytes) -> str:
    if request.method == "GET":
        return "notes"
    tag = _TAG.search(body)
    return tag[1].decode() if tag else "note"


def _rest_call(request: web.Request, body: bytes) -> str:
    if request.path == "/oauth/token":
        scope = re.search(rb"scope=(\w+)", body)
        return f"token {scope[1].decode() if scope else ''}"
    parts = request.path.split("/")
    return f"{'undo' if parts[-1] == 'undo_cancellation' else request.method} {parts[2]}"


@asynccontextmanager
async def open_world(
    variables: Mapping[str, str] | None = None,
    oauth: LocalVendor | None = None,
    secrets: Secrets | None = None,
    **sandbox_options: Any,
) -> AsyncIterator[World]:
    """The sandbox and its vendors, without a runner yet."""
    secrets = secrets or Secrets()
    async with AsyncExitStack() as stack:
        oauth, zuora = oauth or LocalVendor(auth="oauth2"), LocalZuora()
        orders = LocalZuoraOrders()
        for server in (oauth, zuora, orders):
            await server.start()
            stack.push_async_callback(server.stop)
        given = {**oauth.variables(), **zuora.variables("78.0"), **orders.variables()}
        given |= {"ZUORA_PASSWORD": secrets.password, "VENDOR_MAX_CONCURRENCY": "100"}
        given["ZUORA_CLIENT_SECRET"] = secrets.client_secret
        for name in ("VENDOR", "VENDOR_TIME_ZONE", "REST_API_URL", "REST_AUTH"):
            given.pop(name)
        # It only matters if a cancellation takes effect later.
        given |= {**oauth.variables_for_later_ends(), "WHEN_EFFECTIVE_LATER": "schedule"}
        sandbox = Sandbox(variables={**given, **(variables or {})}, **sandbox_options)
        await stack.enter_async_context(sandbox)
        yield World(sandbox, oauth, zuora, orders, secrets)
