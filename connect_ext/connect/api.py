"""Connect's side: approve, reject, note; the only place that knows its verbs and errors."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Any

import httpx
from connect.client import AsyncConnectClient, ClientError

from connect_ext.cancel_request import CancelRequest
from connect_ext.errors import Later, NotConfigured, NotDone
from connect_ext.settings import Notes
from connect_ext.single_flight import SingleFlight
from connect_ext.vendors.http_client import retry_after_seconds

CALL_TIMEOUT_SECONDS = 30.0
CONNECT_TIMEOUT_SECONDS = 5.0
RETRY_PAUSES_SECONDS = (0.5, 1.0, 2.0)
MAX_NOTE_CHARACTERS = 2000
PENDING, APPROVED, FAILED = "pending", "approved", "failed"

_BUSY = (408, 409, 425, 429)

# By endpoint and product: the template that approves is remembered for the life of the process,
# and forgotten when an approval with it is refused.
_templates: dict[tuple[str, str], str] = {}
_template_look_ups: SingleFlight[tuple[str, str], str] = SingleFlight()


class ConnectApi:
    """Connect, as one account sees it.

    Calls raise ``NotDone`` or ``NotConfigured``, never anything that could reject a request.
    """

    def __init__(
        self, client: AsyncConnectClient, pauses: Sequence[float] = RETRY_PAUSES_SECONDS
    ) -> None:
        """``pauses``: seconds between one try and the next after a fault of Connect's."""
        self._client = _without_habits(client)
        self._pauses = pauses

    @property
    def endpoint(self) -> str:
        """Where this Connect is."""
        return str(self._client.endpoint)

    async def status(self, request_id: str) -> str:
        """The status of the request as it is now."""
        request = await self._call("get", f"requests/{request_id}", "reading the request")
        status = request.get("status") if isinstance(request, dict) else None
        if not isinstance(status, str):
            raise NotDone("Connect's answer to reading the request has no status.")
        return status

    async def approve(
        self, request: CancelRequest, template_id: str, effective_date: datetime | None
    ) -> str:
        """Approve the request and give the status that it has then.

        That is ``approved`` also where an earlier try or somebody else has approved it before.
        """
        payload = {"template_id": template_id}
        if effective_date is not None:
            payload["effective_date"] = _iso(effective_date)
        try:
            return await self._close(request.id, "approve", payload)
        except NotConfigured:
            _templates.pop(self._template_key(request), None)
            if effective_date is None:
                raise
        # The vendor's date may be one that Connect does not take: its own is as good.
        return await self._close(request.id, "approve", {"template_id": template_id})

    async def reject(self, request_id: str, reason: str) -> str:
        """Reject the request with a reason and give the status that it has then."""
        return await self._close(request_id, "fail", {"reason": reason})

    async def _close(self, request_id: str, verb: str, payload: dict[str, str]) -> str:
        """Approve or reject; after a refusal believe the request and not the answer.

        The call is repeated after a lost answer, and the repeat meets a request that is closed
        already (facts/connect.md 3.2). Connect's code for that is not known.
        """
        closed = APPROVED if verb == "approve" else FAILED
        try:
            answer = await self._call("post", f"requests/{request_id}/{verb}", f"'{verb}'", payload)
            # The answer is the request: one that is not, or not closed, is somebody else's.
            if not isinstance(answer, dict) or answer.get("status") != closed:
                raise NotDone(f"Connect's answer to '{verb}' does not show the request {closed}.")
        except Later:
            status = await self.status(request_id)
            if status == PENDING:
                raise
            return status
        return closed

    async def approval_template(self, request: CancelRequest) -> str:
        """The product's first template of scope asset and type fulfillment, else the request's.

        There is no template for cancellations (facts/connect.md 2.1). Concurrent first uses make
        one call.
        """
        key = self._template_key(request)
        if key not in _templates:
            found = await _template_look_ups.run(key, lambda: self._first_template(key[1]))
            if found:
                _templates[key] = found
        template_id = _templates.get(key) or request.template_id
        if not template_id:
            raise NotConfigured(
                f"The product {request.product_id} has no fulfillment template of scope asset to"
                " approve with: make one, or set APPROVAL_TEMPLATE_ID."
            )
        return template_id

    def _template_key(self, request: CancelRequest) -> tuple[str, str]:
        return self.endpoint, request.product_id

    async def _first_template(self, product_id: str) -> str:
        query = "and(eq(scope,asset),eq(type,fulfillment))&limit=1&offset=0"
        try:
            templates = await self._call(
                "get", f"products/{product_id}/templates?{query}", "reading the product's templates"
            )
        except NotConfigured:
            return ""
        first = templates[0] if isinstance(templates, list) and templates else {}
        template_id = first.get("id") if isinstance(first, dict) else None
        return template_id if isinstance(template_id, str) else ""

    async def note(self, request_id: str, text: str, kind: Notes) -> bool:
        """Leave a note on the request's conversation; False if it could not be left.

        A note never decides what becomes of a request, so no error comes out of it.
        """
        try:
            await self.required_note(request_id, text, kind)
        except Later:
            return False
        return True

    async def required_note(self, request_id: str, text: str, kind: Notes) -> None:
        """Leave a note on the request's conversation."""
        if kind is Notes.OFF:
            return
        payload = {"text": text[:MAX_NOTE_CHARACTERS], "type": kind.value}
        what = "leaving a note"
        try:
            answer = await self._call("post", f"conversations/{request_id}/messages", what, payload)
        except NotConfigured:
            # That a conversation answers to the request's id is not documented for this call.
            conversation_id = await self._conversation_id(request_id)
            path = f"conversations/{conversation_id}/messages"
            answer = await self._call("post", path, what, payload)
        if not isinstance(answer, dict) or not answer.get("id"):
            raise NotDone("Connect's answer to leaving a note holds no note.")

    async def notes(self, request_id: str) -> list[str]:
        """The texts on the request's conversation, the oldest first."""
        conversation_id = await self._conversation_id(request_id)
        path = f"conversations/{conversation_id}/messages?ordering(created)&limit=1000&offset=0"
        messages = await self._call("get", path, "reading the notes")
        if not isinstance(messages, list):
            raise NotDone("Connect's answer to reading the notes is no list.")
        return [str(message.get("text", "")) for message in messages if isinstance(message, dict)]

    async def note_once(self, request_id: str, text: str, beginning: str = "") -> bool:
        """Leave a private note, unless one with the same beginning (all of it) is there already.

        False if it could not be left.
        """
        beginning = beginning or text[:MAX_NOTE_CHARACTERS]
        try:
            if any(note.startswith(beginning) for note in await self.notes(request_id)):
                return True
        except Later:
            # Rather a note twice than none.
            pass
        return await self.note(request_id, text, Notes.PRIVATE)

    async def _conversation_id(self, request_id: str) -> str:
        path = f"conversations?instance_id={request_id}&limit=1&offset=0"
        found = await self._call("get", path, "finding the conversation")
        first = found[0] if isinstance(found, list) and found else {}
        conversation_id = first.get("id") if isinstance(first, dict) else None
        if not isinstance(conversation_id, str):
            raise NotConfigured("Connect shows no conversation for the request.")
        return conversation_id

    async def _call(
        self, method: str, path: str, what: str, payload: dict[str, str] | None = None
    ) -> Any:
        """One call, repeated after a fault of Connect's without blocking the event loop."""
        for pause in self._pauses:
            try:
                return await self._once(method, path, what, payload)
            except _Fault as fault:
                if fault.retry_after:
                    raise
            await asyncio.sleep(pause)
        return await self._once(method, path, what, payload)

    async def _once(self, method: str, path: str, what: str, payload: dict[str, str] | None) -> Any:
        arguments: dict[str, Any] = {"json": payload} if payload else {}
        call = self._client.execute(method, path, **arguments)
        try:
            answer = await asyncio.wait_for(call, CALL_TIMEOUT_SECONDS)
        # On Python 3.10 this is not the built-in TimeoutError.
        except asyncio.TimeoutError:
            raise _Fault(f"Connect gave no answer to {what} in time.") from None
        except ClientError as error:
            raise _error_of(error, what) from None
        # The client reads JSON without a guard (facts/connect.md 3.2).
        except (ValueError, TypeError, AttributeError, RecursionError, httpx.HTTPError):
            raise _Fault(f"Connect's answer to {what} cannot be read.") from None
        # The client hands out a page of HTML, or what a redirect carries, as bytes.
        if not isinstance(answer, (dict, list)):
            raise _Fault(f"Connect's answer to {what} is no JSON.")
        return answer


