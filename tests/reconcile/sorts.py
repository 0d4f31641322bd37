"""All sorts of requests, and how each must end after a run.

Half of them were lost on the way: Connect forgot them, an instance died in the middle, or somebody
cancelled at the vendor by hand. The other half must be left alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from enum import Enum
from typing import TYPE_CHECKING, Any

from sandbox.faults import Respond
from sandbox.vendor import ENDS_LATER

if TYPE_CHECKING:
    from tests.reconcile.planting import Past

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
YOUNG = timedelta(minutes=20)

# One product for each set of variables. The last one belongs to another environment with other
# variables; here its subscriptions are looked up at a vendor that also knows their ids.
MAIN, HOLDING, NEW, SLOW, BUSY, LATER, ZUORA, WRONG, THEIRS = (
    f"PRD-500-000-00{number}" for number in range(9)
)
PERSON, SETTLED, WAITS = "needs-a-person", "settled", "waits"


@dataclass(frozen=True)
class End:
    """How a request, and its subscription at the vendor, must end."""

    status: str
    """The request's status, or that of a subscription that nobody cancelled."""
    at_vendor: str = "cancelled"
    cancelled: int = 0
    """How many cancellations the vendor has accepted."""
    found: str = ""
    """The kind of finding; empty if there must be none."""
    cause: str = ""
    outcome: str = ""


def approved(cause: str, cancelled: int) -> End:
    return End("approved", "cancelled", cancelled, SETTLED, cause, "approved")


def left_to_a_person(cause: str, at_vendor: str = "active", status: str = "pending") -> End:
    return End(status, at_vendor, 0, PERSON, cause)


def waiting(cause: str, at_vendor: str = "active") -> End:
    return End("pending", at_vendor, 0, WAITS, cause)


def untouched(status: str = "pending", at_vendor: str = "active", cancelled: int = 0) -> End:
    return End(status, at_vendor, cancelled)


class Task(Enum):
    """What happened to a request's task."""

    LOST = "lost"
    """There was one, which never comes again."""
    ALIVE = "alive"
    """Connect delivers it as soon as there is an instance."""
    ELSEWHERE = "elsewhere"
    """If it exists, another environment has it."""


@dataclass(frozen=True)
class Sort:
    """Requests with the same past and the same end."""

    name: str
    times: int
    end: End
    product: str = MAIN
    vendor: Mapping[str, Any] | None = field(default_factory=dict)
    """The subscription's fields at the vendor; None: it does not exist."""
    parameter: str | None = ""
    """Connect's value instead of the vendor's id."""
    is_asked_for: bool = True
    """Whether anybody asked for the cancellation."""
    age: timedelta = 5 * HOUR
    task: Task = Task.LOST
    then: Callable[[Past, Planted], None] | None = None
    """Events since then."""
    notes: tuple[tuple[timedelta, str], ...] = ()
    """The extension's own notes, with their age."""


@dataclass(frozen=True)
class Planted:
    """One planted request of a sort."""

    sort: Sort
    id: str
    """The request's id, or that of a subscription that nobody cancelled."""
    key: str
    """The subscription's id at the vendor."""


# Events since then


def accepted_by_vendor(past: Past, planted: Planted) -> None:
    """The vendor carried it out, and the sender died before approving."""
    past.sandbox.vendor.subscriptions[planted.key].try_to_cancel(planted.id)


def accepted_and_ends_later(past: Past, planted: Planted) -> None:
    ends = datetime.now(timezone.utc).date() + timedelta(days=90)
    past.sandbox.vendor.subscriptions[planted.key].try_to_cancel(planted.id, ends)


def agent_approves(past: Past, planted: Planted) -> None:
    past.connect.agent_approve(planted.id)


def agent_rejects(past: Past, planted: Planted) -> None:
    past.connect.agent_fail(planted.id)


def approved_after_a_cancellation(past: Past, planted: Planted) -> None:
    accepted_by_vendor(past, planted)
    agent_approves(past, planted)


def bought_again(past: Past, planted: Planted) -> None:
    """The vendor gives a returning customer the same id."""
    agent_approves(past, planted)
    past.connect.create_subscription(planted.key, product_id=planted.sort.product)


def scheduled(past: Past, planted: Planted) -> None:
    accepted_and_ends_later(past, planted)
    day = datetime.now(timezone.utc) + timedelta(days=90)
    past.connect.requests.schedule(planted.id, {"planned_date": day.isoformat()})


def overdue(past: Past, planted: Planted) -> None:
    """Its day has passed at the vendor, but Connect has not returned it."""
    scheduled(past, planted)
    past.connect.bring_forward(planted.id, datetime.now(timezone.utc) - 3 * DAY)
    past.sandbox.vendor.subscriptions[planted.key].end_now()


