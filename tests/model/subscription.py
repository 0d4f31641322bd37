"""The subscription at the vendor: its state, the vendor's rules, and what the vendor has said."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from connect_ext.cancelling.ending import SAME_MOMENT_SECONDS
from connect_ext.vendors.base import Act
from tests.model.history import Fate, Second, Setting
from tests.model.later import ZUORA_ZONE, midnight, term_ends
from tests.model.orders import Order, OrderBook
from tests.model.process import FailedCallError
from tests.model.virtual_time import seconds

LOCK_SECONDS = 1800.0
LOCKED, IN_PROGRESS = "locked", "in_progress"
BUSY_WORDS = (LOCKED, IN_PROGRESS)
"""The words for "not now" that ``REST_BUSY_WHEN`` matches, if the setting has it."""


class RefusalError(FailedCallError):
    """The vendor's own answer that it does not cancel."""

    def __init__(self, status: int, word: str) -> None:
        super().__init__(Fate.FINE)
        self.status, self.word = status, word


Said = tuple[int, dict[str, str]]
"""An answer of a REST vendor: its status and its document."""


@dataclass(frozen=True)
class Stored:
    """An answer stored for its idempotency key."""

    said: Said
    at: float


@dataclass
class Facts:
    """Everything the vendor has said and done for one request, whether heard or not."""

    orders: int = 0
    """Cancellations accepted for the request since the subscription was last reactivated."""
    accepted: bool = False
    """Whether a cancellation was accepted since then; the vendor may have forgotten it."""
    was_accepted: bool = False
    """Whether one was ever accepted, which our mark records for good."""
    said_cancelled: bool = False
    """Whether the answer to a cancellation told the extension that it is cancelled."""
    refused_at: float | None = None
    """When it was last refused for a reason other than its own cancellation."""
    repeated_at: float | None = None
    """When such a refusal, stored for its key, was last repeated."""
    draft_at: float | None = None
    """When a look last showed a draft."""
    conflicts: list[float] = field(default_factory=list)
    """When the vendor said "not now", and meant it."""
    repeated_conflicts: int = 0
    """How often it repeated a stored one."""
    tries: int = 0
    """Cancellations that were sent and not definitely refused."""
    undo_tries: int = 0
    undos: int = 0
    """How often it was undone for the request since it was last cancelled by hand."""
    undo_refused_at: float | None = None
    """When an undo was last refused or postponed."""


