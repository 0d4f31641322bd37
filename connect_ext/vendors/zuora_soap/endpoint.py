"""A user's access to Zuora: operations within a session that is opened on demand."""

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
        """``keep_secret`` is told each session's token, whichever vendor has opened it."""
        self._credentials, self._keep_secret = credentials, keep_secret
        self._http = http
        self._sessions = sessions

    async def ask(self, operation: Operation[Result]) -> Result:
        """Send an operation; send it once more in a new session if Zuora rejects the first one.

        Zuora does nothing within a session that it does not know, so a second call is safe even
        if it changes something. If the new session is rejected too, something else is wrong:
        ``NotDone``.
        """
        try:
            return await self._send(operation)
        except SessionLost:
            return await self._send(operation)

    async def address(self) -> str:
        """Where the calls go: the address of the session, which is opened if need be."""
        return (await self._sessions.get(self._credentials, self._http)).url

    async def _send(self, operation: Operation[Result]) -> Result:
        session = await self._sessions.get(self._credentials, self._http)
        self._keep_secret(session.token.reveal())
        try:
            return await exchange(self._http, session.url, session.token.reveal(), operation)
        except SessionLost:
            self._sessions.forget(self._credentials, session)
            raise
