"""Histories that once broke a promise, each played against the local Connect and vendor.

If two instances take part, each has its own process memory, and both get the same request, as
Connect may do.
"""

import asyncio
import json
from datetime import timedelta

import pytest

from sandbox.connect.objects import VENDOR
from sandbox.faults import DropAfter, Respond, redirect
from tests.in_process import running_extension

STATUS, CANCEL = ("GET", "/subscriptions/"), ("POST", "/subscriptions/.*/cancel")
HOUR = 3600.0
LONG = {"shows_after_seconds": HOUR, "honours_keys": False}


def subscription(extension, subscription_id="SUB-1"):
    return extension.sandbox.vendor.subscriptions[subscription_id]


def sent(extension, subscription_id="SUB-1"):
    return len(extension.sandbox.vendor.cancel_calls(subscription_id))


def status(extension, request_id):
    return extension.sandbox.connect.status(request_id)


async def deliver_by(extension, process, request_id):
    """One delivery to the process with this memory."""
    extension.application.shared = process
    return await extension.deliver(request_id)


async def ends_well(extension, request_id):
    """Let the vendor finish; the request is approved after one order and one cancellation."""
    subscription(extension).finish()
    await extension.settle(request_id)
    found = subscription(extension)
    return (status(extension, request_id), found.orders, found.cancellations) == ("approved", 1, 1)


@pytest.mark.parametrize("second", ["conflict", "refuse", "order"])
@pytest.mark.parametrize("later", ["at once", "after a restart", "by another instance", "late"])
async def test_history_1_a_vendor_that_shows_a_cancellation_late_is_sent_it_once(
    extension, later, second
):
    request_id = extension.sandbox.cancel("SUB-1", **LONG, second=second)
    first = extension.shared
    assert (await extension.deliver(request_id)).status == "reschedule"
    for _ in range(3):
        if later != "at once":
            extension.begin_new_process()
        extension.let_pass(1000.0 if later == "late" else 31.0)
        assert (await extension.deliver(request_id)).status == "reschedule"
        if later == "by another instance":
            await deliver_by(extension, first, request_id)
    assert (sent(extension), status(extension, request_id)) == (1, "pending")
    assert await ends_well(extension, request_id)


@pytest.mark.parametrize(
    "fault",
    [
        Respond(504, after_work=True, headers={"Retry-After": "1"}),
        Respond(503, after_work=True, headers={"Retry-After": "1"}),
        redirect("https://vendor.example/jobs/1", 303, after_work=True),
        redirect("urn:job:1", 303, after_work=True),
    ],
    ids=["504", "503", "303", "unparsable Location"],
)
@pytest.mark.parametrize("second", ["conflict", "refuse", "order"])
async def test_history_2_and_3_an_empty_answer_after_the_work_is_no_refusal(
    extension, fault, second
):
    request_id = extension.sandbox.cancel("SUB-1", **LONG, second=second)
    extension.sandbox.vendor.faults.add(*CANCEL, fault, times=1)
    for _ in range(4):
        assert (await extension.deliver(request_id)).status == "reschedule"
        extension.let_pass(61.0)
        extension.begin_new_process()
    assert (sent(extension), status(extension, request_id)) == (1, "pending")
    assert await ends_well(extension, request_id)


async def test_history_3_a_vendor_without_repeats_gets_it_once_after_an_unparsable_location():
    async with running_extension(REST_STATUS_REQUEST="") as extension:
        request_id = extension.sandbox.cancel("SUB-1", second="order")
        extension.sandbox.vendor.faults.add(*CANCEL, redirect("urn:job:1", 303, after_work=True))
        for _ in range(4):
            await extension.deliver(request_id)
            extension.let_pass(400.0)
        assert (sent(extension), subscription(extension).orders) == (1, 1)
        assert status(extension, request_id) == "pending"


@pytest.mark.parametrize("askable", [True, False], ids=["askable", "not askable"])
async def test_history_4_two_instances_at_once_send_one_cancellation(askable):
    variables = {} if askable else {"REST_STATUS_REQUEST": ""}
    async with running_extension(**variables) as extension:
        request_id = extension.sandbox.cancel("SUB-1", second="order", honours_keys=False)
        request = await extension.client().requests[request_id].get()
        deliveries = []
        for _ in range(4):
            extension.begin_new_process()
            deliveries.append(extension.handle(request))
        await asyncio.gather(*deliveries)
        assert sent(extension) <= 1
        extension.let_pass(31.0)
        await extension.settle(request_id)
        assert status(extension, request_id) == "approved"
        assert (sent(extension), subscription(extension).orders) == (1, 1)


