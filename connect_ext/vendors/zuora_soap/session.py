"""Sessions with Zuora: opened once for each user and endpoint, and shared by all tasks.

A session ends after 15 idle minutes, and there is no way to ask whether it still lives
(facts/zuora.md 2.7): so it is renewed by age.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from connect_ext.single_flight import SingleFlight
from connect_ext.variables import Secret
from connect_ext.vendors.http_client import HttpClient
from connect_ext.vendors.zuora_soap import envelopes
from connect_ext.vendors.zuora_soap.answers import LoginResult, login_result
from connect_ext.vendors.zuora_soap.exchange import Operation, exchange
from connect_ext.vendors.zuora_soap.faults import LOGIN

MAX_AGE_SECONDS = 600.0


@dataclass(frozen=True)
class Credentials:
    """An API user at an endpoint."""

    url: str
    username: Secret
    password: Secret


@dataclass(frozen=True)
class Session:
    """An open session, and where it is used."""

    token: Secret
    url: str
    opened_at: float = field(compare=False)
    """Seconds on the clock of ``Sessions``, taken before the login was sent."""


class Sessions:
    """Opens sessions, one login at a time for each user, and remembers them until they are old."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._open: dict[Credentials, Session] = {}
        self._logins: SingleFlight[Credentials, Session] = SingleFlight()

    async def get(self, credentials: Credentials, http: HttpClient) -> Session:
        """The user's session; logs in where there is none, or where it is about to run out."""
        session = self._open.get(credentials)
        if session and self._clock() - session.opened_at < MAX_AGE_SECONDS:
            return session
        return await self._logins.run(credentials, lambda: self._log_in(credentials, http))

    def forget(self, credentials: Credentials, session: Session) -> None:
        """Drop a session that Zuora refuses, unless another task has replaced it already."""
        if self._open.get(credentials) == session:
            del self._open[credentials]

    async def _log_in(self, credentials: Credentials, http: HttpClient) -> Session:
        opened_at = self._clock()
        operation = Operation(
            "login",
            lambda _: envelopes.login(credentials.username.reveal(), credentials.password.reveal()),
            login_result,
            label=LOGIN,
        )
        result: LoginResult = await exchange(http, credentials.url, "", operation)
        url = followed(credentials.url, result.server_url)
        session = Session(Secret(result.session), url, opened_at)
        self._open[credentials] = session
        return session


def followed(configured: str, server_url: str) -> str:
    """Where to send the calls of a session: the ``ServerUrl`` of the login, if it can be trusted.

    It can on the same scheme, host, port and version; otherwise the configured URL stays, which
    every host of the tenant answers. So the session never goes to a host that nobody configured,
    and the version, which picks the generation, never changes unseen.
    """
    try:
        ours, theirs = urlsplit(configured), urlsplit(server_url.strip())
        trusted = _origin(ours) == _origin(theirs) and _version(ours) == _version(theirs)
    except ValueError:
        return configured
    plain = not (theirs.query or theirs.fragment or theirs.username or theirs.password)
    return theirs.geturl() if trusted and plain else configured


def _origin(url: SplitResult) -> tuple[str, str | None, int | None]:
    return url.scheme, url.hostname, url.port or {"https": 443, "http": 80}.get(url.scheme)


def _version(url: SplitResult) -> str:
    return url.path.rstrip("/").rpartition("/")[2]


PROCESS_SESSIONS = Sessions()
"""Vendors of other products, or with other settings, may have the same user."""
