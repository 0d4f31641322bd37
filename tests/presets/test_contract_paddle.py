"""Paddle's preset and stand-in, checked against Paddle's own description."""

from __future__ import annotations

import pytest

from tests.presets.contracts import Contract, needs_contracts
from tests.presets.paddle import Paddle
from tests.presets.vendors import played, serving, status_words

pytestmark = needs_contracts


@pytest.fixture(scope="module")
def contract() -> Contract:
    return Contract("paddle")


async def test_every_call_and_answer_matches_paddles_description(http, contract):
    async with serving(Paddle()) as stand_in:
        for seen in await played(http, stand_in):
            contract.check(seen)


def test_every_status_is_in_one_list(contract):
    statuses = contract.schema("status-subscription")["enum"]
    assert sorted(status_words("paddle")) == sorted([*statuses, "ends later"])