async def test_history_5_a_busy_vendor_cuts_no_call_in_its_middle():
    async with running_extension(
        VENDOR_MAX_CONCURRENCY="1", VENDOR_TIMEOUT_SECONDS="2"
    ) as extension:
        vendor, free = extension.sandbox.vendor, asyncio.Event()

        async def slow(_request, work):
            await free.wait()
            return await work()

        vendor.faults.add("GET", "/subscriptions/SUB-1", slow)
        extension.begin_new_process(deadline_seconds=2.5)
        requests = [extension.sandbox.cancel(f"SUB-{number}") for number in (1, 2)]
        first = asyncio.create_task(extension.deliver(requests[0]))
        await asyncio.sleep(0.1)
        response = await asyncio.wait_for(extension.deliver(requests[1]), 10)
        assert response.status == "reschedule"
        assert sent(extension, "SUB-2") == 0
        free.set()
        await first
        extension.begin_new_process()
        await extension.settle(requests[1])
        assert (sent(extension, "SUB-2"), status(extension, requests[1])) == (1, "approved")


@pytest.mark.parametrize("askable", [True, False], ids=["askable", "not askable"])
async def test_history_6_a_conflict_of_a_repeated_cancellation_rejects_nobody(askable):
    variables = {"REST_REPEATABLE": "true"} | ({} if askable else {"REST_STATUS_REQUEST": ""})
    async with running_extension(**variables) as extension:
        request_id = extension.sandbox.cancel("SUB-1")
        in_progress = extension.sandbox.vendor.faults.add(*CANCEL, Respond(409, b"{}"))
        for _ in range(8):
            assert (await extension.deliver(request_id)).status == "reschedule"
            extension.let_pass(95.0)
        assert status(extension, request_id) == "pending"
        extension.sandbox.vendor.faults.remove(in_progress)
        await extension.settle(request_id)
        assert (status(extension, request_id), subscription(extension).cancellations) == (
            "approved",
            1,
        )


@pytest.mark.parametrize("answer", [409, 422])
async def test_history_7_a_second_instance_waits_while_the_first_one_still_calls(extension, answer):
    request_id = extension.sandbox.cancel("SUB-1")
    vendor, arrived, go_on = extension.sandbox.vendor, asyncio.Event(), asyncio.Event()

    async def slow(_request, work):
        arrived.set()
        await go_on.wait()
        return await work()

    vendor.faults.add(*CANCEL, slow, times=1)
    first = asyncio.create_task(extension.deliver(request_id))
    await arrived.wait()
    vendor.faults.add(*CANCEL, Respond(answer, b'{"message": "A cancellation is under way."}'))
    extension.begin_new_process()
    assert (await extension.deliver(request_id)).status == "reschedule"
    go_on.set()
    assert (await first).status == "success"
    assert (subscription(extension).orders, status(extension, request_id)) == (1, "approved")
    assert sent(extension) == 1


async def test_history_8_a_lock_of_half_an_hour_rejects_nobody(extension):
    request_id = extension.sandbox.cancel("SUB-1")
    lock = extension.sandbox.vendor.faults.add(*CANCEL, Respond(409, b'{"message": "locked"}'))
    for _ in range(10):
        response = await extension.deliver(request_id)
        assert response.status == "reschedule"
        extension.let_pass(180.0)
        extension.begin_new_process()
    extension.sandbox.vendor.faults.remove(lock)
    await extension.settle(request_id)
    assert (subscription(extension).orders, status(extension, request_id)) == (1, "approved")


async def test_history_8_a_conflict_an_hour_ago_does_not_confirm_the_next_one(extension):
    request_id = extension.sandbox.cancel("SUB-1")
    vendor = extension.sandbox.vendor
    vendor.faults.add(*CANCEL, Respond(409, b"{}"), times=1)
    await extension.deliver(request_id)
    extension.let_pass(1.2 * HOUR)
    vendor.faults.add(*CANCEL, Respond(409, b"{}"), times=1)
    assert (await extension.deliver(request_id)).status == "reschedule"
    assert status(extension, request_id) == "pending"


