"""Waiting is visible and bounded, and calls to a failing vendor are paused."""

from datetime import datetime, timedelta, timezone

from sandbox.faults import Respond
from tests.in_process import running_extension


def _old_request(extension, hours, subscription_id="SUB-1", **fields):
    asset_id = extension.sandbox.new_subscription(subscription_id, **fields)
    created = datetime.now(timezone.utc) - timedelta(hours=hours)
    return extension.sandbox.connect.create_cancel_request(asset_id, created)


async def test_a_request_that_waits_for_a_day_gets_one_note_and_is_still_tried(extension):
    request_id = _old_request(extension, hours=25)
    extension.sandbox.vendor.faults.add("*", "SUB-1", Respond(503), times=3)
    for _ in range(3):
        response = await extension.deliver(request_id)
        assert (response.status, response.countdown <= 1800) == ("reschedule", True)
        extension.begin_new_process()
    [note] = extension.sandbox.connect.notes(request_id)
    assert note["type"] == "private"
    assert "has been waiting since" in note["text"]
    assert "HTTP 503 to the status request" in note["text"]
    await extension.settle(request_id)
    assert extension.sandbox.connect.status(request_id) == "approved"
    assert (
        "no longer waits: it is approved" in extension.sandbox.connect.notes(request_id)[-1]["text"]
    )


async def test_one_process_asks_connect_for_the_note_only_once(extension):
    request_id = _old_request(extension, hours=25)
    extension.sandbox.vendor.faults.add("*", "SUB-1", Respond(503))
    for _ in range(3):
        await extension.deliver(request_id)
    assert len(extension.sandbox.connect.calls.matching("*", "/conversations")) == 2


async def test_a_request_that_has_waited_less_gets_no_note():
    async with running_extension(ESCALATE_AFTER_HOURS="48") as extension:
        request_id = _old_request(extension, hours=47)
        extension.sandbox.vendor.faults.add("*", "SUB-1", Respond(503))
        await extension.deliver(request_id)
        assert extension.sandbox.connect.notes(request_id) == []


async def test_a_request_that_waits_for_the_variables_also_gets_its_note():
    async with running_extension(NOTES="loud") as extension:
        request_id = _old_request(extension, hours=25)
        await extension.deliver(request_id)
        [note] = extension.sandbox.connect.notes(request_id)
        assert "NOTES got 'loud'" in note["text"]


async def test_a_request_waits_even_if_its_note_cannot_be_left(extension):
    request_id = _old_request(extension, hours=25)
    extension.sandbox.vendor.faults.add("*", "SUB-1", Respond(503))
    extension.sandbox.connect.faults.add("*", "/conversations", Respond(403))
    assert (await extension.deliver(request_id)).status == "reschedule"


async def test_a_vendor_that_is_down_is_not_called_for_every_request(extension):
    vendor = extension.sandbox.vendor
    vendor.faults.add("*", "/subscriptions", Respond(503))
    requests = [extension.sandbox.cancel(f"SUB-{number}") for number in range(12)]
    responses = [await extension.deliver(request_id) for request_id in requests]
    assert {response.status for response in responses} == {"reschedule"}
    assert len(vendor.calls) == 5


async def test_a_retry_after_pauses_the_whole_vendor(extension):
    vendor = extension.sandbox.vendor
    vendor.faults.add("*", "SUB-1", Respond(429, headers={"Retry-After": "120"}))
    first, other = extension.sandbox.cancel("SUB-1"), extension.sandbox.cancel("SUB-2")
    countdowns = [(await extension.deliver(each)).countdown for each in (first, other)]
    assert min(countdowns) >= 119
    assert len(vendor.calls) == 1
