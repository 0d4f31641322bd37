"""The fault matrix: every call, every fault, and how the first delivery ends that meets it.

What is declared here is what must happen, by the design's tables ("What a REST answer means", "How
an outcome reaches Connect"); `docs/faults.md` is written from it, and the tests hold the running
extension to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from enum import Enum

from aiohttp import web

from sandbox.faults import DropAfter, DropBefore, Fault, Respond, SlowDrip, Work
from tests.faults.faults import Silence
from tests.faults.world import OAUTH, REST, ZUORA

RETRY_AFTER_SECONDS = 45
HUGE = 60 * 1024 * 1024


class End(str, Enum):
    """How the first delivery ends that meets the fault."""

    GOES_ON = "goes on"
    WAITS = "waits"
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


_STATUSES = (400, 401, 403, 404, 408, 409, 422, 429, 500, 502, 503, 504)
_GARBAGE = {
    "empty": "200, an empty body",
    "html": "200, a page of HTML",
    "truncated": "200, a body that ends in the middle",
    "wrong": "200, the wrong type of answer",
    "huge": "200, a body of 60 MB",
    "drip": "200, a body that comes byte by byte",
}
AFTER = "after"
DONE, NOT_DONE = ", the work done", ", nothing done"

ROWS = (
    Row("refused", "connection refused"),
    Row("unknown_host", "unknown host name"),
    Row("untrusted", "certificate that is not trusted"),
    Row("reset", f"connection reset{NOT_DONE}"),
    Row("reset_after", f"connection reset{DONE}", work_is_done=True),
    Row("silent", f"no answer in time{NOT_DONE}"),
    Row("silent_after", f"no answer in time{DONE}", work_is_done=True),
    *(Row(str(status), f"HTTP {status}") for status in _STATUSES[:8]),
    Row("429_seconds", "HTTP 429, `Retry-After` in seconds"),
    Row("429_date", "HTTP 429, `Retry-After` as a date"),
    *(Row(str(status), f"HTTP {status}{NOT_DONE}") for status in _STATUSES[8:]),
    Row("504_after", f"HTTP 504{DONE}", work_is_done=True),
    *(Row(key, f"{what}{NOT_DONE}") for key, what in _GARBAGE.items()),
    *(Row(f"{key}_after", f"{what}{DONE}", work_is_done=True) for key, what in _GARBAGE.items()),
    Row("redirect", "redirect to another host (307)"),
)
ADDRESS = ("refused", "unknown_host", "untrusted")
BUSY = ("429_seconds", "429_date")
_WORK_DONE = tuple(row.key for row in ROWS if row.work_is_done)
_REFUSALS = ("400", "422")
# What a server answers with these to a cancellation, it has not done.
_NOT_DONE = ("408", "409", "429")
_SLOW = ("silent", "silent_after", "drip", "drip_after")
_CLIENT_ERRORS = ("400", "401", "403", "404", "409", "422", "redirect")


class Side(str, Enum):
    """Whose call it is, and to whom."""

    VENDOR = "the vendor's"
    CONNECT = "Connect's"
    RUNNER = "the runner's own"


@dataclass(frozen=True, eq=False)
class Column:
    """A call: how a walk comes to it, and how each fault of it must end."""

    key: str
    what: str
    side: Side
    call: str
    otherwise: End
    ends: Mapping[str, End] = field(default_factory=dict)
    kind: str = REST
    version: str = "78.0"
    status: str = "active"
    good_end: str = "approved"
    cancellations: int = 1
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def speaks_xml(self) -> bool:
        """Whether the answers are SOAP."""
        return self.kind == ZUORA and self.side is Side.VENDOR

    def end(self, row: Row) -> End:
        """How a fault must end here."""
        return self.ends.get(row.key, self.otherwise)


def _ends(*groups: tuple[End, tuple[str, ...]]) -> dict[str, End]:
    return {key: end for end, keys in groups for key in keys}


_QUESTION = (End.NOT_TRIED, _WORK_DONE)
_SAME_ADDRESS = (End.NOT_TRIED, ADDRESS)
# Connect's address is not ours to configure, and an outage of it is a test of its own.
_SIGN_IN = _ends((End.CONFIGURATION, _CLIENT_ERRORS), _QUESTION)
_AMENDMENT = _ends((End.CONFIGURATION, _CLIENT_ERRORS), (End.GOES_ON, _WORK_DONE), _SAME_ADDRESS)
_CONNECT_REFUSES = ("400", "401", "403", "404", "422")
_RUNNER = (_SAME_ADDRESS, _QUESTION, (End.NOT_TRIED, ("silent", "drip")))
_FAULTS_OF_CONNECT = ("reset", "500", "502", "503", "504")

VENDOR_COLUMNS = (
    Column(
        "status",
        "REST: status",
        Side.VENDOR,
        "GET",
        End.WAITS,
        _ends(
            (End.CONFIGURATION, ("400", "401", "403", "409", "422", "redirect")),
            (End.HELD, ("404",)),
            _QUESTION,
        ),
    ),
    Column(
        "cancel",
        "REST: cancellation",
        Side.VENDOR,
        "POST",
        End.WAITS,
        _ends(
            (End.REJECTED, _REFUSALS),
            (End.CONFIGURATION, ("401", "403", "404", "redirect")),
            (End.GOES_ON, _WORK_DONE),
        ),
    ),
    Column("token", "REST: OAuth token", Side.VENDOR, "token", End.WAITS, _SIGN_IN, kind=OAUTH),
    Column("login", "Zuora: login", Side.VENDOR, "login", End.WAITS, _SIGN_IN, kind=ZUORA),
    Column(
        "query",
        "Zuora: query",
        Side.VENDOR,
        "query",
        End.WAITS,
        {**_SIGN_IN, **_ends(_SAME_ADDRESS)},
        kind=ZUORA,
    ),
    Column(
        "preview",
        "Zuora 78.0: preview",
        Side.VENDOR,
        "preview",
        End.GOES_ON,
        _ends((End.WAITS, BUSY), _QUESTION, _SAME_ADDRESS),
        kind=ZUORA,
    ),
    Column("amend", "Zuora 78.0: amend", Side.VENDOR, "amend", End.WAITS, _AMENDMENT, kind=ZUORA),
    Column(
        "create_27",
        "Zuora 27.0: create",
        Side.VENDOR,
        "create",
        End.WAITS,
        _AMENDMENT,
        kind=ZUORA,
        version="27.0",
    ),
    Column(
        "create_19",
        "Zuora 19.0: create (a draft)",
        Side.VENDOR,
        "create",
        End.WAITS,
        {**_AMENDMENT, **_ends((End.WAITS, _WORK_DONE))},
        kind=ZUORA,
        version="19.0",
    ),
    Column(
        "update_19",
        "Zuora 19.0: update",
        Side.VENDOR,
        "update",
        End.WAITS,
        _AMENDMENT,
        kind=ZUORA,
        version="19.0",
    ),
)

CONNECT_COLUMNS = (
    Column(
        "templates",
        "templates",
        Side.CONNECT,
        "templates",
        End.WAITS,
        # The request names a template too, for want of a better one.
        _ends(
            (End.GOES_ON, (*_CONNECT_REFUSES, *_SLOW, "wrong", "huge")), _QUESTION, _SAME_ADDRESS
        ),
    ),
    Column(
        "approve",
        "approve",
        Side.CONNECT,
        "approve",
        End.WAITS,
        _ends(
            (End.CONFIGURATION, _CONNECT_REFUSES),
            (End.GOES_ON, (*_SLOW, *_WORK_DONE)),
            _SAME_ADDRESS,
        ),
    ),
    Column(
        "fail",
        "fail (a draft)",
        Side.CONNECT,
        "fail",
        End.WAITS,
        _ends(
            (End.CONFIGURATION, _CONNECT_REFUSES),
            (End.GOES_ON, (*_SLOW, *_WORK_DONE)),
            _SAME_ADDRESS,
        ),
        status="draft",
        good_end="failed",
        cancellations=0,
    ),
    Column(
        "read",
        "reading the request, after an `approve` whose answer was lost",
        Side.CONNECT,
        "read",
        End.WAITS,
        _ends(
            (End.CONFIGURATION, _CONNECT_REFUSES),
            (End.GOES_ON, ("silent", "drip")),
            _QUESTION,
            _SAME_ADDRESS,
        ),
    ),
    Column(
        "note",
        "note",
        Side.CONNECT,
        "messages",
        End.GOES_ON,
        _ends(_SAME_ADDRESS),
        status="cancelled",
        cancellations=0,
    ),
    Column(
        "mark",
        "note before a cancellation that cannot be asked for",
        Side.CONNECT,
        "messages",
        End.WAITS,
        _ends((End.GOES_ON, (*_CONNECT_REFUSES, *_SLOW)), _SAME_ADDRESS),
        variables={"REST_STATUS_REQUEST": ""},
    ),
)

RUNNER_COLUMNS = (
    Column(
        "count",
        "counting the request",
        Side.RUNNER,
        "runner's count",
        End.RETRIED,
        _ends((End.GOES_ON, _FAULTS_OF_CONNECT), *_RUNNER),
    ),
    Column(
        "fetch",
        "reading the request",
        Side.RUNNER,
        "runner's read",
        End.RETRIED,
        _ends(
            (End.GOES_ON, _FAULTS_OF_CONNECT),
            (End.WAITS, ("html", "wrong", "huge")),
            (End.UNANSWERED, ("redirect",)),
            *_RUNNER,
        ),
    ),
)
COLUMNS = (*VENDOR_COLUMNS, *CONNECT_COLUMNS, *RUNNER_COLUMNS)


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
    def needs_new_process(self) -> bool:
        """Whether the process that met the fault remembers something for a minute or longer: a
        cancellation whose outcome is unknown, or the vendor's wish not to be called."""
        if self.column.side is not Side.VENDOR:
            return False
        writes = self.column.call in ("POST", "amend", "create", "update")
        unknown = writes and self.end is End.WAITS and self.row.key not in (*_NOT_DONE, *ADDRESS)
        # A vendor may have carried out what it answers with a redirect, as web forms do.
        redirected = self.column.call == "POST" and self.row.key == "redirect"
        return self.row.key in BUSY or unknown or redirected


