"""How an outcome reaches Connect: the template, the date, the notes, the dry run, the log."""

import logging
import re

import pytest

from sandbox.connect.objects import Customer
from sandbox.faults import Delay
from tests.in_process import running_extension

STATUS = ("GET", "/subscriptions/")
APPROVE = ("POST", "/requests/.*/approve")


def request_for(extension, **fields):
    """A cancel request for a subscription that the vendor shows like this."""
    asset_id = extension.sandbox.new_subscription("SUB-1", **fields)
    return extension.sandbox.connect.create_cancel_request(asset_id)


def status(extension, request_id):
    return extension.sandbox.connect.status(request_id)


def notes(extension, request_id):
    return [note["text"] for note in extension.sandbox.connect.notes(request_id)]


def sent(extension):
    return len(extension.sandbox.vendor.cancel_calls("SUB-1"))


def calls(extension, method, path):
    return len(extension.sandbox.connect.calls.matching(method, path))


# Approved.


async def test_the_template_in_the_variables_takes_precedence_over_the_products(extension):
    connect = extension.sandbox.connect
    template_id = connect.create_template(connect.default_product(), "Cancelled")
    extension.variables["APPROVAL_TEMPLATE_ID"] = template_id
    request_id = extension.sandbox.cancel("SUB-1")
    await extension.deliver(request_id)
    assert connect.request(request_id)["template"]["id"] == template_id
    assert calls(extension, "GET", "/templates") == 0


async def test_the_products_first_template_is_looked_up_once(extension):
    for number in range(3):
        request_id = extension.sandbox.cancel(f"SUB-{number}")
        assert (await extension.deliver(request_id)).status == "success"
    assert calls(extension, "GET", "/templates") == 1


async def test_a_product_without_a_template_waits_before_anything_is_sent(extension):
    connect = extension.sandbox.connect
    connect.create_product(product_id="PRD-200-000-001", templates=False)
    extension.sandbox.vendor.add("SUB-1")
    asset_id = connect.create_subscription("SUB-1", product_id="PRD-200-000-001")
    request_id = connect.create_cancel_request(asset_id)
    request = await extension.client().requests[request_id].get()
    request["template"] = None
    response = await extension.handle(request)
    assert (response.status, response.countdown >= 240) == ("reschedule", True)
    assert extension.sandbox.vendor.calls == []
    [note] = notes(extension, request_id)
    assert "APPROVAL_TEMPLATE_ID" in note
    connect.create_template("PRD-200-000-001")
    await extension.settle(request_id)
    assert status(extension, request_id) == "approved"
    assert notes(extension, request_id)[-1].startswith("This request no longer waits")


@pytest.mark.parametrize(
    ("ends_at", "date", "says"),
    [
        ("2026-01-31T00:00:00+00:00", "2026-01-31T00:00:00+00:00", []),
        ("2100-01-31T00:00:00+00:00", None, ["It ends at the vendor on 2100-01-31."]),
    ],
    ids=["past", "future"],
)
async def test_an_end_date_is_the_effective_date_unless_it_lies_in_the_future(ends_at, date, says):
    async with running_extension(REST_END_DATE_PATH="ends_at") as extension:
        bodies = []

        async def remembered(request, work):
            bodies.append(await request.json())
            return await work()

        extension.sandbox.connect.faults.add(*APPROVE, remembered)
        request_id = request_for(extension, ends_at_when_cancelled=ends_at)
        assert (await extension.deliver(request_id)).status == "success"
        assert [body.get("effective_date") for body in bodies] == [date]
        others = [text for text in notes(extension, request_id) if "[connect-ext" not in text]
        assert others == says


@pytest.mark.parametrize(
    ("notes", "types"), [("private", ["private"]), ("message", ["message"]), ("off", [])]
)
async def test_a_note_says_that_somebody_else_has_cancelled_it(notes, types):
    async with running_extension(NOTES=notes) as extension:
        request_id = request_for(extension, status="cancelled")
        assert (await extension.deliver(request_id)).status == "success"
        found = extension.sandbox.connect.notes(request_id)
        assert [note["type"] for note in found] == types
        assert all("already cancelled at the vendor" in note["text"] for note in found)


async def test_a_subscription_cancelled_for_a_rejected_request_is_held(extension):
    request_id = extension.sandbox.cancel("SUB-1")

    async def rejected_meanwhile(_request, work):
        extension.sandbox.connect.requests.fail(request_id, {"reason": "A mistake."})
        return await work()

    extension.sandbox.connect.faults.add(*APPROVE, rejected_meanwhile, times=1)
    response = await extension.deliver(request_id)
    assert response.status == "fail"
    assert "somebody has set the request to failed" in response.output
    assert notes(extension, request_id)[-1].startswith(response.output)


@pytest.mark.parametrize("found", ["approved", "failed", "inquiring", ""])
async def test_a_request_that_is_not_pending_is_left_alone(extension, found):
    request_id = extension.sandbox.cancel("SUB-1")
    request = await extension.client().requests[request_id].get()
    assert (await extension.handle({**request, "status": found})).status == "success"
    assert extension.sandbox.vendor.calls == []


# Rejected, and held.


async def test_a_long_reason_is_cut(extension):
    request_id = request_for(extension, refusal="No, " * 200)
    await extension.deliver(request_id)
    reason = extension.sandbox.connect.request(request_id)["reason"]
    assert 200 < len(reason) <= 255
    assert reason.endswith("…")


