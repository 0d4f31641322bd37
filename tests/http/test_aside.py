"""Large answers are read in a thread and hold up the event loop only briefly."""

import gc
import sys
import threading

import pytest

from connect_ext.http.aside import READ_AT_ONCE_BYTES, SWITCH_SECONDS, aside


def surroundings():
    return threading.current_thread(), gc.isenabled(), round(sys.getswitchinterval(), 6)


def failing():
    raise ValueError("unreadable")


@pytest.mark.parametrize("collects", [True, False])
async def test_the_loop_gets_its_turn_meanwhile_and_no_garbage_is_collected(collects):
    (gc.enable if collects else gc.disable)()
    try:
        before = surroundings()
        thread, *rest = await aside(READ_AT_ONCE_BYTES + 1, surroundings)
        assert (thread is not before[0], rest) == (True, [False, SWITCH_SECONDS])
        with pytest.raises(ValueError, match="unreadable"):
            await aside(READ_AT_ONCE_BYTES + 1, failing)
        assert surroundings() == before
    finally:
        gc.enable()


async def test_a_small_answer_is_read_at_once():
    assert await aside(READ_AT_ONCE_BYTES, surroundings) == surroundings()