@dataclass
class Subscription:
    """The subscription. It calls ``broken`` with anything that must never happen."""

    setting: Setting
    broken: Callable[[str], None]
    on_effect: Callable[[Act, str], None]
    """Called before a call that was sent for a request takes effect."""
    facts: dict[str, Facts] = field(default_factory=dict)
    refuses: bool = False
    refuses_undo: bool = False
    locked_until: float = 0.0

    def __post_init__(self) -> None:
        self.status = self.setting.status
        self.works_until: float | None = None
        self.works_for: set[str] = set()
        self.works_ends_at: float | None = None
        self.undo_sent_at = -math.inf
        self.undoes_until: float | None = None
        self.undone_order: Order | None = None
        self.cancelled_by: set[str] = set()
        """The requests that cancelled it; empty: somebody at the vendor did."""
        self.ends_at: float | None = None
        """When the cancelled subscription ends; None: it has ended at an unknown time."""
        self.answers: dict[str, Stored] = {}
        """The answer to repeat, by idempotency key."""
        self.drafts: list[dict[str, str]] = []
        """A Zuora's amendments without effect so far."""
        self.book = OrderBook(self.setting.order_status)
        """The orders of a Zuora with orders."""
        self.suspended_at = self.resumed_at = -math.inf

    def of(self, request_id: str) -> Facts:
        """The facts about a request."""
        return self.facts.setdefault(request_id, Facts())

    @property
    def is_cancelled(self) -> bool:
        """Whether it is cancelled, or was and is removed."""
        self._finish()
        return self.status in ("cancelled", "removed")

    @property
    def has_ended(self) -> bool:
        """Whether it is cancelled with effect."""
        return self.is_cancelled and (self.ends_at is None or self.ends_at <= seconds())

    @property
    def ends_now(self) -> bool:
        """Whether it has ended, within the precision of clocks."""
        ends_at = self.ends_at or -math.inf
        return self.is_cancelled and ends_at <= seconds() + SAME_MOMENT_SECONDS

    @property
    def is_taken_back(self) -> bool:
        """Whether the vendor is working on undoing the cancellation."""
        self._finish()
        return self.undoes_until is not None

    @property
    def is_under_way(self) -> bool:
        """Whether the vendor is working on a cancellation."""
        self._finish()
        return self.works_until is not None

    def shown(self, request_id: str) -> str:
        """The status that a look finds."""
        self._finish()
        if self.status == "draft":
            self.of(request_id).draft_at = seconds()
        is_shown = self.works_until is not None and self.setting.shows_work
        is_shown |= self.undoes_until is not None and self.setting.shows_work
        return "cancelling" if is_shown and not self.setting.has_orders else self.status

    def cancel(
        self, request_id: str, order: Order | None = None, ends_at: float | None = None
    ) -> None:
        """Accept a request's cancellation; raises ``RefusalError``."""
        self.check(request_id)
        self.on_effect(Act.CANCEL, request_id)
        self.book.placed += [order] if order else []
        facts = self.of(request_id)
        facts.accepted = facts.was_accepted = True
        facts.orders += 1
        if facts.orders > 1:
            self.broken(f"{request_id} has ordered the cancellation {facts.orders} times")
        if self.status == "active" and self.works_until is None:
            self.works_until = seconds() + self.setting.works_for
            self.works_for, self.works_ends_at = {request_id}, ends_at
            self._finish()
        elif self.is_under_way:
            self.works_for.add(request_id)
        else:
            self.book.finish()

    def check(self, request_id: str) -> None:
        """Refuse if it cannot be cancelled."""
        self._finish()
        if self.status in ("unknown", "removed"):
            raise RefusalError(404, "unknown")
        if self.locked_until > seconds():
            raise self.no(request_id, 409, LOCKED)
        if self.is_under_way or self.is_cancelled:
            if self.setting.second is Second.TAKEN:
                return
            # Zuora locks subscriptions that it is working on, and refuses cancelled ones.
            is_rule = self.setting.has_orders and not self.is_under_way
            raise self.no(request_id, 422 if is_rule else self.setting.second.value, IN_PROGRESS)
        if self.status == "suspended":
            # Somebody has to resume it; this refusal rejects nothing.
            raise RefusalError(422, "suspended")
        if self.book.lying and self.setting.second is not Second.TAKEN:
            raise self.no(request_id, 422, "one_order_only")
        if self.refuses or self.status == "draft":
            raise self.no(request_id, self.setting.refuses_with, "open_invoice")

    def take_back(self, request_id: str, order: Order | None = None) -> None:
        """Undo the cancellation for a request; raises ``RefusalError``."""
        self._check_undo(request_id)
        if self.status == "active":
            return
        self.on_effect(Act.UNDO, request_id)
        facts = self.of(request_id)
        facts.undos += 1
        if facts.undos > 1:
            self.broken(f"{request_id} has taken the cancellation back {facts.undos} times")
        if self.undoes_until is None:
            self.undoes_until = seconds() + self.setting.later.undo_works_for
            self.undone_order = order
            self._finish()

    def _check_undo(self, request_id: str) -> None:
        """Refuse if it cannot be undone."""
        self._finish()
        if self.status in ("unknown", "removed"):
            raise RefusalError(404, "unknown")
        if self.locked_until > seconds():
            raise self.no_undo(request_id, 409, LOCKED)
        if self.undoes_until is not None or self.status == "active":
            if self.setting.second is Second.TAKEN:
                return
            raise self.no_undo(request_id, self.setting.second.value, IN_PROGRESS)
        if self.has_ended or not self.is_cancelled:
            raise self.no_undo(request_id, 422, "ended")
        if self.refuses_undo:
            raise self.no_undo(request_id, self.setting.refuses_with, "too_late")

    def no_undo(self, request_id: str, status: int, word: str) -> RefusalError:
        """Refuse to undo the cancellation."""
        self.of(request_id).undo_refused_at = seconds()
        return RefusalError(status, word)

    def no(self, request_id: str, status: int, word: str) -> RefusalError:
        """Refuse, and remember why."""
        facts = self.of(request_id)
        if self.means_not_now(status, word):
            facts.conflicts.append(seconds())
        elif not facts.orders:
            facts.refused_at = seconds()
        return RefusalError(status, word)

    def means_not_now(self, status: int, word: str) -> bool:
        """Whether an answer means that the vendor cannot cancel it for now."""
        return word in BUSY_WORDS if self.setting.knows_busy else status == 409

    def by_hand(self, what: str) -> None:
        """Somebody at the vendor acts on it."""
        self._finish()
        match what:
            case "cancel" if self.status == "active" and not self.book.is_at_work:
                self._cancelled_by_hand()
            case "reactivate" if self._is_or_will_be_cancelled and not self._is_being_undone:
                self._reactivate()
            case "suspend" if self.status == "active" and not self.is_under_way:
                self.status, self.suspended_at = "suspended", seconds()
            case "resume" if self.status == "suspended":
                self.status, self.resumed_at = "active", seconds()
            case "complete-order" if self.book.lying and self.status == "active":
                self._complete(self.book.lying)
            case "delete-order" | "cancel-order" if self.book.lying:
                self._drop_order(what)
            case _:
                self._from_now_on(what)

    @property
    def _is_being_undone(self) -> bool:
        """Whether the extension is working on it; people only act on requests held for a person."""
        is_sent = seconds() - self.undo_sent_at <= self.setting.later_seconds
        return self.book.is_at_work or is_sent

    def _from_now_on(self, what: str) -> None:
        match what:
            case "refuse" | "accept":
                self.refuses = what == "refuse"
            case "refuse-undo" | "accept-undo":
                self.refuses_undo = what == "refuse-undo"
            case "follow":
                self.book.is_followed = True
            case "lock":
                self.locked_until = seconds() + LOCK_SECONDS

    def _cancelled_by_hand(self) -> None:
        self._end(set(), self._end_by_hand())
        # Stored answers to undos of the previous cancellation are void.
        self.answers = {key: kept for key, kept in self.answers.items() if "-undo" not in key}
        for facts in self.facts.values():
            facts.undos = 0

    def _end_by_hand(self) -> float | None:
        later = self.setting.ends_after
        if not self.setting.has_orders:
            return seconds() + later if later else None
        return midnight(term_ends(later, ZUORA_ZONE), ZUORA_ZONE) if later else None

    def _complete(self, order: Order | None) -> None:
        self.book.close("Completed")
        if order:
            self._end({order.request_id}, order.ends_at)

    def _drop_order(self, what: str) -> None:
        order = self.book.lying
        # Zuora cannot cancel a pending order.
        if order and (what == "delete-order" or order.status != "Pending"):
            self.book.close("Deleted" if what == "delete-order" else "Cancelled")
            self.of(order.request_id).orders = 0

    @property
    def _is_or_will_be_cancelled(self) -> bool:
        return self.is_cancelled or self.is_under_way

    def _reactivate(self) -> None:
        self._revived()
        self.book.revert()
        # Earlier stored answers are void.
        self.answers.clear()
        self.drafts.clear()
        for facts in self.facts.values():
            facts.orders, facts.accepted = 0, False

    def _finish(self) -> None:
        """Finish all due work."""
        if self.works_until is not None and seconds() >= self.works_until:
            self.works_until = None
            if self.book.finish():
                self._end(self.works_for, self.works_ends_at)
        if self.undoes_until is not None and seconds() >= self.undoes_until:
            self._undone(self.undoes_until)

    def _undone(self, at: float) -> None:
        if self.ends_at is not None and self.ends_at <= at:
            # It ended meanwhile.
            self.undoes_until = self.undone_order = None
            return
        if self.undone_order:
            self.undone_order.status = "Deleted"
        self._revived()

    def _revived(self) -> None:
        self.status = "active"
        self.works_until = self.undoes_until = self.undone_order = self.ends_at = None

    def _end(self, by: set[str], ends_at: float | None) -> None:
        self.works_until = None
        self.status = "removed" if self.setting.removes else "cancelled"
        self.cancelled_by, self.ends_at = by, ends_at
