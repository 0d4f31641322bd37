"""The worker dies without warning before and after every effect of the walk."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

import pytest

from sandbox.faults import Respond
from tests.faults.faults import Barrier
from tests.faults.walks import (
    KINDS,
    POINTS,
    REJECTED,
    REVOKED,
    SCHEDULED,
    Point,
    Turn,
    left_pending,
)
from tests.faults.world import ORDERS, REST, ZUORA, Case, World

YESTERDAY = timedelta(days=-1)


def _case(world: World, point: Point) -> Case:
    walk = point.walk
    options = {"version": walk.version, "status": walk.status, "habits": walk.habits}
    case = world.case(walk.kind, ends_later=walk.ends_later, **options, **walk.variables)
    if walk.answer:
        world.at_vendor.faults[f"POST {case.subscription_id}"] = Respond(walk.answer)
    if walk.trouble:
        walk.trouble(world.orders, case.subscription_id)
    return case


async def _scheduled(world: World, cases: Iterable[Case]) -> None:
    """They are scheduled, and nothing has gone wrong so far."""
    for case in cases:
        world.begin(case)
    for case in cases:
        await world.connect.reaches(case.request_id, "scheduled")
        await world.connect.tasks_settled(case.request_id)


def _begin(world: World, point: Point, case: Case, barrier: Barrier) -> None:
    """Begin the walk that stops at its point."""
    switch, name = world.place(case, point.call)
    switch.faults[name] = barrier.stop(point.name, after_work=point.after)
    match point.walk.turn:
        case Turn.NONE:
            world.begin(case)
        case Turn.REVOKED:
            world.connect.revoke(case.request_id)
        case Turn.ON_ITS_DAY:
            _end(world, case)
            world.connect.bring_forward(case.request_id)


def _end(world: World, case: Case) -> None:
    """Let the day come on which the subscription ends."""
    if case.kind == REST:
        world.subscription(case).end_now()
        return
    vendor = world.orders if case.kind == ORDERS else world.zuora
    day = vendor.today() + YESTERDAY
    own = {"term_end_date": day} if case.kind == ORDERS else {"cancelled_date": day}
    vendor.new_version(case.subscription_id, subscription_end_date=day, **own)


def _ended(world: World, case: Case) -> str:
    status = world.connect.status(case.request_id)
    if status in ("pending", "revoking"):
        task = world.connect.tasks_of(case.request_id)[-1]
        return "held" if task.status.value == "failed" else "waits"
    asset = world.connect.request(case.request_id)["asset"]["status"]
    return status if (status, asset) == ("approved", "terminated") else f"{status}, {asset}"


def _all_of(world: World, case: Case) -> tuple[str, int, int]:
    return _ended(world, case), world.cancellations(case), world.undone(case)


def _amendments(world: World, case: Case) -> int:
    return sum(a.type == "Cancellation" for a in world.zuora.amendments(case.subscription_id))


def _orders(world: World, case: Case) -> int:
    return len(world.orders.orders_of(case.subscription_id))


async def _finished_by_an_operator(world: World, cases: list[Case]) -> None:
    """Carry out Zuora's pending orders, and resubmit the held tasks."""
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


async def _revoked_at_last(world: World, cases: list[Case]) -> None:
    """The cancellation of a scheduled request can be taken back, whatever happened to it."""
    for case in cases:
        world.connect.revoke(case.request_id)
    for case in cases:
        await world.connect.tasks_settled(case.request_id)
    assert {_all_of(world, case) for case in cases} <= {("revoked, active", 1, 1)}


async def _until_the_others_end(world: World, cases: dict[Point, Case]) -> None:
    """By then, waiting requests have looked again and nothing was sent."""
    for point, case in cases.items():
        if point.waits:
            before = len(world.connect.tasks_of(case.request_id)) - 1
            await world.connect.answered(case.request_id, times=before + 2)
        else:
            await world.connect.tasks_settled(case.request_id)
    waiting = [case for point, case in cases.items() if point.waits]
    assert {_ended(world, case) for case in waiting} == {"waits"}
    for case in waiting:
        if case.kind == REST:
            world.subscription(case).finish()


# One barrier each: a shared one would hold more calls to Connect than the extension makes at once.
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("vendor", KINDS)
async def test_a_worker_killed_anywhere_leaves_one_cancellation_and_a_settled_request(
    world, vendor, after
):
    barrier = Barrier()
    points = [p for p in POINTS if p.walk.kind in KINDS[vendor] and p.after is after]
    cases = {point: _case(world, point) for point in points}
    world.push()
    try:
        await _scheduled(world, [c for p, c in cases.items() if p.walk.turn is not Turn.NONE])
        for point, case in cases.items():
            _begin(world, point, case, barrier)
        await barrier.all_reached(timeout=90)
        await _die_and_settle(world, barrier, cases)
        ends = {p.name: _all_of(world, c) for p, c in cases.items()}
        assert ends == {point.name: point.ends for point in points}
        # Every draft that an attempt left behind was completed by a later one.
        left = {p.name: _amendments(world, c) for p, c in cases.items() if c.kind == ZUORA}
        left |= {p.name: _orders(world, c) for p, c in cases.items() if c.kind == ORDERS}
        without = (REJECTED["ends"], REVOKED["ends"])
        assert left == {name: int(ends[name][0] not in without) for name in left}
        await _finished_by_an_operator(
            world, [c for p, c in cases.items() if p.walk.trouble is left_pending]
        )
        await _revoked_at_last(
            world, [c for p, c in cases.items() if p.walk.ends == SCHEDULED["ends"]]
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
        assert len(world.connect.tasks_of(case.request_id)[-1].deliveries) >= 2
