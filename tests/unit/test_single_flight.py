"""Work that is done once for all concurrent callers."""

from __future__ import annotations

import asyncio

import pytest

from connect_ext.single_flight import SingleFlight


async def test_all_callers_during_the_work_share_its_result() -> None:
    flight, begun = SingleFlight[str, int](), []

    async def work() -> int:
        begun.append(None)
        await asyncio.sleep(0)
        return len(begun)

    assert await asyncio.gather(*(flight.run("a", work) for _ in range(3))) == [1, 1, 1]
    assert await flight.run("a", work) == 2


async def test_work_that_has_just_ended_is_done_again() -> None:
    flight, begun, late = SingleFlight[str, int](), [], []

    async def work() -> int:
        begun.append(None)
        if not late:
            # Its first step comes right after our last one, before anybody learns that we ended.
            late.append(asyncio.create_task(flight.run("a", work)))
        return len(begun)

    assert await flight.run("a", work) == 1
    assert await late[0] == 2


async def test_it_continues_for_the_others_if_one_caller_is_cancelled() -> None:
    flight, may_end = SingleFlight[str, str](), asyncio.Event()

    async def work() -> str:
        await may_end.wait()
        return "done"

    first, second = (asyncio.create_task(flight.run("a", work)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    may_end.set()
    assert await second == "done"
    with pytest.raises(asyncio.CancelledError):
        await first
