"""Proposals from an answer: a wrong proposal is worse than none."""

from __future__ import annotations

import json
import time

import pytest

from connect_ext.http.bodies import read_json
from connect_ext.http.client import MAX_ANSWER_PARTS
from connect_ext.vendors.rest.suggesting import suggestions
from connect_ext.vendors.rest.variables import VARIABLES
from connect_ext.vendors.rest.vocabulary import ABOUT_THE_ANSWER, LISTS, MEANINGS, snake
from tests.unit.builders import configuration
from tests.unit.suggesting import AHEAD, NOW, PAST, proposed, questions, suggested

INITIAL = {variable.name: variable.initial_value for variable in VARIABLES}
LONG_ID = "SUB-1000-2000"


# The status.


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ({"data": {"status": "active"}}, "data.status"),
        ({"state": "active"}, "state"),
        ({"result": {"subscription": {"state": "Active"}}}, "result.subscription.state"),
        ({"contract": {"contractStatus": "ACTIVE"}}, "contract.contractStatus"),
        ({"subscription": {"status": {"value": "active"}}}, "subscription.status.value"),
        ({"status": {"phase": "Active"}}, "status.phase"),
        ({"agreement": {"lifecycle_status": "active"}}, "agreement.lifecycle_status"),
        ({"subscription-data": 1, "data": {"sub": 1, "Status": "active"}}, "data.Status"),
        ({"entitlement": {"entitlement-status": "active"}}, 'entitlement."entitlement-status"'),
        ([{"status": "active"}], "[0].status"),
        ({"value": [{"state": "active"}]}, "value[0].state"),
        ({"results": [{"subscription": {"status": "active"}}]}, "results[0].subscription.status"),
    ],
)
def test_a_status_is_found_by_its_name_and_its_place(document, path):
    assert proposed(document) == {"REST_STATUS_PATH": path}


@pytest.mark.parametrize(
    ("document", "path"),
    [
        # The object for the state alone, before the subscription, before the answer.
        ({"status": "active", "lifecycle": {"state": "terminating"}}, "lifecycle.state"),
        ({"status": "active", "subscription": {"status": "expired"}}, "subscription.status"),
        (
            {"contract": {"status": "active"}, "subscription": {"state": "active"}},
            "subscription.state",
        ),
        ({"state": "active", "data": {"contract": {"status": "active"}}}, "data.contract.status"),
        # The more specific name.
        ({"status": "active", "subscription_status": "expired"}, "subscription_status"),
        ({"data": {"state": "active", "status": "expired"}}, "data.status"),
        # A known word goes before an unknown one.
        ({"status": "fetched", "data": {"state": "active"}}, "data.state"),
        ({"status": "success", "data": {"state": "active"}}, "data.state"),
    ],
)
def test_of_several_statuses_the_deeper_and_more_specific_one_wins(document, path):
    assert proposed(document)["REST_STATUS_PATH"] == path


def test_the_object_with_the_requested_id_comes_first():
    document = {
        "id": LONG_ID,
        "state": "active",
        "contract": {"id": "C-9", "status": "expired"},
        "plan": {"id": LONG_ID, "status": "expired"},
    }
    assert proposed(document, LONG_ID) == {"REST_STATUS_PATH": "state", "REST_ID_PATH": "id"}


def test_an_object_of_any_name_counts_if_it_has_the_requested_id():
    document = {"page": 1, "items": [{"uuid": LONG_ID, "status": "live"}]}
    assert proposed(document, LONG_ID) == {
        "REST_STATUS_PATH": "items[0].status",
        "REST_ACTIVE_VALUES": "active,trialing,past_due,live",
        "REST_ID_PATH": "items[0].uuid",
    }
    assert suggested(document) == ()


@pytest.mark.parametrize(
    ("document", "asked_for"),
    [
        # Another object may have the same short number.
        ({"customer": {"id": "1", "status": "active"}}, "1"),
        ({"add_on": {"subscription_id": LONG_ID, "status": "active"}}, LONG_ID),
        ({"items": [{"id": LONG_ID, "status": "live"}, {"id": "SUB-2"}]}, LONG_ID),
    ],
)
def test_an_object_that_only_refers_to_the_id_or_is_one_of_several_does_not_count(
    document, asked_for
):
    assert suggested(document, asked_for) == ()


