"""A scheduled request that the customer revokes: the cancellation is undone once, or held."""

import asyncio
import json

import pytest

from connect_ext.cancelling.marks import State, text_of
from connect_ext.vendors.base import Act
from sandbox.connect.objects import DISTRIBUTOR, VENDOR
from sandbox.connect.requests import OnConfirm
from sandbox.faults import DropAfter, DropBefore, Respond, html_page, redirect
from tests.promises.later import (
    CANCEL,
    CONFIRM,
    HOUR,
    ONCE,
    SCHEDULE,
    STATUS,
    UNDO,
    VARIABLES,
    DiesAtCall,
    cancelled,
    ending_later,
    notes,
    pass_seconds,
    revoked,
    scheduled,
    settle,
    status,
    subscription,
    taken_back,
    term_end,
    undo_keys,
)


@pytest.fixture
async def extension():
    async with ending_later() as extension:
        yield extension


async def test_a_revoked_request_gets_the_subscription_back_and_is_confirmed(extension):
    request_id = await revoked(extension)
    extension.begin_new_process()
    assert (await extension.deliver(request_id)).status == "success"
    assert taken_back(extension, request_id) == ONCE
    assert undo_keys(extension) == [f"{request_id}-undo"]
    assert extension.sandbox.connect.request(request_id)["asset"]["status"] == "active"
    assert len(notes(extension, request_id, "undo")) == 1
    # Another delivery has nothing to do.
    assert (await extension.deliver(request_id)).status == "success"
    assert taken_back(extension, request_id) == ONCE


async def test_another_request_can_cancel_it_again_afterwards(extension):
    request_id = await revoked(extension)
    await settle(extension, request_id)
    asset_id = extension.sandbox.connect.request(request_id)["asset"]["id"]
    again = extension.sandbox.connect.create_cancel_request(asset_id)
    await settle(extension, again)
    assert (status(extension, again), subscription(extension).status) == ("scheduled", "ends_later")
    extension.sandbox.connect.revoke(again)
    await settle(extension, again)
    assert (status(extension, again), subscription(extension).undone) == ("revoked", 2)
    assert undo_keys(extension) == [f"{request_id}-undo", f"{again}-undo"]


# Lost and strange answers.


ANSWERS = {
    "dropped after the work": DropAfter(),
    "502 after the work": Respond(502, after_work=True),
    "303 after the work": redirect("/jobs/1", 303, after_work=True),
    "dropped": DropBefore(),
    "html": html_page(),
    **{str(each): Respond(each) for each in (401, 404, 429, 500, 503)},
}


@pytest.mark.parametrize("fault", ANSWERS.values(), ids=ANSWERS)
@pytest.mark.parametrize("next_process", [True, False], ids=["restarted", "goes on"])
async def test_whatever_happens_to_its_answer_an_undo_takes_effect_once(
    extension, fault, next_process
):
    request_id = await revoked(extension, honours_keys=False)
    extension.sandbox.vendor.faults.add(*UNDO, fault, times=1)
    response = await extension.deliver(request_id)
    if next_process:
        extension.begin_new_process()
    if response.status == "reschedule":
        pass_seconds(extension, response.countdown)
        await settle(extension, request_id)
    assert taken_back(extension, request_id) == ONCE
    assert set(undo_keys(extension)) == {f"{request_id}-undo"}


async def test_after_a_definite_answer_another_attempt_has_another_key(extension):
    request_id = await revoked(extension, undo_refusal="It is invoiced.")
    assert (await extension.deliver(request_id)).status == "fail"
    subscription(extension).undo_refusal = None
    extension.begin_new_process()
    await settle(extension, request_id)
    assert taken_back(extension, request_id) == ONCE
    assert undo_keys(extension) == [f"{request_id}-undo", f"{request_id}-undo-1"]


async def test_after_an_unknown_outcome_another_attempt_has_the_same_key(extension):
    request_id = await revoked(extension)
    extension.sandbox.vendor.faults.add(*UNDO, DropBefore(), times=1)
    await settle(extension, request_id)
    assert taken_back(extension, request_id) == ONCE
    assert undo_keys(extension) == [f"{request_id}-undo"] * 2


@pytest.mark.parametrize("by_another", [True, False], ids=["by another instance", "by itself"])
async def test_a_vendor_that_shows_an_undo_late_is_sent_it_once(extension, by_another):
    request_id = await revoked(extension, undo_shows_after_seconds=HOUR / 2, honours_keys=False)
    for _ in range(3):
        assert (await extension.deliver(request_id)).status == "reschedule"
        pass_seconds(extension, 60.0)
        if by_another:
            extension.begin_new_process()
    assert len(undo_keys(extension)) == 1
    await settle(extension, request_id)
    assert taken_back(extension, request_id) == ONCE
    assert len(undo_keys(extension)) == 1