def revoked(past: Past, planted: Planted) -> None:
    """The customer stays after all."""
    scheduled(past, planted)
    past.connect.revoke(planted.id)


def revoked_too_late(past: Past, planted: Planted) -> None:
    revoked(past, planted)
    past.sandbox.vendor.subscriptions[planted.key].end_now()


def revoked_and_taken_back(past: Past, planted: Planted) -> None:
    """Somebody undid the cancellation at the vendor."""
    revoked(past, planted)
    past.sandbox.vendor.subscriptions[planted.key].try_to_undo()


def revoked_and_confirmed(past: Past, planted: Planted) -> None:
    revoked_and_taken_back(past, planted)
    past.connect.requests.complete_revocation(planted.id)


def vendor_answers(status: int) -> Callable[[Past, Planted], None]:
    """The vendor gives this answer to every question about the subscription."""

    def answers(past: Past, planted: Planted) -> None:
        past.busy_vendor.faults.add("GET", f"/{planted.key}$", Respond(status))

    return answers


def held(cause: str) -> tuple[tuple[timedelta, str], ...]:
    """A day ago, the extension left it to a person."""
    return ((DAY, f"Somebody has to decide. [connect-ext held {cause}]"),)


def mark(age: timedelta, state: str = "sending", attempt: str = "0a1b2c3d") -> tuple[Any, ...]:
    """This long ago, an instance sent the cancellation, or died before sending it."""
    return ((age, f"The cancellation is being sent. [connect-ext cancel {attempt} {state}]"),)


REFUSES = {"refusal": "It is leased until May."}
LOCKED = {"locked_seconds": 1e6}
TERM = {"term_ends": (datetime.now(timezone.utc).date() + timedelta(days=200)).isoformat()}

LOST_ON_THE_WAY = (
    Sort("forgotten", 50, approved("cancelled", 1)),
    Sort("forgotten at Zuora", 12, approved("cancelled", 1), ZUORA),
    Sort("not sent by who died", 10, approved("cancelled", 1), notes=mark(3 * HOUR)),
    Sort("slow to show", 2, approved("cancelled", 1), vendor={"shows_after_seconds": 5.0}),
    Sort(
        "sent by who died",
        30,
        approved("cancelled", 1),
        then=accepted_by_vendor,
        notes=mark(3 * HOUR),
    ),
    Sort("cancelled by hand", 25, approved("already-cancelled", 0), vendor={"status": "cancelled"}),
    Sort(
        "cancelled by hand at Zuora",
        8,
        approved("already-cancelled", 0),
        ZUORA,
        vendor={"status": "Cancelled"},
    ),
    Sort(
        "held, and cancelled by hand since",
        12,
        approved("already-cancelled", 0),
        HOLDING,
        vendor={"status": "cancelled"},
        age=2 * DAY,
        notes=held("refused"),
    ),
    Sort(
        "refused",
        8,
        End("failed", "active", 0, SETTLED, "refused", "rejected"),
        vendor=REFUSES,
    ),
    Sort(
        "without an id",
        2,
        End("failed", "active", 0, SETTLED, "blank-parameter", "rejected"),
        parameter=" ",
    ),
    Sort(
        "to end with its term",
        6,
        End("scheduled", ENDS_LATER, 1, SETTLED, "scheduled", "scheduled"),
        LATER,
        vendor=TERM,
    ),
    Sort(
        "revoked",
        5,
        End("revoked", "active", 1, SETTLED, "revoked", "revoked"),
        LATER,
        then=revoked,
        notes=mark(4 * HOUR, "cancelled"),
    ),
    Sort(
        "revoked, and taken back by hand",
        3,
        End("revoked", "active", 1, SETTLED, "revoked", "revoked"),
        LATER,
        then=revoked_and_taken_back,
        notes=mark(4 * HOUR, "cancelled"),
    ),
)

