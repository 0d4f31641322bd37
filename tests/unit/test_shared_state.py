"""The object shared by a process's tasks keeps accounts apart and does not grow."""

import asyncio
import json

import pytest
from connect.client import AsyncConnectClient

from connect_ext.cancelling.process import process
from connect_ext.cause import Cause
from connect_ext.connect.account import AccountKey
from connect_ext.errors import NotConfigured
from connect_ext.portal.policy import Notes
from connect_ext.portal.secret import Secret
from connect_ext.shared_state import MOST_CONFIGURATIONS, MOST_REQUESTS, SharedState
from tests.hostile.heartbeat import MOST_LATE_SECONDS, Heartbeat, at_best
from tests.unit.builders import REST_VARIABLES, cancel_request, settings


def client(endpoint="https://one.example", token="ApiKey SU-1:1"):
    return AsyncConnectClient(token, endpoint=endpoint)


@pytest.mark.parametrize(
    "other", [client("https://two.example"), client(token="ApiKey SU-2:2")], ids=["place", "token"]
)
async def test_two_accounts_share_no_template_no_walk_and_no_memory(other):
    shared, walks = SharedState(), []

    class Vendor:
        can_be_asked = is_repeatable = True
        advice = None

        async def look_up(self, _cancellation):
            walks.append(None)
            await asyncio.sleep(0.02)
            raise ConnectionAbortedError

    async def walk(account):
        connect = shared.connect_api(account)
        connect.account.templates["PRD-411-678-887"] = "TL-1-2-3"
        request = cancel_request({"id": "subscription_id", "value": "A-1"})
        return await process(request, settings(), connect, Vendor(), shared)

    same = [walk(client()) for _ in range(3)]
    ended = await asyncio.gather(*same, walk(other), return_exceptions=True)
    assert [type(each) for each in ended] == [ConnectionAbortedError] * 4
    assert len(walks) == 2
    ours, theirs = (shared.connect_api(each).account for each in (client(), other))
    assert ours is shared.connect_api(client()).account
    assert ours.templates is not theirs.templates
    assert shared.request(ours.key, "PR-1-1") is not shared.request(theirs.key, "PR-1-1")


def test_memory_is_bounded_and_a_settled_request_forgotten():
    shared, key = SharedState(), AccountKey("https://one.example", Secret("ApiKey SU-1:1"))
    first, second = (shared.request(key, f"PR-{number}") for number in (0, 1))
    for number in range(2, MOST_REQUESTS + 1):
        shared.request(key, f"PR-{number}")
    assert shared.request(key, "PR-1") is second
    assert shared.request(key, "PR-0") is not first
    last = shared.request(key, f"PR-{MOST_REQUESTS}")
    shared.forget(key, f"PR-{MOST_REQUESTS}")
    assert shared.request(key, f"PR-{MOST_REQUESTS}") is not last


async def test_mistakes_are_remembered_too():
    shared, variables = SharedState(), {**REST_VARIABLES, "NOTES": "loud"}
    for _ in range(2):
        with pytest.raises(NotConfigured, match="NOTES") as raised:
            await shared.configuration(variables)
        assert raised.value.cause is Cause.VARIABLES
    variables["NOTES"] = "off"
    assert (await shared.configuration(variables)).default.notes is Notes.OFF


async def test_the_loop_keeps_running_while_1500_overrides_with_a_mistake_are_read():
    overrides = {f"PRD-1-{n}": {"REST_STATUS_PATH": "status"} for n in range(1500)}
    overrides["PRD-1-700"]["NOTES"] = "loud"
    variables = {**REST_VARIABLES, "PRODUCT_OVERRIDES": json.dumps(overrides)}

    async def once():
        shared = SharedState()
        async with Heartbeat() as heart:
            for _ in range(3):
                with pytest.raises(NotConfigured, match="PRD-1-700, NOTES"):
                    await shared.configuration(variables)
        return heart.latest

    assert await at_best(once) < MOST_LATE_SECONDS


async def test_variables_are_read_once_while_they_do_not_change():
    shared = SharedState()
    first = await shared.configuration(REST_VARIABLES)
    assert await shared.configuration(dict(reversed(REST_VARIABLES.items()))) is first
    for number in range(MOST_CONFIGURATIONS):
        other = await shared.configuration({**REST_VARIABLES, "SETTLE_MINUTES": str(number + 1)})
        assert other.default.settle_seconds == 60 * (number + 1)
    assert await shared.configuration(REST_VARIABLES) is not first