async def test_a_lock_is_awaited(extension):
    request_id = await revoked(extension, honours_keys=False)
    subscription(extension).lock(HOUR / 2)
    for _ in range(3):
        assert (await extension.deliver(request_id)).status == "reschedule"
        extension.begin_new_process()
    await settle(extension, request_id)
    assert taken_back(extension, request_id) == ONCE


async def test_a_lasting_conflict_is_held_and_can_be_retried(extension):
    request_id = await revoked(extension, honours_keys=False)
    subscription(extension).lock(5 * HOUR)
    await settle(extension, request_id)
    [note] = notes(extension, request_id, "held not-taken-back")
    assert "locked before renewal" in note
    assert (status(extension, request_id), subscription(extension).undone) == ("revoking", 0)
    subscription(extension).lock(-5 * HOUR)
    extension.begin_new_process()
    assert (await extension.deliver(request_id)).status == "success"
    assert taken_back(extension, request_id) == ONCE


# Several processes, and a kill at every call.


async def test_two_instances_undo_it_once(extension):
    request_id = await revoked(extension, honours_keys=False)
    request = await extension.client().requests[request_id].get()
    deliveries = []
    for _ in range(4):
        extension.begin_new_process()
        deliveries.append(extension.handle(request))
    await asyncio.gather(*deliveries)
    assert len(undo_keys(extension)) <= 1
    await settle(extension, request_id)
    assert taken_back(extension, request_id) == ONCE
    assert len(undo_keys(extension)) == 1


CALLS = ("look", "marks", "mark", "marks again", "undo", "look again", "confirm", "status")


@pytest.mark.parametrize("after", [True, False], ids=["after", "before"])
@pytest.mark.parametrize("number", range(1, 9), ids=CALLS)
async def test_a_process_that_dies_at_any_call_leaves_one_undo_and_a_confirmed_request(
    extension, number, after
):
    request_id = await revoked(extension, honours_keys=False)
    request = await extension.client().requests[request_id].get()
    death = DiesAtCall(extension, number, after_work=after)
    with pytest.raises(asyncio.CancelledError):
        await extension.handle(request)
    assert death.has_died
    await settle(extension, request_id)
    assert taken_back(extension, request_id) == ONCE
    assert len(undo_keys(extension)) == (2 if (number, after) == (5, False) else 1)


@pytest.mark.parametrize("after", [True, False], ids=["after", "before"])
@pytest.mark.parametrize("number", range(1, 9))
async def test_a_process_that_dies_while_scheduling_leaves_a_cancellation_that_can_be_undone(
    extension, number, after
):
    """Its calls: template, look, mark, reading marks, cancellation, notes, schedule."""
    request_id = cancelled(extension, honours_keys=False)
    request = await extension.client().requests[request_id].get()
    death = DiesAtCall(extension, number, after_work=after)
    try:
        await extension.handle(request)
    except asyncio.CancelledError:
        assert death.has_died
    await settle(extension, request_id)
    assert (status(extension, request_id), subscription(extension).orders) == ("scheduled", 1)
    extension.sandbox.connect.revoke(request_id)
    await settle(extension, request_id)
    assert taken_back(extension, request_id) == ONCE


# A walk of the same request is still running.


async def test_a_revocation_is_not_swallowed_by_the_walk_that_is_still_scheduling(extension):
    request_id = cancelled(extension)
    go_on = asyncio.Event()

    async def slow_answer(_request, work):
        answer = await work()
        extension.sandbox.connect.revoke(request_id)
        await go_on.wait()
        return answer

    extension.sandbox.connect.faults.add(*SCHEDULE, slow_answer, times=1)
    first = asyncio.create_task(extension.deliver(request_id))
    while status(extension, request_id) != "revoking":
        await asyncio.sleep(0.01)
    assert (await extension.deliver(request_id)).status == "success"
    assert taken_back(extension, request_id) == ONCE
    go_on.set()
    assert (await first).status == "success"
    assert taken_back(extension, request_id) == ONCE


