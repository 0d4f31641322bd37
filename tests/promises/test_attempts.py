"""Marks on a real conversation: who may send, and what happens to obsolete marks."""

from datetime import datetime, timedelta, timezone

import pytest

from connect_ext.cancelling.marks import State, text_of
from sandbox.connect.objects import DISTRIBUTOR, VENDOR
from sandbox.faults import Respond
from tests.in_process import running_extension

CANCEL, NOTE = ("POST", "/subscriptions/.*/cancel"), ("POST", "/messages")
MARK = text_of("0badcafe", State.SENDING)
HOUR = 3600.0


def sent(extension):
    return len(extension.sandbox.vendor.cancel_calls("SUB-1"))


def status(extension, request_id):
    return extension.sandbox.connect.status(request_id)


def marks(extension, request_id):
    """The states of the marks, in order."""
    texts = [note["text"] for note in extension.sandbox.connect.notes(request_id)]
    return [text.split()[-1].strip("]") for text in texts if "[connect-ext cancel " in text]


@pytest.mark.parametrize("skew", [-7, 0, 7])
async def test_a_dead_processs_mark_is_awaited_then_disregarded(skew):
    async with running_extension() as extension:
        connect = extension.sandbox.connect
        connect.clock.ahead = timedelta(minutes=skew)
        request_id = extension.sandbox.cancel("SUB-1")
        connect.say(request_id, MARK, "private", VENDOR)
        for _ in range(4):
            assert (await extension.deliver(request_id)).status == "reschedule"
            extension.let_pass(HOUR / 4 - 10)
            assert sent(extension) == 0
        await extension.settle(request_id)
        assert (sent(extension), status(extension, request_id)) == (1, "approved")


async def test_a_dead_processs_mark_is_left_to_a_person_if_the_vendor_cannot_be_asked():
    async with running_extension(REST_STATUS_REQUEST="") as extension:
        request_id = extension.sandbox.cancel("SUB-1")
        extension.sandbox.connect.say(request_id, MARK, "private", VENDOR)
        assert (await extension.deliver(request_id)).status == "reschedule"
        extension.let_pass(2 * HOUR)
        assert (await extension.deliver(request_id)).status == "fail"
        assert (sent(extension), status(extension, request_id)) == (0, "pending")


@pytest.mark.parametrize("type_", ["message", "private"])
@pytest.mark.parametrize("account", [DISTRIBUTOR, VENDOR], ids=["partner", "vendor"])
async def test_only_a_private_note_of_our_own_account_is_a_mark(extension, type_, account):
    request_id = extension.sandbox.cancel("SUB-1")
    extension.sandbox.connect.say(request_id, MARK, type_, account)
    response = await extension.deliver(request_id)
    is_mark = type_ == "private" and account is VENDOR
    assert (response.status, sent(extension)) == (("reschedule", 0) if is_mark else ("success", 1))


async def test_nobody_else_can_take_a_mark_back(extension):
    request_id = extension.sandbox.cancel("SUB-1")
    connect = extension.sandbox.connect
    connect.say(request_id, MARK, "private", VENDOR)
    connect.say(request_id, text_of("0badcafe", State.NOT_SENT), "message", DISTRIBUTOR)
    assert (await extension.deliver(request_id)).status == "reschedule"
    assert sent(extension) == 0


@pytest.mark.parametrize("state", [State.ACCEPTED, State.CANCELLED])
@pytest.mark.parametrize("look", ["", "GET /subscriptions/{subscription_id}"])
async def test_a_result_copied_from_another_request_approves_nothing(state, look):
    async with running_extension(REST_STATUS_REQUEST=look) as extension:
        request_id = extension.sandbox.cancel("SUB-1")
        copied = f"As in PR-9: {text_of('0badcafe', state)}"
        extension.sandbox.connect.say(request_id, copied, "private", VENDOR)
        assert (await extension.deliver(request_id)).status == "reschedule"
        assert (sent(extension), status(extension, request_id)) == (0, "pending")


