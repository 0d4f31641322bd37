"""PayPal's preset and stand-in, checked against PayPal's own description (Subscriptions v1)."""

from __future__ import annotations

import json

import pytest

from tests.presets.contracts import Contract, needs_contracts
from tests.presets.paypal import LONGEST_REASON, PayPal
from tests.presets.vendors import played, serving, status_words

pytestmark = needs_contracts


@pytest.fixture(scope="module")
def contract() -> Contract:
    return Contract("paypal")


async def test_every_call_and_answer_matches_paypals_description(http, contract):
    async with serving(PayPal()) as stand_in:
        seen = await played(http, stand_in)
    # The description has only the address of the token endpoint.
    described = [each for each in seen if contract.describes(each)]
    assert {each.path for each in seen if each not in described} == {"/v1/oauth2/token"}
    assert {each.status for each in described} == {200, 204, 404, 409, 422}
    for each in described:
        contract.check(each)


async def test_the_reason_is_short_enough_with_the_longest_request_id(http, contract):
    """By the description it has 1 to 128 characters."""
    reason = contract.schema("subscription_cancel_request")["properties"]["reason"]
    assert reason["maxLength"] == LONGEST_REASON
    async with serving(PayPal()) as stand_in:
        await played(http, stand_in)
    sent = [
        json.loads(each.body)["reason"] for each in stand_in.seen if each.path[-7:] == "/cancel"
    ]
    assert all(1 <= len(text) <= LONGEST_REASON - 40 for text in sent)


def test_every_status_is_in_one_list(contract):
    statuses = contract.schema("subscription_status")["properties"]["status"]["enum"]
    assert sorted(status_words("paypal")) == sorted(each.casefold() for each in statuses)