@pytest.mark.parametrize("late_seconds", [0.0, 10.0, 2 * HOUR])
async def test_a_slow_look_from_before_it_was_cancelled_cancels_nothing_afterwards(
    extension, late_seconds
):
    request_id = cancelled(extension, second="order", honours_keys=False)
    arrived, go_on = asyncio.Event(), asyncio.Event()

    async def slow_answer(_request, work):
        answer = await work()
        arrived.set()
        await go_on.wait()
        return answer

    extension.sandbox.vendor.faults.add(*STATUS, slow_answer, times=1)
    slow = asyncio.create_task(extension.deliver(request_id))
    await arrived.wait()
    first = extension.shared
    extension.begin_new_process()
    await settle(extension, request_id)
    extension.sandbox.connect.revoke(request_id)
    # Its own process gets the revocation too.
    extension.application.shared = first
    await settle(extension, request_id)
    assert taken_back(extension, request_id) == ONCE
    pass_seconds(extension, late_seconds)
    go_on.set()
    await slow
    assert taken_back(extension, request_id) == ONCE


# Connect's confirmation.


@pytest.mark.parametrize("on_confirm", [OnConfirm.REFUSE, OnConfirm.IGNORE])
async def test_a_confirmation_without_effect_is_held_with_a_note(extension, on_confirm):
    extension.sandbox.connect.requests.on_confirm = on_confirm
    request_id = await revoked(extension)
    for _ in range(2):
        response = await extension.deliver(request_id)
        assert response.status == "fail"
        extension.begin_new_process()
        pass_seconds(extension, 60.0)
    assert taken_back(extension, request_id) == ("revoking", "active", 1, 1)
    [note] = notes(extension, request_id, "held not-confirmed")
    assert note.startswith(response.output)
    assert "Confirm the revocation in Connect." in note
    extension.sandbox.connect.requests.on_confirm = OnConfirm.REVOKE
    assert (await extension.deliver(request_id)).status == "success"
    assert taken_back(extension, request_id) == ONCE
    assert notes(extension, request_id)[-1].startswith("This request no longer waits: its revoc")


@pytest.mark.parametrize("fault", [DropAfter(), Respond(502, after_work=True), DropBefore(),
                                   Respond(400, b"{}", after_work=True), Respond(503)])  # fmt: skip
async def test_a_lost_answer_to_confirm_changes_nothing(extension, fault):
    request_id = await revoked(extension)
    extension.sandbox.connect.faults.add(*CONFIRM, fault, times=1)
    await settle(extension, request_id)
    assert taken_back(extension, request_id) == ONCE


async def test_a_lock_stored_for_a_key_is_no_refusal(extension):
    """It repeats its answer to a key for a day, but the lock lasts half an hour."""
    request_id = cancelled(extension, locked_seconds=HOUR / 2)
    await settle(extension, request_id)
    assert (status(extension, request_id), subscription(extension).orders) == ("scheduled", 1)
    extension.sandbox.connect.revoke(request_id)
    subscription(extension).lock(HOUR / 2)
    await settle(extension, request_id)
    assert taken_back(extension, request_id) == ONCE


# Cancellations that cannot be undone.


async def _ended(extension, _request_id):
    subscription(extension).end_now()


async def _gone(extension, _request_id):
    subscription(extension).status = "removed"


async def _refuses(extension, _request_id):
    subscription(extension).undo_refusal = "It is invoiced."


async def _variable_is_empty(extension, _request_id):
    extension.variables["REST_UNDO_REQUEST"] = ""


async def _id_is_gone(extension, request_id):
    [_, parameter] = extension.sandbox.connect.request(request_id)["asset"]["params"]
    parameter["value"] = " "


IMPOSSIBLE = [
    (_variable_is_empty, "REST_UNDO_REQUEST is empty"),
    (_refuses, "The vendor refuses: It is invoiced."),
    (_ended, "The subscription ended on"),
    (_gone, "no longer knows the subscription id"),
    (_id_is_gone, "SUBSCRIPTION_ID_PARAMETER"),
]


@pytest.mark.parametrize(("trouble", "says"), IMPOSSIBLE)
async def test_a_cancellation_that_cannot_be_undone_is_held_with_the_reason_in_a_note(
    extension, trouble, says
):
    request_id = await revoked(extension)
    await trouble(extension, request_id)
    for _ in range(2):
        response = await extension.deliver(request_id)
        assert (response.status, status(extension, request_id)) == ("fail", "revoking")
        extension.begin_new_process()
    held = [n for n in extension.sandbox.connect.notes(request_id) if "ext held" in n["text"]]
    assert [note["type"] for note in held] == ["private"]
    assert says in held[0]["text"]
    assert held[0]["text"].startswith(response.output)
    assert subscription(extension).undone == 0
    # Somebody undoes it at the vendor and resubmits the task a while later.
    pass_seconds(extension, 2 * HOUR)
    subscription(extension).reactivate()
    [_, parameter] = extension.sandbox.connect.request(request_id)["asset"]["params"]
    parameter["value"] = "SUB-1"
    assert (await extension.deliver(request_id)).status == "success"
    assert status(extension, request_id) == "revoked"


