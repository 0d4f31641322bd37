"""The daily run, made by a schedule in the portal and the official runner."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio

from connect_ext.events import MAX_OUTPUT_CHARACTERS
from sandbox import Customer
from sandbox.connect import Task, TaskStatus
from sandbox.faults import Kill
from tests.reconcile.planting import Past, past
from tests.reconcile.sorts import MAIN, PERSON, SORTS, STEADY_SORTS, Planted

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.asyncio(loop_scope="session"),
]

METHOD = "reconcile_cancellations"
FAST = {"calls_per_minute": 60_000}
PATIENCE_SECONDS = 120.0

FORGOTTEN = next(sort for sort in SORTS if sort.name == "forgotten")
ACTIVE = next(sort for sort in SORTS if sort.name == "active")


@dataclass(frozen=True)
class Portal:
    """A past with a running instance; somebody makes schedules in its portal."""

    past: Past

    def begin(self, parameter: dict[str, Any] | None) -> str:
        """Somebody makes a schedule and runs it now; returns its id."""
        schedule_id: str = self.past.connect.create_schedule(METHOD, parameter)
        self.past.connect.trigger(schedule_id)
        return schedule_id

    async def run(self, parameter: dict[str, Any] | None) -> Task:
        """The task of a schedule that has run."""
        return await self.past.connect.schedule_settled(self.begin(parameter), PATIENCE_SECONDS)

    @property
    def log(self) -> str:
        return self.past.sandbox.runners[0].log


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def portal() -> AsyncIterator[Portal]:
    async with past() as planted:
        runner = await planted.sandbox.start_runner()
        yield Portal(planted)
        await runner.kill()


@pytest.fixture
def forgotten(portal: Portal) -> Planted:
    """Add a request that Connect has forgotten."""
    [planted] = portal.past.plant([FORGOTTEN], 1)
    return planted


async def test_if_nobody_is_needed_it_succeeds_and_says_what_was_put_right(portal, forgotten):
    task = await portal.run(FAST)
    assert task.status is TaskStatus.SUCCEEDED
    assert task.output.startswith("Needs a person: 0\nPut right: 1\n  cancelled (1)")
    assert forgotten.id in task.output
    assert portal.past.ends()[forgotten.id] == portal.past.right_ends()[forgotten.id]
    assert "Reconcile: needs a person: 0; put right: 1 (1 cancelled);" in portal.log
    assert f"{forgotten.id} task=- product={MAIN} vendor=rest outcome=approved" in portal.log


@pytest.mark.parametrize(
    ("parameter", "said"),
    [
        ({"day": 30}, 'may have "days", "products", "subscriptions" and "calls_per_minute"'),
        ({"days": "30"}, '"days" must be a whole number from 0 to 3650.'),
        ({"days": -1}, '"days" must be a whole number from 0 to 3650.'),
        ({"days": True}, '"days" must be a whole number'),
        ({"subscriptions": 1.5}, '"subscriptions" must be a whole number'),
        ({"calls_per_minute": 1}, '"calls_per_minute" must be a whole number from 30 to 60000.'),
        ({"products": "PRD-100-000-001"}, '"products" must be a list of ids'),
        ({"products": ["../x"]}, '"products" must be a list of ids such as PRD-123-456-789.'),
    ],
)
async def test_a_mistake_in_the_parameter_is_reported_and_nothing_is_done(portal, parameter, said):
    portal.past.connect.calls.clear()
    task = await portal.run({**FAST, **parameter})
    assert (task.status, said in task.output) == (TaskStatus.FAILED, True), task.output
    assert portal.past.connect.calls.matching("GET", "/requests") == []


async def test_without_a_parameter_it_runs_at_its_own_pace(portal, forgotten):
    assert (await portal.run(None)).status is TaskStatus.SUCCEEDED
    assert portal.past.connect.status(forgotten.id) == "approved"


async def test_without_the_right_to_tasks_it_does_nothing_until_products_are_named(
    portal, forgotten
):
    unreadable = portal.past.connect.unreadable
    unreadable.add("tasks")
    try:
        refused = await portal.run(FAST)
        assert refused.status is TaskStatus.FAILED
        assert "Connect does not show the tasks of this environment (HTTP 403)" in refused.output
        assert "name the products that only this environment serves" in refused.output
        assert portal.past.connect.status(forgotten.id) == "pending"
        named = await portal.run({**FAST, "products": [MAIN]})
    finally:
        unreadable.clear()
    assert named.status is TaskStatus.SUCCEEDED
    assert portal.past.connect.status(forgotten.id) == "approved"


async def test_requests_of_another_environment_are_not_touched(portal, forgotten):
    """The runner names its environment; only this environment's tasks decide what is ours."""
    calls = portal.past.connect.calls
    calls.clear()
    await portal.run(FAST)
    environment = portal.past.connect.environment
    asked = {call.path for call in calls.matching("GET", "/tasks$")}
    assert asked == {
        f"/public/v1/devops/services/{environment.service_id}/environments/{environment.id}/tasks"
    }


async def test_it_fails_with_those_that_need_a_person_first_and_changes_nothing_twice():
    async with past() as planted:
        runner = await planted.sandbox.start_runner()
        planted.plant([sort for sort in STEADY_SORTS if sort.task is not sort.task.ALIVE], 1)
        portal = Portal(planted)
        first = await portal.run(FAST)
        assert first.status is TaskStatus.FAILED
        assert planted.ends() == planted.right_ends()
        people = {name for name, _, _ in planted.findings(PERSON)}
        head, _, rest = first.output.partition("\nPut right: ")
        assert head.startswith(f"Needs a person: {len(people)}\n")
        assert {each.id for each in planted.planted if each.id in head} == people
        assert len(first.output) <= MAX_OUTPUT_CHARACTERS
        assert "Looked at: " in rest
        before = planted.changes()
        second = await portal.run(FAST)
        again = second.output.partition("\nPut right: ")[0]
        assert {each.id for each in planted.planted if each.id in again} == people
        assert planted.changes() - before == {}
        told = first.output + second.output + portal.log
        secrets = (*Customer().personal_data(), planted.sandbox.vendor.api_key)
        assert [text for text in (*secrets, "Traceback") if text in told] == []
        await runner.kill()


async def test_a_killed_worker_does_no_harm_once_the_task_comes_again():
    async with past() as planted:
        runner = await planted.sandbox.start_runner()
        lost = planted.plant([FORGOTTEN], 20)
        planted.plant([ACTIVE], 1)

        async def kill() -> None:
            runner.kill_worker()
            await planted.marks_of_the_dead_are_old()

        fault = planted.sandbox.vendor.faults.add(
            "POST", f"/{lost[6].key}/cancel", Kill(kill), times=1
        )
        portal = Portal(planted)
        schedule_id = portal.begin(FAST)
        task = await planted.connect.schedule_settled(schedule_id, PATIENCE_SECONDS)
        assert (fault.hits, len(task.deliveries)) == (1, 2)
        assert task.status is TaskStatus.SUCCEEDED
        assert planted.ends() == planted.right_ends()
        await runner.kill()
