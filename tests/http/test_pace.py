"""The pace of a run: calls are reserved in advance, and the limit holds in every minute."""

import asyncio
from bisect import bisect_left

import pytest

from connect_ext.http.call_times import CallTimes
from connect_ext.http.counted import counted
from connect_ext.http.pace import CALLS_OF_A_WALK, Pace


class Clock:
    """A clock that only moves while somebody waits."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now

    async def sleep(self, seconds):
        await asyncio.sleep(0)
        self.now += seconds


def pace_of(calls_per_minute):
    clock = Clock()
    return Pace(calls_per_minute, clock, clock.sleep), clock


async def calling(pace, clock, at, calls, taken=CALLS_OF_A_WALK):
    async with pace.taking(taken):
        for _ in range(calls):
            await counted(asyncio.sleep(0), CallTimes())
            at.append(clock())


@pytest.mark.parametrize("calls_per_minute", [30, 60, 240, 6000])
@pytest.mark.parametrize("calls", [1, 7, CALLS_OF_A_WALK, 40])
async def test_no_minute_has_more_calls_than_allowed(calls_per_minute, calls):
    pace, clock = pace_of(calls_per_minute)
    at = []
    for _ in range(3 * calls_per_minute // calls + 3):
        await calling(pace, clock, at, calls)
    busiest = max(bisect_left(at, start + 60) - bisect_left(at, start) for start in set(at))
    # The last piece of work may need more than it reserved.
    assert busiest <= calls_per_minute + max(0, calls - CALLS_OF_A_WALK)


async def test_unused_reserved_calls_are_given_back():
    pace, clock = pace_of(240)
    at = []
    for _ in range(100):
        await calling(pace, clock, at, 1)
    # 240 a minute, minus the 30 that may be made at once.
    assert clock.now - 1000 == pytest.approx((100 + CALLS_OF_A_WALK - 31) / 3.5, abs=2)


async def test_a_cancelled_wait_takes_nothing():
    pace, clock = pace_of(60)
    async with pace.taking(CALLS_OF_A_WALK):
        waiting = asyncio.create_task(calling(pace, clock, [], 0))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    before = clock.now
    await asyncio.wait_for(calling(pace, clock, [], 0), 5)
    assert clock.now - before < 60


async def test_failing_work_gives_back_its_unused_calls():
    pace, clock = pace_of(60)
    for _ in range(10):
        with pytest.raises(ValueError, match="on purpose"):
            async with pace.taking(CALLS_OF_A_WALK):
                raise ValueError("on purpose")
    assert clock.now == 1000.0
