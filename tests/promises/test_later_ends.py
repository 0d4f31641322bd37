"""A later cancellation: the request is scheduled, or waits, until that day."""

import asyncio
import json
import re

import pytest
from aiohttp import web

from sandbox.faults import DropAfter, DropBefore, Respond
from sandbox.zuora_orders import LocalZuoraOrders
from tests.in_process import running_extension
from tests.promises.later import (
    APPROVE,
    CANCEL,
    DAY,
    HOUR,
    SCHEDULE,
    STATUS,
    cancelled,
    ending_later,
    notes,
    pass_seconds,
    scheduled,
    settle,
    status,
    subscription,
    term_end,
)


@pytest.fixture
async def extension():
    async with ending_later() as extension:
        yield extension


def sent(extension):
    return extension.sandbox.vendor.cancel_calls("SUB-1")


def posts(extension, path):
    return len(extension.sandbox.connect.calls.matching("POST", path))


def ended_well(extension, request_id):
    """Approved on the day when the only cancellation took effect."""
    request = extension.sandbox.connect.request(request_id)
    found = subscription(extension)
    assert (request["status"], found.status, found.orders) == ("approved", "cancelled", 1)
    return request["effective_date"]


async def test_a_request_is_scheduled_and_approved_on_the_day_of_the_end(extension):
    day = term_end(extension)
    request_id = await scheduled(extension)
    assert extension.sandbox.connect.request(request_id)["planned_date"] == f"{day}T00:00:00+00:00"
    [call] = sent(extension)
    assert json.loads(call.body) == {"effective_date": day}
    # Another delivery has nothing to do.
    assert (await extension.deliver(request_id)).status == "success"
    pass_seconds(extension, 10 * DAY)
    assert status(extension, request_id) == "pending"
    extension.begin_new_process()
    assert (await extension.deliver(request_id)).status == "success"
    assert ended_well(extension, request_id) == f"{day}T00:00:00+00:00"
    assert len(notes(extension, request_id)) == len(notes(extension, request_id, "cancel")) == 2


@pytest.mark.parametrize(
    "fault", [DropAfter(), Respond(502, after_work=True), Respond(400, b"{}", after_work=True),
              Respond(200, b"{}", after_work=True), DropBefore(), Respond(503)]
)  # fmt: skip
async def test_an_answer_to_schedule_that_is_lost_changes_nothing(extension, fault):
    request_id = cancelled(extension)
    extension.sandbox.connect.faults.add(*SCHEDULE, fault, times=1)
    await settle(extension, request_id)
    assert status(extension, request_id) == "scheduled"
    pass_seconds(extension, 10 * DAY)
    await settle(extension, request_id)
    assert ended_well(extension, request_id)


@pytest.mark.parametrize("fault", [DropAfter(), Respond(502, after_work=True), Respond(500)])
async def test_a_lost_answer_to_the_cancellation_is_not_repeated(extension, fault):
    request_id = cancelled(extension)
    extension.sandbox.vendor.faults.add(*CANCEL, fault, times=1)
    await settle(extension, request_id)
    pass_seconds(extension, 10 * DAY)
    await settle(extension, request_id)
    assert ended_well(extension, request_id)


async def test_a_request_whose_day_is_moved_forward_is_scheduled_again(extension):
    request_id = await scheduled(extension)
    extension.sandbox.connect.bring_forward(request_id)
    assert (await extension.deliver(request_id)).status == "success"
    assert (status(extension, request_id), len(sent(extension))) == ("scheduled", 1)
    pass_seconds(extension, 10 * DAY)
    await settle(extension, request_id)
    assert ended_well(extension, request_id)


async def test_an_end_at_the_moment_of_a_slow_cancellation_is_approved_at_once(extension):
    """The vendor's end comes after the look, and after the notes were read."""
    request_id, vendor = cancelled(extension), extension.sandbox.vendor
    ended = []

    async def slowly(_request, work):
        await asyncio.sleep(6.0)
        await work()
        vendor.subscriptions["SUB-1"].end_now()
        ended.append(extension.now().replace(microsecond=0).isoformat())
        return web.json_response({"id": "SUB-1", "status": "ends_later", "ends_at": ended[0]})

    async def looked_at(_request, work):
        if not ended:
            return await work()
        return web.json_response({"status": "ends_later", "ends_at": ended[0]})

    vendor.faults.add(*CANCEL, slowly)
    vendor.faults.add(*STATUS, looked_at)
    assert (await extension.deliver(request_id)).status == "success"
    assert ended_well(extension, request_id) == ended[0]


