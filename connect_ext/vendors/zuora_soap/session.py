"""Sessions with Zuora: one for each user and endpoint, shared by all tasks.

A session ends after 15 idle minutes, and there is no way to ask whether it is still open
(docs/facts.md, Zuora 2.7); so it is renewed by age.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from connect_ext.cause import Cause
from connect_ext.errors import NotDone
from connect_ext.http.budget import current_budget
from connect_ext.http.client import HttpClient
from connect_ext.portal.secret import Secret
from connect_ext.single_flight import SingleFlight
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
    """An open session and its address."""

    token: Secret
    url: str
    opened_at: float = field(compare=False)
    """Seconds on the clock of ``Sessions``, taken before the login is sent."""


class Sessions:
    """Opens sessions, one login at a time per user, and keeps them until they are old.

    The vendors of a process share one instance: vendors for different products or with different
    settings may have the same user.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._open: dict[Credentials, Session] = {}
        self._logins: SingleFlight[Credentials, Session] = SingleFlight()

    async def get(self, credentials: Credentials, http: HttpClient) -> Session:
        """Return the user's session; log in if there is none or it is about to expire.

        If another task is already logging in, wait for it, but no longer than the budget lasts.
        """
        session = self._open.get(credentials)
        if session and self._is_fresh(session):
            return session
        login = self._logins.run(credentials, lambda: self._log_in(credentials, http))
        try:
            return await asyncio.wait_for(login, _seconds_left())
        # On Python 3.10 this is not the built-in TimeoutError.
        except asyncio.TimeoutError:
            raise NotDone("There is no time left to log in.", cause=Cause.DEADLINE) from None

    def forget(self, credentials: Credentials, session: Session) -> None:
        """Drop a session that Zuora rejected, unless another task has already replaced it."""
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
        self._keep(credentials, session)
        return session

    def _keep(self, credentials: Credentials, session: Session) -> None:
        # Credentials that are no longer used must not stay in memory.
        fresh = {key: other for key, other in self._open.items() if self._is_fresh(other)}
        self._open = {**fresh, credentials: session}

    def _is_fresh(self, session: Session) -> bool:
        return self._clock() - session.opened_at < MAX_AGE_SECONDS


def _seconds_left() -> float | None:
    budget = current_budget()
    return max(0.0, budget.ends_at - asyncio.get_running_loop().time()) if budget else None


def followed(configured: str, server_url: str) -> str:
    """The address for a session's calls: the login's ``ServerUrl``, if it can be trusted.

    It is trusted if scheme, host, port and version match the configured URL. Otherwise the
    configured URL is used, which works on every host of the tenant. So the session never goes to a
    host that was not configured, and the version, which determines the generation, never changes
    unnoticed.
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
