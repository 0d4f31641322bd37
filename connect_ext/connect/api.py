"""Connect as one account sees it: reads, settles and schedules requests."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import datetime, timezone
from typing import Any

from connect_ext.cause import Cause
from connect_ext.connect.account import AccountState
from connect_ext.connect.client import ConnectClient, ConnectRefusalError, Reply
from connect_ext.connect.conversation import Conversation
from connect_ext.connect.listing import Listing
from connect_ext.errors import Later, NotConfigured, NotDone

PENDING, APPROVED, FAILED = "pending", "approved", "failed"
SCHEDULED, REVOKING, REVOKED = "scheduled", "revoking", "revoked"
UNAUTHORIZED = 401

_AFTER = {"approve": APPROVED, "fail": FAILED, "schedule": SCHEDULED}
_STATUS = re.compile(r"[a-z_]{1,30}")


def as_word(status: str) -> str:
    """A status as a word for a sentence; empty if its shape is unusual and could forge a line."""
    return status if _STATUS.fullmatch(status) else ""


class ConnectApi:
    """One account's Connect.

    Calls raise ``NotDone`` or ``NotConfigured``, never anything that could reject a request.
    """

    def __init__(self, client: ConnectClient, account: AccountState) -> None:
        self._client, self.account = client, account
        self.conversation = Conversation(client, account)
        self.listing = Listing(client)

    async def status(self, request_id: str) -> str:
        """The status of the request as it is now."""
        reply = await self._client.call("get", f"requests/{request_id}", "reading the request")
        status = _about(reply, request_id).get("status")
        if not isinstance(status, str) or not as_word(status):
            raise NotDone(
                "Connect's answer to reading the request has no status.", cause=Cause.CONNECT
            )
        return status

    async def approve(
        self, request_id: str, product_id: str, template_id: str, effective_date: datetime | None
    ) -> str:
        """Approve the request and return its status after that.

        It is also ``approved`` if an earlier try or somebody else has approved the request before.
        """
        payload = {"template_id": template_id}
        if effective_date is not None:
            payload["effective_date"] = _iso(effective_date)
        try:
            return await self._settle(request_id, "approve", payload)
        except NotConfigured:
            self.account.templates.pop(product_id, None)
            if effective_date is None:
                raise
        # Connect may refuse the vendor's date; its own is as good.
        return await self._settle(request_id, "approve", {"template_id": template_id})

    async def reject(self, request_id: str, reason: str) -> str:
        """Reject the request with a reason and return its status after that."""
        return await self._settle(request_id, "fail", {"reason": reason})

    async def schedule(self, request_id: str, planned: datetime) -> str:
        """Schedule the request and return its status after that.

        Raises ``ConnectRefusalError`` if Connect refuses: not every product can be scheduled
        (docs/facts.md, Connect 2).
        """
        return await self._settle(request_id, "schedule", {"planned_date": _iso(planned)})

    async def confirm(self, request_id: str) -> str:
        """Confirm that the request is revoked and return its status after that.

        The call that confirms a revocation is not documented, so only the status is believed
        (docs/facts.md, Connect 12).
        """
        try:
            await self._client.call("post", f"requests/{request_id}/confirm", "'confirm'")
        except Later as error:
            status = await self.status(request_id)
            is_refused = isinstance(error, ConnectRefusalError) and error.status != UNAUTHORIZED
            if status == REVOKING and not is_refused:
                raise
            return status
        return await self.status(request_id)

    async def _settle(self, request_id: str, verb: str, payload: dict[str, str]) -> str:
        """Approve, reject or schedule; after a refusal, believe the request and not the answer.

        The call is repeated after a lost answer, and by then the request may be settled. Connect's
        error code for that is not known (docs/facts.md, Connect 3.2).
        """
        settled = _AFTER[verb]
        path = f"requests/{request_id}/{verb}"
        try:
            reply = await self._client.call("post", path, f"'{verb}'", payload)
            # The answer must be this request, settled; another answer is not Connect's own.
            if _about(reply, request_id).get("status") != settled:
                raise NotDone(
                    f"Connect's answer to '{verb}' does not show the request {settled}.",
                    cause=Cause.CONNECT,
                )
        except Later:
            status = await self.status(request_id)
            if status == PENDING:
                raise
            return status
        return settled

    async def approval_template(self, product_id: str, template_of_request: str) -> str:
        """The product's first template of scope asset and type fulfillment, else the request's.

        Templates have no type for cancellations (docs/facts.md, Connect 2.1). Concurrent first
        uses make one call.
        """
        account = self.account
        if product_id not in account.templates:
            found = await account.template_look_ups.run(
                product_id, lambda: self._first_template(product_id)
            )
            if found:
                account.templates[product_id] = found
        template_id = account.templates.get(product_id) or template_of_request
        if not template_id:
            raise NotConfigured(
                f"The product {product_id} has no fulfillment template of scope asset to approve"
                " with: create one, or set APPROVAL_TEMPLATE_ID."
            )
        return template_id

    async def _first_template(self, product_id: str) -> str:
        query = "and(eq(scope,asset),eq(type,fulfillment))&limit=1&offset=0"
        path = f"products/{product_id}/templates?{query}"
        try:
            reply = await self._client.call("get", path, "reading the product's templates")
        except NotConfigured:
            return ""
        return _text(next(iter(reply.objects()), {}).get("id"))

    async def has_approved_cancellation(self, product_id: str) -> bool:
        """Whether anybody ever approved a cancel request of the product."""
        proven = self.account.proven_products
        if product_id not in proven:
            query = f"and(eq(type,cancel),eq(status,approved),eq(asset.product.id,{product_id}))"
            path = f"requests?{query}&limit=1&offset=0"
            reply = await self._client.call("get", path, "looking for an approved cancellation")
            first = next(iter(reply.objects()), {})
            if not _shows_approved_cancellation(first, product_id):
                return False
            self.proven(product_id)
        return True

    def proven(self, product_id: str) -> None:
        """Remember that a cancellation of the product has been approved."""
        self.account.proven_products.add(product_id)


def _about(reply: Reply, request_id: str) -> dict[str, Any]:
    """The request in an answer; empty if the answer is about another one."""
    shown = reply.object()
    return shown if shown.get("id") == request_id else {}


def _shows_approved_cancellation(request: dict[str, Any], product_id: str) -> bool:
    """Whether a request really is an approved cancellation, whatever the filter promised."""
    asset = request.get("asset")
    product = asset.get("product") if isinstance(asset, dict) else None
    found = product.get("id") if isinstance(product, dict) else None
    shown = (request.get("type"), request.get("status"), found)
    return shown == ("cancel", APPROVED, product_id)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _iso(moment: datetime) -> str:
    """ISO 8601 in UTC; the zone is dropped if UTC has no such year."""
    with suppress(OverflowError):
        moment = moment.astimezone(timezone.utc)
    return moment.replace(tzinfo=timezone.utc).isoformat(timespec="seconds")
