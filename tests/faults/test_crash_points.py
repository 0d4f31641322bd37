"""The worker dies without warning at every effect of the walk, before it and after it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from sandbox.faults import Respond
from sandbox.zuora_orders import LocalZuoraOrders
from tests.faults.faults import Barrier
from tests.faults.world import OAUTH, ORDERS, REST, ZUORA, Case, World

# In the order of a walk; `sending` is the mark, `notes` its read-back.
CALLS = (
    *("templates", "token", "login", "query", "GET", "subscription", "sending", "notes"),
    *("preview", "create", "update", "amend", "POST", "order", "order by number", "orders"),
    *(
        "refused",
        "not-sent",
        "conflict",
        "accepted",
        "unfinished",
        "precedent",
        "approve",
        "fail",
        "note",
    ),
    "held",
)
NEW_ORDERS = {"second": "order", "honours_keys": False}


Trouble = Callable[[LocalZuoraOrders, str], None]


@dataclass(frozen=True, eq=False)
class Walk:
    """A way that a request can take, and the calls on it at which the worker dies.

    `calls` are separated by blanks, with an underscore within a name. `until`: the call that ends
    the time in which the cancellation may have been sent and nothing shows it. `answer`: the status
    that the vendor gives to the cancellation. `trouble`: what befalls the order to cancel.
    """

    what: str
    kind: str
    shown_calls: str
    until: str = "POST"
    version: str = "78.0"
    status: str = "active"
    answer: int = 0
    trouble: Trouble | None = None
    habits: dict[str, Any] = field(default_factory=lambda: NEW_ORDERS)
    variables: dict[str, str] = field(default_factory=dict)
    ends: str = "approved"
    cancellations: int = 1

    @property
    def calls(self) -> list[str]:
        """The calls at which the worker dies."""
        return [call.replace("_", " ") for call in self.shown_calls.split()]

    @property
    def is_refused(self) -> bool:
        """Whether the first attempt is answered with an error, and none after the kill."""
        return bool(self.answer) or self.trouble is _refused


def _refused(zuora: LocalZuoraOrders, number: str) -> None:
    zuora.subscription(number).refusal = "It is leased until May."


def _locked(zuora: LocalZuoraOrders, number: str) -> None:
    zuora.on("order", number).locked()


def _left_pending(zuora: LocalZuoraOrders, number: str) -> None:
    zuora.on("order", number).comes_back("Pending", times=None)


def _lost(zuora: LocalZuoraOrders, number: str) -> None:
    zuora.on("order", number).drop_before()


def _late(zuora: LocalZuoraOrders, number: str) -> None:
    zuora.on("order", number).finishes_later(3.0, gateway_seconds=0.2)


UNTOUCHED = {"status": "cancelled", "cancellations": 0}
REJECTED = {"ends": "failed, active", "cancellations": 0}
SHOWN_LATE = {**NEW_ORDERS, "shows_after_seconds": 1e6}
HOLD = {"ON_REFUSAL": "hold"}
NOT_ASKED = {"REST_STATUS_REQUEST": ""}
ORDERED = "templates token subscription sending notes preview order approve note"
AMENDED = "templates login query sending notes preview amend approve note"

WALKS = (
    Walk("rest", REST, "templates GET sending notes POST approve"),
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
    Walk("zuora orders", ORDERS, ORDERED, "order"),
    Walk(
        *("zuora orders, pending", ORDERS, "sending notes preview order unfinished held", "order"),
        trouble=_left_pending,
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
    """Where one request stands when the worker dies."""

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
        """Whether it cannot end before SETTLE_MINUTES are over, or the vendor has finished."""
        if self.walk.until not in ("approve", *self.walk.calls):
            return False
        return self._is_past("sending") and not self._is_past(self.walk.until)

    @property
    def ends(self) -> tuple[str, int]:
        """How the request must end, and how often the vendor must have cancelled."""
        walk = self.walk
        if walk.is_refused and self.waits:
            # The next attempt is not refused.
            return "approved", 1
        if walk.variables is not NOT_ASKED:
            return walk.ends, walk.cancellations
        # Nobody can know whether the cancellation arrived, so a person is asked.
        return ("held", int(self._is_past("POST"))) if self.waits else ("approved", 1)

    def _is_past(self, call: str) -> bool:
        return (CALLS.index(self.call), self.after) >= (CALLS.index(call), True)


POINTS = [
    Point(walk, call, after) for walk in WALKS for call in walk.calls for after in (False, True)
]


def _case(world: World, point: Point, barrier: Barrier) -> Case:
    walk = point.walk
    options = {"version": walk.version, "status": walk.status, "habits": walk.habits}
    case = world.case(walk.kind, **options, **walk.variables)
    if walk.answer:
        world.at_vendor.faults[f"POST {case.subscription_id}"] = Respond(walk.answer)
    if walk.trouble:
        walk.trouble(world.orders, case.subscription_id)
    switch, name = world.place(case, point.call)
    switch.faults[name] = barrier.stop(point.name, after_work=point.after)
    return case


def _ended(world: World, case: Case) -> str:
    status = world.connect.status(case.request_id)
    if status == "pending":
        [task] = world.connect.tasks_of(case.request_id)
        return "held" if task.status.value == "failed" else "waits"
    asset = world.connect.request(case.request_id)["asset"]["status"]
    return status if (status, asset) == ("approved", "terminated") else f"{status}, {asset}"


def _amendments(world: World, case: Case) -> int:
    return sum(a.type == "Cancellation" for a in world.zuora.amendments(case.subscription_id))


def _orders(world: World, case: Case) -> int:
    return len(world.orders.orders_of(case.subscription_id))


async def _finished_by_an_operator(world: World, cases: list[Case]) -> None:
    """What Zuora has left pending is carried out, and the held tasks are resubmitted."""
    for case in cases:
        [order], [task] = (
            world.orders.orders_of(case.subscription_id),
            world.connect.tasks_of(case.request_id),
        )
        world.orders.complete_order(order.number)
        world.connect.tasks.resubmit(task.id)
    for case in cases:
        await world.connect.tasks_settled(case.request_id)
    ends = {(_ended(world, c), world.cancellations(c), _orders(world, c)) for c in cases}
    assert ends <= {("approved", 1, 1)}


async def _until_the_others_end(world: World, cases: dict[Point, Case]) -> None:
    """Those that wait have been looked at again by then, and nothing was sent."""
    for point, case in cases.items():
        if point.waits:
            await world.connect.answered(case.request_id, times=2)
        else:
            await world.connect.tasks_settled(case.request_id)
    waiting = [case for point, case in cases.items() if point.waits]
    assert {_ended(world, case) for case in waiting} == {"waits"}
    for case in waiting:
        if case.kind == REST:
            world.subscription(case).finish()


# A barrier for each: one for all would hold more calls to Connect than the extension makes at once.
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("vendor", KINDS)
async def test_a_worker_killed_anywhere_leaves_one_cancellation_and_a_settled_request(
    world, vendor, after
):
    barrier = Barrier()
    points = [p for p in POINTS if p.walk.kind in KINDS[vendor] and p.after is after]
    cases = {point: _case(world, point, barrier) for point in points}
    world.push()
    try:
        for case in cases.values():
            world.begin(case)
        await barrier.all_reached(timeout=90)
        await _die_and_settle(world, barrier, cases)
        ends = {p.name: (_ended(world, c), world.cancellations(c)) for p, c in cases.items()}
        assert ends == {point.name: point.ends for point in points}
        # No attempt has left a draft behind that a later one did not complete.
        assert {_amendments(world, c) for c in cases.values() if c.kind == ZUORA} <= {1}
        orders = {p.name: _orders(world, c) for p, c in cases.items() if c.kind == ORDERS}
        assert orders == {name: int(ends[name][0] != REJECTED["ends"]) for name in orders}
        await _finished_by_an_operator(
            world, [c for p, c in cases.items() if p.walk.trouble is _left_pending]
        )
    finally:
        barrier.release()
        world.forget(cases.values())


async def _die_and_settle(world: World, barrier: Barrier, cases: dict[Point, Case]) -> None:
    dead = world.runner.kill_worker()
    barrier.release()
    for case in cases.values():
        world.at_vendor.faults.pop(f"POST {case.subscription_id}", None)
        if case.kind == ORDERS:
            world.orders.subscription(case.subscription_id).refusal = None
    await world.runner.wait_for_new_worker(dead)
    await _until_the_others_end(world, cases)
    world.time_to_settle_ends(cases.values())
    for case in cases.values():
        await world.connect.tasks_settled(case.request_id)
        assert len(world.connect.tasks_of(case.request_id)[0].deliveries) >= 2
