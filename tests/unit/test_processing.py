"""The walk, step by step: each effect, what it is told, and what comes of it.

The vendor and Connect are stand-ins that remember what was asked of them; `tests/model` has the
same walk among random faults.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

import pytest

from connect_ext.decision import Approve, decide
from connect_ext.errors import (
    Later,
    NotConfigured,
    NotDone,
    OutcomeUnknown,
    Refused,
    UnknownId,
)
from connect_ext.processing import (
    AT_WORK,
    MAYBE_SENT,
    NOT_SENT,
    SENDING,
    Done,
    DryRun,
    Held,
    RecentCancellations,
    Sent,
    Surroundings,
    Waiting,
    WaitingForConfiguration,
    escalate,
    process,
)
from connect_ext.settings import Notes
from connect_ext.vendors.base import Accepted, Subscription, SubscriptionStatus
from tests.unit.builders import NOW, cancel_request, settings
from tests.unit.test_decision import every_case

ACTIVE = Subscription(SubscriptionStatus.ACTIVE)
ACCEPTED = Accepted()
CANCELLED = Subscription(SubscriptionStatus.CANCELLED)
SHOWN = Accepted(CANCELLED)
DRAFT = Subscription(SubscriptionStatus.NOT_STARTED)
GONE = Subscription(SubscriptionStatus.UNKNOWN_ID)
ID = "PR-3071-1051-2166-004"
BEGAN = 50_000.0
"""Where the clock of a process stands when it begins."""
PARAMETER = {"id": "subscription_id", "value": "A-1"}


def raised_or(value):
    if isinstance(value, Exception):
        raise value
    return value


@dataclass
class Vendor:
    """Gives its looks in turn, the last one again and again; remembers what it was sent."""

    looks: list
    answer: object = Accepted()
    can_be_asked: bool = True
    is_repeatable: bool = False
    takes: float = 0.0
    calls: list = field(default_factory=list)

    async def look_up(self, cancellation):
        self.calls.append(("look", cancellation.subscription_id))
        await asyncio.sleep(self.takes)
        return raised_or(self.looks.pop(0) if len(self.looks) > 1 else self.looks[0])

    async def cancel(self, cancellation, subscription):
        self.calls.append(("cancel", cancellation, subscription))
        return raised_or(self.answer)

    @property
    def sent(self):
        return [call[1] for call in self.calls if call[0] == "cancel"]


@dataclass
class Connect:
    """Remembers what it was told; its answers can be set."""

    endpoint: str = "https://connect.example"
    template: object = "TL-1-2-3"
    approved: object = "approved"
    failed: object = "failed"
    note_error: Exception | None = None
    note_takes: float = 0.0
    texts: list = field(default_factory=list)
    kinds: list = field(default_factory=list)
    calls: list = field(default_factory=list)

    async def approval_template(self, request):
        self.calls.append(("template", request.id))
        return raised_or(self.template)

    async def approve(self, request, template_id, effective_date):
        self.calls.append(("approve", request.id, template_id, effective_date))
        return raised_or(self.approved)

    async def reject(self, request_id, reason):
        self.calls.append(("reject", request_id, reason))
        return raised_or(self.failed)

    async def notes(self, request_id):
        assert request_id == ID
        return list(self.texts)

    async def note(self, request_id, text, kind):
        try:
            await self.required_note(request_id, text, kind)
        except Later:
            return False
        return True

    async def required_note(self, request_id, text, kind):
        assert request_id == ID
        await asyncio.sleep(self.note_takes)
        if self.note_error:
            raise self.note_error
        self.texts.append(text)
        self.kinds.append(kind)

    async def note_once(self, request_id, text, beginning=""):
        if any(known.startswith(beginning or text) for known in self.texts):
            return True
        return await self.note(request_id, text, Notes.PRIVATE)

    def told(self, verb):
        return [call for call in self.calls if call[0] == verb]


class Case:
    """A request and everything around it."""

    def __init__(self, *looks, answer=ACCEPTED, created=NOW, status="pending", **variables):
        self.request = cancel_request(PARAMETER, created=created.isoformat(), status=status)
        self.settings = settings(**variables)
        self.vendor, self.connect = Vendor(list(looks) or [None], answer), Connect()
        self.seconds, self.dice, self.moment = BEGAN, 0.5, NOW
        self.around = Surroundings(
            now=lambda: self.moment,
            dice=lambda: self.dice,
            recent=RecentCancellations(lambda: self.seconds),
            conflict_pause_seconds=0.0,
        )

    async def outcome(self):
        return await process(self.request, self.settings, self.connect, self.vendor, self.around)


class TestTheWayToAnApproval:
    async def test_an_active_subscription_is_cancelled_looked_at_and_approved(self):
        case = Case(ACTIVE, CANCELLED)
        assert await case.outcome() == Done("cancelled at the vendor and approved")
        [look, (_, cancellation, shown), again] = case.vendor.calls
        assert look == again == ("look", "A-1")
        assert (cancellation.subscription_id, cancellation.request_id) == ("A-1", ID)
        assert (cancellation.asset_id, cancellation.asked_at) == ("AS-3071-1051-2166", NOW)
        assert shown == ACTIVE
        assert case.connect.told("approve") == [("approve", ID, "TL-1-2-3", None)]
        assert case.connect.texts == []

    async def test_the_template_in_the_variables_goes_before_the_products(self):
        case = Case(CANCELLED, APPROVAL_TEMPLATE_ID="TL-9-9-9")
        await case.outcome()
        assert case.connect.told("approve") == [("approve", ID, "TL-9-9-9", None)]
        assert case.connect.told("template") == []

    async def test_without_a_template_nothing_is_sent(self):
        case = Case(ACTIVE)
        case.connect.template = NotConfigured("There is no template.")
        outcome = await case.outcome()
        assert outcome == WaitingForConfiguration(300, "There is no template.")
        assert case.vendor.calls == []

    async def test_an_answer_that_shows_the_subscription_saves_the_second_look(self):
        ends_at = NOW - timedelta(days=1)
        shown = Subscription(SubscriptionStatus.CANCELLED, ends_at)
        case = Case(ACTIVE, answer=Accepted(shown))
        assert isinstance(await case.outcome(), Done)
        assert len(case.vendor.calls) == 2
        assert case.connect.told("approve") == [("approve", ID, "TL-1-2-3", ends_at)]

    async def test_remarks_and_what_connect_does_not_show_go_into_one_note(self):
        ends_at = NOW + timedelta(days=1)
        shown = Subscription(SubscriptionStatus.CANCELLED, ends_at)
        case = Case(ACTIVE, answer=Accepted(shown, ("It costs 5.", "And more.")), NOTES="message")
        outcome = await case.outcome()
        assert outcome == Done("approved. It ends at the vendor on 2026-03-03.")
        ends = "It ends at the vendor on 2026-03-03."
        assert case.connect.texts == [f"{ends} It costs 5. And more."]
        assert case.connect.kinds == [Notes.MESSAGE]

    async def test_remarks_alone_make_a_note(self):
        case = Case(ACTIVE, answer=Accepted(CANCELLED, ("It costs 5.",)))
        assert await case.outcome() == Done("cancelled at the vendor and approved")
        assert case.connect.texts == ["It costs 5."]

    async def test_one_that_was_cancelled_already_is_approved_with_a_note(self):
        case = Case(CANCELLED)
        text = "The subscription was cancelled at the vendor already."
        assert await case.outcome() == Done(f"approved. {text}")
        assert (case.connect.texts, case.connect.kinds) == ([text], [Notes.PRIVATE])
        assert case.vendor.sent == []

    async def test_whatever_connect_does_not_show_is_in_one_sentence_after_the_other(self):
        case = Case(Subscription(SubscriptionStatus.CANCELLED, NOW + timedelta(days=1)))
        await case.outcome()
        already = "The subscription was cancelled at the vendor already."
        assert case.connect.texts == [f"{already} It ends at the vendor on 2026-03-03."]

    async def test_what_is_cancelled_and_was_closed_otherwise_meanwhile_is_left_to_a_person(self):
        case = Case(CANCELLED)
        case.connect.approved = "failed"
        outcome = await case.outcome()
        assert isinstance(outcome, Held)
        assert "somebody has made the request failed" in outcome.why
        assert (case.connect.texts, case.connect.kinds) == ([outcome.why], [Notes.PRIVATE])

    @pytest.mark.parametrize(("status", "said"), [("approved", "approved"), ("", "in no status")])
    async def test_a_request_that_is_not_pending_is_left_alone(self, status, said):
        case = Case(ACTIVE, status=status)
        assert await case.outcome() == Done(f"nothing to do: the request is {said}")
        assert case.vendor.calls == case.connect.calls == []


def test_every_step_but_the_cancellation_says_why_in_words():
    for known, policy in every_case():
        step = decide(known, policy, NOW)
        for words in (getattr(step, name, "-") for name in ("why", "reason", "note")):
            assert isinstance(words, str)
            assert "XX" not in words
        assert getattr(step, "why", "-")
        if isinstance(step, Approve) and known.subscription != CANCELLED:
            ended = known.subscription and known.subscription.ends_at == step.effective_date
            assert step.note or ended


class TestTheWayToARejection:
    async def test_a_refusal_is_looked_at_and_rejected_with_its_reason(self):
        case = Case(ACTIVE, answer=Refused("An invoice is open."))
        assert await case.outcome() == Done("rejected")
        reason = "The vendor refuses to cancel the subscription: An invoice is open."
        assert case.connect.told("reject") == [("reject", ID, reason)]
        assert len(case.vendor.calls) == 3

    async def test_a_refusal_of_what_is_cancelled_by_then_is_approved(self):
        case = Case(ACTIVE, CANCELLED, answer=Refused("It is cancelled.", conflict=True))
        assert await case.outcome() == Done("cancelled at the vendor and approved")

    async def test_a_long_reason_is_cut(self):
        case = Case(ACTIVE, answer=Refused("No, " * 200))
        await case.outcome()
        [(_, _, reason)] = case.connect.told("reject")
        assert len(reason) <= 255
        assert reason.endswith("…")

    async def test_no_secret_and_nobodys_data_is_in_a_reason_but_the_id_is(self):
        key = "t0ken-of-the-rest-vendor"
        case = Case(ACTIVE, answer=Refused(f"{key} of Mallory may not cancel A-1."))
        params = [PARAMETER, {"id": "name", "value": "Mallory"}]
        case.request = cancel_request(*params)
        await case.outcome()
        [(_, _, reason)] = case.connect.told("reject")
        assert reason.endswith(": […] of […] may not cancel A-1.")

    async def test_who_has_closed_it_meanwhile_is_believed(self):
        case = Case(DRAFT)
        case.connect.failed = "approved"
        assert await case.outcome() == Done("not rejected: somebody has made the request approved")

    async def test_a_blank_parameter_is_rejected_without_a_call_to_the_vendor(self):
        case = Case(ACTIVE)
        case.request = cancel_request({"id": "subscription_id", "value": " "})
        assert await case.outcome() == Done("rejected")
        assert case.vendor.calls == []

    async def test_a_parameter_that_nobody_has_waits_for_the_variables(self):
        case = Case(ACTIVE, SUBSCRIPTION_ID_PARAMETER="subscripton_id")
        outcome = await case.outcome()
        assert isinstance(outcome, WaitingForConfiguration)
        assert "'subscripton_id'" in outcome.why
        assert case.vendor.calls == []

    async def test_what_a_refusal_may_be_held_for_is_in_a_note_and_in_the_outcome(self):
        case = Case(ACTIVE, answer=Refused("No."), ON_REFUSAL="hold")
        why = "The vendor refuses to cancel the subscription: No."
        assert await case.outcome() == Held(why)
        assert (case.connect.texts, case.connect.kinds) == ([why], [Notes.PRIVATE])

    async def test_an_unknown_id_that_the_cancellation_meets_is_as_unknown_as_any(self):
        case = Case(GONE, answer=UnknownId(), ON_NOT_FOUND="reject")
        case.vendor.can_be_asked = False
        assert await case.outcome() == Done("rejected")

    async def test_a_conflict_is_given_a_moment(self):
        case = Case(ACTIVE, answer=Refused("Busy.", conflict=True))
        object.__setattr__(case.around, "conflict_pause_seconds", 0.15)
        began = asyncio.get_running_loop().time()
        await case.outcome()
        assert asyncio.get_running_loop().time() - began >= 0.1


class TestWaiting:
    @pytest.mark.parametrize("error", [NotDone, OutcomeUnknown])
    async def test_a_look_that_fails_waits_and_sends_nothing(self, error):
        case = Case(error("The vendor is down.", 77.0))
        assert await case.outcome() == Waiting(77, "The vendor is down.")
        assert case.vendor.sent == []

    async def test_the_wait_grows_with_the_age_and_has_dice(self):
        case = Case(NotDone("Down."), created=NOW - timedelta(seconds=400))
        case.dice = 1.0
        assert await case.outcome() == Waiting(120, "Down.")

    async def test_so_does_the_wait_for_the_configuration(self):
        case = Case(NotConfigured("Bad key."), created=NOW - timedelta(hours=1))
        case.dice = 0.0
        assert await case.outcome() == WaitingForConfiguration(720, "Bad key.")

    async def test_an_unknown_outcome_is_looked_at_and_waited_for(self):
        case = Case(ACTIVE, answer=OutcomeUnknown("Lost."))
        outcome = await case.outcome()
        assert isinstance(outcome, Waiting)
        assert (outcome.seconds, "shows it as active" in outcome.why) == (30, True)
        assert [call[0] for call in case.vendor.calls] == ["look", "cancel", "look"]

    async def test_an_unknown_outcome_with_a_retry_after_waits_at_once(self):
        case = Case(ACTIVE, answer=OutcomeUnknown("Lost.", 90.0))
        assert await case.outcome() == Waiting(90, "Lost.")
        assert [call[0] for call in case.vendor.calls] == ["look", "cancel"]

    @pytest.mark.parametrize("error", [NotDone("Busy.", 90.0), NotConfigured("Bad key.")])
    async def test_what_was_not_sent_may_be_sent_by_the_next_delivery(self, error):
        case = Case(ACTIVE, answer=error)
        await case.outcome()
        await case.outcome()
        assert len(case.vendor.sent) == 2

    async def test_a_redirect_may_have_an_effect_and_is_not_sent_again_at_once(self):
        case = Case(ACTIVE, answer=NotConfigured("Moved.", may_have_an_effect=True))
        assert await case.outcome() == WaitingForConfiguration(300, "Moved.")
        assert isinstance(await case.outcome(), Waiting)
        assert len(case.vendor.sent) == 1

    async def test_the_walk_ends_at_its_deadline(self):
        case = Case(ACTIVE)
        case.vendor.takes = 5.0
        object.__setattr__(case.around, "deadline_seconds", 0.05)
        assert await case.outcome() == Waiting(30, "the time for one task ran out")

    @pytest.mark.parametrize(
        ("elapsed", "sends"), [(0, True), (209, True), (210, False), (300, False)]
    )
    async def test_nothing_is_sent_that_could_not_end_in_time(self, elapsed, sends):
        case = Case(ACTIVE, CANCELLED)
        look_up = case.vendor.look_up

        async def late(cancellation):
            case.moment = NOW + timedelta(seconds=elapsed)
            return await look_up(cancellation)

        case.vendor.look_up = late
        outcome = await case.outcome()
        assert bool(case.vendor.sent) is sends
        if not sends:
            assert outcome == Waiting(
                round(max(elapsed / 4, 30)), "too little time was left for the cancellation"
            )


class TestWhatAProcessRemembers:
    async def test_an_accepted_cancellation_is_not_sent_again_for_an_hour(self):
        case = Case(ACTIVE)
        accepted = "the vendor has accepted the cancellation and still shows it as active"
        assert await case.outcome() == Waiting(30, accepted)
        case.seconds = BEGAN + 3599.0
        assert await case.outcome() == Waiting(30, accepted)
        assert len(case.vendor.sent) == 1
        case.seconds = BEGAN + 3600.0
        await case.outcome()
        assert len(case.vendor.sent) == 2

    async def test_an_unknown_outcome_is_not_sent_again_for_a_minute(self):
        case = Case(ACTIVE, answer=OutcomeUnknown("Lost."))
        await case.outcome()
        case.seconds = BEGAN + 59.0
        await case.outcome()
        assert len(case.vendor.sent) == 1
        case.seconds = BEGAN + 60.0
        await case.outcome()
        assert len(case.vendor.sent) == 2

    async def test_a_task_that_is_cut_while_it_sends_counts_as_an_unknown_outcome(self):
        case = Case(ACTIVE)
        case.vendor.answer = None

        async def endless(_cancellation, _subscription):
            await asyncio.sleep(60)

        case.vendor.cancel = endless
        object.__setattr__(case.around, "deadline_seconds", 30.05)
        task = asyncio.create_task(case.outcome())
        await asyncio.sleep(0.05)
        assert case.around.recent.recall(ID, case.settings.vendor)[0] is Sent.UNKNOWN
        for each in asyncio.all_tasks() - {asyncio.current_task()}:
            each.cancel()
        await asyncio.wait([task])

    async def test_after_the_approval_nothing_is_remembered(self):
        case = Case(ACTIVE, CANCELLED)
        await case.outcome()
        assert case.around.recent.recall(ID, case.settings.vendor)[0] is Sent.NOTHING

    async def test_two_deliveries_at_once_share_one_walk(self):
        case = Case(ACTIVE, CANCELLED)
        case.vendor.takes = 0.02
        outcomes = await asyncio.gather(case.outcome(), case.outcome())
        assert outcomes[0] == outcomes[1]
        assert len(case.vendor.sent) == 1

    async def test_one_request_of_two_platforms_is_two_requests(self):
        case, other = Case(ACTIVE, CANCELLED), Case(ACTIVE, CANCELLED)
        other.around, other.connect.endpoint = case.around, "https://other.example"
        await asyncio.gather(case.outcome(), other.outcome())
        assert len(case.vendor.sent) == len(other.vendor.sent) == 1

    def test_only_open_cancellations_are_kept_and_not_without_end(self):
        memory = Memory()
        memory.remember("PR-A", Sent.REFUSED)
        assert memory.recall("PR-A") is Sent.NOTHING
        for number in range(RecentCancellations.MOST + 1):
            memory.remember(f"PR-{number}", Sent.ACCEPTED)
        assert memory.recall("PR-0") is Sent.NOTHING
        assert memory.recall("PR-1") is Sent.ACCEPTED
        memory.remember("PR-1", Sent.NOTHING)
        assert memory.recall("PR-1") is Sent.NOTHING

    def test_what_is_remembered_again_is_the_newest(self):
        memory = Memory()
        for number in range(RecentCancellations.MOST):
            memory.remember(f"PR-{number}", Sent.ACCEPTED)
        memory.remember("PR-0", Sent.UNKNOWN)
        memory.remember("PR-new", Sent.ACCEPTED)
        assert memory.recall("PR-0") is Sent.UNKNOWN
        assert memory.recall("PR-1") is Sent.NOTHING

    def test_what_another_vendor_was_sent_says_nothing(self):
        memory = Memory()
        memory.remember("PR-A", Sent.ACCEPTED)
        memory.vendor = settings(REST_API_URL="https://other.example").vendor
        assert memory.recall("PR-A") is Sent.NOTHING

    def test_conflicts_are_not_remembered_without_end(self):
        memory = Memory()
        for number in range(RecentCancellations.MOST + 1):
            assert memory.recent.conflict_seconds(f"PR-{number}") == 0.0
        memory.seconds = 10.0
        assert memory.recent.conflict_seconds(f"PR-{RecentCancellations.MOST}") == 10.0
        assert memory.recent.conflict_seconds("PR-0") == 0.0


class Memory:
    def __init__(self):
        self.seconds = 0.0
        self.recent = RecentCancellations(lambda: self.seconds)
        self.vendor = settings().vendor

    def remember(self, request_id, sent):
        self.recent.remember(request_id, self.vendor, sent)

    def recall(self, request_id):
        return self.recent.recall(request_id, self.vendor)[0]


class TestAVendorThatCannotBeAsked:
    def case(self, answer=SHOWN, *, repeatable=False, **variables):
        case = Case(answer=answer, **variables)
        case.vendor.can_be_asked, case.vendor.is_repeatable = False, repeatable
        return case

    async def test_its_mark_is_left_before_the_cancellation_is_sent(self):
        case = self.case()
        assert await case.outcome() == Done("cancelled at the vendor and approved")
        [text] = case.connect.texts
        assert text.startswith(f"{SENDING} (delivery ")
        assert case.connect.kinds == [Notes.PRIVATE]
        assert case.vendor.calls[0][2] is None

    async def test_without_its_mark_nothing_is_sent(self):
        case = self.case()
        case.connect.note_error = NotDone("Connect is down.")
        assert await case.outcome() == Waiting(30, "Connect is down.")
        assert case.vendor.calls == []

    @pytest.mark.parametrize(
        ("notes", "sends"),
        [
            ([], True),
            (["Some words."], True),
            ([SENDING + "1"], False),
            ([SENDING + "1", "Some words."], False),
            ([SENDING + "1", NOT_SENT + "1"], True),
            ([SENDING + "1", NOT_SENT + "1", SENDING + "2"], False),
            ([SENDING + "1", NOT_SENT + "2"], False),
            ([SENDING + "1", SENDING + "1", NOT_SENT + "1"], True),
            ([SENDING + "1", SENDING + "2", NOT_SENT + "1", NOT_SENT + "1"], False),
            ([SENDING + "1", SENDING + "2", NOT_SENT + "1", NOT_SENT + "2"], True),
        ],
    )
    async def test_marks_that_are_not_taken_back_say_that_it_may_have_been_sent(self, notes, sends):
        case = self.case()
        case.connect.texts = list(notes)
        outcome = await case.outcome()
        assert bool(case.vendor.sent) is sends
        assert isinstance(outcome, Done if sends else Held)

    async def test_what_was_not_sent_leaves_a_mark_as_well(self):
        case = self.case(NotDone("Busy."))
        assert await case.outcome() == Waiting(30, "Busy.")
        sending, not_sent = case.connect.texts
        assert sending.removeprefix(SENDING) == not_sent.removeprefix(NOT_SENT) != ""
        assert case.connect.kinds == [Notes.PRIVATE] * 2

    async def test_a_lost_answer_leaves_it_to_a_person(self):
        case = self.case(OutcomeUnknown("Lost."))
        assert isinstance(await case.outcome(), Held)
        case.around = Surroundings(now=lambda: NOW)
        assert isinstance(await case.outcome(), Held)
        assert len(case.vendor.sent) == 1

    async def test_if_it_takes_the_same_twice_it_has_no_mark_and_is_sent_it_again(self):
        case = self.case(OutcomeUnknown("Lost."), repeatable=True)
        assert await case.outcome() == Waiting(
            30, "the vendor has not answered the cancellation; it is sent again"
        )
        case.vendor.answer = Accepted(CANCELLED)
        assert isinstance(await case.outcome(), Done)
        assert (case.connect.texts, len(case.vendor.sent)) == ([], 2)

    async def test_one_that_can_be_asked_has_no_mark(self):
        case = Case(ACTIVE, CANCELLED)
        case.connect.texts = [SENDING]
        await case.outcome()
        assert len(case.vendor.sent) == 1
        assert case.connect.texts == [SENDING]

    @pytest.mark.parametrize("repeatable", [False, True])
    async def test_what_its_answer_showed_is_not_forgotten_when_the_approval_has_to_wait(
        self, repeatable
    ):
        case = self.case(repeatable=repeatable)
        case.connect.approved = NotDone("Connect is down.")
        assert isinstance(await case.outcome(), Waiting)
        case.connect.approved = "approved"
        assert await case.outcome() == Done("cancelled at the vendor and approved")
        assert len(case.vendor.sent) == 1

    async def test_an_accepted_cancellation_without_a_status_is_left_to_a_person(self):
        case = self.case(Accepted())
        outcome = await case.outcome()
        assert isinstance(outcome, Held)
        assert "REST_STATUS_PATH" in outcome.why


class TestADryRun:
    @pytest.mark.parametrize(
        ("look", "would"),
        [
            (ACTIVE, "The subscription would be cancelled at the vendor and the request approved."),
            (CANCELLED, "The request would be approved. The subscription was cancelled"),
            (DRAFT, "The request would be rejected: The subscription cannot be cancelled"),
            (GONE, "The request would be held: The vendor does not know the subscription id."),
        ],
        ids=["active", "cancelled", "draft", "gone"],
    )
    async def test_it_says_what_would_happen_and_does_nothing(self, look, would):
        case = Case(look, DRY_RUN="true")
        outcome = await case.outcome()
        assert isinstance(outcome, DryRun)
        assert outcome.what.startswith(f"Dry run, nothing was changed. {would}")
        assert case.connect.texts == [outcome.what]
        assert case.vendor.sent == case.connect.told("approve") == case.connect.told("reject") == []

    async def test_an_approval_without_a_note_ends_with_its_full_stop(self):
        case = Case(CANCELLED, DRY_RUN="true")
        case.around.recent.remember(ID, case.settings.vendor, Sent.ACCEPTED)
        outcome = await case.outcome()
        assert outcome.what.endswith("The request would be approved.")

    async def test_what_would_wait_says_so(self):
        case = Case(ACTIVE, DRY_RUN="true")
        case.around.recent.remember(ID, case.settings.vendor, Sent.ACCEPTED)
        outcome = await case.outcome()
        assert "The request would wait: the vendor has accepted" in outcome.what

    async def test_what_would_wait_for_the_variables_says_so(self):
        case = Case(ACTIVE, DRY_RUN="true", SUBSCRIPTION_ID_PARAMETER="subscripton_id")
        outcome = await case.outcome()
        assert "The request would wait: The request has no parameter" in outcome.what


class TestEscalation:
    OLD = NOW - timedelta(hours=24)

    async def test_a_wait_of_a_day_gets_one_note_that_says_since_when_and_for_what(self):
        case = Case(NotDone("The vendor is down."), created=self.OLD)
        for _ in range(2):
            assert await case.outcome() == Waiting(1800, "The vendor is down.")
        [text] = case.connect.texts
        assert text == (
            "This request has been waiting since 2026-03-01 09:15 UTC. It is still tried at least"
            " every 30 minutes. What it waits for: The vendor is down."
        )
        assert case.around.escalated == {ID}

    async def test_another_process_leaves_none_although_it_waits_for_something_else(self):
        case = Case(NotDone("The vendor is down."), created=self.OLD)
        await case.outcome()
        case.around.escalated.clear()
        case.vendor.looks = [NotConfigured("The key is wrong.")]
        await case.outcome()
        assert len(case.connect.texts) == 1
        assert case.around.escalated == {ID}

    async def test_who_knows_that_it_is_there_does_not_ask(self):
        case = Case(NotDone("Down."), created=self.OLD)
        case.around.escalated.add(ID)
        await case.outcome()
        assert case.connect.texts == []

    async def test_a_note_that_could_not_be_left_is_left_later(self):
        case = Case(NotDone("Down."), created=self.OLD)
        case.connect.note_error = NotDone("Connect is down.")
        await case.outcome()
        assert case.around.escalated == set()
        case.connect.note_error = None
        await case.outcome()
        assert len(case.connect.texts) == 1

    async def test_a_wait_that_is_shorter_gets_none(self):
        case = Case(NotDone("Down."), created=self.OLD + timedelta(seconds=1))
        await case.outcome()
        assert case.connect.texts == []

    async def test_the_hours_are_a_variable(self):
        case = Case(NotDone("Down."), created=NOW - timedelta(hours=2), ESCALATE_AFTER_HOURS="2")
        await case.outcome()
        assert len(case.connect.texts) == 1

    async def test_what_is_settled_or_held_gets_none(self):
        case = Case(CANCELLED, created=self.OLD, NOTES="off")
        await case.outcome()
        held = Case(GONE, created=self.OLD)
        await held.outcome()
        for each in (case, held):
            assert not [text for text in each.connect.texts if "waiting since" in text]

    async def test_a_request_without_a_date_gets_none(self):
        case = Case()
        request = cancel_request(PARAMETER, created="soon")
        await escalate(request, Waiting(30, "Down."), case.connect, 0.0, case.around)
        assert case.connect.texts == []

    async def test_a_note_that_takes_long_does_not_hold_the_task_up(self, monkeypatch):
        monkeypatch.setattr("connect_ext.processing.ESCALATION_SECONDS", 0.05)
        case = Case(NotDone("Down."), created=self.OLD)
        case.connect.note_takes = 5.0
        assert await asyncio.wait_for(case.outcome(), 2) == Waiting(1800, "Down.")
        assert case.around.escalated == set()


def test_the_clock_of_a_process_is_that_of_the_world():
    moment = Surroundings().now()
    assert moment.tzinfo is timezone.utc
    assert abs((datetime.now(timezone.utc) - moment).total_seconds()) < 60


class TwoAtOnce(Connect):
    """Another process leaves its mark at the same moment."""

    async def required_note(self, request_id, text, kind):
        await super().required_note(request_id, text, kind)
        if text.startswith(SENDING):
            self.texts.append(SENDING)


class TestARefusalThatIsDueToAnotherCancellation:
    def case(self, *looks, answer=None, **variables):
        return Case(*looks, answer=answer or Refused("Under way."), **variables)

    async def test_of_two_that_begin_at_once_the_refused_one_is_left_to_a_person(self):
        case = self.case()
        case.vendor.can_be_asked, case.connect = False, TwoAtOnce()
        outcome = await case.outcome()
        assert isinstance(outcome, Held)
        assert "nobody knows what became of it" in outcome.why
        assert case.connect.told("reject") == []

    async def test_a_conflict_is_believed_when_no_other_call_can_be_under_way_any_more(self):
        case = self.case(ACTIVE, answer=Refused("Under way.", conflict=True))
        assert isinstance(await case.outcome(), Waiting)
        case.seconds = BEGAN + 29.9
        assert isinstance(await case.outcome(), Waiting)
        assert case.connect.told("reject") == []
        case.seconds = BEGAN + 30.0
        assert await case.outcome() == Done("rejected")

    async def test_each_request_has_a_conflict_of_its_own(self):
        case = self.case(ACTIVE, answer=Refused("Under way.", conflict=True))
        case.around.recent.conflict_seconds("PR-1-2-3")
        case.around.recent.conflict_seconds(ID)
        case.seconds = BEGAN + 30.0
        assert await case.outcome() == Done("rejected")
        assert case.around.recent.conflict_seconds("PR-1-2-3") == 30.0
        assert case.around.recent.conflict_seconds(ID) == 0.0

    async def test_a_conflict_that_ends_in_a_cancellation_is_approved_and_forgotten(self):
        case = self.case(ACTIVE, ACTIVE, CANCELLED, answer=Refused("Busy.", conflict=True))
        assert isinstance(await case.outcome(), Waiting)
        assert isinstance(await case.outcome(), Done)
        case.seconds = BEGAN + 100.0
        assert case.around.recent.conflict_seconds(ID) == 0.0

    async def test_after_a_lost_answer_a_refusal_is_left_to_a_person_in_any_process(self):
        case = Case(ACTIVE, answer=OutcomeUnknown("Lost."))
        assert isinstance(await case.outcome(), Waiting)
        assert (case.connect.texts, case.connect.kinds) == ([MAYBE_SENT], [Notes.PRIVATE])
        case.around = Surroundings(now=lambda: NOW)
        case.vendor.answer = Refused("A cancellation is pending.")
        outcome = await case.outcome()
        assert isinstance(outcome, Held)
        assert outcome.why.startswith(
            "The cancellation was sent to the vendor before, and the vendor"
        )
        assert "A cancellation is pending." in outcome.why
        assert case.connect.told("reject") == []

    async def test_its_trace_is_left_where_the_look_after_it_fails(self):
        case = Case(ACTIVE, NotDone("The vendor is down."))
        assert await case.outcome() == Waiting(30, "The vendor is down.")
        assert case.connect.texts == [AT_WORK]

    @pytest.mark.parametrize("answer", [Refused("No."), UnknownId()])
    async def test_what_was_not_taken_leaves_no_trace(self, answer):
        case = Case(ACTIVE, NotDone("The vendor is down."), answer=answer)
        assert isinstance(await case.outcome(), Waiting)
        assert case.connect.texts == []

    async def test_a_trace_that_could_not_be_left_is_left_with_the_next_delivery(self):
        case = Case(ACTIVE)
        case.connect.note_error = NotDone("Connect is down.")
        assert isinstance(await case.outcome(), Waiting)
        case.connect.note_error = None
        assert isinstance(await case.outcome(), Waiting)
        assert case.connect.texts == [AT_WORK]

    async def test_after_a_lost_answer_what_is_gone_is_left_to_a_person(self):
        case = self.case(GONE, ON_NOT_FOUND="reject")
        case.connect.texts = [MAYBE_SENT]
        assert isinstance(await case.outcome(), Held)

    async def test_one_alone_is_refused_and_rejected(self):
        case = self.case()
        case.vendor.can_be_asked = False
        assert await case.outcome() == Done("rejected")

    async def test_marks_mean_nothing_where_the_vendor_can_be_asked(self):
        case = self.case(ACTIVE, ACTIVE)
        case.connect.texts = [SENDING, SENDING]
        assert await case.outcome() == Done("rejected")

    async def test_an_accepted_one_that_does_not_show_yet_leaves_its_note(self):
        case = Case(ACTIVE, ACTIVE)
        assert isinstance(await case.outcome(), Waiting)
        assert (case.connect.texts, case.connect.kinds) == ([AT_WORK], [Notes.PRIVATE])

    async def test_with_that_note_a_conflict_waits_instead_of_being_rejected(self):
        case = self.case(ACTIVE, ACTIVE, answer=Refused("Under way.", conflict=True))
        case.connect.texts = [AT_WORK]
        assert isinstance(await case.outcome(), Waiting)
        assert case.connect.told("reject") == []

    @pytest.mark.parametrize("looks", [(ACTIVE, ACTIVE), (DRAFT,)], ids=["active", "draft"])
    async def test_with_that_note_anything_else_is_left_to_a_person(self, looks):
        case = self.case(*looks)
        case.connect.texts = [AT_WORK]
        outcome = await case.outcome()
        assert isinstance(outcome, Held)
        assert outcome.why.startswith("The cancellation was accepted before, and the vendor does")
        assert ("Under way." in outcome.why) == (looks[0] == ACTIVE)
        assert case.connect.told("reject") == []

    async def test_with_that_note_what_is_gone_was_removed_by_the_vendor(self):
        case = self.case(GONE, ON_NOT_FOUND="reject")
        case.connect.texts = [AT_WORK]
        outcome = await case.outcome()
        assert isinstance(outcome, Done)
        assert "removed the subscription" in outcome.what

    async def test_who_may_not_read_the_notes_has_left_none(self):
        class NoNotes(Connect):
            async def notes(self, request_id):
                raise NotConfigured("Connect answers HTTP 403 to reading the notes.")

        case = self.case(ACTIVE, ACTIVE)
        case.connect = NoNotes()
        assert await case.outcome() == Done("rejected")

    async def test_notes_that_cannot_be_read_now_reject_nobody(self):
        class Down(Connect):
            async def notes(self, request_id):
                raise NotDone("Connect is down.")

        case = self.case(ACTIVE, ACTIVE)
        case.connect = Down()
        assert await case.outcome() == Waiting(30, "Connect is down.")
        assert case.connect.told("reject") == []
