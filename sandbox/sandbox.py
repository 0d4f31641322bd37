"""The whole sandbox: Connect, the vendors and any number of runner instances."""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import AsyncExitStack, suppress
from datetime import timedelta
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any

from sandbox.certificates import Certificates, issue_certificates
from sandbox.connect.objects import Customer, Json, Parameter
from sandbox.connect.refusals import invalid
from sandbox.connect.server import LocalConnect
from sandbox.faults import named_fault
from sandbox.runner import Runner, RunnerOptions
from sandbox.vendor import ENDS_LATER, LocalVendor
from sandbox.zuora import LocalZuora
from sandbox.zuora_orders import LocalZuoraOrders

# For a subscription that is already cancelled and ends later.
ENDS_LATER_AFTER = timedelta(days=90)
CUSTOMERS = (
    Customer(
        name="Nordlicht Pumpen AG",
        first_name="Ingrid",
        last_name="Nordmann",
        email="ingrid.nordmann@nordlicht.example",
        id="TA-0001-0001-0002",
    ),
    Customer(
        name="Casa Palma Hotels",
        first_name="Paloma",
        last_name="Ejemplo",
        email="paloma.ejemplo@casapalma.example",
        id="TA-0001-0001-0003",
    ),
    Customer(
        name="Schilf und Söhne",
        first_name="Otto",
        last_name="Schilf",
        email="otto.schilf@schilf.example",
        id="TA-0001-0001-0004",
    ),
)


