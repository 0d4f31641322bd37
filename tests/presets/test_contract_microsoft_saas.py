"""The preset and stand-in of Microsoft's marketplace, checked against Microsoft's description."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.presets.contracts import Contract, needs_contracts
from tests.presets.microsoft_saas import TENANT, MicrosoftSaas
from tests.presets.vendors import played, serving, status_words

pytestmark = needs_contracts


@pytest.fixture(scope="module")
def contract() -> Contract:
    return Contract("microsoft-saas", "/api")


async def test_every_call_and_answer_matches_microsofts_description(http, contract):
    async with serving(MicrosoftSaas()) as stand_in:
        seen = await played(http, stand_in)
    # Entra's token endpoint is described elsewhere.
    described = [each for each in seen if contract.describes(each)]
    others = {each.path for each in seen if each not in described}
    assert others == {f"/{TENANT}/oauth2/v2.0/token"}
    assert {each.status for each in described} == {200, 202, 400, 404, 409}
    for each in described:
        # Only the API's first documents have a conflict; the request is still checked.
        contract.check(replace(each, status=400) if each.status == 409 else each)


async def test_the_tracing_headers_are_the_described_ones(http, contract):
    """There is no idempotency key: Microsoft does not know any."""
    async with serving(MicrosoftSaas()) as stand_in:
        seen = [each for each in await played(http, stand_in) if each.about]
    ours = {"host", "accept", "accept-encoding", "user-agent", "authorization", "content-length"}
    for each in seen:
        more = {name.lower() for name in each.headers} - ours
        assert more == {"x-ms-correlationid"}


def test_every_status_is_in_one_list(contract):
    statuses = contract.schema("Subscription")["properties"]["saasSubscriptionStatus"]["enum"]
    assert sorted(status_words("microsoft-saas")) == sorted(each.casefold() for each in statuses)
