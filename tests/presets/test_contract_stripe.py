"""Stripe's preset and stand-in, checked against Stripe's own description (version 2023-08-16)."""

from __future__ import annotations

import pytest

from tests.presets.contracts import Contract, needs_contracts
from tests.presets.stripe import Stripe
from tests.presets.vendors import played, serving, status_words

pytestmark = needs_contracts


@pytest.fixture(scope="module")
def contract() -> Contract:
    return Contract("stripe")


async def test_every_call_and_answer_matches_stripes_description(http, contract):
    async with serving(Stripe()) as stand_in:
        for seen in await played(http, stand_in):
            contract.check(seen)


def test_every_status_is_in_one_list(contract):
    statuses = contract.schema("subscription")["properties"]["status"]["enum"]
    assert sorted(status_words("stripe")) == sorted([*statuses, "ends later"])
