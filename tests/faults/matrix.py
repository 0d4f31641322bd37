"""The fault matrix: every call, every fault, and how the first delivery ends that meets it.

The ends declared here follow the design's tables ("What a REST answer means", "How an outcome
reaches Connect"); `docs/faults.md` is written from them, and the tests hold the running extension
to them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from connect_ext.vendors.zuora.previewing import PREVIEW_SECONDS
from connect_ext.vendors.zuora.settings import ORDER_SECONDS
from sandbox.faults import Delay, DropAfter, DropBefore, Fault
from tests.faults.world import OAUTH, ORDERS, REST, ZUORA


class End(str, Enum):
    """How the first delivery ends that meets the fault."""

    GOES_ON = "goes on"
    WAITS = "waits"
    SENT = "waits for the result"
    CONFIGURATION = "waits for configuration"
    REJECTED = "**rejected**"
    HELD = "held"
    RETRIED = "retried"
    UNANSWERED = "unanswered"
    NOT_TRIED = "-"


@dataclass(frozen=True)
class Row:
    """A fault."""

    key: str
    what: str
    work_is_done: bool = False


AFTER = "_after"
DONE, NOT_DONE = ", the work done", ", nothing done"
GARBAGE = {
    "empty": "200, an empty body",
    "html": "200, a page of HTML",
    "truncated": "200, a body that ends in the middle",
    "wrong": "200, the wrong type of answer",
    "huge": "200, a huge body",
    "drip": "200, a body that comes byte by byte",
}


def _done(key: str, what: str) -> Row:
    return Row(f"{key}{AFTER}", f"{what}{DONE}", work_is_done=True)


ROWS = (
    Row("refused", "connection refused"),
    Row("unknown_host", "unknown host name"),
    Row("untrusted", "certificate that is not trusted"),
    Row("reset", f"connection reset{NOT_DONE}"),
    _done("reset", "connection reset"),
    Row("silent", f"no answer in time{NOT_DONE}"),
    _done("silent", "no answer in time"),
    *(Row(str(status), f"HTTP {status}") for status in (400, 401, 403, 404, 408, 409, 422, 429)),
    Row("429_seconds", "HTTP 429, `Retry-After` in seconds"),
    Row("429_date", "HTTP 429, `Retry-After` as a date"),
    *(Row(str(status), f"HTTP {status}{NOT_DONE}") for status in (500, 502, 503, 504)),
    _done("504", "HTTP 504"),
    _done("503_seconds", "HTTP 503, `Retry-After` in seconds"),
    _done("504_seconds", "HTTP 504, `Retry-After` in seconds"),
    *(Row(key, f"{what}{NOT_DONE}") for key, what in GARBAGE.items()),
    *(_done(key, what) for key, what in GARBAGE.items()),
    Row("redirect", f"redirect to another host (307){NOT_DONE}"),
    _done("see_other", "redirect to `urn:job:1` (303)"),
)
ADDRESS = ("refused", "unknown_host", "untrusted")
_BUSY_AFTER = ("503_seconds_after", "504_seconds_after")
BUSY = ("429_seconds", "429_date", *_BUSY_AFTER)
_EVERY = tuple(row.key for row in ROWS)
_WORK_DONE = tuple(row.key for row in ROWS if row.work_is_done)
# By its answer with one of these, a vendor has not carried out the call.
_NOT_CARRIED_OUT = ("408", "429", "429_seconds", "429_date")
SLOW = ("silent", "silent_after", "drip", "drip_after")
_CLIENT_ERRORS = ("400", "401", "403", "404", "409", "422", "redirect")
SHORT_TIMEOUT_SECONDS = 2
"""For an answer that does not come in time, where the call has no time-out of its own."""


class Side(str, Enum):
    """Whose call it is, and to whom."""

    VENDOR = "the vendor's"
    CONNECT = "Connect's"
    RUNNER = "the runner's own"


@dataclass(frozen=True, eq=False)
class Column:
    """A call: how a walk comes to it, and how each fault of it must end.

    `first`: another call of the walk, and the fault of it that leads to this call. `sends`: the
    call that cancels, where it is that other one, and its outcome is then unknown. `given_up`: the
    seconds after which a call without an answer is given up.
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
        """How a fault must end here."""
        return self.ends.get(row.key, self.otherwise)


Group = tuple[End, tuple[str, ...]]
"""Faults that end alike; the last group that names a fault counts."""

_QUESTION = (End.NOT_TRIED, _WORK_DONE)
_SAME_ADDRESS = (End.NOT_TRIED, ADDRESS)
_TIMED_OUT = ("silent", "drip")
_CANNOT_BE_ASKED = {"variables": {"REST_STATUS_REQUEST": ""}}
_CANCELLED_BEFORE = {"status": "cancelled", "cancellations": 0}
_DRAFT = {"status": "draft", "good_end": "failed", "cancellations": 0}


def _column(
    side: Side, otherwise: End, *call: str, groups: tuple[Group, ...], **more: Any
) -> Column:
    key, what, name = call
    ends = {row: end for end, rows in groups for row in rows}
    return Column(key, what, side, name, otherwise, ends, **more)


