"""An imagined Connect with one imagined request: a check needs no account and changes none."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from datetime import datetime

from connect_ext.cancelling.request import CancelRequest, Parameter
from connect_ext.connect.account import AccountKey, AccountState
from connect_ext.connect.api import APPROVED, FAILED, PENDING, SCHEDULED, ConnectApi
from connect_ext.connect.conversation import Conversation
from connect_ext.connect.notes import NoteKind, Notes, PrivateNote
from connect_ext.portal.secret import Secret

TEMPLATE_ID = "TL-000-000-000"
PRODUCT_ID = "PRD-000-000-000"


def imagined_request(
    product_id: str, parameters: Sequence[tuple[str, str]], now: datetime
) -> CancelRequest:
    """Make a new cancel request with these fulfillment parameters.

    Its id is different each time: vendors repeat the answers that they store for a key.
    """
    number = f"{secrets.randbelow(10**12):012d}"
    return CancelRequest(
        id=f"PR-{number[:4]}-{number[4:8]}-{number[8:]}-001",
        status=PENDING,
        created=now,
        updated=now,
        planned=None,
        asset_id="AS-0000-0000-0000",
        product_id=product_id or PRODUCT_ID,
        template_id=TEMPLATE_ID,
        parameters=tuple(Parameter(name, value) for name, value in parameters),
        _asset={"params": [{"id": name, "value": value} for name, value in parameters]},
    )


class ImaginedConversation(Conversation):
    """Keeps notes in memory."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._notes: list[PrivateNote] = []

    async def keep(self, request_id: str, text: str, kind: NoteKind = NoteKind.PRIVATE) -> None:  # noqa: ARG002 - there is one request
        """Keep a note."""
        if kind is NoteKind.PRIVATE:
            self._notes.append(PrivateNote(text, self._now()))

    async def private_notes(self, request_id: str) -> Notes:  # noqa: ARG002 - there is one request
        """The private notes so far."""
        return Notes(tuple(self._notes), self._now())


class ImaginedConnect(ConnectApi):
    """Accepts every answer to its only request.

    ``real`` is the Connect whose templates are used, if there is one.
    """

    def __init__(self, now: Callable[[], datetime], real: ConnectApi | None = None) -> None:
        self.account = AccountState(AccountKey("imagined", Secret("")), id="VA-000-000")
        self.conversation = ImaginedConversation(now)
        self._status, self._real = PENDING, real

    async def status(self, request_id: str) -> str:  # noqa: ARG002 - there is one request
        """The status after the last answer."""
        return self._status

    async def approve(
        self,
        request_id: str,  # noqa: ARG002 - there is one request
        product_id: str,  # noqa: ARG002 - and one product
        template_id: str,  # noqa: ARG002
        effective_date: datetime | None,  # noqa: ARG002
    ) -> str:
        """Approve it."""
        return self._settled(APPROVED)

    async def reject(self, request_id: str, reason: str) -> str:  # noqa: ARG002 - there is one request
        """Reject it."""
        return self._settled(FAILED)

    async def schedule(self, request_id: str, planned: datetime) -> str:  # noqa: ARG002 - there is one request
        """Schedule it."""
        return self._settled(SCHEDULED)

    async def approval_template(self, product_id: str, template_of_request: str) -> str:
        """The template of the real product, if there is one."""
        real = self._real_for(product_id)
        return await real.approval_template(product_id, "") if real else template_of_request

    async def has_approved_cancellation(self, product_id: str) -> bool:
        """Ask the real Connect about a real product; otherwise assume that one was.

        People want to know what a refusal means once everything works.
        """
        real = self._real_for(product_id)
        return await real.has_approved_cancellation(product_id) if real else True

    def is_asked_about(self, product_id: str) -> bool:
        """Whether the real Connect is asked about the product."""
        return self._real_for(product_id) is not None

    def proven(self, product_id: str) -> None:
        """Remember nothing."""

    def _real_for(self, product_id: str) -> ConnectApi | None:
        return self._real if product_id != PRODUCT_ID else None

    def _settled(self, status: str) -> str:
        self._status = status
        return status
