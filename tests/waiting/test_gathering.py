"""Which requests are listed, whose, in which order, and what happens when something fails."""

from __future__ import annotations

import json

import pytest

from sandbox.faults import Respond, html_page
from tests.waiting.world import HOURS, LATER, waiting


def ids(overview):
    return [each.subject.id for each in overview.entries]


async def test_nothing_waits(world):
    overview = await world.overview()
    assert (overview.entries, overview.others, overview.problems) == ((), 0, ())


async def test_the_oldest_is_first_and_connects_clock_gives_the_ages(world):
    old = world.cancel()
    world.extension.let_pass(5 * HOURS)
    young = world.cancel()
    world.extension.clock_seconds += 100 * HOURS
    overview = await world.overview()
    assert ids(overview) == [old, young]
    assert [round(each.waits_seconds / HOURS) for each in overview.entries] == [5, 0]


async def test_settled_requests_are_not_listed(world):
    world.connect.agent_approve(world.cancel())
    world.connect.agent_fail(world.cancel())
    waits = world.cancel()
    assert ids(await world.overview()) == [waits]


async def test_a_request_settled_meanwhile_is_left_out(world):
    settled, waits = world.cancel(), world.cancel()

    def settle(_, done, total=None):
        if not done:
            world.connect.agent_approve(settled)

    assert ids(await world.overview(progress=settle)) == [waits]


async def test_nothing_is_changed_and_nobody_is_notified():
    async with waiting(ON_REFUSAL="hold", **LATER) as world:
        await world.held()
        await world.scheduled()
        for status in ("active", "cancelled", "draft", "frozen"):
            world.cancel(status=status)
        open_requests = list(world.connect.requests.by_id)
        statuses = [world.connect.status(each) for each in open_requests]
        notes = sum(len(world.connect.notes(each)) for each in ids(await world.overview()))
        seen = len(world.vendor.calls)
        world.connect.calls.clear()
        overview = await world.overview()
        assert len(overview.entries) == 6
        calls = [*world.vendor.calls[seen:], *world.connect.calls.matching()]
        assert {call.method for call in calls} == {"GET"}
        assert sum(len(world.connect.notes(each)) for each in ids(overview)) == notes
        assert [world.connect.status(each) for each in open_requests] == statuses


async def test_no_look_takes_two_minutes(world):
    """A task waits that long before it believes that an id is unknown."""
    world.connect.create_cancel_request(world.connect.create_subscription("SUB-nobody"))
    before = world.extension.clock_seconds
    assert (await world.entry()).act == "hold"
    assert world.extension.clock_seconds - before == 2.0


async def test_300_requests_are_all_listed(world):
    wanted = [world.cancel(status=("active", "cancelled", "draft")[n % 3]) for n in range(300)]
    seen = []
    overview = await world.overview(progress=lambda sort, done, total=None: seen.append(done))
    assert sorted(ids(overview)) == sorted(wanted)
    assert seen == [*range(301)]
    assert overview.is_whole
    assert len(json.dumps(overview.as_json())) > 100_000


# The owner of requests.


async def test_requests_without_a_task_here_are_counted_and_the_vendor_is_not_asked(world):
    with world.connect.silently():
        world.cancel("SUB-theirs")
    overview = await world.overview()
    assert (overview.entries, overview.others, overview.is_whole) == ((), 1, True)
    assert world.vendor.calls_to("GET", "SUB-theirs") == []


async def test_a_request_of_our_product_without_a_task_needs_a_person_after_an_hour(world):
    ours = world.cancel()
    with world.connect.silently():
        theirs = world.cancel("SUB-theirs")
    assert (ids(await world.overview()), (await world.overview()).others) == ([ours], 1)
    world.extension.let_pass(2 * HOURS)
    overview = await world.overview()
    [entry] = overview.needing_person
    assert (entry.subject.id, str(entry.vendor)) == (theirs, "not asked: no-task")
    assert (entry.cause, overview.others) == ("no-task", 0)
    assert world.vendor.calls_to("GET", "SUB-theirs") == []


async def test_only_requests_of_a_named_product_are_ours(world):
    other = world.connect.create_product()
    world.cancel()
    with world.connect.silently():
        asset_id = world.connect.create_subscription(world.vendor.add().id, product_id=other)
        request_id = world.connect.create_cancel_request(asset_id)
    assert ids(await world.overview(other, environment=False)) == [request_id]


