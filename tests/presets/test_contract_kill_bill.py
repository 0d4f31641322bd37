"""Kill Bill's preset and stand-in, checked against Kill Bill's own description."""

from __future__ import annotations

import pytest

from tests.presets.contracts import Contract, needs_contracts
from tests.presets.kill_bill import KillBill
from tests.presets.vendors import played, serving, status_words

pytestmark = needs_contracts

# It only lists 400 and 404. A second cancellation gives HTTP 500, by Kill Bill's own source.
UNTOLD = (401, 429, 500)


@pytest.fixture(scope="module")
def contract() -> Contract:
    return Contract("killbill")


async def test_every_call_and_answer_matches_kill_bills_description(http, contract):
    async with serving(KillBill()) as stand_in:
        for seen in await played(http, stand_in):
            contract.check(seen, untold=UNTOLD)


def test_every_state_is_in_one_list(contract):
    states = contract.schema("Subscription")["properties"]["state"]["enum"]
    words = [word for word in status_words("kill-bill") if word != "ends later"]
    assert sorted(words) == sorted(state.casefold() for state in states)