async def test_an_end_within_minutes_is_awaited(extension):
    request_id = await scheduled(extension)
    vendor = extension.sandbox.vendor
    ends_at = (extension.now().timestamp() // 1) + 600
    body = json.dumps({"id": "SUB-1", "status": "ends_later", "ends_at": ends_at}).encode()
    about_to_end = vendor.faults.add(*STATUS, Respond(200, body))
    extension.sandbox.connect.bring_forward(request_id)
    response = await extension.deliver(request_id)
    assert (response.status, response.countdown >= 599) == ("reschedule", True)
    vendor.faults.remove(about_to_end)
    vendor.subscriptions["SUB-1"].end_now()
    await settle(extension, request_id)
    assert ended_well(extension, request_id)


@pytest.mark.parametrize(
    "fields", [{}, {"status": "ends_later"}], ids=["by us", "by somebody else"]
)
async def test_without_scheduling_it_waits_a_day_at_a_time_and_one_note_says_so(extension, fields):
    extension.sandbox.connect.scheduling = False
    day = term_end(extension)
    request_id = cancelled(extension, **fields, **({"ends_at": day} if fields else {}))
    waits = []
    while (response := await extension.deliver(request_id)).status == "reschedule":
        assert status(extension, request_id) == "pending"
        assert len(notes(extension, request_id, "waiting")) == 1
        waits.append(response.countdown)
        extension.begin_new_process()
        pass_seconds(extension, response.countdown)
    # Ten days hold nine midnights and a remainder; every second look uses minutes of it.
    assert (max(waits), len(waits) in (9, 10, 11)) == (DAY, True)
    [note] = [n for n in extension.sandbox.connect.notes(request_id) if "waiting" in n["text"]]
    assert note["type"] == "private"
    assert f"at {day} 00:00 UTC. [connect-ext waiting ends-later]" in note["text"]
    # The vendor's clock stands still while a walk waits for its second look.
    pass_seconds(extension, HOUR)
    assert subscription(extension).look().status == "cancelled"
    assert status(extension, request_id) == "approved"
    assert len(sent(extension)) == (0 if fields else 1)
    said = [text for text in notes(extension, request_id) if "already cancelled" in text]
    assert len(said) == len([text for text in said if "[" not in text]) == (1 if fields else 0)


async def test_the_note_about_the_day_comes_at_once_even_after_another_waits_note(extension):
    extension.sandbox.connect.scheduling = False
    extension.variables["REST_API_KEY"] = "wrong"
    request_id = cancelled(extension)
    await extension.deliver(request_id)
    extension.variables["REST_API_KEY"] = extension.sandbox.vendor.api_key
    await extension.deliver(request_id)
    told = [text.rpartition(" ")[2] for text in notes(extension, request_id, "waiting")]
    assert told == ["credentials]", "ends-later]"]


async def test_two_instances_cancel_and_schedule_once(extension):
    request_id = cancelled(extension, second="order", honours_keys=False)
    request = await extension.client().requests[request_id].get()
    deliveries = []
    for _ in range(4):
        extension.begin_new_process()
        deliveries.append(extension.handle(request))
    await asyncio.gather(*deliveries)
    await settle(extension, request_id)
    assert (status(extension, request_id), len(sent(extension))) == ("scheduled", 1)
    pass_seconds(extension, 10 * DAY)
    await settle(extension, request_id)
    assert ended_well(extension, request_id)


async def test_concurrent_deliveries_share_the_scheduling_walk(extension):
    request_id = cancelled(extension)
    request = await extension.client().requests[request_id].get()
    responses = await asyncio.gather(*(extension.handle(request) for _ in range(3)))
    assert {response.status for response in responses} == {"success"}
    assert (status(extension, request_id), len(sent(extension))) == ("scheduled", 1)


async def test_a_delivery_on_the_day_does_not_join_a_walk_from_before_the_scheduling(extension):
    """The scheduling walk is still running when the request comes back."""
    request_id = cancelled(extension)
    go_on = asyncio.Event()

    async def slow_answer(_request, work):
        answer = await work()
        extension.sandbox.connect.bring_forward(request_id)
        extension.sandbox.vendor.subscriptions["SUB-1"].end_now()
        await go_on.wait()
        return answer

    extension.sandbox.connect.faults.add(*SCHEDULE, slow_answer, times=1)
    first = asyncio.create_task(extension.deliver(request_id))
    while status(extension, request_id) != "pending" or not posts(extension, "/messages"):
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.05)
    second = asyncio.create_task(extension.deliver(request_id))
    await asyncio.sleep(0.1)
    go_on.set()
    assert (await first).status == (await second).status == "success"
    assert ended_well(extension, request_id)


@pytest.mark.parametrize(
    ("policy", "ends"), [("hold", "pending"), ("reject", "failed"), ("immediate", "approved")]
)
async def test_a_subscription_without_a_term_is_handled_as_the_variable_says(policy, ends):
    async with ending_later(ON_NO_TERM_END=policy) as extension:
        request_id = cancelled(extension, term_ends=None)
        response = await extension.deliver(request_id)
        assert response.status == ("fail" if policy == "hold" else "success")
        assert status(extension, request_id) == ends
        bodies = [json.loads(call.body) for call in sent(extension)]
        today = term_end(extension, 0)
        assert bodies == ([{"effective_date": today}] if policy == "immediate" else [])


