"""Chargebee's preset and stand-in, checked against Chargebee's own description as far as it goes.

It describes API v1. The parts of API v2 with Product Catalog 2.0 that it lacks are added here by
hand, from the enumerations of github.com/chargebee/chargebee-python and
https://apidocs.chargebee.com: the base path, `cancel_for_items` beside `cancel`, items in place of
a plan, and the status `paused`.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from tests.presets.chargebee import Chargebee
from tests.presets.contracts import Contract, needs_contracts
from tests.presets.vendors import played, serving, status_words

pytestmark = needs_contracts

WHEN = ["immediately", "end_of_term", "specific_date", "end_of_billing_term"]


def with_catalog_2(document: dict[str, Any]) -> None:
    schemas, paths = document["components"]["schemas"], document["paths"]
    for item in ("plan_id", "plan_quantity"):
        schemas["Subscription"]["required"].remove(item)
    schemas["Customer"]["required"].remove("account_credits")
    schemas["Subscription"]["properties"]["status"]["enum"].append("paused")
    cancel = deepcopy(paths["/subscriptions/{subscription-id}/cancel"])
    cancel["post"]["operationId"] = "cancel_a_subscription_for_items"
    body = cancel["post"]["requestBody"]["content"]["application/x-www-form-urlencoded"]
    body["schema"]["properties"]["cancel_option"] = {"type": "string", "enum": WHEN}
    paths["/subscriptions/{subscription-id}/cancel_for_items"] = cancel


@pytest.fixture(scope="module")
def contract() -> Contract:
    return Contract("chargebee", "/api/v2", with_catalog_2)


async def test_every_call_and_answer_matches_chargebees_description(http, contract):
    async with serving(Chargebee()) as stand_in:
        for seen in await played(http, stand_in):
            contract.check(seen)


def test_every_status_is_in_one_list(contract):
    statuses = contract.schema("Subscription")["properties"]["status"]["enum"]
    assert sorted(status_words("chargebee")) == sorted([*statuses, "ends later"])
