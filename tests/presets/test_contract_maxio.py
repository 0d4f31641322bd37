"""Maxio's preset, checked against its SDK's documentation, since it publishes no description.

The pages are `doc/controllers/subscription-status.md`, `doc/models/cancellation-options.md` and
`doc/models/subscription-state.md` of https://github.com/maxio-com/ab-python-sdk, and
https://docs.maxio.com/hc/en-us/articles/24252119027853, which has the newest of the states.
"""

from __future__ import annotations

import json

from tests.presets.maxio import Maxio
from tests.presets.vendors import played, serving, status_words

END_POINTS = {
    ("GET", "/subscriptions/{}.json"),
    ("DELETE", "/subscriptions/{}.json"),
    ("POST", "/subscriptions/{}/delayed_cancel.json"),
    ("DELETE", "/subscriptions/{}/delayed_cancel.json"),
}
TEXTS = {"cancellation_message", "reason_code"}
"""The text fields of a cancellation; the others are flags and a date."""

STATES = (
    *("active", "assessing", "pending", "trialing", "paused"),
    *("past_due", "soft_failure", "unpaid"),
    *("canceled", "expired", "failed_to_create", "on_hold", "suspended", "trial_ended"),
    *("awaiting_signup", "awaiting_signup_date"),
)


async def test_every_call_matches_the_pages(http):
    async with serving(Maxio()) as stand_in:
        calls = await played(http, stand_in)
    assert {(seen.method, seen.path.replace(seen.about, "{}")) for seen in calls} == END_POINTS
    for seen in calls:
        if seen.body:
            assert seen.headers["Content-Type"] == "application/json"
            (options,) = json.loads(seen.body).values()
            assert options.keys() <= TEXTS
            assert all(isinstance(text, str) for text in options.values())


async def test_a_post_always_has_a_body_that_maxio_does_not_treat_as_forged(http):
    async with serving(Maxio()) as stand_in:
        posted = [seen for seen in await played(http, stand_in) if seen.method == "POST"]
    assert posted
    assert all(seen.body for seen in posted)


def test_every_state_is_in_one_list():
    assert sorted(status_words("maxio")) == sorted([*STATES, "ends later"])
