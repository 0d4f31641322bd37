"""A run killed anywhere, followed by two concurrent runs, does no harm."""

import asyncio
from dataclasses import dataclass, field

import pytest
from aiohttp import web

from sandbox.faults import Work
from tests.reconcile.world import HOURS, World, reconciling

REQUESTS = 3
RUN = {"days": 0, "subscriptions": 0}


@dataclass
class KillAt:
    """Ends the process at a call to Connect or to the vendor, before its work or after it."""

    call: int
    is_before: bool
    seen: int = 0
    reached: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, _: web.Request, work: Work) -> web.StreamResponse:
        self.seen += 1
        if self.seen != self.call:
            return await work()
        answer = None if self.is_before else await work()
        self.reached.set()
        # Time for the process to end before the answer arrives.
        await asyncio.sleep(0.05)
        return answer or await work()


async def kill(world: World, at: KillAt) -> bool:
    """Begin a run and kill its process there; False if it ended before."""
    rules = [side.faults.add("*", ".", at) for side in (world.connect, world.vendor)]
    others = asyncio.all_tasks()
    run = asyncio.create_task(world.run(**RUN))
    reached = asyncio.create_task(at.reached.wait())
    await asyncio.wait([run, reached], return_when=asyncio.FIRST_COMPLETED)
    is_killed = not run.done()
    # The walks are separate tasks.
    walks = [each for each in asyncio.all_tasks() - others if "process" in str(each.get_coro())]
    for each in (run, reached, *walks):
        each.cancel()
    await asyncio.gather(run, reached, *walks, return_exceptions=True)
    for side, rule in zip((world.connect, world.vendor), rules, strict=True):
        side.faults.remove(rule)
    return is_killed


@pytest.mark.parametrize("is_before", [True, False])
async def test_a_killed_run_and_two_concurrent_ones_cancel_each_subscription_once(is_before):
    call, is_killed = 2, True
    while is_killed:
        async with reconciling() as world:
            requests = [world.cancel(second="order") for _ in range(REQUESTS)]
            world.extension.let_pass(2 * HOURS)
            is_killed = await kill(world, KillAt(call, is_before))
            runs = []
            for _ in range(2):
                world.extension.begin_new_process()
                runs.append(asyncio.create_task(world.run(**RUN)))
                await asyncio.sleep(0)
            await asyncio.gather(*runs)
            for _ in range(3):
                world.extension.let_pass(2 * HOURS)
                await world.run(**RUN)
            assert [world.connect.status(each) for each in requests] == ["approved"] * REQUESTS
            assert [world.cancellations(each) for each in requests] == [1] * REQUESTS
        call += 5
