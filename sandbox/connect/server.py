"""The local Connect: the platform's state, its server, and the controls for tests and the demo."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta

from aiohttp import web

from sandbox.calls import CallLog
from sandbox.connect.answers import answer_refusals, dating
from sandbox.connect.api import NO_FAULTS, Api
from sandbox.connect.catalogue import Catalogue
from sandbox.connect.conversations import Conversations
from sandbox.connect.environment import API_KEY, Environment, Variable
from sandbox.connect.journal import Journal
from sandbox.connect.moments import Clock, written
from sandbox.connect.objects import DISTRIBUTOR, Customer, Json, Parameter
from sandbox.connect.planting import Planting
from sandbox.connect.requests import CancelRequests, OnConfirm, StatusChange
from sandbox.connect.schedules import Schedules
from sandbox.connect.tasks import CANCEL_EVENT, TaskQueue
from sandbox.connect.timers import Timers
from sandbox.connect.waiting import Waiting
from sandbox.connect.websocket import Instances
from sandbox.faults import FaultPlan
from sandbox.http_server import HttpServer

# For a proven product: how long ago its cancellation was approved.
PROVEN_AGO = timedelta(days=30)


class LocalConnect(Planting, Waiting):
    """A Connect good enough for the official runner, on one TLS port of the loopback interface.

    `countdown_scale` shortens the wait of rescheduled and retried tasks, and the periods of
    recurring schedules. A new task is delivered `delivers_after` seconds after its event. `proven`
    gives every new product a cancellation that was approved in the past; `scheduling` makes its
    cancel requests schedulable. `on_confirm` says what `confirm` does with a revoking request, and
    `brings_back` whether a scheduled request returns on its day. `unreadable` names the collections
    that no token may read: "assets", "tasks". The parts (`catalogue`, `clock`, `requests`,
    `conversations`, `environment`, `tasks`, `schedules`, `instances`, `journal`, `calls`, `faults`)
    may be used directly.
    """

    def __init__(
        self,
        ssl_context: ssl.SSLContext,
        *,
        variables: Mapping[str, str] | None = None,
        countdown_scale: float = 1.0,
        retry_seconds: float = 30.0,
        delivers_after: float = 0.0,
        multi_account: bool = False,
        messages_by_instance_id: bool = True,
        proven: bool = False,
        scheduling: bool = True,
        on_confirm: OnConfirm = OnConfirm.REVOKE,
        brings_back: bool = True,
        unreadable: Iterable[str] = (),
        runtime: str = "local",
        log_level: str = "INFO",
        fault_seed: int = 0,
        port: int = 0,
    ) -> None:
        self.api_key = API_KEY
        self.proven = proven
        self.scheduling = scheduling
        self.unreadable = set(unreadable)
        self.clock = Clock()
        self.journal = Journal()
        self.calls = CallLog()
        self.faults = FaultPlan(seed=fault_seed, exempt=NO_FAULTS)
        self.environment = Environment(
            variables or {}, multi_account=multi_account, runtime=runtime, log_level=log_level
        )
        self._timers = Timers()
        self.catalogue = Catalogue()
        self.requests = CancelRequests(
            self.catalogue, self._timers, self._request_changed, self.clock, on_confirm
        )
        self.requests.brings_back = brings_back
        self.conversations = Conversations(self.clock, by_instance_id=messages_by_instance_id)
        self.tasks = TaskQueue(
            self._timers,
            self.journal.record,
            countdown_scale=countdown_scale,
            retry_seconds=retry_seconds,
            delivers_after=delivers_after,
            options=self.environment.task_options,
            clock=self.clock,
        )
        self.schedules = Schedules(
            self.environment, self.tasks, self._timers, self.clock, self.journal.record
        )
        self.instances = Instances(self.environment, self.tasks, self.journal.record)
        self.new_preview_subscription: Callable[[Json], str] = lambda _: self.create_subscription()
        self.planned_day_comes: Callable[[Json], object] = lambda _: None
        self._server = HttpServer(self._application, port=port, ssl_context=ssl_context)
        self._default_product: str | None = None

    # The server

    @property
    def address(self) -> str:
        """HOST:PORT, as a runner's `SERVER_ADDRESS`."""
        return f"localhost:{self._server.port}"

    @property
    def url(self) -> str:
        """The base URL of the API, as the official client's `endpoint`."""
        return f"{self._server.url}/public/v1"

    @property
    def control_url(self) -> str:
        """The base URL of the sandbox's own endpoints."""
        return f"{self._server.url}/sandbox"

    async def start(self) -> None:
        """Serve."""
        await self._server.start()

    async def stop(self) -> None:
        """Close everything."""
        self._timers.cancel_all()
        await self._server.stop()

    async def go_down(self) -> None:
        """Begin an outage: connections are refused, and due tasks wait."""
        await self._server.stop()

    async def come_back(self) -> None:
        """End an outage, at the same address and with the same state."""
        await self._server.start()

    def _application(self) -> web.Application:
        api, date = Api(self), dating(self.clock)
        application = web.Application(
            middlewares=[date, self.calls.middleware(), self.faults.middleware(), answer_refusals]
        )
        application.add_routes([*api.routes(), *api.control_routes()])
        application.on_shutdown.append(self._close_websockets)
        return application

    async def _close_websockets(self, _: web.Application) -> None:
        await self.instances.close()

    def _request_changed(self, request: Json) -> None:
        self.conversations.open(request)
        self.journal.record("request", request["id"], request["status"])
        is_wanted = request["status"] in self.environment.statuses[CANCEL_EVENT]
        if is_wanted and not self.is_silent:
            self.tasks.emit(CANCEL_EVENT, request["id"])

    # Products and subscriptions

    def create_product(
        self,
        name: str = "Sandbox Product",
        product_id: str | None = None,
        *,
        templates: bool = True,
        proven: bool | None = None,
        scheduling: bool | None = None,
    ) -> str:
        """A product, by default with the platform's default templates.

        If `proven` or `scheduling` is None, the server's own setting applies.
        """
        scheduling = self.scheduling if scheduling is None else scheduling
        product_id = self.catalogue.add_product(name, product_id, scheduling=scheduling)
        if templates:
            self.catalogue.add_template(product_id, "Default Draft Template", "asset", "pending")
            self.create_template(product_id)
            self.catalogue.add_template(
                product_id, "Default Inquiring Template", "asset", "inquire"
            )
        if self.proven if proven is None else proven:
            self.create_approved_cancellation(product_id)
        return product_id

    def create_approved_cancellation(
        self,
        product_id: str | None = None,
        *,
        asset_id: str | None = None,
        approved_at: datetime | None = None,
    ) -> str:
        """A cancel request that was approved in the past, a month ago by default; returns its id.

        It is about the given subscription, or else about a past one of the product, without
        parameters. It makes no task, no event and no journal entry.
        """
        if asset_id is None:
            asset_id = self.catalogue.add_asset(
                product_id or self.default_product(), [], Customer(), "production", is_past=True
            )
        approved_at = approved_at or self.clock.now() - PROVEN_AGO
        request = self.requests.create_approved(asset_id, approved_at)
        self.conversations.open(request)
        request_id: str = request["id"]
        return request_id

    def create_template(
        self,
        product_id: str,
        name: str = "Default Activation Template",
        scope: str = "asset",
        type_: str | None = "fulfillment",
    ) -> str:
        """One more template; returns its id."""
        return self.catalogue.add_template(product_id, name, scope, type_)

    def create_subscription(
        self,
        subscription_id: str | None = None,
        *,
        product_id: str | None = None,
        parameters: Iterable[Parameter] | None = None,
        customer: Customer | None = None,
        connection_type: str = "preview",
        parameter_id: str = "subscription_id",
        more: Iterable[Parameter] = (),
        items: int = 1,
    ) -> str:
        """An active subscription with this many items; returns its id `AS-...`.

        Its parameters are the customer's email (ordering), the vendor's subscription id
        (fulfillment) and `more`, unless `parameters` gives others.
        """
        customer = customer or Customer()
        if parameters is None:
            parameters = [
                Parameter("customer_email", customer.email, phase="ordering"),
                Parameter(parameter_id, subscription_id or "SUB-0001"),
                *more,
            ]
        return self.catalogue.add_asset(
            product_id or self.default_product(),
            parameters,
            customer,
            connection_type,
            items=items,
        )

    def default_product(self) -> str:
        """The product of subscriptions that do not name one."""
        if self._default_product is None:
            self._default_product = self.create_product()
        return self._default_product

    def asset(self, asset_id: str) -> Json:
        """A subscription's current state."""
        return self.catalogue.asset(asset_id)

    # Requests

    def create_cancel_request(self, asset_id: str, created: datetime | None = None) -> str:
        """The customer cancels; returns the request's id `PR-...`."""
        request: str = self.requests.create(asset_id, created)["id"]
        return request

    def cancel(self, subscription_id: str, created: datetime | None = None) -> str:
        """A new subscription with this id at the vendor, cancelled at once; its request's id."""
        return self.create_cancel_request(self.create_subscription(subscription_id), created)

    def hub_recreates(self, asset_id: str) -> str:
        """Ask for the same cancellation again, as the hub does minutes after a rejection."""
        return self.create_cancel_request(asset_id)

    def request(self, request_id: str) -> Json:
        """A request's current state."""
        return self.requests.get(request_id)

    def status(self, request_id: str) -> str:
        """A request's status."""
        status: str = self.requests.get(request_id)["status"]
        return status

    def history(self, request_id: str) -> list[StatusChange]:
        """Every status that a request has had."""
        return self.requests.history[request_id]

    def notes(self, request_id: str) -> list[Json]:
        """The messages and private notes about a request, whoever wrote them."""
        return self.conversations.notes(request_id)

    def say(
        self,
        request_id: str,
        text: str,
        type_: str = "message",
        account: Json = DISTRIBUTOR,
        created: datetime | None = None,
    ) -> Json:
        """Somebody else writes a message about a request; `created` backdates it."""
        self.requests.get(request_id)
        message = self.conversations.add(request_id, text, type_, account, created)
        self.journal.record("note", request_id, type_)
        return message

    def agent_approve(self, request_id: str) -> None:
        """Somebody approves the request in the portal."""
        product_id = self.requests.get(request_id)["asset"]["product"]["id"]
        templates = self.catalogue.activation_templates(product_id)
        self.requests.approve(request_id, {"template_id": templates[0]["id"]} if templates else {})

    def agent_fail(self, request_id: str, reason: str = "Rejected by an agent.") -> None:
        """Somebody rejects the request in the portal."""
        self.requests.fail(request_id, {"reason": reason})

    def revoke(self, request_id: str, reason: str = "The customer stays.") -> None:
        """The customer's side takes a scheduled cancellation back."""
        self.requests.revoke(request_id, {"reason": reason})

    def bring_forward(self, request_id: str, planned: datetime | None = None) -> None:
        """Replace the planned date of a scheduled request (default: now)."""
        self.requests.bring_forward(request_id, planned)

    def advance(self, request_id: str) -> None:
        """Return a scheduled request to pending before its planned date."""
        self.requests.advance(request_id)

    # Schedules, tasks and variables

    def create_schedule(
        self,
        method: str,
        parameter: Json | None = None,
        name: str = "Sandbox Schedule",
        trigger: Json | None = None,
    ) -> str:
        """Schedule a schedulable; returns the schedule's id `EFS-...`.

        Without `trigger`, it triggers by itself in a year.
        """
        in_a_year = written(self.clock.now() + timedelta(days=365))
        return self.schedules.create(
            {
                "name": name,
                "method": method,
                "parameter": parameter,
                "trigger": trigger or {"type": "onetime", "date": in_a_year},
            }
        ).id

    def trigger(self, schedule_id: str) -> None:
        """Somebody runs a schedule now, in the portal."""
        self.schedules.trigger(schedule_id)

    def set_variable(self, name: str, value: str, secure: bool | None = None) -> Variable:
        """Change a variable in the portal; every instance receives it at once."""
        variable = self.environment.set_variable(name, value, secure)
        self.journal.record("variable", name, "changed")
        self.instances.push_configuration()
        return variable
