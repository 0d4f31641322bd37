"""Interruptions with tasks in flight: a stopped runner, a lost websocket, an outage."""

from __future__ import annotations

import asyncio

import pytest

from sandbox.faults import Delay, Fault
from tests.faults.faults import Silence
from tests.faults.world import REST, Case, World


async def _in_flight(world: World, number: int, fault: Fault) -> list[Case]:
    """This many cancellations, after all have reached the vendor and met the fault there."""
    cases = [world.case(REST, own_client=False) for _ in range(number)]
    calls = [f"POST {case.subscription_id}" for case in cases]
    for call, case in zip(calls, cases, strict=True):
        world.at_vendor.faults[call] = fault
        world.begin(case)
    for _ in range(600):
        if all(world.at_vendor.hits[call] for call in calls):
            break
        await asyncio.sleep(0.05)
    assert all(world.at_vendor.hits[call] for call in calls)
    for call in calls:
        del world.at_vendor.faults[call]
    return cases


async def _settle(world: World, cases: list[Case]) -> None:
    for case in cases:
        await world.connect.tasks_settled(case.request_id, timeout=60)
    ends = {(world.connect.status(c.request_id), world.cancellations(c)) for c in cases}
    assert ends == {("approved", 1)}


@pytest.mark.parametrize(
    "fault", [Delay(1.0), Silence(30.0, after_work=True)], ids=["in time", "too late"]
)
async def test_a_runner_stopped_with_fifty_tasks_in_flight_leaves_none_unfinished(world, fault):
    cases = await _in_flight(world, 50, fault)
    await world.runner.stop()
    world.runner = await world.sandbox.start_runner()
    await _settle(world, cases)


async def test_a_websocket_lost_with_tasks_in_flight_loses_and_repeats_nothing(world):
    cases = await _in_flight(world, 20, Delay(2.0))
    world.connect.instances.drop(world.runner.instance_id)
    await _settle(world, cases)
    assert all(len(world.connect.tasks_of(c.request_id)[0].deliveries) >= 2 for c in cases)


async def test_tasks_in_flight_survive_an_outage_of_connect(world):
    cases = await _in_flight(world, 20, Delay(2.0))
    # The approvals and their repeats meet a closed port.
    await world.connect.go_down()
    await asyncio.sleep(6)
    await world.connect.come_back()
    await _settle(world, cases)