def cells(*columns: Column) -> list[Cell]:
    """The cells of these columns that make sense."""
    every = [Cell(column, row) for column in columns for row in ROWS]
    found = [cell for cell in every if cell.end is not End.NOT_TRIED]
    # What takes long begins first.
    return sorted(found, key=lambda cell: cell.row.key not in _SLOW)


def fault_of(cell: Cell, elsewhere: str) -> Fault:
    """The fault itself, for those that a server can show once it is called."""
    key, done = cell.row.key.removesuffix(f"_{AFTER}"), cell.row.work_is_done
    of_vendor = cell.column.side is Side.VENDOR
    if key == "reset":
        return DropAfter() if done else DropBefore()
    if key == "silent":
        return Silence(4.0 if of_vendor else 33.0, done)
    if key == "drip":
        return SlowDrip(0.25 if of_vendor else 1.0, _long(cell), after_work=done)
    if key == "redirect":
        location = {"Location": f"{elsewhere}/{cell.column.key}"}
        return Respond(307, content_type="text/html", headers=location)
    if key in _GARBAGE:
        return _garbage(cell, key)
    status, _, how = key.partition("_")
    body, content_type = _error(cell)
    if how == "date":
        return _busy_until_a_date
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)} if how else {}
    return Respond(int(status), body, content_type, headers, after_work=done)


