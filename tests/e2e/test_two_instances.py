"""Two instances, a vendor that shows nothing for a while, and a kill at the worst moment."""

import asyncio
from datetime import timedelta

from sandbox import Sandbox
from sandbox.faults import Kill

SLOW_VENDOR = {"shows_after_seconds": 1e6, "second": "order", "honours_keys": False}
REQUESTS = 10


async def test_an_instance_killed_after_the_vendor_got_the_cancellation_leaves_only_one_order():
    async with Sandbox(countdown_scale=0.01) as sandbox:
        sandbox.vendor.defaults = SLOW_VENDOR
        await asyncio.gather(sandbox.start_runner(), sandbox.start_runner())
        requests = [sandbox.cancel(f"SUB-{number}") for number in range(REQUESTS)]
        killed = Kill(lambda: sandbox.runner_of(requests[0]).kill())
        fault = sandbox.vendor.faults.add("POST", "/SUB-0/", killed, times=1)
        await sandbox.connect.journal.until(lambda: fault.hits > 0, 60, "the kill")
        await sandbox.start_runner()
        assert sum(runner.running for runner in sandbox.runners) == 2
        for request_id in requests:
            await sandbox.connect.answered(request_id, times=2)
        first, *others = subscriptions = list(sandbox.vendor.subscriptions.values())
        # The killed instance may have left its mark without sending anything.
        assert first.orders == 1 >= max(each.orders for each in others)
        assert {sandbox.connect.status(each) for each in requests} == {"pending"}
        for subscription in subscriptions:
            subscription.finish()
            subscription.shows_after_seconds = None
        sandbox.connect.clock.ahead += timedelta(hours=2)
        for request_id in requests:
            assert (await sandbox.connect.settled(request_id))["status"] == "approved"
        assert {(each.orders, each.cancellations) for each in subscriptions} == {(1, 1)}
        await asyncio.gather(*(runner.kill() for runner in sandbox.runners))
