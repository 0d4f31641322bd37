"""Undoing a cancellation deletes our order and no other one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from connect_ext.cause import Cause
from connect_ext.errors import CancellationError, NotConfigured, NotDone, OutcomeUnknown, Refused
from connect_ext.portal.policy import CancellationDate
from connect_ext.vendors.base import Accepted, Act, SubscriptionStatus
from connect_ext.vendors.zuora.orders import number_of_attempt
from sandbox.zuora_orders import LocalZuoraOrders
from tests.zuora_orders.scripted import (
    CANCELLED,
    MARKER,
    NUMBER,
    ORDER,
    REQUEST,
    SUBSCRIPTION,
    TAKEN_BACK,
    Answer,
    asking,
    order,
    reasons,
)

ASKED = asking(act=Act.UNDO)
ACTIVE, DONE = SubscriptionStatus.ACTIVE, SubscriptionStatus.CANCELLED
OURS, THEIRS = {"subscriptionNumber": NUMBER}, {"subscriptionNumber": "A-S00000002"}
BY_US = {**CANCELLED, "subscriptionEndDate": "2027-01-01", "cancelReason": MARKER}


def completed(*subscriptions):
    return Answer(order("Completed", subscriptions=list(subscriptions)))


def marked(number, *subscriptions, status="Completed"):
    """A list of orders, one of which has our text."""
    shown = {"orderNumber": number, "status": status, "description": MARKER}
    listed = [
        {"orderNumber": "O-9", "status": "Completed"},
        shown | {"subscriptions": subscriptions},
    ]
    return Answer({"success": True, "orders": listed})


@pytest.fixture(autouse=True)
def _cancelled(zuora):
    zuora.say("subscription", Answer(BY_US))
    zuora.say("order by number", completed(OURS))


async def error_of(zuora, vendor, deletions: int) -> CancellationError:
    with pytest.raises(CancellationError) as caught:
        await vendor.take_back(ASKED, None)
    assert zuora.operations().count("deletion") == deletions
    assert zuora.bodies("order") == []
    return caught.value


class TestTheDeletion:
    @pytest.mark.parametrize("reason", [MARKER, f" {MARKER} ", None, "", 17])
    async def test_it_is_of_our_order_and_has_no_key_and_no_content(self, zuora, vendor, reason):
        zuora.say("subscription", Answer({**BY_US, "cancelReason": reason}))
        assert await vendor.take_back(ASKED, await vendor.look_up(ASKED)) == Accepted()
        assert zuora.operations() == ["token", "subscription", "order by number", "deletion"]
        sent = zuora.seen[-1]
        assert (sent.method, sent.path, sent.body) == ("DELETE", f"/v1/orders/{ORDER}", b"")
        assert not {"Idempotency-Key", "Content-Type"} & set(sent.headers)
        assert (sent.headers["Zuora-Track-Id"], sent.query) == (REQUEST, {})
        assert vendor.can_take_back

    @pytest.mark.parametrize(
        ("number", "segment"),
        [
            ("O-00000002", "O-00000002"),
            (number_of_attempt(REQUEST, "3f9a12c4-1"), f"{ORDER}-3f9a12c4-1"),
            ("Best 2026:17+% ä&b", "Best%202026%3A17%2B%25%20%C3%A4%26b"),
        ],
    )
    async def test_it_is_found_by_its_marker_if_it_has_another_number(
        self, zuora, vendor, number, segment
    ):
        zuora.say("order by number", Answer(reasons(50000040), 404))
        zuora.say("orders", marked(number, OURS))
        await vendor.take_back(ASKED, None)
        assert zuora.seen[-1].path == f"/v1/orders/{segment}"

    @pytest.mark.parametrize("status", ["Failed", "Cancelled", "Reverted"])
    async def test_a_used_up_number_is_skipped(self, zuora, vendor, status):
        zuora.say(
            "order by number", Answer(order(status)), Answer(order("Completed", f"{ORDER}-2"))
        )
        await vendor.take_back(ASKED, None)
        assert zuora.seen[-1].path == f"/v1/orders/{ORDER}-2"

    @pytest.mark.parametrize("word", ["Active", "Suspended", "Draft"])
    async def test_a_subscription_that_is_not_cancelled_is_shown_as_it_is(
        self, zuora, vendor, word
    ):
        zuora.say("subscription", Answer({**SUBSCRIPTION, "status": word}))
        shown = (await vendor.take_back(ASKED, None)).subscription
        assert shown.status is not DONE
        assert zuora.operations() == ["token", "subscription"]


class TestWhatIsNotOurs:
    @pytest.mark.parametrize(
        ("subscription", "by_number", "orders"),
        [
            ({"cancelReason": "Late payment"}, None, None),
            ({"cancelReason": f"{MARKER}2"}, None, None),
            ({"cancelReason": MARKER.lower()}, None, None),
            ({}, Answer(reasons(50000040), 404), None),
            ({}, Answer(reasons(50000020), 400), None),
            *(({}, Answer(order(word)), None) for word in ("Pending", "Draft", "Scheduled")),
            *(
                ({}, Answer(reasons(50000040), 404), marked("O-2", OURS, status=word))
                for word in ("Pending", "Draft", "Scheduled", "Failed", "Reverted")
            ),
            # An order that also cancelled others, or denies having cancelled this one.
            ({}, completed(OURS, THEIRS), None),
            ({}, Answer(reasons(50000040), 404), marked("O-2", OURS, THEIRS)),
            ({}, Answer(reasons(50000040), 404), marked("O-2", THEIRS)),
            ({}, completed(OURS, {"subscriptionNumber": None}), None),
            ({}, Answer(reasons(50000040), 404), marked("O-2", {"subscriptionNumber": 17})),
        ],
    )
    async def test_it_is_refused_with_a_hint_and_nothing_is_sent(
        self, zuora, vendor, subscription, by_number, orders
    ):
        zuora.say("subscription", Answer({**BY_US, **subscription}))
        for name, answer in (("order by number", by_number), ("orders", orders)):
            if answer:
                zuora.say(name, answer)
        error = await error_of(zuora, vendor, 0)
        assert isinstance(error, Refused)
        assert (error.reason, error.hint[:6]) == ("", "Zuora ")

    @pytest.mark.parametrize("status", ["Executing", "Something New"])
    async def test_an_order_that_is_not_done_is_awaited(self, zuora, vendor, status):
        zuora.say("order by number", Answer(order(status)))
        error = await error_of(zuora, vendor, 0)
        assert (type(error), error.cause) == (NotDone, Cause.ON_ITS_WAY)

    @pytest.mark.parametrize(
        ("answer", "kind"),
        [
            (Answer(reasons(58730010), 403), NotConfigured),
            (Answer(b"no Route matched", 404), NotConfigured),
            (Answer(b"", 503), NotDone),
            (Answer(order("Completed", "O-1")), NotDone),
            (Answer({"success": True}), NotDone),
        ],
    )
    @pytest.mark.parametrize("operation", ["order by number", "orders"])
    async def test_if_orders_cannot_be_read_none_is_deleted(
        self, zuora, vendor, operation, answer, kind
    ):
        zuora.say("order by number", Answer(reasons(50000040), 404))
        zuora.say(operation, answer)
        error = await error_of(zuora, vendor, 0)
        assert isinstance(error, kind)

    @pytest.mark.parametrize(
        "number",
        [
            *("..", ".", "../subscriptions/A-S1", "O-1/revert", "subscription%2FA-S1", "%2e%2e"),
            *("O-1?a=b", "O-1#a", "O-1\\..\\a", "\ud800", "O\n1", "\uff0e\uff0e", "a\u2028b"),
        ],
    )
    async def test_no_number_leads_the_deletion_elsewhere(self, zuora, vendor, number):
        zuora.say("order by number", Answer(reasons(50000040), 404))
        zuora.say("orders", marked(number, OURS))
        error = await error_of(zuora, vendor, 0)
        assert (type(error), error.cause) == (NotDone, Cause.UNREADABLE)


class TestItsAnswer:
    @pytest.mark.parametrize("category", [20, 30])
    async def test_it_is_refused_with_zuoras_text(self, zuora, vendor, category):
        said = "注文は請求済みです。"
        zuora.say("deletion", Answer(reasons(50000000 + category, message=said), 400))
        error = await error_of(zuora, vendor, 1)
        assert (type(error), error.reason) == (Refused, said)

    @pytest.mark.parametrize(
        ("answer", "said"),
        [
            (Answer(reasons(50000050), 409), (NotDone, Cause.CONFLICT, 60)),
            (Answer(reasons(50000070), 429, {"Retry-After": "77"}), (NotDone, Cause.BUSY, 77)),
            (Answer(b"", 429), (NotDone, Cause.BUSY, None)),
            (Answer(reasons(50000021), 400), (NotConfigured, Cause.BUG, None)),
        ],
    )
    async def test_an_undone_attempt_is_repeated(self, zuora, vendor, answer, said):
        zuora.say("deletion", answer)
        error = await error_of(zuora, vendor, 1)
        assert (type(error), error.cause, error.retry_after) == said

    async def test_a_missing_permission_is_a_configuration_error(self, zuora, vendor):
        zuora.say("deletion", Answer(reasons(50000010), 403))
        assert isinstance(await error_of(zuora, vendor, 1), NotConfigured)

    @pytest.mark.parametrize(
        "answer",
        [
            # An earlier call with a lost answer may have deleted it.
            Answer(reasons(50000040), 404),
            *(Answer(reasons(50000000 + each), 500) for each in (20, 60, 61, 99)),
            Answer(reasons(50000020, 50000099), 400),
            *(Answer(b"", status) for status in (200, 204, 302, 404, 409, 503)),
            Answer(b"<html></html>"),
            Answer([TAKEN_BACK]),
            *(Answer({"success": each}) for each in (None, False, "true", 1)),
            Answer({}),
            Answer({**TAKEN_BACK, "Success": False}),
            Answer({**TAKEN_BACK, "reasons": reasons(50000020)["reasons"]}),
            Answer(TAKEN_BACK, 400),
            Answer({**TAKEN_BACK, "orderNumber": f"{ORDER}-2"}),
            Answer(TAKEN_BACK, headers={"Zuora-Track-Id": "PR-9"}),
        ],
    )
    async def test_an_answer_to_the_deletion_that_is_unclear_is_an_unknown_outcome(
        self, zuora, vendor, answer
    ):
        zuora.say("deletion", answer)
        error = await error_of(zuora, vendor, 1)
        assert isinstance(error, OutcomeUnknown)
        assert error.retry_after >= 300

    @pytest.mark.parametrize("status", [200, 401])
    async def test_a_refused_token_is_replaced_once(self, zuora, vendor, status):
        refused = Answer(reasons(90000011), status)
        zuora.say("deletion", refused, Answer(TAKEN_BACK))
        assert await vendor.take_back(ASKED, None) == Accepted()
        assert zuora.operations().count("token") == 2
        zuora.say("deletion", refused)
        zuora.seen.clear()
        error = await error_of(zuora, vendor, 2)
        assert (type(error), error.cause) == (NotConfigured, Cause.CREDENTIALS)


class TestInTheSandbox:
    @pytest.fixture
    async def local(self):
        local = LocalZuoraOrders()
        await local.start()
        yield local
        await local.stop()

    @pytest.fixture
    async def cancelled(self, local, make_vendor):
        """A vendor that has cancelled A-S1 at the end of its term, and the cancellation."""
        local.add("A-S1", invoiced_through=local.today() + timedelta(days=12))
        vendor = make_vendor(**local.variables())
        asked = asking("A-S1", local.now(), when=CancellationDate.END_OF_TERM)
        assert (await vendor.cancel(asked, None)).amounts
        assert local.subscription("A-S1").status == "Cancelled"
        return vendor, replace(asked, act=Act.UNDO)

    async def test_the_subscription_is_active_again(self, local, cancelled):
        vendor, asked = cancelled
        assert await vendor.take_back(asked, None) == Accepted()
        shown = await vendor.look_up(replace(asked, may_have_been_sent=True))
        assert (shown.status, shown.record.cancel_reason) == (ACTIVE, "")
        assert (local.undone_cancellations("A-S1"), local.orders_of("A-S1")) == (1, [])

    @pytest.mark.parametrize("how", ["invoice", "order_otherwise"])
    async def test_an_invoiced_or_earlier_order_is_refused(self, local, cancelled, how):
        vendor, asked = cancelled
        getattr(local, how)("A-S1")
        with pytest.raises(Refused) as caught:
            await vendor.take_back(asked, None)
        assert ORDER in caught.value.reason
        assert (await vendor.look_up(asked)).status is DONE
        assert local.count("delete order") == 1

    @pytest.mark.parametrize("after", [True, False])
    async def test_a_lost_answer_is_an_unknown_outcome_and_nothing_is_sent_again(
        self, local, cancelled, after
    ):
        vendor, asked = cancelled
        trouble = local.on("delete order")
        trouble.drop_after() if after else trouble.drop_before()
        with pytest.raises(OutcomeUnknown) as caught:
            await vendor.take_back(asked, None)
        assert caught.value.retry_after == 300
        assert local.count("delete order") == 1
        assert (await vendor.look_up(asked)).status is (ACTIVE if after else DONE)
