"""The fault matrix: every call, every fault, and how the first delivery that meets it ends. The
ends declared here follow the design's tables ("What a REST answer means", "How an outcome reaches
Connect").

`docs/faults.md` is written from them, and the tests compare the running extension with them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from connect_ext.vendors.zuora.previewing import PREVIEW_SECONDS
from connect_ext.vendors.zuora.settings import ORDER_SECONDS
from sandbox.faults import Delay, DropAfter, DropBefore, Fault
from tests.faults.rows import (
    ADDRESS,
    BUSY,
    BUSY_AFTER,
    CLIENT_ERRORS,
    EVERY,
    NOT_CARRIED_OUT,
    ROWS,
    SHORT_TIMEOUT_SECONDS,
    SLOW,
    WORK_DONE,
    End,
    Row,
)
from tests.faults.world import OAUTH, ORDERS, REST, SOON, ZUORA


class Side(str, Enum):
    """The caller and the server."""

    VENDOR = "the vendor's"
    CONNECT = "Connect's"
    RUNNER = "the runner's own"


@dataclass(frozen=True, eq=False)
class Column:
    """A call: how a walk reaches it, and how each of its faults must end. `first`: another call of
    the walk, and its fault that leads to this call.

    `sends`: the call that cancels, if it is that other one; its outcome is then unknown.
    `given_up`: the seconds after which an unanswered call is given up. `ends_later`: the
    cancellation takes effect later. `is_revoked`: the request was scheduled and is revoked before
    the call.
    """

    key: str
    what: str
    side: Side
    call: str
    otherwise: End
    ends: Mapping[str, End]
    kind: str = REST
    version: str = "78.0"
    status: str = "active"
    ends_later: bool = False
    is_revoked: bool = False
    good_end: str = "approved"
    cancellations: int = 1
    first: tuple[str, Fault] | None = None
    sends: str = ""
    given_up: float = SHORT_TIMEOUT_SECONDS
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def speaks_xml(self) -> bool:
        """Whether the answers are SOAP."""
        return self.kind == ZUORA and self.side is Side.VENDOR

    def end(self, row: Row) -> End:
        """How a fault of this call must end."""
        return self.ends.get(row.key, self.otherwise)


Group = tuple[End, tuple[str, ...]]
"""Groups of faults with the same end; the last group that names a fault counts."""

_QUESTION = (End.NOT_TRIED, WORK_DONE)
_SAME_ADDRESS = (End.NOT_TRIED, ADDRESS)
_TIMED_OUT = ("silent", "drip")
_CANNOT_BE_ASKED = {"variables": {"REST_STATUS_REQUEST": "", "WHEN_EFFECTIVE_LATER": "approve"}}
_CANCELLED_BEFORE = {"status": "cancelled", "cancellations": 0}
_SCHEDULED = {"ends_later": True, "good_end": "scheduled"}
_REVOKED = {
    "ends_later": True,
    "is_revoked": True,
    "good_end": "revoked",
    # After an undo with a lost answer, an active subscription is looked up twice.
    "variables": SOON,
}
_DRAFT = {"status": "draft", "good_end": "failed", "cancellations": 0}


def _column(
    side: Side, otherwise: End, *call: str, groups: tuple[Group, ...], **more: Any
) -> Column:
    key, what, name = call
    ends = {row: end for end, rows in groups for row in rows}
    return Column(key, what, side, name, otherwise, ends, **more)


def _question(key: str, what: str, call: str, *groups: Group, **more: Any) -> Column:
    groups = ((End.CONFIGURATION, CLIENT_ERRORS), _QUESTION, *groups)
    return _column(Side.VENDOR, End.WAITS, key, what, call, groups=groups, **more)


def _change(key: str, what: str, call: str, *groups: Group, **more: Any) -> Column:
    """After most faults, nobody knows whether the change was made."""
    done = ((End.GOES_ON, WORK_DONE), (End.WAITS, BUSY_AFTER))
    groups = ((End.WAITS, NOT_CARRIED_OUT), _SAME_ADDRESS, *done, *groups)
    return _column(Side.VENDOR, End.SENT, key, what, call, groups=groups, **more)


_REFUSED = ((End.REJECTED, ("400", "422")), (End.CONFIGURATION, ("401", "403")))
_ASKED = (*_REFUSED, (End.CONFIGURATION, ("404",)), (End.WAITS, ("409",)))
_TAKEN_BACK = (
    (End.HELD, ("400", "422")),
    (End.CONFIGURATION, ("401", "403", "404")),
    (End.WAITS, ("409",)),
)
_UNASKED = ((End.HELD, EVERY), (End.WAITS, (*ADDRESS, *NOT_CARRIED_OUT, "409")), *_REFUSED)
_PREVIEW = ((End.GOES_ON, EVERY), (End.WAITS, NOT_CARRIED_OUT), _QUESTION, _SAME_ADDRESS)
# A draft cancels nothing.
_DRAFTED = ((End.SENT, WORK_DONE), (End.WAITS, BUSY_AFTER))
# Only Zuora's own codes say more, and gateways do not send them.
_ORDER = ((End.SENT, ("408",)), (End.CONFIGURATION, ("401",)))
_ORDER_PREVIEW = (*_PREVIEW, (End.GOES_ON, ("408",)), (End.CONFIGURATION, ("401",)))
# A tenant that hides its orders still shows the subscription.
_LOOKED_FOR = (_SAME_ADDRESS,)
_UNANSWERED = {"first": ("order", DropBefore()), "sends": "order"}
_CANNOT = "(vendor cannot be asked)"

VENDOR_COLUMNS = (
    _question("status", "REST: status", "GET", (End.HELD, ("404",))),
    _change("cancel", "REST: cancellation", "POST", *_ASKED),
    _change("unasked", f"REST: cancellation {_CANNOT}", "POST", *_UNASKED, **_CANNOT_BE_ASKED),
    _change("undo", "REST: undo", "undo", *_TAKEN_BACK, **_REVOKED),
    _question("token", "REST: OAuth token", "token", kind=OAUTH),
    _question("login", "Zuora: login", "login", kind=ZUORA),
    _question("query", "Zuora: query", "query", _SAME_ADDRESS, kind=ZUORA),
    _question("preview", "Zuora 78.0: preview", "preview", *_PREVIEW, kind=ZUORA),
    _change("amend", "Zuora 78.0: amend", "amend", kind=ZUORA),
    _change("create_27", "Zuora 27.0: create", "create", kind=ZUORA, version="27.0"),
    _change(
        "create_19", "Zuora 19.0: create (a draft)", "create", *_DRAFTED, kind=ZUORA, version="19.0"
    ),
    _change("update_19", "Zuora 19.0: update", "update", kind=ZUORA, version="19.0"),
    _change("delete", "Zuora: delete", "delete", kind=ZUORA, **_REVOKED),
    _question("orders_token", "Zuora orders: token", "token", kind=ORDERS),
    _question(
        *("orders_look_up", "Zuora orders: look-up", "subscription", _SAME_ADDRESS), kind=ORDERS
    ),
    _question(
        *("orders_preview", "Zuora orders: preview", "preview", *_ORDER_PREVIEW),
        kind=ORDERS,
        given_up=PREVIEW_SECONDS,
    ),
    _change(
        *("orders_order", "Zuora orders: order", "order", *_ORDER),
        kind=ORDERS,
        given_up=ORDER_SECONDS,
    ),
    _question(
        *("orders_looked_for", "Zuora orders: order, looked for", "order by number", *_LOOKED_FOR),
        kind=ORDERS,
        **_UNANSWERED,
    ),
    _question(
        *("orders_read", "Zuora orders: order, to be deleted", "order by number", _SAME_ADDRESS),
        kind=ORDERS,
        **_REVOKED,
    ),
    _change(
        *("orders_delete", "Zuora orders: deletion", "delete order", *_ORDER),
        kind=ORDERS,
        given_up=ORDER_SECONDS,
        **_REVOKED,
    ),
)


def _connect(key: str, what: str, call: str, *groups: Group, **more: Any) -> Column:
    groups = (*groups, _SAME_ADDRESS)
    return _column(Side.CONNECT, End.WAITS, key, what, call, groups=groups, **more)


_REFUSES = ("400", "401", "403", "404", "409", "422")
_KEEPS_NO_NOTE = ("400", "403", "404", "409")
_READING = ((End.CONFIGURATION, _REFUSES), (End.GOES_ON, _TIMED_OUT), _QUESTION)
_SETTLING = ((End.CONFIGURATION, _REFUSES), (End.GOES_ON, (*SLOW, *WORK_DONE)))
_MARKING = ((End.CONFIGURATION, ("401", "422")), (End.GOES_ON, SLOW))
# The request names a template too, as the last resort.
_TEMPLATES = ((End.GOES_ON, (*_REFUSES, *_TIMED_OUT)), _QUESTION)
# A product may not support scheduling.
_SCHEDULING = (*_SETTLING, (End.WAITS, ("400", "403", "404", "409", "422")))
# The call that confirms a revocation is not documented.
_CONFIRMING = (*_SETTLING, (End.HELD, ("400", "403", "404", "409", "422", "wrong")))
_ASIDE = ((End.GOES_ON, EVERY),)
_AFTER_A_LOOK, _AFTER_APPROVING = ("GET", Delay(5.5)), ("approve", DropAfter())

CONNECT_COLUMNS = (
    _connect("templates", "templates", "templates", *_TEMPLATES),
    _connect("again", "request (before the mark)", "read", *_READING, first=_AFTER_A_LOOK),
    _connect("mark", "mark", "sending", *_MARKING, (End.GOES_ON, _KEEPS_NO_NOTE)),
    _connect(
        *("mark_unasked", f"mark {_CANNOT}", "sending"),
        *(*_MARKING, (End.HELD, _KEEPS_NO_NOTE)),
        **_CANNOT_BE_ASKED,
    ),
    _connect("read_back", "marks, read back", "notes", *_READING),
    _connect("approve", "approve", "approve", *_SETTLING),
    _connect("read", "request (`approve` not answered)", "read", *_READING, first=_AFTER_APPROVING),
    _connect("schedule", "schedule", "schedule", *_SCHEDULING, **_SCHEDULED),
    _connect("confirm", "confirm", "confirm", *_CONFIRMING, **_REVOKED),
    _connect("confirmed", "request (after `confirm`)", "read", *_READING, **_REVOKED),
    _connect("notes", "notes (cancelled before)", "notes", *_ASIDE, _QUESTION, **_CANCELLED_BEFORE),
    _connect("note", "note (cancelled before)", "note", *_ASIDE, **_CANCELLED_BEFORE),
    _connect("precedent", "approved cancellations (a draft)", "precedent", *_READING, **_DRAFT),
    _connect("fail", "fail (a draft)", "fail", *_SETTLING, **_DRAFT),
)


def _runner(call: str, what: str, *groups: Group) -> Column:
    goes_on = (End.GOES_ON, ("reset", "500", "502", "503", "504"))
    groups = (goes_on, _SAME_ADDRESS, _QUESTION, (End.NOT_TRIED, _TIMED_OUT), *groups)
    names = f"runner_{call}", what, f"runner's {call}"
    return _column(Side.RUNNER, End.RETRIED, *names, groups=groups)


_READ = ((End.WAITS, ("html", "wrong", "huge")), (End.UNANSWERED, ("redirect",)))
RUNNER_COLUMNS = (
    _runner("count", "counting the request"),
    _runner("read", "reading the request", *_READ),
)
COLUMNS = (*VENDOR_COLUMNS, *CONNECT_COLUMNS, *RUNNER_COLUMNS)

# Answers that only count when they are repeated a while later.
_ASKED_TWICE = {
    **dict.fromkeys(("status", "unasked"), ("404",)),
    **dict.fromkeys(("mark", "mark_unasked"), _KEEPS_NO_NOTE),
}


@dataclass(frozen=True)
class Cell:
    """One fault of one call."""

    column: Column
    row: Row

    @property
    def name(self) -> str:
        """The cell in words."""
        return f"{self.column.what}: {self.row.what}"

    @property
    def end(self) -> End:
        """How it must end."""
        return self.column.end(self.row)

    @property
    def is_asked_twice(self) -> bool:
        """Whether the answer only counts when it is repeated a while later."""
        return self.row.key in _ASKED_TWICE.get(self.column.key, ())

    @property
    def is_paused(self) -> bool:
        """Whether the process pauses its calls to the vendor."""
        return self.column.side is Side.VENDOR and self.row.key in BUSY

    @property
    def stays_held(self) -> bool:
        """Whether only a person can find out the outcome of the cancellation."""
        return self.column.key == "unasked" and self.end is End.HELD and not self.is_asked_twice

    @property
    def waits_to_settle(self) -> bool:
        """Whether the cancellation may have been sent, with an unknown outcome."""
        return self.end is End.SENT or self.stays_held or bool(self.column.sends)

    @property
    def takes_long(self) -> bool:
        """Whether its first delivery takes longer than most other cells' together."""
        return self.row.key in SLOW and self.column.given_up > SHORT_TIMEOUT_SECONDS

    @property
    def last_end(self) -> tuple[str, int, int]:
        """The request's final status, and how often the vendor has cancelled and undone the
        cancellation.
        """
        if self.end is End.REJECTED:
            return "failed", 0, 0
        if self.stays_held:
            return "pending", int(self.row.work_is_done), 0
        return self.column.good_end, self.column.cancellations, int(self.column.is_revoked)


def cells(*columns: Column) -> list[Cell]:
    """The cells of these columns that make sense."""
    every = [Cell(column, row) for column in columns for row in ROWS]
    found = [cell for cell in every if cell.end is not End.NOT_TRIED]
    # The slow ones begin first.
    return sorted(found, key=lambda cell: cell.row.key not in SLOW)
