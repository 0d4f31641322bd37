"""Zuora's SOAP API as a vendor."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from connect_ext.errors import NotDone, OutcomeUnknown, Refused, UnknownId
from connect_ext.http.client import with_defaults
from connect_ext.portal.secret import MASK
from connect_ext.vendors.base import (
    Accepted,
    Act,
    Advice,
    Cancellation,
    Plan,
    PlannedCall,
    Subscription,
    SubscriptionStatus,
    VendorContext,
)
from connect_ext.vendors.zuora_soap.endpoint import Endpoint
from connect_ext.vendors.zuora_soap.exchange import HEADERS, Operation
from connect_ext.vendors.zuora_soap.previewing import Previewed, previewed
from connect_ext.vendors.zuora_soap.session import Credentials, Sessions
from connect_ext.vendors.zuora_soap.settings import ZuoraSettings
from connect_ext.vendors.zuora_soap.subscriptions import Catalogue
from connect_ext.vendors.zuora_soap.undoing import undoing
from connect_ext.vendors.zuora_soap.ways import Way, way_of

_TENANT = "Check that ZUORA_SOAP_URL leads to the tenant that holds the subscription."

_ADVICE = Advice(
    address_of_cancellation=_TENANT,
    address_of_undo=_TENANT,
    unknown_id=f"Check the id in the parameter. {_TENANT}",
    cannot_be_asked="Check that the API user of ZUORA_USERNAME may query subscriptions.",
    no_status_in_answer="Check the subscription's amendments in Zuora.",
    refusal="Check the subscription and the tenant's rules for amendments in Zuora, and "
    "ZUORA_SOAP_URL, ZUORA_GENERATE_INVOICE and ZUORA_PROCESS_PAYMENTS.",
)

SESSION, DRAFT = MASK, "[the draft's id]"
"""Shown in a plan in place of a secret, and of an id that is not known yet."""


def connected(settings: ZuoraSettings, context: VendorContext) -> ZuoraSoapVendor:
    """Make the vendor with the sessions of the process; nothing is sent yet."""
    sessions = context.shared("zuora-soap sessions", Sessions)
    credentials = Credentials(settings.url, settings.username, settings.password)
    endpoint = Endpoint(credentials, context.http, sessions, context.keep_secret)
    return ZuoraSoapVendor(settings, endpoint)


class ZuoraSoapVendor:
    """Cancels subscriptions with an amendment of the type Cancellation."""

    def __init__(self, settings: ZuoraSettings, endpoint: Endpoint) -> None:
        self._settings = settings
        self._endpoint = endpoint
        self._catalogue = Catalogue(endpoint, settings.version, ZoneInfo(settings.time_zone))

    @property
    def can_be_asked(self) -> bool:
        """Always: every generation has queries."""
        return True

    @property
    def is_repeatable(self) -> bool:
        """Never: SOAP has no idempotency key, and maps a stale id to the latest version.

        (docs/facts.md, Zuora 2.2, 2.8)
        """
        return False

    @property
    def advice(self) -> Advice:
        """Advice that names Zuora's variables."""
        return _ADVICE

    @property
    def can_take_back(self) -> bool:
        """Always, as far as we can know; tenants with Orders refuse the call."""
        return True

    async def look_up(self, cancellation: Cancellation) -> Subscription:
        """Read the latest version of the subscription."""
        return await self._catalogue.look_up(cancellation.subscription_id)

    async def cancel(
        self, cancellation: Cancellation, subscription: Subscription | None
    ) -> Accepted:
        """Cancel the version that ``look_up`` has shown."""
        shown = await self._shown(cancellation, subscription)
        if shown is not subscription and shown.status is not SubscriptionStatus.ACTIVE:
            return Accepted(shown)
        way = await way_of(self._settings, self._catalogue, cancellation, shown)
        preview = await self._preview(way, shown)
        amendment_id = await self._endpoint.ask(way.call)
        if way.then:
            amendment_id = await self._endpoint.ask(way.then(amendment_id))
        is_cancelled = way.is_confirmed and amendment_id
        failed = f"The preview failed, and the cancellation went on without it: {preview.failure}"
        return Accepted(
            _cancelled(way.date.moment) if is_cancelled else None,
            (*way.remarks, failed) if preview.failure else way.remarks,
            preview.amounts,
        )

    async def take_back(
        self, cancellation: Cancellation, subscription: Subscription | None
    ) -> Accepted:
        """Delete this request's amendment, if it made the version that ``look_up`` has shown.

        The core then checks that the subscription is active again.
        """
        shown = await self._shown(cancellation, subscription)
        if shown is not subscription and shown.status is not SubscriptionStatus.CANCELLED:
            return Accepted(shown)
        await self._endpoint.ask(await undoing(self._endpoint, cancellation, shown))
        return Accepted()

    async def plan(self, cancellation: Cancellation, subscription: Subscription | None) -> Plan:
        """Build the envelopes that ``cancel`` or ``take_back`` would send; only query Zuora."""
        needed = SubscriptionStatus.ACTIVE
        if cancellation.act is Act.UNDO:
            needed = SubscriptionStatus.CANCELLED
        shown = await self._shown(cancellation, subscription)
        if shown is not subscription and shown.status is not needed:
            raise Refused(hint=f"Zuora shows the subscription as {shown.status.value}.")
        if cancellation.act is Act.UNDO:
            deletion = await undoing(self._endpoint, cancellation, shown)
            return Plan((await self._planned(deletion),))
        try:
            way = await way_of(self._settings, self._catalogue, cancellation, shown)
        except OutcomeUnknown as error:
            # An earlier attempt's outcome; this one has sent nothing.
            raise NotDone(error.message, error.retry_after, cause=error.cause) from None
        return await self._plan(way, shown)

    async def _plan(self, way: Way, shown: Subscription) -> Plan:
        preview = await self._preview(way, shown)
        calls = [way.call, way.then(DRAFT)] if way.then else [way.call]
        remarks = (f"The preview failed: {preview.failure}",) if preview.failure else ()
        return Plan(
            tuple([await self._planned(call) for call in calls]),
            way.date.day,
            remarks,
            preview.amounts,
        )

    async def _planned(self, operation: Operation[str]) -> PlannedCall:
        body = operation.build(SESSION).decode()
        headers = tuple(with_defaults(HEADERS))
        return PlannedCall("POST", await self._endpoint.address(), body, headers)

    async def _shown(
        self, cancellation: Cancellation, subscription: Subscription | None
    ) -> Subscription:
        """Return the subscription with its version's id; raises ``UnknownId``."""
        if subscription and subscription.version_id:
            return subscription
        found = await self.look_up(cancellation)
        if found.status is SubscriptionStatus.UNKNOWN_ID:
            raise UnknownId
        return found

    async def _preview(self, way: Way, shown: Subscription) -> Previewed:
        if not (self._settings.preview and way.amendment):
            return Previewed()
        return await previewed(self._settings, self._endpoint, way.amendment, shown)


def _cancelled(ends_at: datetime) -> Subscription:
    return Subscription(SubscriptionStatus.CANCELLED, ends_at)