async def test_history_8_a_conflict_is_believed_once_it_has_lasted_longer_than_settle_minutes(
    extension,
):
    request_id = extension.sandbox.cancel("SUB-1")
    refusal = Respond(409, b'{"message": "The minimum term has not ended."}')
    extension.sandbox.vendor.faults.add(*CANCEL, refusal)
    began = extension.now()
    await extension.settle(request_id, 60)
    assert (extension.now() - began).total_seconds() > HOUR
    assert status(extension, request_id) == "failed"
    reason = extension.sandbox.connect.request(request_id)["reason"]
    assert "The minimum term has not ended." in reason


@pytest.mark.parametrize("refusal", [400, 401, 403, 404, 409])
async def test_history_9_unreadable_notes_do_not_count_as_no_notes(extension, refusal):
    request_id = extension.sandbox.cancel("SUB-1", **LONG, second="refuse")
    assert (await extension.deliver(request_id)).status == "reschedule"
    extension.begin_new_process()
    unreadable = extension.sandbox.connect.faults.add("GET", "/messages", Respond(refusal, b"{}"))
    assert (await extension.deliver(request_id)).status == "reschedule"
    assert (sent(extension), status(extension, request_id)) == (1, "pending")
    extension.sandbox.connect.faults.remove(unreadable)
    assert await ends_well(extension, request_id)


@pytest.mark.parametrize("on_not_found", ["approve", "reject", "hold"])
@pytest.mark.parametrize("when", ["at first", "after an accepted cancellation"])
async def test_history_10_one_404_of_a_gateway_is_not_believed(on_not_found, when):
    async with running_extension(ON_NOT_FOUND=on_not_found) as extension:
        request_id = extension.sandbox.cancel("SUB-1", **LONG)
        if when != "at first":
            await extension.deliver(request_id)
        extension.sandbox.vendor.faults.add(*STATUS, Respond(404), times=1)
        assert (await extension.deliver(request_id)).status == "reschedule"
        assert (sent(extension), status(extension, request_id)) == (1, "pending")
        assert await ends_well(extension, request_id)


async def test_history_10_two_agreeing_looks_two_minutes_apart_are_believed():
    async with running_extension(ON_NOT_FOUND="reject") as extension:
        asset_id = extension.sandbox.connect.create_subscription("SUB-NOBODY-KNOWS")
        request_id = extension.sandbox.connect.create_cancel_request(asset_id)
        began = extension.clock()
        assert (await extension.deliver(request_id)).status == "success"
        assert status(extension, request_id) == "failed"
        assert extension.clock() - began >= 120
        assert len(extension.sandbox.vendor.calls_to("GET", "SUB-NOBODY-KNOWS")) == 2


async def test_history_11_a_misspelt_key_in_the_body_rejects_nobody():
    async with running_extension(REST_CANCEL_BODY='{"raeson": "cancelled"}') as extension:
        connect = extension.sandbox.connect
        connect.create_product(product_id="PRD-200-000-001", proven=False)
        extension.sandbox.vendor.add("SUB-1")
        asset_id = extension.sandbox.connect.create_subscription(
            "SUB-1", product_id="PRD-200-000-001"
        )
        request_id = extension.sandbox.connect.create_cancel_request(asset_id)
        response = await extension.deliver(request_id)
        assert (response.status, status(extension, request_id)) == ("fail", "pending")
        assert "REST_CANCEL_BODY" in response.output
        extension.variables["REST_CANCEL_BODY"] = "{}"
        await extension.settle(request_id)
        assert status(extension, request_id) == "approved"
        assert subscription(extension).cancellations == 1


async def test_history_12_the_advice_of_a_hold_can_be_followed_without_a_second_effect():
    async with running_extension(REST_STATUS_REQUEST="") as extension:
        request_id = extension.sandbox.cancel("SUB-1", **LONG, second="order")
        extension.sandbox.vendor.faults.add(*CANCEL, DropAfter(), times=1)
        assert (await extension.deliver(request_id)).status == "fail"
        del extension.variables["REST_STATUS_REQUEST"]
        assert (await extension.deliver(request_id)).status == "reschedule"
        assert sent(extension) == 1
        assert await ends_well(extension, request_id)


async def test_history_13_a_request_rejected_meanwhile_is_not_cancelled(extension):
    request_id = extension.sandbox.cancel("SUB-1")

    async def rejected_meanwhile(_request, work):
        extension.let_pass(10.0)
        extension.sandbox.connect.requests.fail(request_id, {"reason": "A mistake."})
        return await work()

    extension.sandbox.vendor.faults.add(*STATUS, rejected_meanwhile, times=1)
    assert (await extension.deliver(request_id)).status == "success"
    assert (sent(extension), status(extension, request_id)) == (0, "failed")


