"""Acme Billing as a vendor: one call that reads, two that change something."""

from __future__ import annotations

import json
from urllib.parse import urlencode

from acme_billing.answers import contract_in, document_in
from acme_billing.settings import ADDRESS, AcmeSettings
from connect_ext.http.aside import aside
from connect_ext.http.client import Call
from connect_ext.portal.policy import CancellationDate
from connect_ext.vendors.base import (
    Accepted,
    Act,
    Advice,
    Cancellation,
    Plan,
    PlannedCall,
    Subscription,
    VendorContext,
)

ADVICE = Advice(
    address_of_cancellation="Check in Acme that ACME_API_KEY may terminate contracts.",
    address_of_undo="Check in Acme that ACME_API_KEY may resume contracts.",
    refusal="Check the contract in Acme, ACME_ACCOUNT and CANCELLATION_DATE.",
    suspended="Resume it in Acme first.",
    no_end="Check in Acme when the contract ends.",
)

_AT = {CancellationDate.IMMEDIATE: "now", CancellationDate.END_OF_TERM: "end_of_term"}


class AcmeVendor:
    """Looks up contracts by number, terminates them, and resumes those that end later."""

    advice = ADVICE
    can_be_asked = True
    can_take_back = True
    is_repeatable = False
    """Acme has no idempotency key: a second termination is a second order."""

    def __init__(self, settings: AcmeSettings, context: VendorContext) -> None:
        self._settings, self._http = settings, context.http

    async def look_up(self, cancellation: Cancellation) -> Subscription:
        """Find the contract in the account's list."""
        number, account = cancellation.subscription_id.text, self._settings.account
        path = f"/accounts/{account}/contracts?{urlencode({'number': number})}"
        url = self._settings.api_url + path
        call = Call("the contract list", "GET", url, self._headers(), address=ADDRESS)
        answer = await self._http.send(call)
        return await aside(
            len(answer.body), lambda: contract_in(document_in(answer, call), call, number)
        )

    async def cancel(
        self, cancellation: Cancellation, subscription: Subscription | None
    ) -> Accepted:
        """Terminate the contract that ``look_up`` has shown."""
        return await self._send(self._order(cancellation, subscription))

    async def take_back(
        self, cancellation: Cancellation, subscription: Subscription | None
    ) -> Accepted:
        """Resume the contract; Acme refuses unless our reference terminated it."""
        return await self._send(self._order(cancellation, subscription))

    async def plan(self, cancellation: Cancellation, subscription: Subscription | None) -> Plan:
        """Show the call that ``cancel`` or ``take_back`` would send."""
        call = self._order(cancellation, subscription)
        return Plan((PlannedCall(call.method, call.url, (call.content or b"").decode()),))

    def _order(self, cancellation: Cancellation, subscription: Subscription | None) -> Call:
        """Build the changing call, in one place, so that a dry run shows exactly what is sent."""
        if subscription is None:
            raise TypeError("Acme can be asked, so the contract was looked up.")
        order = {"contract": subscription.version_id, "reference": cancellation.request_id}
        if cancellation.act is Act.UNDO:
            name, order = "the resumption", {"call": "contract.resume", **order}
        else:
            order = {"call": "contract.terminate", "at": _AT[cancellation.when], **order}
            name = "the termination"
        headers = (*self._headers(), ("Content-Type", "application/json"))
        url, content = f"{self._settings.api_url}/rpc", json.dumps(order).encode()
        return Call(name, "POST", url, headers, content, changes=True, address=ADDRESS)

    def _headers(self) -> tuple[tuple[str, str], ...]:
        return (("Acme-Key", self._settings.api_key.reveal()), ("Accept", "application/json"))

    async def _send(self, call: Call) -> Accepted:
        answer = await self._http.send(call)
        await aside(len(answer.body), lambda: document_in(answer, call))
        # Acme only confirms the order; the extension looks at the contract again.
        return Accepted()