def _question(key: str, what: str, call: str, *groups: Group, **more: Any) -> Column:
    groups = ((End.CONFIGURATION, _CLIENT_ERRORS), _QUESTION, *groups)
    return _column(Side.VENDOR, End.WAITS, key, what, call, groups=groups, **more)


def _change(key: str, what: str, call: str, *groups: Group, **more: Any) -> Column:
    """After most faults nobody knows whether the change was carried out."""
    done = ((End.GOES_ON, _WORK_DONE), (End.WAITS, _BUSY_AFTER))
    groups = ((End.WAITS, _NOT_CARRIED_OUT), _SAME_ADDRESS, *done, *groups)
    return _column(Side.VENDOR, End.SENT, key, what, call, groups=groups, **more)


_REFUSED = ((End.REJECTED, ("400", "422")), (End.CONFIGURATION, ("401", "403")))
_ASKED = (*_REFUSED, (End.CONFIGURATION, ("404",)), (End.WAITS, ("409",)))
_UNASKED = ((End.HELD, _EVERY), (End.WAITS, (*ADDRESS, *_NOT_CARRIED_OUT, "409")), *_REFUSED)
_PREVIEW = ((End.GOES_ON, _EVERY), (End.WAITS, _NOT_CARRIED_OUT), _QUESTION, _SAME_ADDRESS)
# A draft is no cancellation.
_DRAFTED = ((End.SENT, _WORK_DONE), (End.WAITS, _BUSY_AFTER))
# Only Zuora's own codes say more, and no gateway sends them.
_ORDER = ((End.SENT, ("408",)), (End.CONFIGURATION, ("401",)))
_ORDER_PREVIEW = (*_PREVIEW, (End.GOES_ON, ("408",)), (End.CONFIGURATION, ("401",)))
# A tenant that does not let us read orders shows the subscription.
_LOOKED_FOR = (_SAME_ADDRESS,)
_UNANSWERED = {"first": ("order", DropBefore()), "sends": "order"}
_CANNOT = "(vendor cannot be asked)"

VENDOR_COLUMNS = (
    _question("status", "REST: status", "GET", (End.HELD, ("404",))),
    _change("cancel", "REST: cancellation", "POST", *_ASKED),
    _change("unasked", f"REST: cancellation {_CANNOT}", "POST", *_UNASKED, **_CANNOT_BE_ASKED),
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
)


def _connect(key: str, what: str, call: str, *groups: Group, **more: Any) -> Column:
    groups = (*groups, _SAME_ADDRESS)
    return _column(Side.CONNECT, End.WAITS, key, what, call, groups=groups, **more)


_REFUSES = ("400", "401", "403", "404", "409", "422")
_KEEPS_NO_NOTE = ("400", "403", "404", "409")
_READING = ((End.CONFIGURATION, _REFUSES), (End.GOES_ON, _TIMED_OUT), _QUESTION)
_SETTLING = ((End.CONFIGURATION, _REFUSES), (End.GOES_ON, (*SLOW, *_WORK_DONE)))
_MARKING = ((End.CONFIGURATION, ("401", "422")), (End.GOES_ON, SLOW))
# The request names a template too, for want of a better one.
_TEMPLATES = ((End.GOES_ON, (*_REFUSES, *_TIMED_OUT)), _QUESTION)
_ASIDE = ((End.GOES_ON, _EVERY),)
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

# Answers that count only when they come again a while later.
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
        """Whether the answer counts only when it comes again a while later."""
        return self.row.key in _ASKED_TWICE.get(self.column.key, ())

    @property
    def is_paused(self) -> bool:
        """Whether the process leaves the vendor alone for a while."""
        return self.column.side is Side.VENDOR and self.row.key in BUSY

    @property
    def stays_held(self) -> bool:
        """Whether only a person can know what has become of the cancellation."""
        return self.column.key == "unasked" and self.end is End.HELD and not self.is_asked_twice

    @property
    def waits_to_settle(self) -> bool:
        """Whether the cancellation may have been sent, and nobody knows what has become of it."""
        return self.end is End.SENT or self.stays_held or bool(self.column.sends)

    @property
    def takes_long(self) -> bool:
        """Whether its first delivery takes longer than those of most cells together."""
        return self.row.key in SLOW and self.column.given_up > SHORT_TIMEOUT_SECONDS

    @property
    def last_end(self) -> tuple[str, int]:
        """The request's status when all is over, and how often the vendor has cancelled."""
        if self.end is End.REJECTED:
            return "failed", 0
        if self.stays_held:
            return "pending", int(self.row.work_is_done)
        return self.column.good_end, self.column.cancellations


def cells(*columns: Column) -> list[Cell]:
    """The cells of these columns that make sense."""
    every = [Cell(column, row) for column in columns for row in ROWS]
    found = [cell for cell in every if cell.end is not End.NOT_TRIED]
    # The slow ones begin first.
    return sorted(found, key=lambda cell: cell.row.key not in SLOW)
