"""Only --cancel really cancels the subscription: once, with another look afterwards."""

from __future__ import annotations

import pytest

from sandbox.faults import DropAfter, DropBefore, Respond
from tests.check.trying import Person, cancelled, everything_told
from tests.check.unseen import TERMINATES
from tests.presets.stand_in import Trouble
from tests.presets.stand_ins import STAND_INS
from tests.presets.vendors import serving


def once(vendor, subscription_id="SUB-1"):
    """How many calls tried to cancel, and how many took effect."""
    subscription = vendor.subscriptions[subscription_id]
    return len(vendor.cancel_calls(subscription_id)), subscription.cancellations


async def test_it_is_cancelled_once_after_agreement_to_the_shown_call(vendor):
    vendor.add("SUB-1")
    person = Person()
    report = await cancelled(vendor.variables(), "SUB-1", person)
    assert once(vendor) == (1, 1)
    [asked] = person.asked
    assert (asked.outcome, asked.was_sent, asked.would_be_approved) == ("cancel", False, True)
    assert (report.outcome, report.was_sent, report.would_be_approved) == ("approve", True, True)
    assert report.decision == "The subscription is cancelled. A real request would be approved."
    assert report.requests == asked.requests
    assert report.calls[: len(asked.calls)] == asked.calls


async def test_without_agreement_nothing_is_sent(vendor):
    vendor.add("SUB-1")
    report = await cancelled(vendor.variables(), "SUB-1", Person(agrees=False))
    assert (once(vendor), report.outcome, report.was_sent) == ((0, 0), "cancel", False)


@pytest.mark.parametrize(
    ("variables", "status"),
    [({"DRY_RUN": "true"}, "active"), ({}, "cancelled"), ({}, "draft"), ({"NOTES": "x"}, "active")],
)
async def test_nobody_is_asked_if_nothing_would_be_sent(vendor, variables, status):
    vendor.add("SUB-1", status=status)
    person = Person()
    report = await cancelled({**vendor.variables(), **variables}, "SUB-1", person)
    assert (person.asked, once(vendor), report.was_sent) == ([], (0, 0), False)


async def test_a_slow_vendor_is_polled_until_it_shows_the_cancellation(vendor):
    vendor.add("SUB-1", shows_after_seconds=3)
    report = await cancelled(vendor.variables(), "SUB-1")
    assert (report.outcome, once(vendor)) == ("approve", (1, 1))


@pytest.mark.parametrize("repeatable", ["false", "true"])
async def test_a_vendor_that_takes_minutes_gets_no_second_cancellation(vendor, repeatable):
    vendor.add("SUB-1", shows_after_seconds=300, second="order", honours_keys=False)
    soon = {"SETTLE_MINUTES": "0.05", "REST_REPEATABLE": repeatable}
    report = await cancelled({**vendor.variables(), **soon}, "SUB-1", wait_seconds=7)
    assert len(vendor.cancel_calls("SUB-1")) == 1
    assert (report.outcome, report.was_sent, report.would_be_approved) == ("wait", True, False)
    assert report.decision == (
        "The cancellation was sent. The request would wait: The vendor has accepted the"
        " cancellation. The vendor does not show the result yet."
    )


async def test_an_intermediate_status_is_waited_for(unseen):
    contract = unseen.add("C-1")
    contract_calls = {
        "REST_STATUS_REQUEST": "GET /v2/contracts/{subscription_id}",
        "REST_STATUS_PATH": "data.attributes.lifecycle.state",
        "REST_CANCEL_REQUEST": "PATCH /v2/contracts/{subscription_id}",
        "REST_CANCEL_BODY": str(TERMINATES).replace("'", '"'),
    }
    report = await cancelled({**unseen.variables(), **contract_calls}, "C-1")
    assert (report.outcome, contract.terminations) == ("approve", 1)
    assert "'TERMINATING', which is in REST_CANCELLING_VALUES" in everything_told(report)


async def test_a_refusal_is_shown_in_its_known_words_and_nothing_is_sent_again(vendor):
    vendor.add("SUB-1", refusal="It is leased until May to Blauwal GmbH.")
    report = await cancelled(vendor.variables(), "SUB-1")
    assert (report.outcome, once(vendor)) == ("reject", (1, 0))
    assert "It is leased until May to […]." in report.decision
    assert "Blauwal" not in everything_told(report)
    assert any("held instead" in hint for hint in report.look_at)
    found = [f.found for call in report.calls for f in call.findings]
    assert "finds a reason of 39 characters" in found


