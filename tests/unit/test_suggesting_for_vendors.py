"""Proposals for vendors with known answers, compared with their correct configurations."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jmespath
import pytest

from connect_ext.vendors.base import SubscriptionStatus
from tests.unit.suggesting import (
    AHEAD,
    AHEAD_SECONDS,
    PAST,
    PAST_SECONDS,
    proposed,
    questions,
    read,
    suggested,
)

ACTIVE_VALUES = "active,trialing,past_due"
CANCELLED_VALUES = "cancelled,canceled,terminated,expired"
ENDS_LATER = f"{CANCELLED_VALUES},ends later"
ACTIVE, CANCELLED = SubscriptionStatus.ACTIVE, SubscriptionStatus.CANCELLED
GUID = "37f9dea2-4345-438f-b0bd-03d40d28c7e0"

STRIPE = {
    "id": "sub_1MowQV",
    "object": "subscription",
    "status": "active",
    "cancel_at": None,
    "cancel_at_period_end": False,
    "canceled_at": None,
    "current_period_end": AHEAD_SECONDS,
    "ended_at": None,
    "items": {"data": [{"id": "si_1", "subscription": "sub_1MowQV"}]},
    "start_date": PAST_SECONDS,
    "trial_end": None,
}
CHARGEBEE = {
    "subscription": {
        "id": "__test__8asz8",
        "status": "in_trial",
        "cancelled_at": AHEAD_SECONDS,
        "current_term_end": AHEAD_SECONDS,
        "trial_end": AHEAD_SECONDS,
        "has_scheduled_changes": False,
        "shipping_address": {"city": "Munich", "state": "Bavaria"},
    },
    "customer": {"id": "__test__8asz8", "billing_address": {"state": "Bavaria"}},
    "card": {"status": "valid"},
}
RECURLY = {
    "id": "oupwzdaa8yd8",
    "uuid": "573fcbd8f1d33a7ed2e9d84d71a5a2a7",
    "account": {"id": "o1", "code": "acme", "bill_to": "self"},
    "state": "active",
    "canceled_at": None,
    "current_period_ends_at": PAST,
    "current_term_ends_at": AHEAD,
    "expires_at": None,
    "pending_change": {"id": "p1", "subscription_id": "oupwzdaa8yd8", "activated": False},
    "add_ons": [{"id": "a1", "subscription_id": "oupwzdaa8yd8", "expired_at": None}],
}
PADDLE: dict[str, Any] = {
    "data": {
        "id": "sub_01hv8y5ehszzq0yv20ttx3166y",
        "status": "active",
        "canceled_at": None,
        "current_billing_period": {"starts_at": PAST, "ends_at": AHEAD},
        "next_billed_at": AHEAD,
        "scheduled_change": None,
        "items": [{"status": "active", "price": {"status": "archived"}}, {"status": "trialing"}],
    },
    "meta": {"request_id": "r1"},
}
MAXIO = {
    "subscription": {
        "id": 15236915,
        "state": "assessing",
        "cancel_at_end_of_period": False,
        "canceled_at": None,
        "current_period_ends_at": "2026-12-31T00:00:00-05:00",
        "delayed_cancel_at": None,
        "expires_at": None,
        "customer": {"id": 20, "state": "MA"},
        "product": {"id": 30, "archived_at": None},
    }
}
KILL_BILL = {
    "accountId": "a1",
    "bundleId": "b1",
    "subscriptionId": GUID,
    "state": "ACTIVE",
    "cancelledDate": AHEAD,
    "chargedThroughDate": "2026-03-31",
    "billingEndDate": AHEAD,
    "phaseType": "EVERGREEN",
    "events": [{"eventType": "STOP_ENTITLEMENT", "effectiveDate": AHEAD}],
}
LAGO = {
    "subscription": {
        "lago_id": GUID,
        "external_id": "sub-of-acme",
        "status": "active",
        "current_billing_period_ending_at": AHEAD,
        "ending_at": None,
        "terminated_at": None,
        "plan": {"lago_id": "p1", "trial_period": 0},
    }
}
ORB = {
    "id": "sub-8a3f",
    "status": "ended",
    "end_date": PAST,
    "current_billing_period_end_date": None,
    "customer": {"id": "c1"},
}
ZOHO = {
    "code": 0,
    "message": "success",
    "subscription": {
        "subscription_id": "90300000079200",
        "status": "live",
        "expires_at": "2027-03-01",
        "current_term_ends_at": "2026-12-31",
        "customer": {"customer_id": "1", "billing_address": {"state": "CA"}},
    },
}
PARTNER_CENTER = {
    "id": GUID,
    "status": "active",
    "autoRenewEnabled": True,
    "commitmentEndDate": AHEAD,
    "attributes": {"etag": "abc", "objectType": "Subscription"},
}
MICROSOFT_SAAS = {
    "id": GUID,
    "saasSubscriptionStatus": "Subscribed",
    "beneficiary": {"emailId": "a@example.com", "objectId": "o1"},
    "term": {"startDate": PAST, "endDate": AHEAD, "termUnit": "P1Y"},
    "autoRenew": True,
    "created": PAST,
}
GOOGLE = {
    "kind": "reseller#subscription",
    "subscriptionId": "12345678",
    "status": "ACTIVE",
    "plan": {"commitmentInterval": {"endTime": AHEAD}, "planName": "ANNUAL"},
    "trialSettings": {"isInTrial": False, "trialEndTime": AHEAD},
}
ADOBE = {
    "subscriptionId": "8675309abcdef",
    "status": "1000",
    "renewalDate": "2026-12-31",
    "autoRenewal": {"enabled": True},
}
ACRONIS = {"id": GUID, "enabled": True, "version": 3, "parent_id": "p1"}
PAYPAL = {
    "id": "I-BW452GLLEP1G",
    "status": "SUSPENDED",
    "status_update_time": PAST,
    "billing_info": {"next_billing_time": AHEAD, "last_payment": {"status": "COMPLETED"}},
    "plan": {"id": "P-1", "status": "INACTIVE"},
    "subscriber": {"shipping_address": {"address": {"admin_area_1": "CA"}}},
}
LEMON_SQUEEZY = {
    "data": {
        "type": "subscriptions",
        "id": "1",
        "attributes": {"status": "cancelled", "cancelled": True, "ends_at": AHEAD},
    }
}
UNSEEN = {
    "data": {
        "type": "contract",
        "id": "C-1",
        "attributes": {
            "lifecycle": {"state": "ACTIVE", "since": "2026-01-01T00:00:00Z"},
            "term": {"ends_on": "2027-01-01"},
            "billing": {"state": "current"},
        },
    }
}

PROPOSED = {
    "stripe": (
        STRIPE,
        "sub_1MowQV",
        {
            "REST_STATUS_PATH": "((cancel_at_period_end || cancel_at) && 'ends later') || status",
            "REST_CANCELLED_VALUES": ENDS_LATER,
            "REST_ID_PATH": "id",
            "REST_END_DATE_PATH": "ended_at || cancel_at"
            " || (cancel_at_period_end && current_period_end) || `null`",
            "REST_TERM_END_PATH": "current_period_end",
        },
    ),
    "chargebee": (
        CHARGEBEE,
        "__test__8asz8",
        {
            "REST_STATUS_PATH": "(subscription.status=='in_trial'"
            " && subscription.cancelled_at>=subscription.current_term_end && 'ends later')"
            " || subscription.status",
            "REST_ACTIVE_VALUES": f"{ACTIVE_VALUES},in_trial",
            "REST_CANCELLED_VALUES": ENDS_LATER,
            "REST_ID_PATH": "subscription.id",
            "REST_END_DATE_PATH": "subscription.cancelled_at",
            "REST_TERM_END_PATH": "subscription.current_term_end",
        },
    ),
    "recurly": (
        RECURLY,
        "oupwzdaa8yd8",
        {
            "REST_STATUS_PATH": "state",
            "REST_ID_PATH": "id",
            "REST_END_DATE_PATH": "expires_at",
            "REST_TERM_END_PATH": "current_term_ends_at",
        },
    ),
    "paddle": (
        PADDLE,
        "sub_01hv8y5ehszzq0yv20ttx3166y",
        {
            "REST_STATUS_PATH": "(data.scheduled_change.action=='cancel' && 'ends later')"
            " || data.status",
            "REST_CANCELLED_VALUES": ENDS_LATER,
            "REST_ID_PATH": "data.id",
            "REST_END_DATE_PATH": "data.scheduled_change.effective_at || data.canceled_at",
            "REST_TERM_END_PATH": "data.current_billing_period.ends_at",
        },
    ),
    "maxio": (
        MAXIO,
        "15236915",
        {
            "REST_STATUS_PATH": "((subscription.cancel_at_end_of_period"
            " || subscription.delayed_cancel_at) && 'ends later') || subscription.state",
            "REST_ACTIVE_VALUES": f"{ACTIVE_VALUES},assessing",
            "REST_CANCELLED_VALUES": ENDS_LATER,
            "REST_ID_PATH": "subscription.id",
            "REST_END_DATE_PATH": "subscription.delayed_cancel_at"
            " || (subscription.cancel_at_end_of_period && subscription.current_period_ends_at)"
            " || subscription.canceled_at || `null`",
            "REST_TERM_END_PATH": "subscription.current_period_ends_at",
        },
    ),
    "kill-bill": (
        KILL_BILL,
        GUID,
        {
            "REST_STATUS_PATH": "(state=='ACTIVE' && cancelledDate && 'ends later') || state",
            "REST_CANCELLED_VALUES": ENDS_LATER,
            "REST_ID_PATH": "subscriptionId",
            "REST_END_DATE_PATH": "cancelledDate",
            "REST_CHARGED_THROUGH_PATH": "chargedThroughDate",
        },
    ),
    "lago": (
        LAGO,
        "sub-of-acme",
        {
            "REST_STATUS_PATH": "subscription.status",
            "REST_ID_PATH": "subscription.external_id",
            "REST_END_DATE_PATH": "subscription.terminated_at || subscription.ending_at",
            "REST_TERM_END_PATH": "subscription.current_billing_period_ending_at",
        },
    ),
    "orb": (
        ORB,
        "sub-8a3f",
        {
            "REST_CANCELLED_VALUES": f"{CANCELLED_VALUES},ended",
            "REST_ID_PATH": "id",
            "REST_END_DATE_PATH": "end_date",
        },
    ),
    "zoho": (
        ZOHO,
        "90300000079200",
        {
            "REST_STATUS_PATH": "subscription.status",
            "REST_ACTIVE_VALUES": f"{ACTIVE_VALUES},live",
            "REST_ID_PATH": "subscription.subscription_id",
            "REST_END_DATE_PATH": "subscription.expires_at",
            "REST_TERM_END_PATH": "subscription.current_term_ends_at",
        },
    ),
    "partner center": (
        PARTNER_CENTER,
        GUID,
        {"REST_ID_PATH": "id", "REST_TERM_END_PATH": "commitmentEndDate"},
    ),
    "microsoft-saas": (
        MICROSOFT_SAAS,
        GUID,
        {
            "REST_STATUS_PATH": "saasSubscriptionStatus",
            "REST_ACTIVE_VALUES": f"{ACTIVE_VALUES},subscribed",
            "REST_ID_PATH": "id",
            "REST_TERM_END_PATH": "term.endDate",
        },
    ),
    "google": (
        GOOGLE,
        "12345678",
        {
            "REST_ID_PATH": "subscriptionId",
            "REST_TERM_END_PATH": "plan.commitmentInterval.endTime",
        },
    ),
    "adobe": (
        ADOBE,
        "8675309abcdef",
        {"REST_ID_PATH": "subscriptionId", "REST_TERM_END_PATH": "renewalDate"},
    ),
    "acronis": (ACRONIS, GUID, {"REST_ID_PATH": "id"}),
    "paypal": (
        PAYPAL,
        "I-BW452GLLEP1G",
        {"REST_ACTIVE_VALUES": f"{ACTIVE_VALUES},suspended", "REST_ID_PATH": "id"},
    ),
    "lemon squeezy": (
        LEMON_SQUEEZY,
        "1",
        {
            "REST_STATUS_PATH": "data.attributes.status",
            "REST_ID_PATH": "data.id",
            "REST_END_DATE_PATH": "data.attributes.ends_at",
        },
    ),
    "a vendor that nobody has seen": (
        UNSEEN,
        "C-1",
        {
            "REST_STATUS_PATH": "data.attributes.lifecycle.state",
            "REST_ID_PATH": "data.id",
            "REST_TERM_END_PATH": "data.attributes.term.ends_on",
        },
    ),
}


@pytest.mark.parametrize("vendor", PROPOSED)
def test_a_vendors_answer_leads_to_the_variables_that_fit_it(vendor):
    document, asked_for, variables = PROPOSED[vendor]
    assert proposed(document, asked_for) == variables


@pytest.mark.parametrize("vendor", sorted(PROPOSED.keys() - {"adobe", "acronis"}))
def test_the_extension_reads_an_answer_with_its_own_proposals(vendor):
    document, asked_for, variables = PROPOSED[vendor]
    seen = read(variables, document, asked_for)
    is_cancelled = {"chargebee", "kill-bill", "orb", "lemon squeezy"}
    assert seen.status is (CANCELLED if vendor in is_cancelled else ACTIVE)
    assert (seen.ends_at is not None) == (vendor in is_cancelled | {"zoho"})


IN_TRIAL = (
    "(subscription.status=='in_trial' && subscription.cancelled_at && 'non_renewing')"
    " || subscription.status"
)
LATER = {
    # The vendor's correct status expression, and the answers that the vendor may give in use.
    "stripe": (
        "(status!='canceled' && (cancel_at_period_end || cancel_at) && 'ends later') || status",
        [
            (STRIPE, ACTIVE, None),
            (STRIPE | {"status": "trialing"}, ACTIVE, None),
            (STRIPE | {"cancel_at_period_end": True, "cancel_at": AHEAD_SECONDS}, CANCELLED, AHEAD),
            (STRIPE | {"cancel_at": AHEAD_SECONDS, "status": "trialing"}, CANCELLED, AHEAD),
            (STRIPE | {"cancel_at_period_end": True}, CANCELLED, AHEAD),
            (
                STRIPE
                | {"status": "canceled", "ended_at": PAST_SECONDS, "cancel_at": AHEAD_SECONDS},
                CANCELLED,
                PAST,
            ),
        ],
    ),
    "chargebee": (
        IN_TRIAL,
        [
            (CHARGEBEE, CANCELLED, AHEAD),
            ({"subscription": {"id": "__test__8asz8", "status": "in_trial"}}, ACTIVE, None),
            (
                {
                    "subscription": {
                        "id": "__test__8asz8",
                        "status": "cancelled",
                        "cancelled_at": PAST_SECONDS,
                    }
                },
                CANCELLED,
                PAST,
            ),
        ],
    ),
    "paddle": (
        "(data.scheduled_change.action=='cancel' && 'ends later') || data.status",
        [
            (
                {
                    "data": PADDLE["data"]
                    | {"scheduled_change": {"action": "cancel", "effective_at": AHEAD}}
                },
                CANCELLED,
                AHEAD,
            ),
            (
                {
                    "data": PADDLE["data"]
                    | {"scheduled_change": {"action": "pause", "effective_at": AHEAD}}
                },
                ACTIVE,
                AHEAD,
            ),
            (
                {"data": PADDLE["data"] | {"status": "canceled", "canceled_at": PAST}},
                CANCELLED,
                PAST,
            ),
        ],
    ),
    "kill-bill": (
        "(state=='ACTIVE' && cancelledDate && 'ends later') || state",
        [
            (KILL_BILL, CANCELLED, AHEAD),
            (KILL_BILL | {"cancelledDate": None}, ACTIVE, None),
            (KILL_BILL | {"state": "CANCELLED", "cancelledDate": PAST}, CANCELLED, PAST),
        ],
    ),
}


@pytest.mark.parametrize("vendor", LATER)
def test_an_expression_is_equivalent_to_the_known_correct_one(vendor):
    known, shown = LATER[vendor]
    _, asked_for, variables = PROPOSED[vendor]
    words = {"REST_STATUS_PATH": known, "REST_CANCELLED_VALUES": f"{ENDS_LATER},non_renewing"}
    for document, status, end in shown:
        seen = read(variables, document, asked_for)
        assert seen == read(variables | words, document, asked_for)
        assert seen.status is status
        assert (seen.ends_at and f"{seen.ends_at:%Y-%m-%dT%H:%M:%SZ}") == end


def test_a_date_that_may_be_the_end_of_a_term_is_left_to_a_person():
    document = ORB | {"status": "active", "end_date": AHEAD}
    assert proposed(document, "sub-8a3f") == {"REST_ID_PATH": "id"}
    [question] = questions(document, "sub-8a3f")
    assert "(status=='active' && end_date && 'ends later') || status" in question
    lago = {"subscription": LAGO["subscription"] | {"ending_at": AHEAD}}
    assert "REST_CANCELLED_VALUES" not in proposed(lago, "sub-of-acme")
    assert "subscription.ending_at" in questions(lago, "sub-of-acme")[0]


ERRORS = {
    "stripe": ({"error": {"code": "resource_missing", "message": "No such subscription"}}, None),
    "chargebee": ({"message": "It is cancelled already.", "api_error_code": "invalid"}, None),
    "recurly": ({"error": {"type": "validation", "message": "Only active ones."}}, None),
    "paypal": ({"name": "X", "message": "Not now.", "details": [{"description": "No."}]}, None),
    "kill-bill": ({"className": "org.X", "code": 4053, "message": "Bad state."}, None),
    "paddle": (
        {"error": {"code": "locked", "detail": "It is locked.", "errors": [{"message": "A b."}]}},
        "error.detail",
    ),
    "maxio": ({"errors": ["It is cancelled.", "It is late."]}, "errors"),
    "partner center": ({"code": 900117, "description": "The window is over."}, "description"),
    "json:api": (
        {"errors": [{"code": "contract_locked", "title": "No way", "detail": "It is locked."}]},
        "errors[].detail",
    ),
    "oauth": ({"error": "invalid_grant", "error_description": "It is late."}, "error_description"),
    "a gateway": (
        {"fault": {"faultstring": "It is late.", "detail": {"x": 1}}},
        "fault.faultstring",
    ),
    "aws": ({"__type": "X", "Message": "It is late."}, "Message"),
    "zuora": ({"success": False, "reasons": [{"code": 1, "message": "A b."}]}, "reasons[].message"),
    "problem details": ({"type": "about:blank", "title": "Too late", "status": 409}, "title"),
    "a list": ([{"code": "X", "message": "It is late."}], "[].message"),
}


@pytest.mark.parametrize("vendor", ERRORS)
@pytest.mark.parametrize("status", [400, 409, 422, 500])
def test_a_refusal_leads_to_its_reason_unless_the_initial_path_does(vendor, status):
    document, path = ERRORS[vendor]
    assert proposed(document, status=status) == ({"REST_REASON_PATH": path} if path else {})


@pytest.mark.parametrize("vendor", [vendor for vendor, (_, path) in ERRORS.items() if path])
def test_the_extension_reads_a_reason_by_its_path(vendor):
    document, path = ERRORS[vendor]
    found = jmespath.search(path, document)
    texts = found if isinstance(found, list) else [found]
    assert all(" " in text for text in texts)


# Published descriptions.

_SHARED = [up / "shared" / "contracts" for up in Path(__file__).parents]
VENDORS = next((place / "vendors" for place in _SHARED if place.is_dir()), _SHARED[0] / "vendors")
ORDERS = VENDORS.parent / "zuora/orders/recorded"
published = pytest.mark.skipif(not VENDORS.is_dir(), reason="the contracts are not here")

SORTED = {
    # Each description's statuses by their meaning, as far as it is known without the vendor; the
    # rest is left to a person.
    "stripe": (
        "status",
        "active trialing past_due unpaid paused",
        "canceled incomplete_expired",
        "",
        "incomplete",
    ),
    "chargebee": (
        "subscription.status",
        "active in_trial",
        "cancelled non_renewing",
        "future",
        "",
    ),
    "recurly": ("state", "active paused", "canceled expired", "future", "failed"),
    "paddle": ("data.status", "active trialing past_due paused", "canceled", "", ""),
    "killbill": ("state", "ACTIVE BLOCKED", "CANCELLED EXPIRED", "", "PENDING"),
    "paypal": ("status", "ACTIVE SUSPENDED", "CANCELLED EXPIRED", "APPROVAL_PENDING", "APPROVED"),
    "microsoft-saas": (
        "saasSubscriptionStatus",
        "Subscribed Suspended",
        "Unsubscribed",
        "NotStarted PendingFulfillmentStart",
        "",
    ),
}
MEANT = (ACTIVE, CANCELLED, SubscriptionStatus.NOT_STARTED)


TEXT = "a text of the vendor"
"""The ids in answers made from schemas."""


def description(vendor: str) -> dict[str, Any]:
    return json.loads((VENDORS / vendor / "openapi.json").read_text())


def resolved(whole: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        found: Any = whole
        for step in schema["$ref"].removeprefix("#/").split("/"):
            found = found[step.replace("~1", "/").replace("~0", "~")]
        schema = found
    return schema


def sample(whole: dict[str, Any], schema: dict[str, Any], depth: int = 0) -> Any:
    """A value for a schema, with every member that it names."""
    schema = resolved(whole, schema)
    if "allOf" in schema:
        parts = [sample(whole, part, depth) for part in schema["allOf"]]
        return {
            key: value for part in parts if isinstance(part, dict) for key, value in part.items()
        }
    for choice in ("oneOf", "anyOf"):
        if choice in schema:
            return sample(whole, schema[choice][0], depth)
    if "enum" in schema:
        return schema["enum"][0]
    if "properties" in schema:
        inner = schema["properties"].items() if depth < 8 else ()
        return {key: sample(whole, each, depth + 1) for key, each in inner}
    if schema.get("type") == "array":
        return [sample(whole, schema.get("items", {}), depth + 1)] * 2
    by_format = {"unix-time": AHEAD_SECONDS, "date-time": AHEAD, "date": AHEAD[:10]}
    by_type = {"string": TEXT, "integer": 3, "number": 1.5, "boolean": False}
    return by_format.get(schema.get("format"), by_type.get(schema.get("type"), {}))


def answers_of(vendor: str, method: str = "get") -> dict[str, Any]:
    """An answer for each status in the description of reading a subscription."""
    whole = description(vendor)
    [operation] = [item[method] for item in whole["paths"].values() if method in item][:1]
    found = {}
    for status, response in operation["responses"].items():
        for media in resolved(whole, response).get("content", {}).values():
            examples = [each["value"] for each in media.get("examples", {}).values()]
            found[status] = (examples or [sample(whole, media["schema"])])[0]
    return found


def with_status(document: Any, path: str, word: str) -> Any:
    """A copy of an answer with this status."""
    copy = json.loads(json.dumps(document))
    *way, name = path.split(".")
    owner = copy
    for step in way:
        owner = owner[step]
    assert isinstance(owner[name], str)
    owner[name] = word
    return copy


@published
@pytest.mark.parametrize("vendor", SORTED)
def test_each_published_status_gets_its_meaning_or_is_left_to_a_person(vendor):
    path, *sorted_words, unsure = SORTED[vendor]
    answer = answers_of(vendor)["200"]
    for meant, words in zip(MEANT, sorted_words, strict=True):
        for word in words.split():
            answered = with_status(answer, path, word)
            variables = {"REST_STATUS_PATH": path} | lists_of(proposed(answered))
            assert read(variables, answered).status is meant
    for word in unsure.split():
        answered = with_status(answer, path, word)
        assert set(lists_of(proposed(answered, TEXT))) <= {"REST_CANCELLED_VALUES"}
        assert word not in proposed(answered, TEXT).get("REST_CANCELLED_VALUES", "").split(",")
        assert f"'{word}'" in questions(answered, TEXT)[0]


def lists_of(variables: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in variables.items() if name.endswith("_VALUES")}


@published
@pytest.mark.parametrize("vendor", SORTED)
def test_the_published_answer_leads_to_the_same_paths(vendor):
    path, active, *_ = SORTED[vendor]
    answer = with_status(answers_of(vendor)["200"], path, active.split()[0])
    found = proposed(answer)
    assert found.get("REST_STATUS_PATH", "status").endswith(path)
    ours = PROPOSED[{"killbill": "kill-bill"}.get(vendor, vendor)][2]
    for name in ("REST_END_DATE_PATH", "REST_TERM_END_PATH", "REST_CHARGED_THROUGH_PATH"):
        assert found.get(name) == ours.get(name)


@published
@pytest.mark.parametrize("vendor", ["adobe-vipmp", "google-reseller"])
def test_a_published_status_without_words_is_left_to_a_person(vendor):
    answer = with_status(answers_of(vendor)["200"], "status", "1000")
    assert proposed(answer) == {}
    assert [each for each in questions(answer) if "1000" in each] == []
    assert len(questions(answer)) == 1


@published
@pytest.mark.parametrize(
    ("vendor", "method", "path"),
    [
        ("chargebee", "get", None),
        ("recurly", "get", None),
        ("paddle", "get", "error.detail"),
        ("paypal", "get", None),
    ],
)
def test_a_published_error_leads_to_its_reason(vendor, method, path):
    answers = answers_of(vendor, method)
    errors = [answer for status, answer in answers.items() if status[0] != "2"]
    assert errors
    for error in errors:
        found = proposed(error, status=409)
        assert found == ({"REST_REASON_PATH": path} if path else {})


def recorded(name: str) -> Any:
    return json.loads((ORDERS / f"{name}.json").read_text())["response"]["body"]


@published
def test_zuoras_subscription_leads_to_its_dates_and_to_the_latest_of_its_charges():
    found = proposed(recorded("subscription-active"), "A-S02114871")
    assert found == {
        "REST_ID_PATH": "subscriptionNumber",
        "REST_END_DATE_PATH": "subscriptionEndDate",
        "REST_TERM_END_PATH": "termEndDate",
        "REST_CHARGED_THROUGH_PATH": "max(ratePlans[].ratePlanCharges[].chargedThroughDate)",
    }
    assert questions(recorded("subscription-active"), "A-S02114871") == []


@published
def test_of_a_list_of_zuoras_subscriptions_nothing_is_proposed():
    answer = recorded("object-query-cancelled-in-future")
    assert suggested(answer, "A-S01041969") == ()
    alone = {"subscriptions": answer["subscriptions"][:1]}
    assert proposed(alone, "A-S01041969") == {
        "REST_STATUS_PATH": "subscriptions[0].status",
        "REST_END_DATE_PATH": "subscriptions[0].subscriptionEndDate",
        "REST_TERM_END_PATH": "subscriptions[0].termEndDate",
    }