FOR_A_PERSON = (
    Sort(
        "approved, and goes on",
        25,
        left_to_a_person("still-active", status="approved"),
        age=5 * DAY,
        then=agent_approves,
    ),
    Sort(
        "held for a refusal",
        12,
        left_to_a_person("refused"),
        HOLDING,
        vendor=REFUSES,
        age=2 * DAY,
        notes=held("refused"),
    ),
    Sort(
        "held before any was approved",
        6,
        left_to_a_person("unproven", "draft"),
        NEW,
        vendor={"status": "draft"},
        age=2 * DAY,
        notes=held("unproven"),
    ),
    Sort(
        "held as suspended",
        4,
        left_to_a_person("suspended", "suspended"),
        ZUORA,
        vendor={"status": "Suspended"},
        age=2 * DAY,
        notes=held("suspended"),
    ),
    Sort(
        "held with an unknown id",
        4,
        left_to_a_person("unknown-id", ""),
        vendor=None,
        age=2 * DAY,
        notes=held("unknown-id"),
    ),
    Sort("to be held for a refusal", 6, left_to_a_person("refused"), HOLDING, vendor=REFUSES),
    Sort(
        "to be held before any was approved",
        4,
        left_to_a_person("unproven", "draft"),
        NEW,
        vendor={"status": "draft"},
    ),
    Sort(
        "suspended",
        6,
        left_to_a_person("suspended", "suspended"),
        ZUORA,
        vendor={"status": "Suspended"},
    ),
    Sort("with an unknown id", 6, left_to_a_person("unknown-id", ""), vendor=None),
    Sort("with an id that is none", 4, left_to_a_person("id-pattern"), parameter="no id"),
    Sort("without the parameter", 3, left_to_a_person("configuration"), parameter=None),
    Sort("with a wrong key", 3, left_to_a_person("credentials"), WRONG),
    Sort(
        "overdue",
        5,
        End("scheduled", "cancelled", 1, PERSON, "overdue"),
        LATER,
        age=9 * DAY,
        then=overdue,
    ),
    Sort(
        "revoked too late",
        3,
        End("revoking", "cancelled", 1, PERSON, "not-taken-back"),
        LATER,
        then=revoked_too_late,
        notes=mark(4 * HOUR, "cancelled"),
    ),
    Sort("without a task here", 8, left_to_a_person("no-task"), task=Task.ELSEWHERE),
    Sort(
        "busy for a day", 2, left_to_a_person("busy"), BUSY, age=30 * HOUR, then=vendor_answers(429)
    ),
    Sort("locked for a day", 2, left_to_a_person("conflict"), SLOW, vendor=LOCKED, age=30 * HOUR),
    Sort(
        "not shown for a day",
        2,
        left_to_a_person("sent"),
        SLOW,
        age=30 * HOUR,
        notes=mark(2 * HOUR),
    ),
    Sort(
        "ended at the vendor",
        6,
        left_to_a_person("ended-at-vendor", "cancelled", "active"),
        vendor={"status": "cancelled"},
        is_asked_for=False,
    ),
)

LEFT_ALONE = (
    Sort("young", 20, untouched(), age=YOUNG, task=Task.ALIVE),
    Sort(
        "young, and cancelled by hand",
        6,
        untouched(at_vendor="cancelled"),
        vendor={"status": "cancelled"},
        age=YOUNG,
        task=Task.ALIVE,
    ),
    Sort("busy", 2, waiting("busy"), BUSY, then=vendor_answers(429)),
    Sort("locked", 4, waiting("conflict"), SLOW, vendor=LOCKED),
    Sort("sent, and not shown", 4, waiting("sent"), SLOW, notes=mark(2 * HOUR)),
    Sort("on its way", 3, waiting("on-its-way", "cancelling"), vendor={"status": "cancelling"}),
    Sort(
        "scheduled", 12, untouched("scheduled", ENDS_LATER, 1), LATER, age=9 * DAY, then=scheduled
    ),
    Sort(
        "settled",
        102,
        untouched("approved", "cancelled", 1),
        age=4 * DAY,
        then=approved_after_a_cancellation,
    ),
    Sort(
        "rejected before", 12, untouched("failed"), vendor=REFUSES, age=4 * DAY, then=agent_rejects
    ),
    Sort(
        "revoked before",
        4,
        untouched("revoked", "active", 1),
        LATER,
        age=9 * DAY,
        then=revoked_and_confirmed,
    ),
    Sort("bought again", 8, untouched("approved"), age=6 * DAY, then=bought_again),
    Sort("approved a moment ago", 5, untouched("approved"), age=YOUNG, then=agent_approves),
    Sort("approved long ago", 5, untouched("approved"), age=40 * DAY, then=agent_approves),
    Sort("another environment's", 24, untouched(), THEIRS, task=Task.ELSEWHERE),
    Sort(
        "another environment's, of our product and young",
        3,
        untouched(),
        age=YOUNG,
        task=Task.ELSEWHERE,
    ),
    Sort(
        "approved by another environment",
        8,
        untouched("approved"),
        age=4 * DAY,
        task=Task.ELSEWHERE,
        then=agent_approves,
    ),
    Sort("active", 40, untouched("active"), is_asked_for=False),
    Sort(
        "active, and unknown to the vendor",
        2,
        untouched("active", ""),
        vendor=None,
        is_asked_for=False,
    ),
)

SORTS = (*LOST_ON_THE_WAY, *FOR_A_PERSON, *LEFT_ALONE)

STEADY_SORTS = tuple(
    sort for sort in SORTS if sort.name not in ("slow to show", "locked", "locked for a day")
)
"""Sorts that look the same after each of several runs and need no waiting."""