class Sandbox:
    """A Connect (`.connect`) and vendors (`.vendor`, `.zuora`, `.zuora_orders`), running while
    entered.

    The extension's variables are set for `.vendor`; `variables` override them. With `own_vendor`,
    they alone are set, for a vendor elsewhere, and no vendor runs here. `proven` gives every
    product a cancellation that was approved in the past: until there is one, the extension rejects
    nothing. `connect_options` go to `LocalConnect`. Files (CA, logs) go to `directory`, or else to
    a temporary one.
    """

    def __init__(
        self,
        *,
        variables: Mapping[str, str] | None = None,
        vendor: LocalVendor | None = None,
        own_vendor: bool = False,
        directory: Path | None = None,
        proven: bool = True,
        **connect_options: Any,
    ) -> None:
        self.own_vendor = own_vendor
        self.vendor = vendor or LocalVendor()
        self.zuora = LocalZuora()
        self.zuora_orders = LocalZuoraOrders()
        self.runners: list[Runner] = []
        self._variables = dict(variables or {})
        self._connect_options = {"proven": proven, **connect_options}
        self._given_directory = directory
        self._instances = count(1)
        self._stack = AsyncExitStack()
        self.connect: LocalConnect
        self.certificates: Certificates
        self.directory: Path

    async def __aenter__(self) -> Sandbox:
        try:
            await self._open()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    async def _open(self) -> None:
        self.directory = self._given_directory or Path(
            self._stack.enter_context(tempfile.TemporaryDirectory(prefix="sandbox-"))
        )
        self.directory.mkdir(parents=True, exist_ok=True)
        self.certificates = issue_certificates(self.directory)
        if not self.own_vendor:
            await self._open_vendors()
        of_vendor = {} if self.own_vendor else self.vendor.variables()
        self.connect = LocalConnect(
            self.certificates.server_context,
            variables={**of_vendor, **self._variables},
            **self._connect_options,
        )
        self.connect.new_preview_subscription = self._preview_subscription
        self.connect.planned_day_comes = self._end_at_vendor
        await self.connect.start()
        self._stack.push_async_callback(self.connect.stop)

    async def _open_vendors(self) -> None:
        for vendor in (self.vendor, self.zuora, self.zuora_orders):
            await vendor.start()
            self._stack.push_async_callback(vendor.stop)

    @property
    def ca_bundle(self) -> Path:
        """The file by which clients trust the local Connect."""
        return self.certificates.ca_bundle

    def new_subscription(self, subscription_id: str | None = None, **fields: Any) -> str:
        """A new subscription at the vendor and in Connect; returns its id in Connect.

        `fields` are fields of `VendorSubscription`.
        """
        subscription = self.vendor.add(subscription_id, **fields)
        return self.connect.create_subscription(subscription.id)

    def offer_subscriptions(self) -> None:
        """A few subscriptions of several customers, to begin with."""
        for customer in CUSTOMERS:
            self.connect.create_subscription(self.vendor.add().id, customer=customer)

    def cancel(self, subscription_id: str | None = None, **fields: Any) -> str:
        """A new subscription that the customer cancels at once; returns the request's id."""
        return self.connect.create_cancel_request(self.new_subscription(subscription_id, **fields))

    def day_comes(self, request_id: str) -> None:
        """Bring a scheduled request's planned date to now, here and at the vendor."""
        self.connect.bring_forward(request_id)
        self._end_at_vendor(self.connect.request(request_id))

    async def start_runner(
        self,
        *,
        instance_id: str | None = None,
        debug: bool = False,
        handler: str | None = None,
        python_path: Iterable[Path] = (),
        environment: Mapping[str, str] | None = None,
        interpreter: Path = Path(sys.executable),
        timeout: float = 60.0,
    ) -> Runner:
        """Start one more instance of the official runner and wait until it accepts tasks."""
        options = RunnerOptions(
            instance_id=instance_id or f"INS-{next(self._instances):04d}",
            interpreter=interpreter,
            debug=debug,
            handler=handler,
            python_path=python_path,
            environment=environment or {},
        )
        runner = self._runner(options)
        self.runners.append(runner)
        self._stack.push_async_callback(runner.stop)
        await runner.start(timeout)
        return runner

    def runner_of(self, object_id: str) -> Runner:
        """The runner that last got a task about the request or the schedule."""
        instance_id = self.connect.tasks_of(object_id)[-1].deliveries[-1].instance_id
        return next(runner for runner in self.runners if runner.instance_id == instance_id)

    def _preview_subscription(self, wanted: Json) -> str:
        """A subscription for `sandbox cancel`, also at the vendor if that is the local one.

        `vendor_id` is its id at the vendor; `parameters` maps ids of other fulfillment parameters
        to values. For the local vendor: its `status`, and the `faults` of its next calls as texts.
        """
        subscription_id = wanted.get("vendor_id")
        if not self.own_vendor:
            subscription_id = self._at_local_vendor(subscription_id, wanted)
        parameters = (wanted.get("parameters") or {}).items()
        return self.connect.create_subscription(
            subscription_id,
            parameter_id=self._subscription_id_parameter(),
            more=[Parameter(*each) for each in parameters],
        )

    def _at_local_vendor(self, subscription_id: str | None, wanted: Json) -> str:
        status = wanted.get("status")
        subscription = self.vendor.subscriptions.get(subscription_id or "")
        if subscription is None:
            ends_at = (self.vendor.clock.today() + ENDS_LATER_AFTER).isoformat()
            fields = {"ends_at": ends_at} if status == ENDS_LATER else {}
            fields |= {"status": status} if status else {}
            subscription = self.vendor.add(subscription_id, **fields)
        elif status:
            raise invalid(f"status: The local vendor has {subscription_id} already.")
        for text in wanted.get("faults") or []:
            fault, times = named_fault(text)
            path = f"/{re.escape(subscription.id)}(/|$)"
            self.vendor.faults.add("*", path, fault, times=times)
        return subscription.id

    def _subscription_id_parameter(self) -> str:
        variable = self.connect.environment.variables.get("SUBSCRIPTION_ID_PARAMETER")
        return (variable.value.strip() if variable else "") or "subscription_id"

    def _end_at_vendor(self, request: Json) -> None:
        """When a request's day has come, it has come for the vendor's subscription too."""
        for parameter in request["asset"]["params"]:
            key = parameter.get("value") or ""
            subscription = self.vendor.subscriptions.get(key)
            if subscription is not None and subscription.look().status == ENDS_LATER:
                subscription.end_now()
            for tenant in (self.zuora, self.zuora_orders):
                with suppress(KeyError):
                    tenant.end_now(key)

    def _runner(self, options: RunnerOptions) -> Runner:
        return Runner(
            address=self.connect.address,
            ca_bundle=self.ca_bundle,
            directory=self.directory,
            connected=lambda: bool(self.connect.instances.connected(options.instance_id)),
            options=options,
        )
