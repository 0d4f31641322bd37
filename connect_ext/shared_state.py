"""Everything that the tasks of a process share, in one object that is made once.

None of it has to survive: the real state is the vendor's subscription, and Connect's request with
its marks. Remembering things here saves calls.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Hashable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TypeVar

from connect.client import AsyncConnectClient

from connect_ext.cancelling.attempts import Remembered
from connect_ext.cancelling.reporting import Report
from connect_ext.cancelling.steps import Ended
from connect_ext.cause import Cause
from connect_ext.connect.account import AccountKey, AccountState
from connect_ext.connect.api import ConnectApi
from connect_ext.connect.client import ConnectClient, QuietClient, Session
from connect_ext.errors import NotConfigured
from connect_ext.http.aside import aside
from connect_ext.metrics.collecting import INTERVAL_SECONDS, Metrics
from connect_ext.portal.secret import Secret
from connect_ext.portal.settings import Configuration, read_configuration
from connect_ext.single_flight import SingleFlight
from connect_ext.vendors.registry import Vendors, definitions

DEADLINE_SECONDS = 240.0
"""The runner cuts a task after 300 s, even during a write (docs/facts.md, Connect 5.2)."""

MOST_REQUESTS, MOST_CONFIGURATIONS = 10_000, 8

Variables = tuple[tuple[str, str], ...]

Value = TypeVar("Value")
Key = TypeVar("Key", bound=Hashable)


@dataclass
class Memory:
    """A process's memory of one request."""

    attempts: Remembered = field(default_factory=Remembered)
    undo: Remembered = field(default_factory=Remembered)
    told: Report | None = None
    """The last report that this process left or found."""


def _now() -> datetime:
    return datetime.now(timezone.utc)


def _loop_time() -> float:
    return asyncio.get_running_loop().time()


@dataclass
class SharedState:
    """The clock, the jitter, and everything that a process keeps for its tasks."""

    now: Callable[[], datetime] = _now
    clock: Callable[[], float] = _loop_time
    """Seconds on the event loop's clock."""
    jitter: Callable[[], float] = random.random
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    """Waits between two looks of one walk; its argument is in seconds."""
    deadline_seconds: float = DEADLINE_SECONDS
    metrics_seconds: float = INTERVAL_SECONDS
    """The time between two lines of metrics."""
    vendors: Vendors = field(default_factory=Vendors)
    connect_session: Session = field(default_factory=Session)
    walks: SingleFlight[tuple[AccountKey, str, str], Ended] = field(default_factory=SingleFlight)
    metrics: Metrics = field(init=False)
    _configurations: dict[Variables, Configuration | str] = field(default_factory=dict, repr=False)
    """A string is the message about the mistakes."""
    _readings: SingleFlight[Variables, Configuration | str] = field(default_factory=SingleFlight)
    _accounts: dict[AccountKey, AccountState] = field(default_factory=dict)
    _requests: dict[tuple[AccountKey, str], Memory] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.metrics = Metrics(self.vendors, self.connect_session, self.now, self.metrics_seconds)

    async def configuration(self, variables: Mapping[str, str]) -> Configuration:
        """The settings that the variables describe.

        Raises ``NotConfigured``. Either result is remembered. The variables are read once for all
        tasks, off the event loop, because a thousand overrides take a second.
        """
        key = tuple(sorted(variables.items()))
        found = self._configurations.get(key)
        if found is None:
            found = await self._readings.run(key, lambda: _read(variables))
            _kept(self._configurations, key, lambda: found, MOST_CONFIGURATIONS)
        if isinstance(found, str):
            raise NotConfigured(found, cause=Cause.VARIABLES)
        self.metrics.format = found.metrics_format
        return found

    def connect_api(self, client: AsyncConnectClient) -> ConnectApi:
        """Connect, as the account that one of the runner's clients acts for."""
        key = AccountKey(str(client.endpoint), Secret(str(client.api_key)))
        return ConnectApi(
            ConnectClient(QuietClient(client, self.connect_session)), self.account(key)
        )

    def account(self, key: AccountKey) -> AccountState:
        """The facts about an account."""
        return _kept(self._accounts, key, lambda: AccountState(key))

    def request(self, account: AccountKey, request_id: str) -> Memory:
        """The memory of a request; the oldest one makes way for a new one."""
        return _kept(self._requests, (account, request_id), Memory)

    def forget(self, account: AccountKey, request_id: str) -> None:
        """Forget a request that is settled."""
        self._requests.pop((account, request_id), None)

    async def aclose(self) -> None:
        """Close all connections, after a last line of metrics."""
        self.metrics.end()
        await self.vendors.aclose()
        await self.connect_session.aclose()


async def _read(variables: Mapping[str, str]) -> Configuration | str:
    """The configuration, or the message about the mistakes in it."""
    size = sum(len(str(value)) for value in variables.values())
    try:
        return await aside(size, lambda: read_configuration(variables, definitions()))
    except NotConfigured as error:
        return error.message


def _kept(
    kept: dict[Key, Value], key: Key, make: Callable[[], Value], most: int = MOST_REQUESTS
) -> Value:
    if key not in kept:
        kept[key] = make()
        if len(kept) > most:
            del kept[next(iter(kept))]
    return kept[key]
