from datetime import datetime, timedelta, timezone
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect_ext.decision import (
    MAX_WAIT_SECONDS,
    MIN_WAIT_FOR_CONFIGURATION_SECONDS,
    MIN_WAIT_SECONDS,
    Approve,
    Cancel,
    Hold,
    Knowledge,
    Misconfigured,
    Reject,
    Sent,
    Wait,
    check_subscription_id,
    configuration_wait_seconds,
    decide,
    wait_seconds,
)
from connect_ext.settings import OnNotFound, OnRefusal, Policy
from connect_ext.vendors.base import Subscription, SubscriptionStatus
from tests.unit.builders import DAY, NOW, shown

ACTIVE, CANCELLED = SubscriptionStatus.ACTIVE, SubscriptionStatus.CANCELLED
NOT_STARTED, UNKNOWN_ID = SubscriptionStatus.NOT_STARTED, SubscriptionStatus.UNKNOWN_ID
POLICIES = [Policy(refusal, missing) for refusal, missing in product(OnRefusal, OnNotFound)]
HOLD, REJECT = Policy(OnRefusal.HOLD), Policy(OnRefusal.REJECT)


def every_case():
    """Everything that can be known, under every policy."""
    views = [None, *(shown(status) for status in SubscriptionStatus)]
    views += [shown(CANCELLED, NOW - DAY), shown(CANCELLED, NOW + DAY)]
    for view, sent, repeatable, policy in product(views, Sent, (False, True), POLICIES):
        yield Knowledge(view, sent, "Not paid.", repeatable=repeatable), policy


def decided(view: Subscription | None, sent=Sent.NOTHING, policy=None, **known):
    return decide(Knowledge(view, sent, **known), policy or Policy(), NOW)


