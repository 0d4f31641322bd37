"""The worker dies without warning at every effect of the walk, before it and after it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tests.faults.faults import Barrier, Switch
from tests.faults.world import OAUTH, REST, ZUORA, Case, World

CANCELLED, DRAFT = "cancelled", "draft"
# A vendor that cannot be asked: only a note tells that the cancellation was begun.
ONCE_ONLY = {"REST_STATUS_REQUEST": ""}


@dataclass(frozen=True)
class Walk:
    """A way that a request can take, and the calls on it at which the worker dies."""

    what: str
    kind: str
    calls: tuple[str, ...]
    version: str = "78.0"
    status: str = "active"
    variables: tuple[tuple[str, str], ...] = ()
    ends: str = "approved"
    cancellations: int = 1


_LIKE_38 = ("login", "query", "preview", "amend", "templates", "approve", "messages")
WALKS = (
    Walk("rest", REST, ("templates", "GET", "POST", "approve")),
    Walk("rest, oauth2", OAUTH, ("token", "GET", "POST", "approve")),
    Walk(
        "rest, cancelled before",
        REST,
        ("GET", "approve", "messages"),
        status=CANCELLED,
        cancellations=0,
    ),
    Walk(
        "rest, a draft", REST, ("GET", "fail"), status=DRAFT, ends="failed, active", cancellations=0
    ),
    Walk("rest, cannot be asked", REST, ("messages", "POST"), variables=tuple(ONCE_ONLY.items())),
    Walk("zuora 19.0", ZUORA, ("login", "query", "create", "update", "approve"), version="19.0"),
    Walk("zuora 27.0", ZUORA, ("login", "query", "create", "approve"), version="27.0"),
    Walk("zuora 38.0", ZUORA, _LIKE_38, version="38.0"),
    Walk("zuora 78.0", ZUORA, _LIKE_38, version="78.0"),
)
CALLS = {"GET": "status read", "POST": "cancellation", "messages": "note"}


@dataclass(frozen=True)
class Point:
    """Where one request stands when the worker dies."""

    walk: Walk
    call: str
    after: bool

    @property
    def name(self) -> str:
        """The point in words."""
        call = CALLS.get(self.call, self.call)
        return f"{self.walk.what}: {'after' if self.after else 'before'} {call}"

    @property
    def ends(self) -> tuple[str, int]:
        """How the request must end, and how often the vendor must have cancelled."""
        if self.walk.variables:
            # Nobody can know whether the cancellation arrived, so a person is asked.
            begun = self.after or self.call == "POST"
            sent = self.call == "POST" and self.after
            return ("held for a person", int(sent)) if begun else ("approved", 1)
        return self.walk.ends, self.walk.cancellations


POINTS = [Point(walk, call, after) for walk in WALKS for call in walk.calls for after in (0, 1)]


def _switch(world: World, point: Point, case: Case) -> tuple[Switch, str]:
    if point.call == "templates":
        return world.at_connect, f"templates {case.product_id}"
    if point.call in ("approve", "fail", "messages"):
        return world.at_connect, f"{point.call} {world.next_request_id(case)}"
    if point.walk.kind == ZUORA:
        return world.at_zuora, f"{point.call} {case.name}"
    of = world.at_oauth if point.walk.kind == OAUTH else world.at_vendor
    return of, f"{point.call} {case.name if point.call == 'token' else case.subscription_id}"


def _case(world: World, point: Point, barrier: Barrier) -> Case:
    walk = point.walk
    case = world.case(walk.kind, version=walk.version, status=walk.status, **dict(walk.variables))
    switch, name = _switch(world, point, case)
    switch.faults[name] = barrier.stop(point.name, after_work=point.after)
    return case


def _ended(world: World, case: Case) -> str:
    status = world.connect.status(case.request_id)
    if status == "pending":
        [task] = world.connect.tasks_of(case.request_id)
        return "held for a person" if task.status.value == "failed" else f"task {task.status.value}"
    asset = world.connect.request(case.request_id)["asset"]["status"]
    return status if (status, asset) == ("approved", "terminated") else f"{status}, {asset}"


def _cancelling_amendments(world: World, case: Case) -> int:
    return sum(a.type == "Cancellation" for a in world.zuora.amendments(case.subscription_id))


def _deliveries(world: World, case: Case) -> int:
    return len(world.connect.tasks_of(case.request_id)[0].deliveries)


def _lines(rows: list[tuple[str, int, str]]) -> Iterator[str]:
    yield f"{'the worker is killed':<44} {'cancellations':>13}  final state"
    for name, cancellations, state in rows:
        yield f"{name:<44} {cancellations:>13}  {state}"


async def test_a_worker_killed_at_any_point_leaves_one_cancellation_and_a_settled_request(
    world, table
):
    barrier = Barrier()
    cases = {point: _case(world, point, barrier) for point in POINTS}
    world.push()
    for case in cases.values():
        world.begin(case)
    await barrier.all_reached(timeout=90)
    dead = world.runner.kill_worker()
    barrier.release()
    await world.runner.wait_for_new_worker(dead)
    for case in cases.values():
        await world.connect.tasks_settled(case.request_id)
    rows = [(p.name, world.cancellations(c), _ended(world, c)) for p, c in cases.items()]
    table["crash points: SIGKILL of the worker"] = list(_lines(rows))
    assert [(cancellations, state) for _, cancellations, state in rows] == [
        (point.ends[1], point.ends[0]) for point in POINTS
    ]
    at_zuora = [case for point, case in cases.items() if point.walk.kind == ZUORA]
    # No attempt has left a draft behind that a later one did not take up.
    assert {_cancelling_amendments(world, case) for case in at_zuora} == {1}
    assert all(_deliveries(world, case) >= 2 for case in cases.values())
    world.forget(cases.values())
