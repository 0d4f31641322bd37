"""Users and their sessions."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field


@dataclass
class User:
    """An API user; `denied` are the operations that it may not use."""

    name: str
    password: str
    denied: set[str] = field(default_factory=set)


@dataclass
class Sessions:
    """Sessions end after `idle_seconds` without use, or on demand.

    A user may have several: Zuora recommends one and does not enforce it.
    """

    idle_seconds: float = 900.0
    opened: int = 0
    _users: dict[str, User] = field(default_factory=dict)
    _used_at: dict[str, float] = field(default_factory=dict)

    def open(self, user: User) -> str:
        """A new session's token."""
        self.opened += 1
        token = secrets.token_urlsafe(48)
        self._users[token], self._used_at[token] = user, time.monotonic()
        return token

    def user(self, token: str) -> User | None:
        """The user of a live session; this call keeps it alive."""
        now = time.monotonic()
        if token not in self._users or now - self._used_at[token] > self.idle_seconds:
            return None
        self._used_at[token] = now
        return self._users[token]

    def end(self, token: str) -> None:
        """End one session, if there is one."""
        self._users.pop(token, None)

    def end_all(self) -> None:
        """End every session."""
        self._users.clear()

    @property
    def tokens(self) -> list[str]:
        """Every token ever issued, for tests that search for leaks."""
        return list(self._used_at)