async def test_history_14_a_thousand_messages_hide_no_mark(extension):
    connect = extension.sandbox.connect
    request_id = extension.sandbox.cancel("SUB-1", **LONG, second="order")
    for number in range(1100):
        connect.say(request_id, f"Note {number}.", "private", VENDOR)
    await extension.deliver(request_id)
    extension.begin_new_process()
    await extension.deliver(request_id)
    assert sent(extension) == 1
    assert await ends_well(extension, request_id)


async def test_history_14_a_long_outage_leaves_few_notes():
    async with running_extension(REST_STATUS_REQUEST="") as extension:
        request_id = extension.sandbox.cancel("SUB-1")
        await extension.sandbox.vendor.stop()
        for _ in range(20):
            assert (await extension.deliver(request_id)).status == "reschedule"
            extension.let_pass(60.0)
        assert len(extension.sandbox.connect.notes(request_id)) <= 4
        await extension.sandbox.vendor.start()
        await extension.settle(request_id)
        assert (sent(extension), status(extension, request_id)) == (1, "approved")


async def test_history_15_a_status_for_a_cancellation_under_way_is_awaited():
    async with running_extension(REST_CANCELLING_VALUES="terminating") as extension:
        extension.sandbox.vendor.add("SUB-1")
        asset_id = extension.sandbox.connect.create_subscription("SUB-1")
        request_id = extension.sandbox.connect.create_cancel_request(asset_id)
        body = json.dumps({"id": "SUB-1", "status": "terminating"}).encode()
        under_way = extension.sandbox.vendor.faults.add(*STATUS, Respond(200, body))
        for _ in range(3):
            assert (await extension.deliver(request_id)).status == "reschedule"
            extension.let_pass(1.5 * HOUR)
            extension.begin_new_process()
        assert (sent(extension), status(extension, request_id)) == (0, "pending")
        extension.sandbox.vendor.faults.remove(under_way)
        subscription(extension).status = "cancelled"
        await extension.settle(request_id)
        assert status(extension, request_id) == "approved"


class Exploding(str):
    """A variable that makes another package's vendor raise an error."""

    def __str__(self):
        raise KeyError("unexpected")

    __slots__ = ()


async def test_history_16_an_unexpected_error_is_reported_at_once(extension):
    request_id = extension.sandbox.cancel("SUB-1")
    extension.variables["VENDOR_TIMEOUT_SECONDS"] = Exploding("31")
    for _ in range(2):
        response = await extension.deliver(request_id)
        assert (response.status, response.countdown) == ("reschedule", 300)
    [note] = extension.sandbox.connect.notes(request_id)
    assert note["type"] == "private"
    assert "a bug in the extension: KeyError" in note["text"]
    assert "unexpected'" not in note["text"]


async def test_history_17_the_answer_of_a_vendor_that_cannot_be_asked_is_believed():
    """Its answer said cancelled, the approval had to wait, and somebody reactivated it."""
    async with running_extension(REST_STATUS_REQUEST="") as extension:
        request_id = extension.sandbox.cancel("SUB-1")
        down = extension.sandbox.connect.faults.add("POST", "/approve", Respond(500))
        assert (await extension.deliver(request_id)).status == "reschedule"
        subscription(extension).reactivate()
        extension.begin_new_process()
        extension.sandbox.connect.faults.remove(down)
        await extension.settle(request_id)
        assert (sent(extension), status(extension, request_id)) == (1, "approved")


async def test_history_18_a_suspended_instance_does_not_believe_its_older_looks(extension):
    """The machine is suspended in the middle of a walk; its own clocks stand still too."""
    request_id = extension.sandbox.cancel("SUB-1", **LONG, second="order")

    async def suspended(_request, work):
        answer = await work()
        extension.begin_new_process()  # another instance
        assert (await extension.deliver(request_id)).status == "reschedule"
        subscription(extension).finish()
        extension.sandbox.connect.clock.ahead += timedelta(hours=2)
        return answer

    extension.sandbox.vendor.faults.add(*STATUS, suspended, times=1)
    assert (await extension.deliver(request_id)).status == "success"
    assert (sent(extension), status(extension, request_id)) == (1, "approved")
    assert subscription(extension).orders == 1
