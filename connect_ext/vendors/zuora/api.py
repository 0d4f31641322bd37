"""Calls to Zuora's REST API: adds tokens and headers, and reads the answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

from connect_ext.errors import CancellationError, UnknownId
from connect_ext.http.aside import aside
from connect_ext.http.client import Answer, Call, unreadable, with_defaults
from connect_ext.http.oauth import KeptToken, NamedVariables, OAuthClient, TokenSource
from connect_ext.portal.secret import MASK
from connect_ext.vendors.base import PlannedCall, VendorContext
from connect_ext.vendors.zuora.answers import MAX_ANSWER_PARTS, UnreadableError
from connect_ext.vendors.zuora.errors import error_in, token_is_refused
from connect_ext.vendors.zuora.orders import Body
from connect_ext.vendors.zuora.settings import ZuoraSettings
from connect_ext.vendors.zuora.variables import URL

Result = TypeVar("Result")

VERSION = "2025-08-12"
"""Without it, the tenant's default version determines statuses and fields (docs/facts.md, Orders
1)."""

KEY = "[different for each attempt]"
"""Shown in a plan in place of the idempotency key."""

OAUTH_CALL = "the token request (ZUORA_API_URL)"
_OAUTH = NamedVariables(URL, "ZUORA_CLIENT_ID and ZUORA_CLIENT_SECRET")


@dataclass(frozen=True)
class Said:
    """An answer that reports success."""

    document: dict[str, Any] = field(repr=False)
    echoes: bool
    """Whether Zuora echoes our track id."""


@dataclass(frozen=True)
class Operation(Generic[Result]):
    """One operation of the API with its content."""

    name: str
    """Its name in messages."""
    path: str = field(repr=False)
    read: Callable[[Said], Result]
    body: Body | None = field(default=None, repr=False)
    """None means GET, unless another method is given."""
    method: str = ""
    changes: bool = False
    key_of: Callable[[bytes], str] | None = None
    """Makes the idempotency key for a content."""
    timeout_seconds: float = 0.0
    counts: bool = True


class ZuoraApi:
    """Sends operations as one OAuth client."""

    def __init__(self, settings: ZuoraSettings, tokens: TokenSource) -> None:
        self._settings, self._tokens = settings, tokens

    async def ask(self, operation: Operation[Result], track_id: str) -> Result:
        """Send an operation and read its answer; a refused token is replaced once.

        Raises ``Refused`` and ``UnknownId`` in addition to the errors of ``HttpClient``.
        """
        call = self._call(operation, track_id)
        answer = await self._tokens.send(call, token_is_refused)
        read = await aside(len(answer.body), lambda: _result(operation, call, answer, track_id))
        if isinstance(read, CancellationError):
            raise read
        return read

    async def find(self, operation: Operation[Result], track_id: str) -> Result | None:
        """Send a read operation; None if Zuora does not know the object."""
        try:
            return await self.ask(operation, track_id)
        except UnknownId:
            return None

    def planned(self, operation: Operation[Any], track_id: str) -> PlannedCall:
        """Build the operation as it would be sent."""
        if operation.key_of:
            operation = replace(operation, key_of=lambda _: KEY)
        call = self._call(operation, track_id)
        headers = with_defaults((("Authorization", f"Bearer {MASK}"), *call.headers))
        body = (call.content or b"").decode()
        return PlannedCall(call.method, call.url, body, tuple(headers))

    def _call(self, operation: Operation[Result], track_id: str) -> Call:
        headers = [("Zuora-Version", VERSION), ("Accept", "application/json")]
        if track_id:
            headers.append(("Zuora-Track-Id", track_id))
        if self._settings.entity_id:
            headers.append(("Zuora-Entity-Ids", self._settings.entity_id))
        if self._settings.org_ids:
            headers.append(("Zuora-Org-Ids", self._settings.org_ids))
        content = None
        if operation.body is not None:
            content = json.dumps(operation.body).encode()
            headers.append(("Content-Type", "application/json"))
            if operation.key_of:
                headers.append(("Idempotency-Key", operation.key_of(content)))
        return Call(
            operation.name,
            operation.method or ("GET" if content is None else "POST"),
            self._settings.api_url + operation.path,
            tuple(headers),
            content,
            changes=operation.changes,
            timeout_seconds=operation.timeout_seconds,
            counts=operation.counts,
            address=URL,
        )


def connected(settings: ZuoraSettings, context: VendorContext) -> ZuoraApi:
    """Make the API for these settings; all vendors of a process share a client's token."""
    url = f"{settings.api_url}/oauth/token"
    client = OAuthClient(url, settings.client_id, settings.client_secret, only_in_body=True)
    tokens = TokenSource(
        client,
        context.http,
        _OAUTH,
        OAUTH_CALL,
        keep_secret=context.keep_secret,
        kept=context.shared(client, KeptToken),
    )
    return ZuoraApi(settings, tokens)


def _result(
    operation: Operation[Result], call: Call, answer: Answer, track_id: str
) -> Result | CancellationError:
    """Read an answer into its result or error.

    Errors are returned, not raised: a traceback would keep the document alive, and the garbage
    collector busy with it.
    """
    echoed = answer.headers.get("zuora-track-id", "")
    if echoed and echoed != track_id:
        return unreadable(call, "is about another call")
    document = answer.json(MAX_ANSWER_PARTS)
    error = error_in(call, answer, document)
    if error:
        return error
    if not isinstance(document, dict):
        return unreadable(call, "is not a JSON object")
    try:
        return operation.read(Said(document, echoes=bool(echoed)))
    except UnreadableError as why:
        return unreadable(call, str(why))