async def test_a_mark_with_a_lost_answer_sends_nothing_and_is_taken_back(extension):
    request_id = extension.sandbox.cancel("SUB-1")
    extension.sandbox.connect.faults.add(*NOTE, Respond(429, after_work=True), times=1)
    assert (await extension.deliver(request_id)).status == "reschedule"
    assert (sent(extension), marks(extension, request_id)) == (0, ["sending"])
    assert (await extension.deliver(request_id)).status == "success"
    assert marks(extension, request_id) == ["sending", "not-sent", "sending"]
    assert (sent(extension), status(extension, request_id)) == (1, "approved")


async def test_a_mark_without_a_sent_call_keeps_no_other_instance_waiting(extension):
    request_id = extension.sandbox.cancel("SUB-1")
    extension.sandbox.vendor.faults.add(*CANCEL, Respond(429), times=1)
    assert (await extension.deliver(request_id)).status == "reschedule"
    extension.begin_new_process()
    assert (await extension.deliver(request_id)).status == "success"
    assert marks(extension, request_id) == ["sending", "not-sent", "sending"]


@pytest.mark.parametrize("trouble", ["no conversation", "closed", "no right"])
async def test_without_marks_the_vendor_is_looked_at_and_one_line_says_so(
    extension, trouble, caplog
):
    request_id = extension.sandbox.cancel("SUB-1", shows_after_seconds=HOUR, honours_keys=False)
    conversations = extension.sandbox.connect.conversations
    {
        "no conversation": lambda: conversations.remove(request_id),
        "closed": lambda: conversations.close(request_id),
        "no right": lambda: conversations.forbid(request_id, "GET", "POST"),
    }[trouble]()
    for _ in range(3):
        assert (await extension.deliver(request_id)).status == "reschedule"
        extension.let_pass(31.0)
    assert (sent(extension), caplog.text.count("is sent without a")) == (1, 1)
    extension.sandbox.vendor.subscriptions["SUB-1"].finish()
    await extension.settle(request_id)
    assert (sent(extension), status(extension, request_id)) == (1, "approved")


async def test_without_marks_a_vendor_that_cannot_be_asked_is_not_called():
    async with running_extension(REST_STATUS_REQUEST="") as extension:
        request_id = extension.sandbox.cancel("SUB-1")
        extension.sandbox.connect.conversations.forbid(request_id, "POST")
        response = await extension.deliver(request_id)
        assert response.status == "fail"
        assert "keeps no note" in response.output
        assert extension.sandbox.vendor.calls == []
        extension.sandbox.connect.conversations.forbid(request_id)
        await extension.settle(request_id)
        assert (sent(extension), status(extension, request_id)) == (1, "approved")


async def test_the_first_waits_after_sending_are_short_for_an_old_request_too(extension):
    asset_id = extension.sandbox.new_subscription("SUB-1", shows_after_seconds=HOUR)
    created = datetime.now(timezone.utc) - timedelta(days=2)
    request_id = extension.sandbox.connect.create_cancel_request(asset_id, created)
    response = await extension.deliver(request_id)
    assert (response.status, response.countdown < 60) == ("reschedule", True)
    extension.let_pass(2000.0)
    assert (await extension.deliver(request_id)).countdown >= 400


async def test_a_held_lasting_conflict_can_be_retried_by_another_instance():
    async with running_extension(ON_REFUSAL="hold") as extension:
        request_id = extension.sandbox.cancel("SUB-1")
        refusal = extension.sandbox.vendor.faults.add(*CANCEL, Respond(409, b"{}"))
        await extension.settle(request_id)
        assert (status(extension, request_id), marks(extension, request_id)[-1]) == (
            "pending",
            "refused",
        )
        extension.sandbox.vendor.faults.remove(refusal)
        extension.begin_new_process()
        assert (await extension.deliver(request_id)).status == "success"
        assert status(extension, request_id) == "approved"
