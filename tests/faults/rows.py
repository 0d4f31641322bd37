"""The rows of the fault matrix: every fault, and the possible ends of a delivery."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class End(str, Enum):
    """How the first delivery that meets the fault ends."""

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
BUSY_AFTER = ("503_seconds_after", "504_seconds_after")
BUSY = ("429_seconds", "429_date", *BUSY_AFTER)
EVERY = tuple(row.key for row in ROWS)
WORK_DONE = tuple(row.key for row in ROWS if row.work_is_done)
# A vendor that answers with one of these has not carried out the call.
NOT_CARRIED_OUT = ("408", "429", "429_seconds", "429_date")
SLOW = ("silent", "silent_after", "drip", "drip_after")
CLIENT_ERRORS = ("400", "401", "403", "404", "409", "422", "redirect")
SHORT_TIMEOUT_SECONDS = 5
"""The end for a late answer, if the call has no time-out of its own."""