async def _busy_until_a_date(_: web.Request, __: Work, /) -> web.StreamResponse:
    moment = datetime.now(timezone.utc) + timedelta(seconds=RETRY_AFTER_SECONDS)
    return web.Response(status=429, headers={"Retry-After": format_datetime(moment, usegmt=True)})


def _error(cell: Cell) -> tuple[bytes, str]:
    if cell.column.speaks_xml:
        # With SOAP in it, it would be Zuora's own answer and no fault of what lies between.
        return b"<html><body>sandbox</body></html>", "text/html"
    if cell.column.side is Side.VENDOR:
        return b'{"error": {"message": "sandbox"}}', "application/json"
    return b'{"error_code": "SBX_001", "errors": ["sandbox"]}', "application/json"


def _garbage(cell: Cell, key: str) -> Fault:
    body, content_type = b"", "text/xml" if cell.column.speaks_xml else "application/json"
    if key == "html":
        body, content_type = b"<!doctype html><html><body>Sandbox</body></html>", "text/html"
    elif key == "truncated":
        body = _long(cell)[:40]
    elif key == "wrong":
        body = _OTHER_SOAP if cell.column.speaks_xml else b'["status", "cancelled"]'
    elif key == "huge":
        body = _HUGE_XML if cell.column.speaks_xml else _HUGE_JSON
    return Respond(200, body, content_type, after_work=cell.row.work_is_done)


