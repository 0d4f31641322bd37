"""Fulfillment requests on the page: the list, and one with its walk and its conversation."""

from __future__ import annotations

from sandbox.runner import Runner, RunnerOptions
from tests.portal.desk import Desk, Page


def steps(page: Page) -> list[str]:
    return [
        " ".join(each.text_content().split())[9:] for each in page.values("//*[@id='timeline']//li")
    ]


async def test_the_walk_of_a_request_shows_what_happened(desk):
    request_id = desk.sandbox.cancel()
    desk.connect.say(request_id, "Why?")
    page = await desk.post(f"/requests/{request_id}/approve")
    assert page.location == f"/requests/{request_id}"
    page = await desk.get(page.location)
    assert "Approved" in page.words("facts")
    assert "Terminated" in page.words("facts")
    assert steps(page) == [
        "The request is pending",
        "Connect queued the task",
        "Sandbox Distributor wrote a message Why?",
        "The request was approved",
    ]
    assert "The request is settled" in page.words("acts")


async def test_what_the_extension_logs_about_a_request_is_in_its_walk_without_its_marks_tag(
    desk: Desk,
):
    request_id = desk.sandbox.cancel()
    runner = Runner(
        "localhost:1", desk.sandbox.ca_bundle, desk.sandbox.directory, lambda: True, RunnerOptions()
    )
    desk.sandbox.runners.append(runner)
    ours = "2099-11-27 15:33:05,107 eaas.eventsapp"
    runner.log_file.write_text(
        f"{ours}.vendor DEBUG PID_7 {request_id} method=POST http=- ms=5: the cancellation\n"
        f"{ours} INFO PID_7 {request_id} task=TQ-1 outcome=waits cause=sent: Waits 30 s.\n"
    )
    text = "Sent to the vendor. [connect-ext cancel 7f21 began]"
    desk.connect.say(request_id, text, "private")
    desk.portal.logs.catch_up()
    page = await desk.get(f"/requests/{request_id}")
    assert steps(page)[2:] == [
        "Mark: cancel, began Sent to the vendor.",
        "The cancellation POST, no answer, 5 ms",
        "Waits 30 s. outcome waits, cause sent",
    ]
    assert text in page.words("messages")
    desk.sandbox.runners.remove(runner)


async def test_an_agent_rejects_with_a_reason_that_must_be_given(desk):
    request_id = desk.sandbox.cancel()
    assert (await desk.post(f"/requests/{request_id}/reject", reason=" ")).status == 400
    assert desk.connect.status(request_id) == "pending"
    await desk.post(f"/requests/{request_id}/reject", reason="Wrong contract")
    page = await desk.get(f"/requests/{request_id}")
    assert "Wrong contract" in page.words("facts")
    assert (await desk.post(f"/requests/{request_id}/approve")).status == 400


async def test_people_write_messages_and_private_notes(desk):
    request_id = desk.sandbox.cancel()
    await desk.post(f"/requests/{request_id}/say", text="For all", type="message")
    await desk.post(f"/requests/{request_id}/say", text="For us", type="private")
    assert [each["type"] for each in desk.connect.notes(request_id)] == ["message", "private"]
    page = await desk.get(f"/requests/{request_id}")
    assert page.values("//*[@id='messages']//li/@class") == ["message", "private"]


async def test_a_request_is_found_by_its_status(desk):
    request_id = desk.sandbox.cancel()
    assert request_id in (await desk.get("/requests?status=pending")).values("//tr/@id")
    assert request_id not in (await desk.get("/requests?status=approved")).values("//tr/@id")
    assert (await desk.get(f"/requests?q={request_id}")).values("//tr/@id") == [request_id]


async def test_a_request_is_found_by_its_subscription(desk):
    request_id = desk.sandbox.cancel()
    desk.sandbox.cancel()
    asset_id = desk.connect.request(request_id)["asset"]["id"]
    assert (await desk.get(f"/requests?q={asset_id}")).values("//tr/@id") == [request_id]