def test_if_the_subscription_shows_its_id_no_other_status_counts_as_its_own():
    document = {
        "id": LONG_ID,
        "enabled": True,
        "contract": {"id": "C-9", "status": "expired"},
        "links": [{"id": "L-1", "subscription": {"id": LONG_ID, "status": "expired"}}],
    }
    assert "REST_STATUS_PATH" not in proposed(document, LONG_ID)
    shown = document | {"state": "active"}
    assert proposed(shown, LONG_ID) == {"REST_STATUS_PATH": "state", "REST_ID_PATH": "id"}


@pytest.mark.parametrize(
    "document",
    [
        {"customer": {"status": "active"}},
        {"plan": {"status": "active"}, "card": {"status": "active"}},
        {"data": {"attributes": {"billing": {"state": "active"}}}},
        {"payment_status": "active", "billing_state": "active"},
        {"parent_subscription": {"status": "active"}, "previous_contract": {"status": "active"}},
        {"meta": {"subscription": {"status": "active"}}},
        {"items": [{"status": "active"}]},
        {"plan": {"subscription": {"status": "active"}}},
        {"subscriptions": [{"status": "active"}, {"name": "more"}]},
        {"subscriptions": [{"status": "active"}, {"status": "active"}]},
        {"subscriptions": [{"status": "active"}, "more"]},
        [{"status": "active"}, {"status": "active"}],
        {"subscription": {"status": "active"}, "Subscription": {"status": "active"}},
        {"data": {"state": "active"}, "result": {"state": "expired"}},
        {"data": {"status": True, "state": 1, "phase": None}},
        {"data": {"status": "The subscription was found, and it is active."}},
        {"data": {"stage": "negotiation"}},
        {"status": "success", "message": "ok"},
        {"data": {"name": "Jane Doe", "state": "Bavaria"}},
        {"subscription": {"city": "Munich", "state": "Bavaria"}},
        {"status": {"code": "ok", "message": "fine"}},
        {"access_token": "secret", "expires_at": AHEAD, "token_type": "bearer"},
        {},
        [],
        None,
        "active",
        7,
        True,
    ],
)
def test_nothing_is_proposed_if_nothing_shows_the_subscriptions_status(document):
    assert suggested(document) == ()


@pytest.mark.parametrize("status", [100, 301, 304, 399])
def test_an_answer_without_a_subscription_gives_no_proposals(status):
    assert suggested({"data": {"status": "active"}, "message": "A b."}, status=status) == ()


def test_the_initial_path_is_not_proposed_again():
    assert suggested({"status": "Active "}) == ()
    assert suggested({"message": "It is cancelled."}, status=409) == ()


# The list for a word.


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("in_trial", "REST_ACTIVE_VALUES"),
        ("On Hold", "REST_ACTIVE_VALUES"),
        ("PENDING-TERMINATION", "REST_CANCELLING_VALUES"),
        ("Ended", "REST_CANCELLED_VALUES"),
        ("pendingActivation", "REST_DRAFT_VALUES"),
    ],
)
def test_a_known_word_is_added_to_the_list_that_lacks_it_and_the_initial_ones_stay(word, name):
    assert proposed({"status": word}) == {name: f"{INITIAL[name]},{word.casefold()}"}


@pytest.mark.parametrize("name", MEANINGS)
def test_no_list_is_proposed_for_a_word_that_it_has(name):
    for word in INITIAL[name].split(","):
        assert suggested({"status": word.upper()}) == ()


@pytest.mark.parametrize("word", ["lounging", "pending", "incomplete", "Inactive", "failed"])
def test_an_unknown_word_is_named_and_left_to_a_person(word):
    assert proposed({"data": {"status": word}}) == {"REST_STATUS_PATH": "data.status"}
    [question] = questions({"data": {"status": word}})
    assert f"'{word}'" in question
    assert all(name in question for name in MEANINGS)


@pytest.mark.parametrize("word", ["K4711", "4711.in_trial", "in.trial-4711"])
def test_a_word_that_is_not_plain_is_neither_shown_nor_added(word):
    found = suggested({"data": {"status": word}})
    assert [each.value for each in found] == ["data.status", ""]
    assert "4711" not in str(found)


@pytest.mark.parametrize("word", ["in.trial", "In: trial"])
def test_a_word_that_is_not_plain_is_not_a_known_one(word):
    assert proposed({"status": word}) == {}


