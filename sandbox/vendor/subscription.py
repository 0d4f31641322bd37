"""A subscription at the vendor, and how the vendor treats it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import date

from sandbox.vendor.answers import Answer, Json, refused
from sandbox.vendor.clock import VendorClock

ACTIVE, CANCELLED, REMOVED = "active", "cancelled", "removed"
ENDS_LATER = "ends_later"
"""The status of a subscription that is cancelled but has not ended."""
LOCKED = "The subscription is locked before renewal."
# Answers to a second cancellation, during the first and afterwards.
CONFLICT, REFUSE, ORDER = "conflict", "refuse", "order"


@dataclass
class VendorSubscription:
    """A subscription at the vendor.

    `refusal`: the business reason for which the vendor refuses to cancel.
    `shows_after_seconds`: how long an accepted cancellation stays hidden; the vendor then answers
    it with `accepted_status` and `{"ok": true}`.
    `cancelling_seconds`: how long a visible cancellation is "cancelling".
    `removed_after_seconds`: how long after a completed cancellation the vendor forgets the id.
    `second`: the answer to a second cancellation: "conflict" (409), "refuse" (422), or "order": the
    vendor takes it as another order, with its own effect.
    `honours_keys`: whether a known idempotency key gets its first answer again.
    `locked_seconds`: how long from now the vendor answers 409 to a cancellation or an undo.
    `ends_at_when_cancelled`: a cancelled subscription ends at this ISO date.
    `term_ends`, `charged_through`: the ISO dates up to which it runs, and up to which it is paid.
    `undo_refusal`: the business reason for which the vendor refuses to undo a cancellation.
    `undo_shows_after_seconds`: how long an accepted undo stays hidden; it is answered with 202.
    `undone`: how many undos have taken effect.
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
    term_ends: str | None = None
    charged_through: str | None = None
    ends_at: str | None = None
    undo_refusal: str | None = None
    undo_shows_after_seconds: float | None = None
    cancelled_by: str | None = None
    clock: VendorClock = field(default_factory=VendorClock, repr=False)
    undone: int = field(default=0, init=False)
    _effects: list[float] = field(default_factory=list)
    """When each order takes effect."""
    _coming: list[tuple[float, str]] = field(default_factory=list)
    """Future statuses, each with its time."""
    _ends: date | None = field(default=None, init=False)
    """The end day that a cancellation gave."""

    def __post_init__(self) -> None:
        if self.second not in (CONFLICT, REFUSE, ORDER):
            raise ValueError(f"second: {self.second!r}")
        for day in filter(None, (self.term_ends, self.charged_through)):
            date.fromisoformat(day)
        if self.status == ENDS_LATER:
            self._ends = date.fromisoformat(self.ends_at or "")
        self.lock(self.locked_seconds or 0.0)

    @property
    def orders(self) -> int:
        """How many cancellations the vendor has accepted."""
        return len(self._effects)

    @property
    def cancellations(self) -> int:
        """How many of them have taken effect. At most one more than were undone is correct."""
        return sum(moment <= self.clock.seconds() for moment in self._effects)

    @property
    def is_under_way(self) -> bool:
        """Whether a cancellation or an undo was accepted and is not done yet."""
        return any(it != REMOVED for _, it in self._coming) or self.status == "cancelling"

    def lock(self, seconds: float) -> None:
        """Refuse cancellations and undos for this long from now."""
        self._locked_until = self.clock.seconds() + seconds

    def try_to_cancel(self, key: str | None, ends: date | None = None) -> Answer | None:
        """Accept or refuse a cancellation; None means accepted and visible at once.

        It takes effect on the day `ends`, or at once.
        """
        status = self.look().status
        if self.refusal is not None:
            return refused(422, self.refusal)
        if self._is_locked():
            return refused(409, LOCKED, code="subscription_locked")
        if status == "draft":
            return refused(409, "a draft subscription cannot be cancelled")
        is_second = bool(self._coming) or status in ("cancelling", CANCELLED, ENDS_LATER)
        if is_second and self.second != ORDER:
            is_done = status in (CANCELLED, ENDS_LATER)
            reason = "already cancelled" if is_done else "already being cancelled"
            return refused(409 if self.second == CONFLICT else 422, reason)
        self._accept(key, ends, is_second=is_second)
        return (
            None if self.shows_after_seconds is None else Answer(self.accepted_status, {"ok": True})
        )

    def _is_locked(self) -> bool:
        return self.clock.seconds() < self._locked_until

    def _accept(self, key: str | None, ends: date | None, *, is_second: bool) -> None:
        self._effects.append(self.clock.seconds() + (self.shows_after_seconds or 0.0))
        self.cancelled_by = key
        if not is_second:
            self._ends = ends
            self._coming = self._plan(self._effects[-1])
            self.look()

    def try_to_undo(self) -> Answer | None:
        """Undo a cancellation that has not taken effect; None means done and visible at once."""
        refusal = self._refusal_to_undo(self.look().status)
        if refusal is not None:
            return refusal
        shown_at = self.clock.seconds() + (self.undo_shows_after_seconds or 0.0)
        self._coming = [(shown_at, ACTIVE)]
        self.look()
        return None if self.undo_shows_after_seconds is None else Answer(202, {"ok": True})

    def _refusal_to_undo(self, status: str) -> Answer | None:
        if self.undo_refusal is not None:
            return refused(422, self.undo_refusal)
        if self._is_locked():
            return refused(409, LOCKED, code="subscription_locked")
        if status == CANCELLED:
            return refused(422, "the subscription has ended")
        if self._coming:
            undoing = status == ENDS_LATER
            return refused(409, f"already being {'undone' if undoing else 'cancelled'}")
        return None if status == ENDS_LATER else refused(409, "there is no cancellation to undo")

    def look(self) -> VendorSubscription:
        """Bring the status up to date."""
        while self._coming and self._coming[0][0] <= self.clock.seconds():
            self._enter(self._coming.pop(0)[1])
        if self.status == ENDS_LATER and not self._coming and self._has_come(self._ends):
            self._end()
        return self

    def end_now(self) -> None:
        """Let an ends-later subscription end today."""
        if self.look().status != ENDS_LATER:
            raise ValueError(f"{self.id} is {self.status}, not {ENDS_LATER}")
        self._ends = self.clock.today()
        self._end()

    def finish(self) -> None:
        """Complete everything that takes time at once; an end day is still awaited."""
        self._effects = [at if math.isinf(at) else -math.inf for at in self._effects]
        self._coming = [(at if it == REMOVED else -math.inf, it) for at, it in self._coming]
        if self.look().status == "cancelling":
            self._enter(CANCELLED)

    def reactivate(self) -> None:
        """Somebody at the vendor makes it active again; pending orders have no effect."""
        now = self.clock.seconds()
        self._effects = [moment if moment <= now else math.inf for moment in self._effects]
        self._coming.clear()
        self.status, self.ends_at, self._ends = ACTIVE, None, None

    def json(self) -> Json:
        """The subscription as the API shows it."""
        body = {"id": self.id, "status": self.look().status}
        dates = {name: getattr(self, name) for name in ("term_ends", "charged_through", "ends_at")}
        return {**body, **{name: value for name, value in dates.items() if value}}

    def _plan(self, shown_at: float) -> list[tuple[float, str]]:
        done_at = shown_at + (self.cancelling_seconds or 0.0)
        ends_later = not self._has_come(self._ends)
        plan = [(done_at, ENDS_LATER if ends_later else CANCELLED)]
        if self.cancelling_seconds is not None:
            plan.insert(0, (shown_at, "cancelling"))
        if self.removed_after_seconds is not None and not ends_later:
            plan.append((done_at + self.removed_after_seconds, REMOVED))
        return plan

    def _enter(self, status: str) -> None:
        self.status = status
        if status == ACTIVE:
            self.undone += 1
            self.ends_at, self._ends = None, None
            return
        ends_at = self._ends.isoformat() if self._ends else None
        self.ends_at = ends_at if status == ENDS_LATER else self.ends_at_when_cancelled or ends_at

    def _has_come(self, day: date | None) -> bool:
        return day is None or day <= self.clock.today()

    def _end(self) -> None:
        self._enter(CANCELLED)
        if self.removed_after_seconds is not None:
            self._coming = [(self.clock.seconds() + self.removed_after_seconds, REMOVED)]