async def test_another_reason_gets_another_note(extension):
    request_id = await revoked(extension, undo_refusal="It is invoiced.")
    extension.variables["REST_UNDO_REQUEST"] = ""
    await extension.deliver(request_id)
    extension.variables["REST_UNDO_REQUEST"] = VARIABLES["REST_UNDO_REQUEST"]
    for _ in range(2):
        await extension.deliver(request_id)
        extension.begin_new_process()
    first, second = notes(extension, request_id, "held not-taken-back")
    assert "REST_UNDO_REQUEST is empty" in first
    assert "It is invoiced." in second


@pytest.mark.parametrize("forged_by", [None, (VENDOR, "message"), (DISTRIBUTOR, "private")])
async def test_another_requests_cancellation_is_not_undone(extension, forged_by):
    request_id = await scheduled(extension, status="ends_later", ends_at=term_end(extension))
    if forged_by:
        account, type_ = forged_by
        for state in (State.SENDING, State.CANCELLED):
            extension.sandbox.connect.say(request_id, text_of("0badcafe", state), type_, account)
    extension.sandbox.connect.revoke(request_id)
    response = await extension.deliver(request_id)
    assert response.status == "fail"
    assert "No cancellation at the vendor is known to come from this request." in response.output
    assert undo_keys(extension) == []


async def test_undo_marks_forged_by_others_prevent_no_undo(extension):
    request_id = await revoked(extension)
    for account, type_ in ((VENDOR, "message"), (DISTRIBUTOR, "private"), (DISTRIBUTOR, "message")):
        mark = text_of("0badcafe", State.ACCEPTED, Act.UNDO)
        extension.sandbox.connect.say(request_id, mark, type_, account)
    assert (await extension.deliver(request_id)).status == "success"
    assert taken_back(extension, request_id) == ONCE


async def test_a_cancellation_that_may_still_arrive_is_awaited(extension):
    """Its answer was lost, and somebody at the vendor reactivated the subscription meanwhile."""
    request_id = cancelled(extension)
    extension.sandbox.vendor.faults.add(*CANCEL, DropAfter(), times=1)
    await settle(extension, request_id)
    extension.sandbox.connect.revoke(request_id)
    subscription(extension).reactivate()
    assert (await extension.deliver(request_id)).status == "reschedule"
    assert status(extension, request_id) == "revoking"
    await settle(extension, request_id)
    assert status(extension, request_id) == "revoked"
    assert undo_keys(extension) == []


async def test_without_notes_it_is_still_undone_once(extension, caplog):
    request_id = await revoked(extension, undo_shows_after_seconds=HOUR / 2, honours_keys=False)
    extension.sandbox.connect.conversations.forbid(request_id, "POST")
    await settle(extension, request_id)
    assert taken_back(extension, request_id) == ONCE
    assert len(undo_keys(extension)) == 1
    assert "is sent without a mark" in caplog.text


# A dry run.


async def test_a_dry_run_shows_the_undo_and_changes_nothing():
    key = "sk-marked-secret-4711"
    body = json.dumps({"api_key": key, "reason": "stays"})
    async with ending_later(REST_UNDO_BODY=body) as extension:
        request_id = await revoked(extension)
        extension.variables["DRY_RUN"] = "true"
        connect, vendor = extension.sandbox.connect, extension.sandbox.vendor
        connect.calls.clear()
        vendor.calls.clear()
        for _ in range(2):
            response = await extension.deliver(request_id)
            assert response.status == "skip"
            extension.begin_new_process()
        [note] = [n for n in connect.notes(request_id) if "dry-run undo" in n["text"]]
        assert note["type"] == "private"
        assert note["text"].startswith(response.output)
        assert f"POST {vendor.url}/subscriptions/SUB-1/undo_cancellation with" in note["text"]
        assert '{"api_key": "[…]", "reason": "stays"}' in note["text"]
        assert {call.method for call in vendor.calls} == {"GET"}
        writes = [
            call.path.rpartition("/")[2] for call in connect.calls.calls if call.method != "GET"
        ]
        assert writes == ["messages"]
        assert taken_back(extension, request_id) == ("revoking", "ends_later", 0, 1)


async def test_a_dry_run_during_an_undo_says_that_the_request_would_wait(extension):
    request_id = await revoked(extension, undo_shows_after_seconds=HOUR)
    assert (await extension.deliver(request_id)).status == "reschedule"
    extension.variables["DRY_RUN"] = "true"
    response = await extension.deliver(request_id)
    assert response.status == "skip"
    assert "The request would wait: The cancellation is being taken back" in response.output
    assert "would be sent" not in response.output
    assert len(undo_keys(extension)) == 1