class TestTheTableOfRules:
    def test_an_active_subscription_is_cancelled(self):
        assert decided(shown(ACTIVE)) == Cancel()

    def test_a_cancelled_one_that_has_ended_is_approved_on_the_vendors_end_date(self):
        step = decided(shown(CANCELLED, NOW - DAY), Sent.ACCEPTED)
        assert step == Approve(NOW - DAY)

    def test_one_that_ends_this_very_moment_has_ended(self):
        assert decided(shown(CANCELLED, NOW), Sent.ACCEPTED) == Approve(NOW)

    def test_one_that_ends_later_is_approved_without_a_date_and_a_note_says_when(self):
        step = decided(shown(CANCELLED, NOW + DAY), Sent.ACCEPTED)
        assert step == Approve(None, "It ends at the vendor on 2026-03-03.")

    def test_one_that_was_cancelled_before_is_approved_and_a_note_says_so(self):
        step = decided(shown(CANCELLED))
        assert step == Approve(None, "The subscription was cancelled at the vendor already.")

    def test_a_cancellation_without_an_answer_that_shows_as_cancelled_is_approved(self):
        assert decided(shown(CANCELLED, NOW - DAY), Sent.UNKNOWN) == Approve(NOW - DAY)

    def test_a_refused_cancellation_that_shows_as_cancelled_is_approved(self):
        assert isinstance(decided(shown(CANCELLED), Sent.REFUSED, REJECT), Approve)

    def test_a_draft_is_rejected_as_one_that_cannot_be_cancelled(self):
        step = decided(shown(NOT_STARTED))
        assert isinstance(step, Reject)
        assert "cannot be cancelled" in step.reason
        assert "draft" in step.reason

    @pytest.mark.parametrize("sent", [Sent.ACCEPTED, Sent.UNKNOWN])
    def test_a_draft_after_a_cancellation_is_looked_at_again(self, sent):
        assert isinstance(decided(shown(NOT_STARTED), sent), Wait)

    @pytest.mark.parametrize("view", [None, shown(ACTIVE)], ids=["unaskable", "active"])
    def test_a_refusal_is_rejected_with_the_vendors_reason(self, view):
        step = decided(view, Sent.REFUSED, REJECT, reason="An invoice is open.")
        assert isinstance(step, Reject)
        assert step.reason.endswith(": An invoice is open.")

    @pytest.mark.parametrize("view", [None, shown(ACTIVE)], ids=["unaskable", "active"])
    def test_a_refusal_is_held_with_the_vendors_reason_where_the_operator_wants_that(self, view):
        step = decided(view, Sent.REFUSED, HOLD, reason="An invoice is open.")
        assert isinstance(step, Hold)
        assert step.why.endswith(": An invoice is open.")

    def test_a_refusal_without_a_reason_is_a_whole_sentence(self):
        step = decided(shown(ACTIVE), Sent.REFUSED, REJECT)
        assert step == Reject("The vendor refuses to cancel the subscription.")

    @pytest.mark.parametrize(
        ("policy", "kind"),
        [(OnNotFound.REJECT, Reject), (OnNotFound.APPROVE, Approve), (OnNotFound.HOLD, Hold)],
        ids=lambda value: getattr(value, "value", ""),
    )
    @pytest.mark.parametrize(
        ("view", "sent"),
        [(shown(UNKNOWN_ID), Sent.NOTHING), (None, Sent.UNKNOWN_ID)],
        ids=["asked", "unaskable"],
    )
    def test_an_unknown_id_is_the_operators_to_decide(self, policy, kind, view, sent):
        assert isinstance(decided(view, sent, Policy(on_not_found=policy)), kind)

    @pytest.mark.parametrize("sent", [Sent.ACCEPTED, Sent.UNKNOWN])
    def test_a_cancellation_that_does_not_show_yet_is_waited_for(self, sent):
        assert isinstance(decided(shown(ACTIVE), sent), Wait)

    def test_a_cancellation_without_an_answer_is_left_to_a_person_if_nobody_can_be_asked(self):
        step = decided(None, Sent.UNKNOWN)
        assert isinstance(step, Hold)
        assert "REST_REPEATABLE" in step.why

    def test_a_cancellation_without_an_answer_is_repeated_later_if_the_vendor_allows_that(self):
        assert isinstance(decided(None, Sent.UNKNOWN, repeatable=True), Wait)

    def test_an_accepted_cancellation_that_nobody_can_check_is_left_to_a_person(self):
        step = decided(None, Sent.ACCEPTED)
        assert isinstance(step, Hold)
        assert "REST_STATUS_PATH" in step.why

    def test_a_vendor_that_cannot_be_asked_is_sent_the_cancellation(self):
        assert decided(None) == Cancel()

    def test_a_cancellation_that_hits_no_id_of_a_subscription_that_shows_is_misconfigured(self):
        step = decided(shown(ACTIVE), Sent.UNKNOWN_ID)
        assert isinstance(step, Misconfigured)
        assert "REST_CANCEL_REQUEST" in step.why

    @pytest.mark.parametrize("policy", OnNotFound, ids=lambda policy: policy.value)
    def test_a_subscription_that_is_gone_after_an_accepted_cancellation_is_approved(self, policy):
        policy = Policy(on_not_found=policy)
        step = decided(shown(UNKNOWN_ID), Sent.ACCEPTED, policy)
        assert isinstance(step, Approve)

    def test_a_subscription_that_may_be_gone_because_of_us_is_never_rejected(self):
        policy = Policy(on_not_found=OnNotFound.REJECT)
        step = decided(shown(UNKNOWN_ID), Sent.UNKNOWN, policy)
        assert isinstance(step, Hold)