async def test_a_missing_reason_is_reported_with_the_keys_that_exist(vendor):
    vendor.add("SUB-1", refusal="It is leased until May.")
    report = await cancelled({**vendor.variables(), "REST_REASON_PATH": "errors[]"}, "SUB-1")
    assert report.outcome == "reject"
    assert "REST_REASON_PATH finds no reason: the answer has error but no errors; correct the" in (
        " ".join(report.look_at)
    )


async def test_not_now_waits(vendor):
    vendor.add("SUB-1", locked_seconds=600)
    report = await cancelled(vendor.variables(), "SUB-1")
    assert (report.outcome, once(vendor)) == ("wait", (1, 0))
    assert "The vendor says: The subscription is locked before renewal." in report.decision


@pytest.mark.parametrize("shows_after", [None, 3])
async def test_after_a_lost_answer_the_subscription_decides(vendor, shows_after):
    vendor.add("SUB-1", shows_after_seconds=shows_after)
    vendor.faults.add("POST", "", DropAfter(), times=1)
    report = await cancelled(vendor.variables(), "SUB-1")
    assert (report.outcome, report.was_sent, once(vendor)) == ("approve", True, (1, 1))


@pytest.mark.parametrize("fault", [DropBefore(), Respond(500)])
async def test_after_an_unknown_outcome_nothing_is_sent_again(vendor, fault):
    vendor.add("SUB-1")
    vendor.faults.add("POST", "", fault)
    report = await cancelled(vendor.variables(), "SUB-1", wait_seconds=3)
    assert (report.outcome, report.was_sent, once(vendor)) == ("wait", True, (1, 0))
    assert "The vendor may have received the cancellation." in report.decision


async def test_a_cancellation_that_never_left_was_not_sent(vendor):
    vendor.add("SUB-1")

    class Stops(Person):
        async def __call__(self, report):
            await vendor.stop()
            return True

    report = await cancelled(vendor.variables(), "SUB-1", Stops())
    assert (report.outcome, report.was_sent, once(vendor)) == ("wait", False, (0, 0))
    assert "check REST_API_URL" in report.decision


async def test_if_the_vendor_cannot_be_asked_its_answer_decides(vendor):
    vendor.add("SUB-1")
    vendor.add("SUB-2", shows_after_seconds=60)
    variables = {**vendor.variables(), "REST_STATUS_REQUEST": ""}
    report = await cancelled(variables, "SUB-1")
    assert (report.outcome, report.would_be_approved, once(vendor)) == ("approve", True, (1, 1))
    report = await cancelled(variables, "SUB-2", wait_seconds=3)
    assert (report.outcome, report.would_be_approved) == ("hold", False)
    assert "REST_STATUS_PATH finds nothing: the answer has the key ok" in everything_told(report)


async def test_a_cancellation_at_the_end_of_the_term_names_that_day(vendor):
    vendor.add("SUB-1", term_ends="2031-01-01")
    when = {"CANCELLATION_DATE": "end_of_term", "WHEN_EFFECTIVE_LATER": "schedule"}
    variables = {**vendor.variables(), **vendor.variables_for_later_ends(), **when}
    person = Person()
    report = await cancelled(variables, "SUB-1", person)
    assert person.asked[0].remarks == ("It would take effect on 2031-01-01.",)
    assert (report.outcome, report.would_be_approved) == ("schedule", True)
    assert report.decision == (
        "The subscription is cancelled, and ends on 2031-01-01. A real request would be scheduled."
    )


@pytest.mark.parametrize("stand_in", STAND_INS, ids=lambda each: each.vendor)
async def test_each_preset_cancels_once_and_does_not_believe_a_lost_answer(stand_in):
    async with serving(stand_in()) as server:
        for held in (server.add(), server.add(trouble=Trouble.LOSES_ANSWER)):
            report = await cancelled(server.variables(), held.id)
            assert report.would_be_approved, report.decision
            assert held.cancellations == 1
            assert report.was_sent


@pytest.mark.parametrize("stand_in", STAND_INS, ids=lambda each: each.vendor)
async def test_each_presets_refusal_is_shown(stand_in):
    async with serving(stand_in()) as server:
        held = server.add(trouble=Trouble.REFUSES)
        report = await cancelled(server.variables(), held.id)
    assert (report.outcome, held.cancellations) == ("reject", 0), report.decision


async def test_both_zuoras_cancel_once(zuora, orders):
    name, number = zuora.add().name, orders.add().number
    for variables, key in ((zuora.variables("78.0"), name), (orders.variables(), number)):
        report = await cancelled(variables, key)
        assert (report.outcome, report.was_sent) == ("approve", True), report.decision
    assert zuora.effective_cancellations(name) == 1
    assert orders.effective_cancellations(number) == 1