def test_every_known_word_is_in_one_list_and_does_not_contradict_the_initial_ones():
    for name in MEANINGS:
        for word in INITIAL[name].split(","):
            assert LISTS.get(snake(word), name) == name
    assert all(word == snake(word) for word in LISTS)
    assert not ABOUT_THE_ANSWER & LISTS.keys()


# The id.


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ({"status": "active", "id": LONG_ID}, "id"),
        ({"status": "active", "number": LONG_ID, "id": "7"}, "number"),
        ({"data": {"id": LONG_ID, "attributes": {"status": "active"}}}, "data.id"),
        ({"subscription-id": LONG_ID, "data": {"status": "active"}}, '"subscription-id"'),
        ({"id": LONG_ID, "enabled": True}, "id"),
    ],
)
def test_the_id_is_found_by_its_value_and_its_name(document, path):
    assert proposed(document, LONG_ID)["REST_ID_PATH"] == path


def test_an_id_may_be_a_number():
    assert proposed({"status": "active", "id": 15236915}, "15236915")["REST_ID_PATH"] == "id"


@pytest.mark.parametrize(
    ("document", "asked_for"),
    [
        ({"status": "active", "id": "SUB-2"}, "SUB-1"),
        ({"status": "active", "id": ""}, ""),
        ({"status": "active", "id": True}, "True"),
        ({"status": "active", "quantity": 1, "number": 1, "plan": {"id": "1"}}, "1"),
        ({"status": "active", "customer": {"id": LONG_ID}}, LONG_ID),
        ({"status": "active", "reference": LONG_ID, "plan_id": LONG_ID}, LONG_ID),
        ({"customer": {"id": LONG_ID}}, LONG_ID),
        ({"id": LONG_ID, "customer": {"id": LONG_ID}}, LONG_ID),
    ],
)
def test_a_value_that_may_be_something_elses_is_not_the_id(document, asked_for):
    assert "REST_ID_PATH" not in proposed(document, asked_for)


# Dates.


@pytest.mark.parametrize(
    ("members", "path"),
    [
        ({"endedAt": PAST, "canceledAt": PAST}, "endedAt"),
        ({"terminated_on": None, "end_date": None}, "terminated_on || end_date"),
        ({"cancelled_at": "", "cancelOn": ""}, "cancelOn || cancelled_at"),
        ({"expiration_date": "2026-12-31", "cancelled_at": None}, "expiration_date"),
        ({"cancellation_date": "2026-12-31"}, "cancellation_date"),
        ({"cancel-date": 1_798_675_200}, '"cancel-date"'),
        (
            {"cancel_at_period_end": False, "current_period_end": AHEAD, "cancelled_at": None},
            "(cancel_at_period_end && current_period_end) || cancelled_at || `null`",
        ),
    ],
)
def test_the_end_of_a_cancelled_subscription_is_found_by_its_name(members, path):
    assert proposed({"status": "cancelled", **members})["REST_END_DATE_PATH"] == path


def test_an_end_is_proposed_only_for_a_subscription_that_has_ended_or_will():
    assert proposed({"status": "cancelled", "ends_at": PAST}) == {"REST_END_DATE_PATH": "ends_at"}
    assert suggested({"status": "active", "ends_at": PAST}) == ()
    assert suggested({"status": "cancelled", "cancelled_at": PAST, "ends_at": AHEAD}) == ()
    # It may be the day when somebody asked for it.
    flagged = {"status": "cancelled", "cancelled_at": PAST, "cancel_at_period_end": True}
    assert "REST_END_DATE_PATH" not in proposed(flagged)


@pytest.mark.parametrize(
    ("members", "path"),
    [
        ({"current_term_end": AHEAD, "current_period_end": PAST}, "current_term_end"),
        ({"currentPeriodEndsAt": AHEAD}, "currentPeriodEndsAt"),
        ({"term": {"end": AHEAD, "unit": "P1Y"}}, "term.end"),
        ({"plan": {"commitment": {"end_date": AHEAD}}}, "plan.commitment.end_date"),
        (
            {"billing_period": {"ends_on": "2026-12-31"}, "renews_at": PAST},
            "billing_period.ends_on",
        ),
        ({"renewal_date": "2026-12-31"}, "renewal_date"),
    ],
)
def test_the_end_of_a_term_or_else_of_a_period_is_found_by_its_name(members, path):
    assert proposed({"status": "active", **members}) == {"REST_TERM_END_PATH": path}


