"""No answer stops the event loop: a heartbeat runs in it while all calls get the worst answers."""

from __future__ import annotations

import random
import time

import pytest

from tests.hostile.answers import (
    FOUND,
    LIKE_OTHERS,
    OF_CONNECT,
    OF_ORDERS,
    OF_REST,
    OF_UNDO,
    OF_ZUORA,
    xml_answer,
)
from tests.hostile.heartbeat import MOST_LATE_SECONDS, Heartbeat
from tests.hostile.search import lateness, search
from tests.hostile.sides import SIDES


@pytest.mark.parametrize("name", OF_REST)
@pytest.mark.parametrize("side", ["look-up", "cancellation"])
async def test_the_loop_keeps_running_while_a_rest_vendors_answers_are_read(name, side):
    assert await lateness(side, OF_REST[name]()) <= MOST_LATE_SECONDS


@pytest.mark.parametrize("name", OF_ZUORA)
async def test_the_loop_keeps_running_while_zuoras_answers_are_read(name):
    assert await lateness("Zuora", xml_answer(OF_ZUORA[name]())) <= MOST_LATE_SECONDS


@pytest.mark.parametrize("name", [name for name in OF_ORDERS if name not in LIKE_OTHERS])
async def test_the_loop_keeps_running_while_answers_of_zuoras_orders_are_read(name):
    assert await lateness("Zuora orders", OF_ORDERS[name]()) <= MOST_LATE_SECONDS


@pytest.mark.parametrize(("side", "said"), OF_UNDO)
async def test_the_loop_keeps_running_while_answers_to_an_undo_are_read(side, said):
    assert await lateness(side, said()) <= MOST_LATE_SECONDS


@pytest.mark.parametrize("name", OF_CONNECT)
async def test_the_loop_keeps_running_while_connects_answers_are_read(name):
    assert await lateness("Connect", OF_CONNECT[name]()) <= MOST_LATE_SECONDS


@pytest.mark.parametrize(("side", "recipe"), FOUND)
async def test_the_loop_keeps_running_while_answers_found_by_a_search_are_read(side, recipe):
    assert await lateness(side, recipe.said()) <= MOST_LATE_SECONDS


@pytest.mark.parametrize("side", SIDES)
async def test_a_short_search_finds_nothing_that_stops_the_loop(side):
    """``make soak`` searches longer."""
    seed = random.randrange(10**9)
    found = await search(side, seconds=3, most_tries=150, dice=random.Random(seed))
    assert len(found.worst) > len(SIDES[side].seeds)
    _, worst = found.worst[0]
    late = await lateness(side, worst.said())
    assert late <= MOST_LATE_SECONDS, f"seed {seed}: {worst}"


async def test_a_blocked_loop_makes_the_heartbeat_late():
    async with Heartbeat() as heart:
        time.sleep(2 * MOST_LATE_SECONDS)  # noqa: ASYNC251 - to be seen
    assert heart.latest > MOST_LATE_SECONDS