class _Fault(NotDone):
    """Connect failed to serve a call that may be repeated at once."""


def _error_of(error: ClientError, what: str) -> Later:
    status, code = error.status_code, _code(error.error_code)
    if status is None or status < 400:
        return _Fault(f"Connect could not be reached for {what}.")
    message = f"Connect answers HTTP {status}{code} to {what}"
    if status >= 500:
        return _Fault(f"{message}.", _retry_after(error))
    if status in _BUSY:
        return NotDone(f"{message}.", _retry_after(error))
    if status in (401, 403):
        return NotConfigured(f"{message}: check the extension's permissions in the portal.")
    return NotConfigured(f"{message}: check the request and its template in the portal.")


def _code(error_code: object) -> str:
    """Connect's own error code such as REQ_003; anything else could be a text of any kind."""
    known = isinstance(error_code, str) and error_code.isascii() and len(error_code) <= 10
    return f" ({error_code})" if known and str(error_code).replace("_", "").isalnum() else ""


def _retry_after(error: ClientError) -> float | None:
    response = getattr(error.__cause__, "response", None)
    if not isinstance(response, httpx.Response):
        return None
    return retry_after_seconds(response.headers.get("retry-after", ""), datetime.now(timezone.utc))


def _iso(moment: datetime) -> str:
    return moment.astimezone(timezone.utc).isoformat(timespec="seconds")


def _without_habits(client: AsyncConnectClient) -> AsyncConnectClient:
    """The same account's client without retries, without request log, and with our time-outs.

    The official one sleeps with ``time.sleep`` between its retries, waits three minutes for an
    answer, and its log writes whole bodies at debug level (facts/connect.md 3.2, 3.3).
    """
    read = CALL_TIMEOUT_SECONDS
    return AsyncConnectClient(
        client.api_key,
        endpoint=client.endpoint,
        default_headers=dict(client.default_headers),
        max_retries=0,
        timeout=(CONNECT_TIMEOUT_SECONDS, read, read, read),
        logger=None,
    )