@pytest.mark.parametrize(
    ("members", "path"),
    [
        ({"paid_until": AHEAD}, "paid_until"),
        ({"charges": [{"invoicedThrough": AHEAD}]}, "max(charges[].invoicedThrough)"),
        (
            {"items": {"data": [{"charged_through": 1_798_675_200}, {"charged_through": None}]}},
            "max(items.data[].charged_through)",
        ),
    ],
)
def test_the_date_up_to_which_it_is_invoiced_is_the_latest_of_all_charges(members, path):
    assert proposed({"status": "active", **members}) == {"REST_CHARGED_THROUGH_PATH": path}


@pytest.mark.parametrize(
    "members",
    [
        {"trial_end": AHEAD, "trial_ends_at": AHEAD, "trial": {"end": AHEAD}},
        {"created_at": PAST, "updated_at": PAST, "next_billed_at": AHEAD, "paused_at": PAST},
        {"current_term_end": 12, "renewal_date": 0, "paid_until": True},
        {"current_term_end": "soon", "renews_at": "in 30 days", "paid_until": "2026-13-45"},
        {
            "current_term_end": "9999-12-31",
            "expires_at": "9999-12-31",
            "cancelled_at": "0001-01-01",
        },
        {"cancelled_at": 0, "cancel_at": 0, "ended_at": False, "expires_at": "never"},
        {"current_term_end": None, "paid_through": None},
        {"customer": {"cancelled_at": AHEAD}, "card": {"expires_at": AHEAD}},
        {"items": [{"ended_at": AHEAD, "current_period_end": AHEAD, "renews_at": AHEAD}]},
        {"charges": [{"current_term_end": AHEAD}, {"current_term_end": PAST}]},
        {"charges": [{"paid_until": AHEAD}, {"paid_until": 1_798_675_200}]},
        {"charges": [{"paid_until": AHEAD}, {"paid_until": "always"}]},
        {"current_term_end": [AHEAD], "ended_at": {"date": AHEAD}},
        {"deleted_at": AHEAD, "attended_at": AHEAD, "recommended_at": AHEAD},
    ],
)
def test_no_date_is_proposed_without_a_clear_name_and_value(members):
    assert suggested({"status": "active", **members}) == ()


def test_a_date_of_an_enclosing_object_is_not_the_subscriptions():
    document = {
        "id": "customer-1",
        "cancelled_at": PAST,
        "subscription": {"id": LONG_ID, "status": "active", "contract": {"ended_at": PAST}},
    }
    assert proposed(document, LONG_ID).keys() == {"REST_STATUS_PATH", "REST_ID_PATH"}
    beside = {"subscription": {"status": "active"}, "contract": {"ended_at": PAST}}
    assert proposed(beside) == {"REST_STATUS_PATH": "subscription.status"}
    wrapped = {"id": LONG_ID, "status": "active", "data": {"id": "invoice-1", "ended_at": PAST}}
    assert proposed(wrapped, LONG_ID) == {"REST_ID_PATH": "id"}


# Whether it ends later.


@pytest.mark.parametrize(
    ("members", "condition"),
    [
        ({"cancel_at_period_end": True}, "cancel_at_period_end"),
        ({"cancelAtEndOfTerm": False}, "cancelAtEndOfTerm"),
        ({"will_cancel_at_period_end": False}, "will_cancel_at_period_end"),
        ({"cancel_at": None}, "cancel_at"),
        ({"scheduled_cancellation_date": AHEAD}, "scheduled_cancellation_date"),
        ({"scheduled_change": None}, "scheduled_change.action=='cancel'"),
        ({"scheduledChange": {"action": "pause"}}, "scheduledChange.action=='cancel'"),
        ({"cancelled_at": AHEAD}, "status=='Active' && cancelled_at"),
        ({"cancelled_at": AHEAD, "trial_end": PAST}, "status=='Active' && cancelled_at"),
        ({"cancelled_at": AHEAD, "trial_end": 1_798_675_200}, "status=='Active' && cancelled_at"),
        ({"cancelled_at": AHEAD[:10], "term_end": AHEAD}, "status=='Active' && cancelled_at"),
        ({"cancelled_at": AHEAD, "term_end": AHEAD}, "status=='Active' && cancelled_at>=term_end"),
        (
            {"cancelled_at": AHEAD, "trial_end": AHEAD},
            "status=='Active' && cancelled_at>=trial_end",
        ),
    ],
)
def test_a_sign_of_a_later_end_gets_its_own_word(members, condition):
    found = proposed({"status": "Active", **members})
    assert found["REST_STATUS_PATH"] == f"({condition} && 'ends later') || status"
    assert found["REST_CANCELLED_VALUES"].endswith("expired,ends later")


