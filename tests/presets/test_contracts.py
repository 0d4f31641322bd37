"""The checks against the vendors' descriptions find undescribed calls and answers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.presets.contracts import Contract, needs_contracts
from tests.presets.stand_in import Seen

pytestmark = needs_contracts

FORM = {"Authorization": "Bearer x", "Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Authorization": "Basic x", "Content-Type": "application/json"}
NOT_FOUND = b'{"error": {"message": "No such subscription"}}'

STRIPE = Seen(
    "POST", "/v1/subscriptions/a", "a", FORM, b"cancel_at_period_end=true", 404, NOT_FOUND
)
RECURLY = Seen(
    *("PUT", "/subscriptions/a/cancel", "a", JSON, b'{"timeframe": "term_end"}', 404),
    b'{"type": "not_found", "message": "Not found"}',
)
KILL_BILL = Seen(
    "DELETE",
    "/1.0/kb/subscriptions/a-b-c-d-e?billingPolicy=IMMEDIATE",
    "a-b-c-d-e",
    {"Authorization": "Basic x", "X-Killbill-ApiKey": "k", "X-Killbill-ApiSecret": "s"},
    b"",
    404,
    b"",
)
MICROSOFT = Seen("GET", "/saas/subscriptions/a", "a", {"Authorization": "Bearer x"}, b"", 404, b"")


@pytest.mark.parametrize(
    ("folder", "seen"), [("stripe", STRIPE), ("recurly", RECURLY)], ids=["stripe", "recurly"]
)
def test_described_calls_and_answers_pass(folder, seen):
    Contract(folder).check(replace(seen, answer_type="application/json"))


@pytest.mark.parametrize(
    ("folder", "seen", "problem"),
    [
        ("stripe", replace(STRIPE, body=b"at_period_end=true"), "unknown field at_period_end"),
        ("stripe", replace(STRIPE, body=b"cancel_at_period_end=soon"), "boolean type: soon"),
        ("stripe", replace(STRIPE, headers=JSON), "a body of the kind 'application/json'"),
        ("stripe", replace(STRIPE, path="/v1/subscription/a"), "not found"),
        ("stripe", replace(STRIPE, method="PUT"), "not found"),
        ("stripe", replace(STRIPE, headers={**FORM, "Authorization": ""}), "Security"),
        ("stripe", replace(STRIPE, answer=b'{"fault": 1}'), "'error' is a required property"),
        ("recurly", replace(RECURLY, body=b'{"time": "term_end"}'), "unknown field time"),
        ("recurly", replace(RECURLY, body=b'{"timeframe": "now"}'), "'now' is not one of"),
        ("recurly", replace(RECURLY, path=RECURLY.path + "?now=1"), "unknown query parameter now"),
        ("killbill", KILL_BILL, "X-Killbill-CreatedBy"),
        ("microsoft-saas", MICROSOFT, "missing query parameter api-version"),
    ],
)
def test_undescribed_calls_and_answers_are_problems(folder, seen, problem):
    with pytest.raises(AssertionError, match=problem):
        Contract(folder).check(replace(seen, answer_type="application/json"))