class TestWhatHoldsInEveryCase:
    def test_every_case_has_a_step(self):
        kinds = (Cancel, Approve, Reject, Wait, Misconfigured, Hold)
        assert all(isinstance(decide(known, policy, NOW), kinds) for known, policy in every_case())

    def test_nothing_is_sent_twice(self):
        for known, policy in every_case():
            if decide(known, policy, NOW) == Cancel():
                assert known.sent is Sent.NOTHING

    def test_nothing_is_cancelled_that_the_vendor_shows_and_does_not_show_active(self):
        for known, policy in every_case():
            if decide(known, policy, NOW) == Cancel():
                assert known.subscription in (None, shown(ACTIVE))

    def test_only_a_refusal_a_draft_or_an_unknown_id_rejects(self):
        for known, policy in every_case():
            if isinstance(decide(known, policy, NOW), Reject):
                status = known.subscription.status if known.subscription else None
                refused = known.sent is Sent.REFUSED and policy.on_refusal is OnRefusal.REJECT
                missing = UNKNOWN_ID is status or known.sent is Sent.UNKNOWN_ID
                not_found = missing and policy.on_not_found is OnNotFound.REJECT
                assert refused or not_found or status is NOT_STARTED

    def test_nothing_is_rejected_that_may_have_been_cancelled(self):
        for known, policy in every_case():
            if known.sent in (Sent.ACCEPTED, Sent.UNKNOWN):
                assert not isinstance(decide(known, policy, NOW), Reject)

    def test_nothing_is_rejected_that_shows_as_cancelled(self):
        for known, policy in every_case():
            if known.subscription and known.subscription.status is CANCELLED:
                assert isinstance(decide(known, policy, NOW), Approve)

    def test_nothing_is_approved_that_is_not_cancelled_or_gone(self):
        for known, policy in every_case():
            if isinstance(decide(known, policy, NOW), Approve):
                status = known.subscription.status if known.subscription else None
                missing = UNKNOWN_ID is status or (not status and known.sent is Sent.UNKNOWN_ID)
                wanted = missing and policy.on_not_found is OnNotFound.APPROVE
                removed = missing and known.sent is Sent.ACCEPTED
                assert status is CANCELLED or wanted or removed

    def test_no_effective_date_lies_in_the_future(self):
        for known, policy in every_case():
            step = decide(known, policy, NOW)
            if isinstance(step, Approve):
                assert step.effective_date is None or step.effective_date <= NOW

    def test_the_same_knowledge_gives_the_same_step(self):
        for known, policy in every_case():
            assert decide(known, policy, NOW) == decide(known, policy, NOW)

    @given(st.datetimes(timezones=st.just(timezone.utc)), st.integers(-14, 14))
    def test_end_dates_of_all_zones_compare_as_moments(self, ends_at: datetime, hours: int):
        there = timezone(timedelta(hours=hours))
        ends_at = ends_at.replace(tzinfo=there)
        step = decided(shown(CANCELLED, ends_at), Sent.ACCEPTED)
        assert step.effective_date == (ends_at if ends_at <= NOW else None)


class TestTheSubscriptionId:
    def test_an_id_that_can_be_used_needs_no_step(self):
        assert check_subscription_id("A-S00012345", "subscription_id") is None

    def test_a_blank_parameter_is_refused_and_names_the_parameter(self):
        step = check_subscription_id("", "vendor_subscription")
        assert isinstance(step, Reject)
        assert "'vendor_subscription'" in step.reason

    def test_a_parameter_that_no_request_has_is_a_mistake_in_the_variables(self):
        step = check_subscription_id(None, "subscription_idd")
        assert isinstance(step, Misconfigured)
        assert "'subscription_idd'" in step.why
        assert "SUBSCRIPTION_ID_PARAMETER" in step.why


ages = st.floats(0, 10**9)
dice = st.floats(0, 1)


class TestTheWait:
    @given(ages, dice)
    def test_it_is_from_half_a_minute_to_half_an_hour(self, age, dice):
        assert MIN_WAIT_SECONDS <= wait_seconds(age, dice) <= MAX_WAIT_SECONDS

    @given(ages, dice, st.floats(0, 86400))
    def test_it_never_ends_before_the_vendors_retry_after(self, age, dice, retry_after):
        wait = wait_seconds(age, dice, retry_after)
        assert wait >= retry_after
        assert wait < max(wait_seconds(age, dice), retry_after + 1) + 1

    @given(ages, ages, dice)
    def test_it_grows_with_the_age(self, one, other, dice):
        younger, older = sorted((one, other))
        assert wait_seconds(younger, dice) <= wait_seconds(older, dice)

    @pytest.mark.parametrize(
        ("age", "dice", "seconds"),
        [(0, 0.5, 30), (400, 0.5, 100), (400, 0, 80), (400, 1, 120), (86400, 0.5, 1800)],
    )
    def test_it_is_a_quarter_of_the_age_give_or_take_a_fifth(self, age, dice, seconds):
        assert wait_seconds(age, dice) == seconds

    @given(ages, dice)
    def test_it_is_five_minutes_at_least_where_somebody_has_to_mend_something(self, age, dice):
        wait = configuration_wait_seconds(age, dice)
        assert MIN_WAIT_FOR_CONFIGURATION_SECONDS <= wait <= MAX_WAIT_SECONDS
