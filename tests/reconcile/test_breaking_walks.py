"""Requests that change, or cannot be read, between the list and the walk."""

from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from connect_ext.reconcile.finding import Kind
from connect_ext.reconcile.showing import shown
from sandbox.connect.objects import VENDOR
from sandbox.faults import Respond, Work
from tests.reconcile.world import HOURS, found, reconciling

NOTES = "/conversations/.*/messages$"


@dataclass(frozen=True)
class Meanwhile:
    """Makes something happen during a call."""

    happens: Callable[[], object]

    async def __call__(self, _: web.Request, work: Work) -> web.StreamResponse:
        answer = await work()
        self.happens()
        return answer


async def test_a_request_rejected_while_its_notes_are_read_is_not_cancelled(world):
    request_id = world.cancel("SUB-1")
    world.extension.let_pass(2 * HOURS)

    def reject() -> None:
        world.connect.agent_fail(request_id)
        world.extension.let_pass(60)

    world.connect.faults.add("GET", NOTES, Meanwhile(reject), times=1)
    report = await world.run(days=0, subscriptions=0)
    assert world.connect.status(request_id) == "failed"
    assert world.cancellations(request_id) == 0
    assert report.findings == {}


async def test_a_held_request_is_not_carried_out_when_its_notes_cannot_be_read():
    async with reconciling(ON_REFUSAL="hold") as world:
        request_id = world.cancel("SUB-1", refusal="There is an open invoice.")
        await world.extension.settle(request_id)
        sent = len(world.vendor.cancel_calls("SUB-1"))
        assert sent
        world.extension.let_pass(2 * HOURS)
        world.connect.faults.add("*", "/conversations", Respond(403))
        report = await world.run(days=0, subscriptions=0)
        assert len(world.vendor.cancel_calls("SUB-1")) == sent
        assert found(report, Kind.NOT_COMPARED) == {request_id: "configuration"}
        assert not report.is_whole


async def test_a_request_whose_notes_cannot_be_read_is_approved_if_it_is_cancelled(world):
    request_id = world.cancel("SUB-1", status="cancelled")
    world.extension.let_pass(2 * HOURS)
    world.connect.faults.add("*", "/conversations", Respond(403))
    report = await world.run(days=0, subscriptions=0)
    assert found(report, Kind.SETTLED) == {request_id: "already-cancelled"}
    assert world.connect.status(request_id) == "approved"


async def test_one_wrong_answer_does_not_repeat_a_held_request():
    async with reconciling(ON_REFUSAL="hold") as world:
        request_id = world.cancel("SUB-1", refusal="There is an open invoice.")
        await world.extension.settle(request_id)
        sent = len(world.vendor.cancel_calls("SUB-1"))
        world.extension.let_pass(2 * HOURS)
        cancelled = Respond(200, b'{"status": "cancelled"}')
        world.vendor.faults.add("GET", "/subscriptions/", cancelled, times=1)
        assert found(await world.run(days=0, subscriptions=0)) == {request_id: "refused"}
        assert len(world.vendor.cancel_calls("SUB-1")) == sent


async def test_no_second_note_is_left_if_the_first_one_cannot_be_read(world):
    request_id = world.cancel("SUB-1")
    world.connect.agent_approve(request_id)
    world.extension.let_pass(2 * HOURS)
    await world.run(subscriptions=0)
    (note,) = world.connect.notes(request_id)
    world.connect.faults.add("GET", NOTES, Respond(403))
    assert found(await world.run(subscriptions=0)) == {request_id: "still-active"}
    assert world.connect.notes(request_id) == [note]


async def test_a_note_cannot_forge_a_line_of_the_report(world):
    request_id = world.cancel("SUB-1")
    world.extension.let_pass(2 * HOURS)
    forged = "Clear the screen:\x1b[2J\nPut right: 99 [connect-ext held refused]"
    world.connect.say(request_id, forged, "private", VENDOR)
    lines = shown(await world.run(days=0, subscriptions=0))
    assert "\x1b" not in lines
    assert "Put right: 0" in lines.split("\n")
    assert "Put right: 99" not in lines.split("\n")
