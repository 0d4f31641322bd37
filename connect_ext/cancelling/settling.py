"""Settling a request at Connect: approve it or reject it, and say what Connect does not show."""

from __future__ import annotations

from collections.abc import Iterable

from connect_ext.cancelling.request import CancelRequest
from connect_ext.cancelling.steps import (
    Approve,
    Cancel,
    DryRun,
    Final,
    Hold,
    Leave,
    Reject,
    Step,
    Wait,
)
from connect_ext.cause import Cause
from connect_ext.connect.api import APPROVED, FAILED, ConnectApi
from connect_ext.connect.notes import NoteKind
from connect_ext.http.aside import READ_AT_ONCE_BYTES, aside
from connect_ext.portal.settings import Notes, Settings
from connect_ext.redaction import redact, shortened
from connect_ext.vendors.base import SubscriptionId

WEIGHT_OF_A_TEXT = 16
"""A character of a vendor's text takes so many times longer than one that is looked for in it."""

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
        """``tokens`` are the vendors' that this process has been given."""
        self._request, self._settings, self._connect = request, settings, connect
        self._tokens = tokens

    async def template(self) -> str:
        """The template to approve with."""
        configured = self._settings.approval_template_id
        return configured or await self._connect.approval_template(
            self._request.product_id, self._request.template_id
        )

    async def approve(self, step: Approve, remarks: tuple[str, ...]) -> Final:
        """Approve the request; ``remarks`` are added to the note."""
        request, template_id = self._request, await self.template()
        status = await self._connect.approve(
            request.id, request.product_id, template_id, step.effective_date
        )
        if status != APPROVED:
            return Hold(
                Cause.SETTLED_ELSEWHERE,
                "The subscription is cancelled at the vendor, and somebody has made the request"
                f" {status} meanwhile. Check the subscription in Connect.",
            )
        self._connect.proven(request.product_id)
        text, kind = " ".join(filter(None, (step.note, *remarks))), _KINDS.get(self._settings.notes)
        if text and kind:
            await self._connect.conversation.leave(request.id, text, kind)
        return step

    async def reject(self, step: Reject) -> Final:
        """Reject the request."""
        status = await self._connect.reject(self._request.id, shortened(step.reason))
        if status != FAILED:
            why = f"Not rejected: somebody has made the request {status}."
            return Leave(Cause.SETTLED_ELSEWHERE, why)
        return step

    async def clean(self, text: str) -> str:
        """A vendor's text without secrets, addresses and personal data; better none than those.

        What is much is looked through beside the event loop.
        """
        if not text:
            return ""
        secrets = self._settings.secrets.union(self._tokens)
        size = len(text) * WEIGHT_OF_A_TEXT + sum(map(len, secrets))
        size += self._request.personal_size(READ_AT_ONCE_BYTES)
        return await aside(size, lambda: self._redacted(text, secrets))

    def _redacted(self, text: str, secrets: frozenset[str]) -> str:
        request, settings = self._request, self._settings
        if request.personal is None:
            return ""
        found = request.subscription_id(
            settings.subscription_id_parameter, settings.subscription_id_pattern
        )
        keep = found.text if isinstance(found, SubscriptionId) else ""
        return redact(text, secrets, keep, request.personal)


def dry_run(step: Step) -> DryRun:
    """What a step would have done."""
    match step:
        case Cancel():
            act, what = "cancel", "The subscription would be cancelled and the request approved."
        case Approve(note=note):
            act, what = "approve", f"The request would be approved. {note}".rstrip()
        case Reject(reason=reason):
            act, what = "reject", f"The request would be rejected: {reason}"
        case Hold(why=why):
            act, what = "hold", f"The request would be held: {why}"
        case Wait(why=why, vendor_says=said):
            act, what = "wait", f"The request would wait: {why} {said}".rstrip()
        case _:
            act, what = "leave", "Nothing would be done."
    return DryRun(Cause.DRY_RUN, f"Dry run, nothing was changed. {what}", act)