@pytest.mark.parametrize(("charged", "days"), [(4, 4), (15, 10), (-3, 0)])
async def test_the_end_of_the_invoiced_period_counts_within_the_term(charged, days):
    async with ending_later(CANCELLATION_DATE="end_of_invoiced_period") as extension:
        day = term_end(extension, days)
        request_id = cancelled(extension, charged_through=term_end(extension, charged))
        assert (await extension.deliver(request_id)).status == "success"
        assert json.loads(sent(extension)[0].body) == {"effective_date": day}
        assert status(extension, request_id) == ("scheduled" if days else "approved")


async def test_without_scheduling_it_is_approved_at_once_without_a_date(extension):
    extension.variables["WHEN_EFFECTIVE_LATER"] = "approve"
    bodies = []

    async def remembered(request, work):
        bodies.append(await request.json())
        return await work()

    extension.sandbox.connect.faults.add(*APPROVE, remembered)
    request_id = cancelled(extension)
    assert (await extension.deliver(request_id)).status == "success"
    assert [sorted(body) for body in bodies] == [["template_id"]]
    assert f"It ends at the vendor on {term_end(extension)}." in notes(extension, request_id)


# A dry run.

KEY = "sk-marked-secret-4711"


async def test_a_dry_run_shows_the_call_the_body_and_the_date_and_only_writes_its_note():
    body = json.dumps(
        {"effective_date": "{effective_date}", "api_key": KEY, "id": "{subscription_id}"}
    )
    async with ending_later(DRY_RUN="true", REST_CANCEL_BODY=body) as extension:
        day = term_end(extension)
        request_id = cancelled(extension)
        for _ in range(2):
            response = await extension.deliver(request_id)
            assert response.status == "skip"
            extension.begin_new_process()
        [note] = extension.sandbox.connect.notes(request_id)
        assert note["type"] == "private"
        assert note["text"].startswith(response.output)
        assert f"It would take effect on {day}." in note["text"]
        url = f"{extension.sandbox.vendor.url}/subscriptions/SUB-1/cancel"
        assert f"This would be sent: POST {url} with the body" in note["text"]
        assert f'"effective_date": "{day}"' in note["text"]
        assert '"id": "SUB-1"' in note["text"]
        assert KEY not in note["text"] + response.output
        assert wrote(extension) == (0, 1)
        assert status(extension, request_id) == "pending"


def wrote(extension):
    """The number of writes to the vendor and to Connect."""
    connect, vendor = extension.sandbox.connect.calls.calls, extension.sandbox.vendor.calls
    writes = [call for call in connect if call.method != "GET"]
    assert all(re.search("/messages$", call.path) for call in writes)
    return sum(call.method != "GET" for call in vendor), len(writes)


async def test_a_dry_run_with_other_variables_gets_a_new_note():
    async with ending_later(DRY_RUN="true") as extension:
        request_id = cancelled(extension)
        for when in ("end_of_term", "end_of_term", "immediate"):
            extension.variables["CANCELLATION_DATE"] = when
            await extension.deliver(request_id)
            extension.begin_new_process()
        dates = [text.partition("effect on ")[2][:10] for text in notes(extension, request_id)]
        assert dates == [term_end(extension), term_end(extension, 0)]


async def test_a_dry_run_says_how_a_request_under_way_would_end(extension):
    request_id = await scheduled(extension)
    extension.variables["DRY_RUN"] = "true"
    extension.sandbox.connect.bring_forward(request_id)
    found = (await extension.deliver(request_id)).output
    assert f"The request would be scheduled for {term_end(extension)} 00:00 UTC." in found
    pass_seconds(extension, 10 * DAY)
    assert "The request would be approved." in (await extension.deliver(request_id)).output
    assert (status(extension, request_id), posts(extension, "/schedule")) == ("pending", 1)


# Amounts in a vendor's preview.


@pytest.mark.parametrize("shows", ["false", "true"])
@pytest.mark.parametrize("kind", ["private", "message", "off"])
async def test_partners_are_shown_no_amounts_unless_a_variable_says_so(kind, shows):
    zuora = LocalZuoraOrders()
    await zuora.start()
    try:
        variables = {**zuora.variables(), "NOTES": kind, "AMOUNTS_IN_MESSAGES": shows}
        async with running_extension(zuora, **variables) as extension:
            request_id = extension.sandbox.connect.cancel(zuora.add().number)
            await extension.settle(request_id)
            found = extension.sandbox.connect.notes(request_id)
            types = {n["type"] for n in found if re.search("would (credit|charge|bill)", n["text"])}
            told = {"off": set(), "private": {"private"}, "message": {"private"}}[kind]
            assert types == ({"message"} if (kind, shows) == ("message", "true") else told)
    finally:
        await zuora.stop()
