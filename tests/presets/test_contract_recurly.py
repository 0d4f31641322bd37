"""Recurly's preset and stand-in, checked against Recurly's own description (v2021-02-25)."""

from __future__ import annotations

import json

import pytest

from tests.presets.contracts import Contract, needs_contracts
from tests.presets.recurly import Recurly
from tests.presets.vendors import played, serving, status_words

pytestmark = needs_contracts


@pytest.fixture(scope="module")
def contract() -> Contract:
    return Contract("recurly")


async def test_every_call_and_answer_matches_recurlys_description(http, contract):
    kinds = contract.schema("ErrorTypeEnum")["enum"]
    async with serving(Recurly()) as stand_in:
        for seen in await played(http, stand_in):
            contract.check(seen)
            if seen.status >= 400:
                # Recurly's client reads errors with one more enclosing object than described.
                assert json.loads(seen.answer)["error"]["type"] in kinds


def test_every_status_is_in_one_list(contract):
    statuses = contract.schema("SubscriptionStateEnum")["enum"]
    assert sorted(status_words("recurly")) == sorted(statuses)