async def test_a_request_that_somebody_approves_during_the_rejection_stays_approved(extension):
    connect = extension.sandbox.connect
    request_id = request_for(extension, refusal="It is leased.")

    async def approved_meanwhile(_request, work):
        template_id = connect.create_template(connect.default_product())
        connect.requests.approve(request_id, {"template_id": template_id})
        return await work()

    meanwhile = connect.faults.add("POST", "/fail", approved_meanwhile, times=1)
    assert (await extension.deliver(request_id)).status == "success"
    assert (meanwhile.hits, status(extension, request_id)) == (1, "approved")


@pytest.mark.parametrize(
    ("variables", "fields"),
    [({"ON_REFUSAL": "hold"}, {"refusal": "It is leased."}), ({}, {"status": "removed"})],
    ids=["refused", "unknown id"],
)
async def test_a_hold_says_why_in_the_output_and_once_in_a_note(variables, fields):
    async with running_extension(**variables) as extension:
        request_id = request_for(extension, **fields)
        for _ in range(3):
            response = await extension.deliver(request_id)
            assert (response.status, status(extension, request_id)) == ("fail", "pending")
            extension.begin_new_process()
        held = [text for text in notes(extension, request_id) if "[connect-ext held" in text]
        assert len(held) == 1
        assert held[0].startswith(response.output)


# A dry run.


@pytest.mark.parametrize(
    ("fields", "would"),
    [
        ({}, "The subscription would be cancelled and the request approved."),
        ({"status": "cancelled"}, "The request would be approved. The subscription was already"),
        ({"status": "draft"}, "The request would be rejected: The subscription cannot be"),
        ({"status": "removed"}, "The request would be held: The vendor does not know the"),
        ({"status": "cancelling"}, "The request would wait: The vendor is cancelling"),
    ],
    ids=lambda value: value.get("status", "active") if isinstance(value, dict) else "",
)
async def test_a_dry_run_says_what_would_happen_and_does_nothing(fields, would):
    async with running_extension(DRY_RUN="true") as extension:
        request_id = request_for(extension, **fields)
        for _ in range(2):
            response = await extension.deliver(request_id)
            assert response.status == "skip"
            extension.begin_new_process()
        assert response.output.startswith(f"Dry run, nothing was changed. {would}")
        [note] = extension.sandbox.connect.notes(request_id)
        assert note["type"] == "private"
        assert note["text"].startswith(response.output)
        assert (sent(extension), status(extension, request_id)) == (0, "pending")


# Time.


async def test_a_call_that_could_miss_the_deadline_is_not_begun():
    async with running_extension(VENDOR_TIMEOUT_SECONDS="30") as extension:
        extension.begin_new_process(deadline_seconds=29.0)
        request_id = extension.sandbox.cancel("SUB-1")
        assert (await extension.deliver(request_id)).status == "reschedule"
        assert extension.sandbox.vendor.calls == []
        extension.begin_new_process(deadline_seconds=31.0)
        extension.sandbox.vendor.faults.add(*STATUS, Delay(1.2), times=1)
        assert (await extension.deliver(request_id)).status == "reschedule"
        assert sent(extension) == 0


# Notes for people.


@pytest.mark.parametrize(
    ("mistake", "cause", "says"),
    [
        ({"REST_API_KEY": "wrong"}, "credentials", "REST_AUTH"),
        ({"SUBSCRIPTION_ID_PARAMETER": "subscripton_id"}, "configuration", "'subscripton_id'"),
        ({"REST_ACTIVE_VALUES": "aktiv"}, "unknown-status", "active"),
    ],
)
async def test_a_mistake_is_reported_at_once_and_the_note_is_corrected(
    mistake, cause, says, caplog
):
    async with running_extension(**mistake) as extension:
        caplog.set_level(logging.INFO, "eaas.eventsapp")
        request_id = extension.sandbox.cancel("SUB-1")
        for _ in range(3):
            response = await extension.deliver(request_id)
            assert (response.status, 240 <= response.countdown <= 900) == ("reschedule", True)
            extension.let_pass(response.countdown)
            extension.begin_new_process()
        [note] = notes(extension, request_id)
        assert says in note
        assert note.endswith(f"[connect-ext waiting {cause}]")
        [told, *_] = [r for r in caplog.records if r.getMessage().startswith(request_id)]
        assert told.levelno == logging.ERROR
        assert f" outcome=waits cause={cause} " in told.getMessage()
        for name in mistake:
            extension.variables.pop(name)
        extension.variables |= extension.sandbox.vendor.variables()
        assert (await extension.deliver(request_id)).status == "success"
        assert "it is approved. [connect-ext settled" in notes(extension, request_id)[-1]


async def test_each_task_ends_in_one_line_without_the_vendors_words(extension, caplog):
    caplog.set_level(logging.INFO, "eaas.eventsapp")
    customer = Customer()
    request_id = request_for(extension, refusal=f"Not while {customer.email} owes us.")
    await extension.deliver(request_id)
    [line] = [r.getMessage() for r in caplog.records if r.getMessage().startswith(request_id)]
    facts = r" task=\S+ product=PRD-[0-9-]+ vendor=rest outcome=rejected cause=refused http=\d{3}"
    assert re.match(rf"{request_id}{facts} ms=\d+: ", line)
    assert "owes us" not in caplog.text


# Cost.


@pytest.mark.parametrize(("repeatable", "most"), [("true", 1), ("false", 3)])
async def test_a_cancellation_costs_at_most_three_calls_to_connect_and_one_without_marks(
    repeatable, most
):
    async with running_extension(REST_REPEATABLE=repeatable) as extension:
        await extension.deliver(extension.sandbox.cancel("SUB-1"))
        request_id = extension.sandbox.cancel("SUB-2")
        request = await extension.client().requests[request_id].get()
        before = len(extension.sandbox.connect.calls.calls)
        assert (await extension.handle(request)).status == "success"
        assert len(extension.sandbox.connect.calls.calls) - before == most
