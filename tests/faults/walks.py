"""The paths that requests take, and the points where the worker dies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from sandbox.zuora_orders import LocalZuoraOrders
from tests.faults.world import OAUTH, ORDERS, REST, SOON, ZUORA

# In the order of a walk; `sending` is the mark, `notes` its read-back.
CALLS = [
    *("templates", "token", "login", "query", "GET", "subscription", "sending", "notes"),
    *("preview", "create", "update", "amend", "POST", "order", "order by number", "orders"),
    *("undo", "delete", "delete order", "refused", "not-sent", "conflict", "accepted"),
    *("unfinished", "precedent", "approve", "fail", "schedule", "confirm", "read", "note", "held"),
]
NEW_ORDERS = {"second": "order", "honours_keys": False}


class Turn(Enum):
    """The state of a scheduled request when the walk begins on which the worker dies."""

    NONE = "it is not scheduled yet"
    REVOKED = "it is revoked"
    ON_ITS_DAY = "it is pending again"


Trouble = Callable[[LocalZuoraOrders, str], None]


@dataclass(frozen=True, eq=False)
class Walk:
    """A path that a request can take, and its calls where the worker dies.

    `calls` are separated by blanks, with underscores inside names. `until`: the call that ends the
    time when the cancellation may have been sent but nothing shows it. `answer`: the vendor's
    status for the cancellation. `trouble`: the fault of the order to cancel. `ends_later`: the
    subscription is cancelled at the end of its term, and the request scheduled.
    """

    what: str
    kind: str
    shown_calls: str
    until: str = "POST"
    version: str = "78.0"
    status: str = "active"
    answer: int = 0
    trouble: Trouble | None = None
    ends_later: bool = False
    turn: Turn = Turn.NONE
    habits: dict[str, Any] = field(default_factory=lambda: NEW_ORDERS)
    variables: dict[str, str] = field(default_factory=dict)
    ends: str = "approved"
    cancellations: int = 1
    undone: int = 0

    @property
    def calls(self) -> list[str]:
        """The calls at which the worker dies."""
        return [call.replace("_", " ") for call in self.shown_calls.split()]

    @property
    def is_refused(self) -> bool:
        """Whether the first attempt gets an error, and no attempt after the kill does."""
        return bool(self.answer) or self.trouble is _refused


def _refused(zuora: LocalZuoraOrders, number: str) -> None:
    zuora.subscription(number).refusal = "It is leased until May."


def _locked(zuora: LocalZuoraOrders, number: str) -> None:
    zuora.on("order", number).locked()


def left_pending(zuora: LocalZuoraOrders, number: str) -> None:
    zuora.on("order", number).comes_back("Pending", times=None)


def _lost(zuora: LocalZuoraOrders, number: str) -> None:
    zuora.on("order", number).drop_before()


def _late(zuora: LocalZuoraOrders, number: str) -> None:
    zuora.on("order", number).finishes_later(3.0, gateway_seconds=0.2)


UNTOUCHED = {"status": "cancelled", "cancellations": 0}
REJECTED = {"ends": "failed, active", "cancellations": 0}
SHOWN_LATE = {**NEW_ORDERS, "shows_after_seconds": 1e6}
HOLD = {"ON_REFUSAL": "hold"}
NOT_ASKED = {"REST_STATUS_REQUEST": "", "WHEN_EFFECTIVE_LATER": "approve"}
ORDERED = "templates token subscription sending notes preview order approve note"
SCHEDULED = {"ends_later": True, "ends": "scheduled, terminating"}
REVOKED = {
    "ends_later": True,
    "turn": Turn.REVOKED,
    "ends": "revoked, active",
    "undone": 1,
    "variables": SOON,
}
ON_ITS_DAY = {"ends_later": True, "turn": Turn.ON_ITS_DAY}
DELETED = "subscription notes sending order_by_number delete_order confirm read"
AMENDED = "templates login query sending notes preview amend approve note"

WALKS = (
    Walk("rest", REST, "templates GET sending notes POST approve"),
    Walk("rest, at the end", REST, "GET sending notes POST schedule", **SCHEDULED),
    Walk("rest, revoked", REST, "GET notes sending undo confirm read", "undo", **REVOKED),
    Walk("rest, on its day", REST, "GET notes approve", **ON_ITS_DAY),
    Walk("rest, oauth2", OAUTH, "token GET sending notes POST approve"),
    Walk("rest, cancelled before", REST, "GET notes approve note", **UNTOUCHED),
    Walk("rest, a draft", REST, "GET notes precedent fail", status="draft", **REJECTED),
    Walk("rest, refused", REST, "fail", "fail", answer=422, **REJECTED),
    Walk("rest, refused and held", REST, "refused", "refused", answer=422, variables=HOLD),
    Walk("rest, busy once", REST, "not-sent", "not-sent", answer=429),
    Walk("rest, locked once", REST, "conflict", "conflict", answer=409),
    Walk("rest, shown late", REST, "accepted", "approve", habits=SHOWN_LATE),
    Walk(
        *("rest, cannot be asked", REST, "sending notes POST approve", "approve"),
        ends="held",
        variables=NOT_ASKED,
    ),
    Walk(
        *("zuora 19.0", ZUORA, "login query sending notes create update approve", "update"),
        version="19.0",
    ),
    Walk(
        *("zuora 27.0", ZUORA, "login query sending notes create approve", "create"), version="27.0"
    ),
    Walk("zuora 38.0", ZUORA, AMENDED, "amend", version="38.0"),
    Walk("zuora 78.0", ZUORA, AMENDED, "amend", version="78.0"),
    Walk("zuora, at the end", ZUORA, "query sending notes amend schedule", "amend", **SCHEDULED),
    Walk("zuora, revoked", ZUORA, "query sending delete confirm", "delete", **REVOKED),
    Walk("zuora, on its day", ZUORA, "query approve", **ON_ITS_DAY),
    Walk("zuora orders", ORDERS, ORDERED, "order"),
    Walk(
        *("zuora orders, at the end", ORDERS, "subscription sending order schedule", "order"),
        **SCHEDULED,
    ),
    Walk("zuora orders, revoked", ORDERS, DELETED, "delete order", **REVOKED),
    Walk("zuora orders, on its day", ORDERS, "subscription notes approve", **ON_ITS_DAY),
    Walk(
        *("zuora orders, pending", ORDERS, "sending notes preview order unfinished held", "order"),
        trouble=left_pending,
        ends="held",
        cancellations=0,
    ),
    Walk(
        *("zuora orders, refused", ORDERS, "order order_by_number orders fail", "fail"),
        trouble=_refused,
        **REJECTED,
    ),
    Walk(
        *("zuora orders, locked once", ORDERS, "order not-sent approve", "not-sent"),
        trouble=_locked,
    ),
    Walk(
        *("zuora orders, answer lost", ORDERS, "order_by_number orders", "approve"),
        trouble=_lost,
    ),
    Walk("zuora orders, finished late", ORDERS, "order approve", "order", trouble=_late),
)
KINDS = {"rest": (REST, OAUTH), "zuora": (ZUORA,), "orders": (ORDERS,)}


@dataclass(frozen=True, eq=False)
class Point:
    """One request's position when the worker dies."""

    walk: Walk
    call: str
    after: bool

    @property
    def name(self) -> str:
        """The point in words."""
        call = {"sending": "the mark", "notes": "reading the notes"}.get(self.call, self.call)
        return f"{self.walk.what}: {'after' if self.after else 'before'} {call}"

    @property
    def waits(self) -> bool:
        """Whether it can only end after SETTLE_MINUTES, or once the vendor has finished."""
        if self.walk.until not in ("approve", *self.walk.calls):
            return False
        return self._is_past("sending") and not self._is_past(self.walk.until)

    @property
    def ends(self) -> tuple[str, int, int]:
        """How the request must end, and how often the vendor must have cancelled and undone it."""
        walk = self.walk
        if walk.is_refused and self.waits:
            # The next attempt is not refused.
            return "approved", 1, 0
        if walk.variables is not NOT_ASKED:
            return walk.ends, walk.cancellations, walk.undone
        # Nobody knows whether the cancellation arrived, so a person is asked.
        return ("held", int(self._is_past("POST")), 0) if self.waits else ("approved", 1, 0)

    def _is_past(self, call: str) -> bool:
        # A walk that undoes a cancellation reads the notes before its mark.
        order = self.walk.calls if self.walk.turn is Turn.REVOKED else CALLS
        return (order.index(self.call), self.after) >= (order.index(call), True)


POINTS = [
    Point(walk, call, after) for walk in WALKS for call in walk.calls for after in (False, True)
]
