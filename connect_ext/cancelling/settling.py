"""Settles a request in Connect: approves or rejects it, and notes what Connect does not show."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from connect_ext.cancelling.request import CancelRequest
from connect_ext.cancelling.steps import (
    Approve,
    Confirm,
    Final,
    Hold,
    Leave,
    Reject,
    Schedule,
    Wait,
)
from connect_ext.cause import Cause
from connect_ext.connect.api import (
    APPROVED,
    FAILED,
    REVOKED,
    REVOKING,
    SCHEDULED,
    UNAUTHORIZED,
    ConnectApi,
)
from connect_ext.connect.client import ConnectRefusalError
from connect_ext.connect.notes import NoteKind
from connect_ext.http.aside import READ_AT_ONCE_BYTES, aside
from connect_ext.portal.policy import Notes
from connect_ext.portal.settings import Settings
from connect_ext.redaction import redact, shortened, without_secrets
from connect_ext.vendors.base import Accepted, SubscriptionId

WEIGHT_OF_A_TEXT = 16
"""Searching costs this many times more for a character of the text than for one of a value."""

Redaction = Callable[[str, frozenset[str], str, frozenset[str]], str]

_KINDS = {Notes.PRIVATE: NoteKind.PRIVATE, Notes.MESSAGE: NoteKind.MESSAGE}


class Settling:
    """Approves or rejects one request."""

    def __init__(
        self,
        request: CancelRequest,
        settings: Settings,
        connect: ConnectApi,
        tokens: Iterable[str] = (),
    ) -> None:
        """``tokens``: the access tokens that vendors have given this process."""
        self._request, self._settings, self._connect = request, settings, connect
        self._tokens = tokens

    async def template(self) -> str:
        """The template to approve with."""
        configured = self._settings.approval_template_id
        return configured or await self._connect.approval_template(
            self._request.product_id, self._request.template_id
        )

    async def approve(self, step: Approve, accepted: Accepted) -> Final:
        """Approve the request; the vendor's remarks are added to the note."""
        request, template_id = self._request, await self.template()
        status = await self._connect.approve(
            request.id, request.product_id, template_id, step.effective_date
        )
        if status != APPROVED:
            return _settled_otherwise(status)
        self._connect.proven(request.product_id)
        await self._note(step.note, accepted)
        return step

    async def schedule(self, step: Schedule, accepted: Accepted) -> Final:
        """Schedule the request; if Connect refuses, it waits instead."""
        try:
            status = await self._connect.schedule(self._request.id, step.planned)
        except ConnectRefusalError as refusal:
            if refusal.status == UNAUTHORIZED:
                raise
            await self._note("", accepted)
            why = (
                f"The subscription is cancelled and ends on {step.planned:%Y-%m-%d}. The request"
                f" waits until then: Connect refuses to schedule it (HTTP {refusal.status})."
            )
            return Wait(Cause.ENDS_LATER, why, until=step.planned)
        if status != SCHEDULED:
            return _settled_otherwise(status)
        await self._note(step.note, accepted)
        return step

    async def confirm(self, step: Confirm) -> Final:
        """Confirm that the request is revoked."""
        status = await self._connect.confirm(self._request.id)
        if status == REVOKED:
            return step
        if status == REVOKING:
            why = (
                "The subscription is active at the vendor, and Connect still shows the request as"
                " revoking after it was confirmed. Confirm the revocation in Connect."
            )
            return Hold(Cause.NOT_CONFIRMED, why)
        why = f"Not confirmed: somebody has set the request to {status}."
        return Leave(Cause.SETTLED_ELSEWHERE, why)

    async def _note(self, text: str, accepted: Accepted) -> None:
        """Leave a note; partners see amounts only if a variable says so."""
        settings, request_id = self._settings, self._request.id
        kind = _KINDS.get(settings.notes)
        texts = [text, *accepted.remarks, accepted.amounts]
        if kind is NoteKind.MESSAGE and not settings.amounts_in_messages:
            texts.pop()
            if accepted.amounts:
                await self._connect.conversation.leave(request_id, accepted.amounts)
        whole = " ".join(filter(None, texts))
        if whole and kind:
            await self._connect.conversation.leave(request_id, whole, kind)

    async def reject(self, step: Reject) -> Final:
        """Reject the request."""
        status = await self._connect.reject(self._request.id, shortened(step.reason))
        if status != FAILED:
            why = f"Not rejected: somebody has set the request to {status}."
            return Leave(Cause.SETTLED_ELSEWHERE, why)
        return step

    async def clean(self, text: str) -> str:
        """A vendor's text without secrets, addresses and personal data; empty if in doubt.

        Long texts are searched off the event loop.
        """
        return await self._looked_through(text, redact) if text else ""

    async def masked(self, text: str) -> str:
        """A text of our own with its secrets and personal data masked.

        The request's own ids stay, even if they contain one of the customer's numbers.
        """
        own = self._request.id, self._request.asset_id

        def without(text: str, secrets: frozenset[str], keep: str, personal: frozenset[str]) -> str:
            return without_secrets(text, secrets, (keep, *own), personal)

        return await self._looked_through(text, without)

    async def _looked_through(self, text: str, redacted: Redaction) -> str:
        secrets = self._settings.secrets.union(self._tokens)
        size = len(text) * WEIGHT_OF_A_TEXT + sum(map(len, secrets))
        size += self._request.personal_size(READ_AT_ONCE_BYTES)
        return await aside(size, lambda: self._redacted(text, secrets, redacted))

    def _redacted(self, text: str, secrets: frozenset[str], redacted: Redaction) -> str:
        request, settings = self._request, self._settings
        if request.personal is None:
            return ""
        found = request.subscription_id(
            settings.subscription_id_parameter, settings.subscription_id_pattern
        )
        keep = found.text if isinstance(found, SubscriptionId) else ""
        return redacted(text, secrets, keep, request.personal)


def _settled_otherwise(status: str) -> Final:
    """The step for a cancelled subscription whose request somebody has settled meanwhile."""
    if status in (APPROVED, SCHEDULED, REVOKING):
        return Leave(Cause.SETTLED_ELSEWHERE, f"Somebody has set the request to {status}.")
    return Hold(
        Cause.SETTLED_ELSEWHERE,
        "The subscription is cancelled at the vendor, but somebody has set the request to"
        f" {status} meanwhile. Check the subscription in Connect.",
    )