@pytest.mark.parametrize(
    "members",
    [
        # An ended subscription, or an end at an unknown time.
        {"cancelled_at": PAST},
        {"cancelled_at": None},
        # It may have been like that from the beginning.
        {"auto_renew": False, "autoRenewal": {"enabled": False}},
        {"scheduled_change": "none", "pending_change": None},
        {"scheduled_change": {"type": "upgrade"}},
        {"cancel_at_period_end": "false", "cancel_at_term_end": 0, "cancel_at": 0},
        {"cancel_at": "9999-12-31", "cancels_on": "never"},
        {"customer": {"cancel_at_period_end": True}},
        {"items": [{"cancel_at": AHEAD}, {"cancel_at_period_end": True}]},
    ],
)
def test_without_a_sign_a_subscription_does_not_end_later(members):
    found = proposed({"status": "active", **members})
    assert found.keys() <= {"REST_END_DATE_PATH"}


def test_a_future_date_of_an_inactive_subscription_means_nothing_more():
    document = {"status": "non_renewing", "cancelled_at": AHEAD}
    assert proposed(document) == {
        "REST_CANCELLED_VALUES": "cancelled,canceled,terminated,expired,non_renewing",
        "REST_END_DATE_PATH": "cancelled_at",
    }


def test_a_future_date_is_after_the_time_of_the_answer():
    document = {"status": "active", "cancelled_at": AHEAD}
    assert "ends later" in str(suggestions(200, document, "", NOW))
    assert "ends later" not in str(suggestions(200, document, "", NOW.replace(year=2027)))
    assert "ends later" in str(suggestions(200, document | {"cancelled_at": "2999-01-01"}))


# Reasons.


@pytest.mark.parametrize(
    "document",
    [
        {"error": "Something is wrong.", "title": "It is a title."},
        {"code": "contract_locked", "status": 409},
        {"errors": [{"code": "locked"}, {"code": "late"}]},
        {"errors": {"plan": ["is invalid"]}},
        {"customer": {"message": "Call me."}, "subscription": {"description": "A plan."}},
        {"detail": "", "errors": [], "title": "  "},
        {"description": 7, "errors": [7], "title": None},
        {"error": "conflict", "description": "conflict"},
        {"error": {"error": {"error": {"error": {"detail": "It is too deep."}}}}},
        {},
        [],
        "It is locked.",
        None,
    ],
)
def test_no_reason_is_proposed_if_there_is_none_or_the_initial_path_finds_it(document):
    assert suggested(document, status=409) == ()


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ({"error": {"code": 1}, "title": "Not now."}, "title"),
        ({"title": "Conflict", "errors": [{"detail": "It is locked."}]}, "errors[].detail"),
        ({"title": "It is a title.", "errors": [{"detail": "It is locked."}]}, "errors[].detail"),
        ({"message": "locked", "errors": [{"detail": "It is locked."}]}, "errors[].detail"),
        ({"error": {"errors": ["It is locked."]}}, "error.errors"),
        ({"response": {"error": {"error-message": "Late."}}}, 'response.error."error-message"'),
        ({"exception": {"description": "LOCKED"}}, "exception.description"),
    ],
)
def test_a_reason_is_the_nearest_sentence_for_people(document, path):
    assert proposed(document, status=422) == {"REST_REASON_PATH": path}


# Attacks.


@pytest.mark.parametrize(
    "name",
    [
        *('sta"tus', "sta'tus", "status\n", "status\x00", "status\u202e", "st\u0430tus", "sta tus"),
        *("status]", "`status`", "@", "*", "", "status" + "s" * 60, "1status", "-status"),
        "x || status",
    ],
)
def test_a_member_with_an_arbitrary_name_is_skipped(name):
    assert suggested({name: "active", "subscription": {name: "active"}}) == ()
    assert suggested({name: {"status": "active"}}) == ()
    reason = name.replace("status", "detail")
    refused = {reason: "It is locked.", "error": {"code": 1, reason: "It is locked."}}
    assert suggested(refused, status=409) == ()
    document = {"status": "active", name: {"current_term_end": AHEAD}, "term": {name: AHEAD}}
    assert suggested(document) == ()


