import logging
import re

import pytest

from connect_ext.cancelling.observing import settled_elsewhere
from connect_ext.cancelling.steps import (
    Approve,
    Confirm,
    DryRun,
    Ended,
    Hold,
    Leave,
    Reject,
    Schedule,
    Wait,
)
from connect_ext.cause import Cause
from connect_ext.outcome_log import TaskLine, at_start
from tests.unit.builders import NOW, configuration, connect_request

GOSSIP = "Mallory of Example Ltd. says no."
TASK = "TQ-618-123-0001"


def line(step, request=None, task_id=TASK, **ended) -> TaskLine:
    request = connect_request() if request is None else request
    return TaskLine(Ended(step, **ended), request, task_id, 412)


def test_a_task_ends_in_facts_and_then_a_sentence():
    step = Wait(Cause.BUSY, "The vendor is busy.", seconds=30)
    assert str(line(step, vendor="rest", http_status=503)) == (
        "PR-3071-1051-2166-004 task=TQ-618-123-0001 product=PRD-411-678-887 vendor=rest"
        " outcome=waits cause=busy http=503 ms=412: Waits 30 s. The vendor is busy."
    )


@pytest.mark.parametrize(
    ("step", "outcome", "level"),
    [
        (Approve(Cause.CANCELLED, note=GOSSIP), "approved", logging.INFO),
        (Schedule(Cause.SCHEDULED, NOW, GOSSIP), "scheduled", logging.INFO),
        (Confirm(Cause.REVOKED), "revoked", logging.INFO),
        (Reject(Cause.REFUSED, GOSSIP), "rejected", logging.WARNING),
        (Wait(Cause.ENDS_LATER, "It ends.", until=NOW), "waits", logging.INFO),
        (Wait(Cause.SENT, "It works."), "waits", logging.WARNING),
        (Wait(Cause.BUG, "A bug.", needs_person=True), "waits", logging.ERROR),
        (Hold(Cause.UNPROVEN, GOSSIP), "held", logging.ERROR),
        (DryRun(Cause.DRY_RUN, GOSSIP, "reject"), "dry-run", logging.INFO),
        (Leave(Cause.SETTLED_ELSEWHERE, "Nothing to do."), "left", logging.INFO),
    ],
)
def test_the_level_says_who_must_look_and_the_vendors_reason_stays_out(step, outcome, level):
    found = line(step)
    assert found.level == level
    assert f" vendor=- outcome={outcome} cause={step.cause.value} http=- ms=412: " in str(found)
    assert "Mallory" not in str(found)


def test_a_scheduled_request_has_its_day_in_the_log():
    text = str(line(Schedule(Cause.SCHEDULED, NOW)))
    assert text.endswith("The subscription is cancelled, and the request waits for 2026-03-02.")


def test_an_already_scheduled_request_is_explained():
    assert str(line(settled_elsewhere("scheduled"))).endswith("and returns on the scheduled day.")


def test_a_cause_is_one_word_of_a_closed_list():
    assert all(re.fullmatch("[a-z]+(-[a-z]+)*", cause.value) for cause in Cause)
    assert len({cause.value for cause in Cause}) == len(Cause) <= 40


FORGED = "PR-1-1\nPR-2-2 outcome=approved"


@pytest.mark.parametrize(
    "hostile",
    [FORGED, "PR-1-1 task=TQ-1-1", "PR-" + "1" * 60, "PR-1-1\n", "", None, 7, [FORGED], {}, "é-1"],
    ids=ascii,
)
def test_an_id_of_another_shape_forges_no_line(hostile):
    request = {"id": hostile, "asset": {"product": {"id": hostile}}}
    shown = str(line(Approve(Cause.CANCELLED), request, str(hostile)))
    assert shown.startswith("a request without an id task=- product=- vendor=- outcome=approved ")
    assert "\n" not in shown


@pytest.mark.parametrize("request_data", [{}, [], "PR-1-1", 7, {"asset": None}, {"asset": [1]}])
def test_a_request_of_any_shape_has_its_line(request_data):
    assert str(line(Leave(Cause.BUG, "Nothing."), request_data)).startswith("a request without an")


def test_the_start_shows_each_products_vendor_and_the_dry_runs():
    overrides = '{"PRD-1-2": {"DRY_RUN": "true"}, "PRD-1-1": {"NOTES": "off"}}'
    assert at_start(configuration(PRODUCT_OVERRIDES=overrides), "1.2.3") == (
        "Subscription cancellation 1.2.3: every product: rest, PRD-1-2: rest (dry run)."
    )


@pytest.mark.parametrize("status", ["approved\nPR-1-1 outcome=approved", "x" * 99, "Approved!", ""])
def test_a_status_from_connect_forges_no_line(status):
    text = str(line(settled_elsewhere(status)))
    assert text.endswith(": Nothing to do: the request is in an unknown status.")
    assert text.isprintable()
