"""A subscription at the vendor, and the vendor's habits with it."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field

from sandbox.vendor.answers import Answer, Json, refused

REMOVED = "removed"
LOCKED = "The subscription is locked before renewal."
# Answers to a second cancellation, while the first is at work and afterwards.
CONFLICT, REFUSE, ORDER = "conflict", "refuse", "order"


@dataclass
class VendorSubscription:
    """A subscription at the vendor.

    `refusal`: the business reason for which the vendor refuses to cancel.
    `shows_after_seconds`: for how long an accepted cancellation does not show; the vendor then
    answers it with `accepted_status` and `{"ok": true}`.
    `cancelling_seconds`: for how long a cancellation that shows is "cancelling".
    `removed_after_seconds`: how long after the end of a cancellation the vendor forgets the id.
    `second`: the answer to a second cancellation: "conflict" (409), "refuse" (422), or "order": the
    vendor takes it as one more order, with an effect of its own.
    `honours_keys`: whether a known idempotency key gets its first answer again.
    `locked_seconds`: for how long from now on the vendor answers 409 to a cancellation.
    `ends_at_when_cancelled`: a cancelled subscription ends at this ISO date.
    `status` is as of the last call; `look()` brings it up to date.
    """

    id: str
    status: str = "active"
    refusal: str | None = None
    shows_after_seconds: float | None = None
    accepted_status: int = 202
    cancelling_seconds: float | None = None
    removed_after_seconds: float | None = None
    second: str = CONFLICT
    honours_keys: bool = True
    locked_seconds: float | None = None
    ends_at_when_cancelled: str | None = None
    ends_at: str | None = None
    cancelled_by: str | None = None
    _effects: list[float] = field(default_factory=list)
    """When each order takes effect."""
    _coming: list[tuple[float, str]] = field(default_factory=list)
    """The statuses to come, each with its time."""

    def __post_init__(self) -> None:
        if self.second not in (CONFLICT, REFUSE, ORDER):
            raise ValueError(f"second: {self.second!r}")
        self._locked_until = time.monotonic() + (self.locked_seconds or 0.0)

    @property
    def orders(self) -> int:
        """How many cancellations the vendor has accepted."""
        return len(self._effects)

    @property
    def cancellations(self) -> int:
        """How many of them have taken effect: more than one is a customer's complaint."""
        return sum(moment <= time.monotonic() for moment in self._effects)

    def try_to_cancel(self, key: str | None) -> Answer | None:
        """Accept a cancellation or refuse it; None means accepted, and shown at once."""
        status = self.look().status
        if self.refusal is not None:
            return refused(422, self.refusal)
        if time.monotonic() < self._locked_until:
            return refused(409, LOCKED, code="subscription_locked")
        if status == "draft":
            return refused(409, "a draft subscription cannot be cancelled")
        is_second = bool(self._coming) or status in ("cancelling", "cancelled")
        if is_second and self.second != ORDER:
            reason = "already cancelled" if status == "cancelled" else "already being cancelled"
            return refused(409 if self.second == CONFLICT else 422, reason)
        self._effects.append(time.monotonic() + (self.shows_after_seconds or 0.0))
        self.cancelled_by = key
        if not is_second:
            self._coming = self._plan(self._effects[-1])
            self.look()
        return (
            None if self.shows_after_seconds is None else Answer(self.accepted_status, {"ok": True})
        )

    def look(self) -> VendorSubscription:
        """Bring the status up to date."""
        while self._coming and self._coming[0][0] <= time.monotonic():
            self._enter(self._coming.pop(0)[1])
        return self

    def finish(self) -> None:
        """Complete at once everything that takes its time."""
        self._effects = [at if math.isinf(at) else 0.0 for at in self._effects]
        self._coming = [(at if it == REMOVED else 0.0, it) for at, it in self._coming]
        if self.look().status == "cancelling":
            self._enter("cancelled")

    def reactivate(self) -> None:
        """Somebody at the vendor makes it active again; orders under way take no effect."""
        now = time.monotonic()
        self._effects = [moment if moment <= now else math.inf for moment in self._effects]
        self._coming.clear()
        self.status, self.ends_at = "active", None

    def json(self) -> Json:
        """The subscription as the API shows it."""
        body = {"id": self.id, "status": self.look().status}
        return {**body, "ends_at": self.ends_at} if self.ends_at else body

    def _plan(self, shown_at: float) -> list[tuple[float, str]]:
        done_at = shown_at + (self.cancelling_seconds or 0.0)
        plan = [(done_at, "cancelled")]
        if self.cancelling_seconds is not None:
            plan.insert(0, (shown_at, "cancelling"))
        if self.removed_after_seconds is not None:
            plan.append((done_at + self.removed_after_seconds, REMOVED))
        return plan

    def _enter(self, status: str) -> None:
        self.status = status
        self.ends_at = self.ends_at_when_cancelled