def _long(cell: Cell) -> bytes:
    return _OTHER_SOAP if cell.column.speaks_xml else b'{"status": "pending", "more": "0123456789"}'


_OTHER_SOAP = (
    b'<?xml version="1.0"?><e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/">'
    b'<e:Body><deleteResponse xmlns="http://api.zuora.com/"/></e:Body></e:Envelope>'
)
_HUGE_JSON = b'{"padding": "' + b"x" * HUGE + b'"}'
_HUGE_XML = _OTHER_SOAP.replace(b"<deleteResponse", b"<p>" + b"x" * HUGE + b"</p><deleteResponse")


_HEAD = """# What each fault ends in

Written by `tests/faults/test_fault_matrix.py`, which brings about every cell of these tables with
the official runner and the sandbox, and compares. To write it anew, after a change of what is
declared in `tests/faults/matrix.py`: `WRITE_FAULTS=1 python -m pytest tests/faults`.

A fault lasts as long as the first delivery that meets it; against the official runner's own
reads, and where nothing comes in time from Connect, it comes once. A cell says how that delivery
ends:

| | |
|---|---|
| goes on | as if nothing had happened, to the request's normal end, in the same delivery |
| waits | rescheduled, for at least 30 seconds and never less than a `Retry-After` |
| waits for configuration | rescheduled, for at least 5 minutes, and the log says what to mend |
| **rejected** | the vendor has refused: the request fails with the vendor's reason |
| held | the task fails and a private note says why; somebody resubmits it |
| retried | the runner answers `retry` by itself, before the extension is called |
| unanswered | the runner answers nothing; Connect delivers again when its connection ends |
| - | makes no sense here, see below |

When the fault is over, **every request settles**: it is approved, with exactly one cancellation at
the vendor (rejected where the cell says so; after `fail`, which is tried with a draft, failed). A
cancellation that was not answered is not sent again by the same process for a minute, one that was
answered with 200 for an hour; the tests shorten that by killing the worker.

HTTP 409 to a cancellation may mean that another one still runs. It rejects when the vendor says so
again after the time that one call may take (`VENDOR_TIMEOUT_SECONDS`).

No redirect is followed: the other host never receives anything, so no credential either. Zuora's
errors within SOAP are not in these tables but in `connect_ext/vendors/zuora_soap/faults.py`.
"""

_NOTES = """
Why some cells are empty:

- *the work done* where a question does no work.
- Zuora's address is one for all of its calls, so that what is wrong with it shows at the login;
  Connect's address is not ours to configure, and without it the runner gets no tasks:
  `tests/faults/test_interruptions.py` tries an outage of Connect.
- The runner's own reads wait for an answer for 180 seconds, in the loop in which it takes its
  tasks; nothing of ours is asked before that.
- A preview does no work, and a preview that fails is no reason not to cancel; a `Retry-After` is
  heeded all the same.
"""

_TITLES = {
    Side.VENDOR: "Calls to the vendor",
    Side.CONNECT: "The extension's calls to Connect",
    Side.RUNNER: "The runner's own calls to Connect, before each delivery",
}


def page() -> str:
    """`docs/faults.md`."""
    return "\n".join([_HEAD, *(_section(side) for side in Side)]) + _NOTES


def _section(side: Side) -> str:
    columns = [column for column in COLUMNS if column.side is side]
    lines = [f"## {_TITLES[side]}", ""]
    lines.append("| | " + " | ".join(column.what for column in columns) + " |")
    lines.append("|---" * (len(columns) + 1) + "|")
    for row in ROWS:
        ends = [column.end(row) for column in columns]
        if set(ends) != {End.NOT_TRIED}:
            lines.append(f"| {row.what} | " + " | ".join(end.value for end in ends) + " |")
    return "\n".join([*lines, ""])