async def test_requests_with_an_unknown_owner_are_listed_without_asking_the_vendor(world):
    request_id = world.cancel("SUB-1")
    overview = await world.overview(environment=False)
    [problem] = overview.problems
    assert "name the products" in problem
    assert ids(overview) == [request_id]
    assert str(overview.entries[0].vendor) == "not asked: configuration"
    assert world.vendor.calls_to("GET", "SUB-1") == []


async def test_requests_are_listed_without_asking_the_vendor_if_connect_hides_the_tasks(world):
    request_id = world.cancel()
    world.connect.faults.add("GET", "/tasks", Respond(403))
    overview = await world.overview()
    [problem] = overview.problems
    assert "HTTP 403" in problem
    assert ids(overview) == [request_id]


# Failures.


async def test_a_vendor_that_is_down_gives_one_sentence_and_the_rest_is_listed(world):
    for _ in range(3):
        world.cancel()
    await world.vendor.stop()
    overview = await world.overview()
    assert [str(each.vendor) for each in overview.entries] == ["not known: unreachable"] * 3
    [problem] = overview.problems
    assert problem.startswith("3 requests: The status request (REST_STATUS_REQUEST)")
    assert "127.0.0.1" not in problem


async def test_wrong_credentials_of_the_vendor_need_somebody(world):
    world.cancel()
    world.extension.variables["REST_API_KEY"] = "another-key-of-the-vendor"
    overview = await world.overview()
    [entry] = overview.needing_person
    assert (str(entry.vendor), overview.is_whole) == ("not known: credentials", True)


async def test_mistakes_in_the_variables_are_reported_and_the_requests_listed_with_their_notes(
    world,
):
    request_id = world.cancel()
    world.extension.variables["REST_STATUS_PATH"] = "]["
    await world.extension.deliver(request_id)
    overview = await world.overview()
    [problem] = overview.problems
    [entry] = overview.entries
    assert "REST_STATUS_PATH" in problem
    assert (str(entry.vendor), entry.cause) == ("not asked: variables", "variables")
    assert (entry.note.kind, entry.note.cause) == ("waiting", "variables")
    # Without the variables, the secrets are unknown.
    assert entry.note.text == ""
    assert entry.needs_person


async def test_a_wrong_token_gives_one_sentence(world):
    world.cancel()
    overview = await world.overview(api_key="ApiKey SU-000-000:not-the-token")
    assert overview.entries == ()
    [problem] = overview.problems
    assert problem.startswith("Connect answers HTTP 401")
    assert "check the extension's token" in problem


async def test_an_unreadable_page_keeps_those_before_it(world):
    for _ in range(60):
        world.cancel()
    second = lambda request, _: request.query.get("offset") == "50"  # noqa: E731
    world.connect.faults.add("GET", "/requests$", html_page(), predicate=second)
    overview = await world.overview()
    assert len(overview.entries) == 50
    assert overview.problems == ("Connect's answer to listing the cancel requests is not JSON.",)


async def test_a_request_that_connect_cannot_show_is_listed_by_what_the_list_says(world):
    broken, whole = world.cancel(), world.cancel()
    world.connect.faults.add("GET", f"/requests/{broken}$", Respond(400))
    overview = await world.overview()
    views = {each.subject.id: str(each.vendor) for each in overview.entries}
    assert views == {broken: "not known: configuration", whole: "active"}


async def test_unreadable_notes_are_only_reported_as_a_problem(world):
    request_id = world.cancel(status="cancelled")
    world.connect.conversations.forbid(request_id, "GET")
    overview = await world.overview()
    [entry] = overview.entries
    assert (entry.note, entry.act) == (None, "approve")
    [problem] = overview.problems
    assert problem.startswith("1 request: Connect answers HTTP 403")


@pytest.mark.parametrize("answer", [b"{}", b'{"id": "PR-0000-0000-0000-001"}', b"[]"])
async def test_an_answer_about_another_request_is_not_believed(world, answer):
    request_id = world.cancel()
    world.connect.faults.add("GET", f"/requests/{request_id}$", Respond(200, answer))
    overview = await world.overview()
    assert str(overview.entries[0].vendor) == "not asked: connect"
    assert "Connect's answer to reading a request is not about it." in overview.problems[0]