def test_only_plain_status_words_are_shown():
    document = {
        "id": LONG_ID,
        "name": "Jane Doe",
        "email": "jane@example.com",
        "status": "lounging",
        "description": "Jane's plan",
        "cancelled_at": "2026-12-31",
        "customer": {"name": "Jane Doe", "state": "Bavaria", "id": "4711"},
    }
    said = str([suggested(document, LONG_ID), suggested(document, status=409)])
    assert "lounging" in said
    for value in ("Jane", "example", "plan", "2026", "Bavaria", "4711", LONG_ID):
        assert value not in said


def spellings(name, count):
    """Different names with the same meaning."""
    return [
        "_" * (1 + i % 20) + name + "_" * (i // 20 % 20) + "-" * (i // 400) for i in range(count)
    ]


NAMES = ("status", "state", "id", "ended_at", "cancel_at", "current_term_end", "paid_until")
WIDE = {name: AHEAD[:10] for each in NAMES for name in spellings(each, 1400)}
DEEP = {"status": "active"}
for _ in range(300):
    DEEP = {"data": DEEP, "subscription": {"status": "active"}}

LARGE = {
    "members": {"status": "active", "id": LONG_ID, **WIDE},
    "a thousand statuses": dict.fromkeys(spellings("status", 1000), "active"),
    "objects": {f"a{i}": {"status": "active"} for i in range(4900)},
    "wrappers": {name: {"status": "active"} for name in spellings("data", 4000)},
    "charges": {"status": "active", "charges": [{"paid_until": AHEAD[:10], "id": LONG_ID}] * 3300},
    "lists": [[{"status": "active"}] * 10] * 400,
    "deep": DEEP,
    "reasons": {name: {"message": "It is locked."} for name in spellings("error", 4900)},
    "texts": {"status": "a" * 10**6, "data": {"state": "b" * 10**6, "ended_at": "2" * 10**6}},
}


@pytest.mark.parametrize("name", LARGE)
@pytest.mark.parametrize("status", [200, 409])
def test_the_largest_answer_takes_little_time(name, status):
    document = read_json(json.dumps(LARGE[name]).encode(), MAX_ANSWER_PARTS)
    began = time.process_time()
    found = suggestions(status, document, LONG_ID, NOW)
    assert time.process_time() - began < 3
    assert len(found) < 10


def test_of_a_thousand_statuses_none_is_proposed():
    assert suggested(LARGE["a thousand statuses"]) == ()
    assert suggested(LARGE["objects"]) == ()
    assert suggested({"subscription": LARGE["a thousand statuses"]}) == ()


def test_values_that_are_too_deep_are_not_searched_for():
    document = {"status": "lounging"}
    for _ in range(9):
        document = {"data": document}
    assert suggested(document) == ()


# All of it together.


def test_all_proposals_together_are_a_configuration_without_mistakes():
    document = {
        "data": {
            "id": LONG_ID,
            "lifecycle-state": 7,
            "state": "live",
            "cancel-at": None,
            "ended-at": AHEAD,
            "current-term-end": AHEAD,
            "charges": [{"paid-until": AHEAD}],
        }
    }
    variables = proposed(document, LONG_ID) | proposed({"errors": ["It is late."]}, status=409)
    assert variables == {
        "REST_STATUS_PATH": "(data.\"cancel-at\" && 'ends later') || data.state",
        "REST_ACTIVE_VALUES": "active,trialing,past_due,live",
        "REST_CANCELLED_VALUES": "cancelled,canceled,terminated,expired,ends later",
        "REST_ID_PATH": "data.id",
        "REST_END_DATE_PATH": 'data."ended-at" || data."cancel-at"',
        "REST_TERM_END_PATH": 'data."current-term-end"',
        "REST_CHARGED_THROUGH_PATH": 'max(data.charges[]."paid-until")',
        "REST_REASON_PATH": "errors",
    }
    configuration(**variables)
    assert all(each.grounds.endswith(".") for each in suggested(document, LONG_ID))
