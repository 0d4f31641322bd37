"""A user's access to Zuora: operations in a session that is opened on demand."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from connect_ext.http.client import HttpClient
from connect_ext.portal.secret import kept_nowhere
from connect_ext.vendors.zuora_soap.exchange import Operation, exchange
from connect_ext.vendors.zuora_soap.faults import SessionLost
from connect_ext.vendors.zuora_soap.session import Credentials, Sessions

Result = TypeVar("Result")


class Endpoint:
    """Sends operations as one user."""

    def __init__(
        self,
        credentials: Credentials,
        http: HttpClient,
        sessions: Sessions,
        keep_secret: Callable[[str], None] = kept_nowhere,
    ) -> None:
        """``keep_secret`` receives each session's token, whichever vendor opened the session."""
        self._credentials, self._keep_secret = credentials, keep_secret
        self._http = http
        self._sessions = sessions

    async def ask(self, operation: Operation[Result]) -> Result:
        """Send an operation; if Zuora rejects the session, send it once more in a new one.

        Zuora does nothing in a session that it does not know, so a second call is safe even if it
        changes something. If Zuora rejects the new session too, something else is wrong:
        ``NotDone``.
        """
        try:
            return await self._send(operation)
        except SessionLost:
            return await self._send(operation)

    async def address(self) -> str:
        """The session's address, to which calls go; opens a session if needed."""
        return (await self._sessions.get(self._credentials, self._http)).url

    async def _send(self, operation: Operation[Result]) -> Result:
        session = await self._sessions.get(self._credentials, self._http)
        self._keep_secret(session.token.reveal())
        try:
            return await exchange(self._http, session.url, session.token.reveal(), operation)
        except SessionLost:
            self._sessions.forget(self._credentials, session)
            raise
