"""Later cancellations, and cancellations taken back, with the official runner."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from itertools import product

import pytest

from sandbox import LocalConnect, OnConfirm
from sandbox.connect.tasks import Task
from tests.e2e.conftest import World
from tests.e2e.sides import SIDES, Side

LATER_DATES = ("end_of_term", "end_of_invoiced_period")
# Up to version 24, Zuora does not show how far a subscription is invoiced.
UNKNOWN_DATE = ("zuora-soap-24", "end_of_invoiced_period")


def each_with(*dates: str) -> pytest.MarkDecorator:
    """Each vendor, with those of these dates that its subscriptions show."""
    pairs = [pair for pair in product(SIDES, dates) if pair != UNKNOWN_DATE]
    return pytest.mark.parametrize(("side", "when"), pairs, indirect=["side"])


PATIENCE = 15.0
# Two looks that find it active though we did nothing are three seconds apart, not two minutes.
SOON = {"SETTLE_MINUTES": "0.05", "VENDOR_TIMEOUT_SECONDS": "1.5"}
LATER = {"CANCELLATION_DATE": "end_of_term", "WHEN_EFFECTIVE_LATER": "schedule"}


@pytest.fixture(params=SIDES)
def side(world: World, request: pytest.FixtureRequest) -> Side:
    """Each vendor, in each generation of its API."""
    return SIDES[request.param](world.sandbox)


@pytest.fixture
def rest(world: World) -> Side:
    """One vendor, for tests that do not depend on the vendor."""
    return SIDES["rest"](world.sandbox)


class Cancelling:
    """One customer's cancellation at one vendor."""

    def __init__(
        self, world: World, side: Side, *, scheduling: bool = True, **variables: str
    ) -> None:
        self.connect, self.side, self.key = world.connect, side, side.add()
        variables = {**side.variables(), **variables}
        self.product_id = world.product(scheduling=scheduling, **variables)
        asset_id = world.connect.create_subscription(self.key, product_id=self.product_id)
        self.request_id = world.connect.create_cancel_request(asset_id)

    @property
    def statuses(self) -> list[str]:
        """Every status that the request has had."""
        return [change.status for change in self.connect.history(self.request_id)]

    @property
    def asset_status(self) -> str:
        return self.connect.request(self.request_id)["asset"]["status"]

    @property
    def notes(self) -> str:
        return " ".join(note["text"] for note in self.connect.notes(self.request_id))

    @property
    def at_vendor(self) -> tuple[str, int, int]:
        """The subscription's status at the vendor, and how often it was cancelled and undone."""
        side, key = self.side, self.key
        return side.status(key), side.cancelled(key), side.undone(key)

    def moment(self, name: str) -> datetime:
        """A date of the request in Connect."""
        return datetime.fromisoformat(self.connect.request(self.request_id)[name])

    def begins(self, day: date) -> datetime:
        """The moment when a day begins at the vendor."""
        return datetime.combine(day, time(), self.side.zone)

    async def settled(self) -> None:
        """Wait until the request and its task are settled; the task may leave a note after that."""
        await self.connect.settled(self.request_id, PATIENCE)

    async def scheduled(self) -> None:
        """Wait until the request is scheduled."""
        await self.connect.reaches(self.request_id, "scheduled", timeout=PATIENCE)

    async def revoked(self) -> None:
        """Wait until it is scheduled; then the customer takes it back."""
        await self.scheduled()
        self.connect.revoke(self.request_id)

    async def ends(self) -> None:
        """Let its day come at the vendor, and deliver the waiting task."""
        await self.waits()
        self.side.end_now(self.key)
        self.connect.tasks.deliver_again(self.request_id)
        await self.settled()

    async def waits(self) -> None:
        """Wait until the task has been postponed."""
        await self.connect.journal.until(
            lambda: self.connect.tasks_of(self.request_id)[-1].rescheduled_count > 0,
            PATIENCE,
            f"the task of {self.request_id} to wait",
        )

    async def says(self, text: str) -> None:
        """Wait for a note."""
        await self.connect.journal.until(lambda: text in self.notes, PATIENCE, f"a note: {text}")

    async def held(self) -> Task:
        """Wait for the task that is left to a person."""
        *_, task = await self.connect.tasks_settled(self.request_id, PATIENCE)
        assert task.status.value == "failed"
        return task


@contextmanager
def hours_later(connect: LocalConnect) -> Iterator[None]:
    """Move on by hours, so that nothing sent can still have an unseen effect."""
    connect.clock.ahead += timedelta(hours=2)
    try:
        yield
    finally:
        connect.clock.ahead -= timedelta(hours=2)


@each_with("immediate", *LATER_DATES)
async def test_a_subscription_is_cancelled_once_for_the_configured_day(world, side, when):
    cancelling = Cancelling(world, side, CANCELLATION_DATE=when)
    await cancelling.settled()
    assert cancelling.statuses == ["pending", "approved"]
    assert cancelling.at_vendor[1:] == (1, 0)
    assert side.ends(cancelling.key) == side.day(when)
    if side.day(when) > side.today():
        await cancelling.says(f"It ends at the vendor on {side.told(when)}.")


@each_with(*LATER_DATES)
async def test_a_request_is_scheduled_until_its_day_then_approved_with_that_date(world, side, when):
    cancelling = Cancelling(world, side, **{**LATER, "CANCELLATION_DATE": when})
    await cancelling.scheduled()
    assert cancelling.moment("planned_date") == cancelling.begins(side.day(when))
    assert (cancelling.asset_status, cancelling.at_vendor[1:]) == ("terminating", (1, 0))
    [task] = await cancelling.connect.tasks_settled(cancelling.request_id)
    assert (task.status.value, cancelling.statuses[-1]) == ("succeeded", "scheduled")
    side.end_now(cancelling.key)
    cancelling.connect.bring_forward(cancelling.request_id)
    await cancelling.settled()
    assert cancelling.statuses == ["pending", "scheduled", "pending", "approved"]
    assert cancelling.moment("effective_date") == cancelling.begins(side.today())
    assert (cancelling.asset_status, cancelling.at_vendor[1:]) == ("terminated", (1, 0))


async def test_a_date_that_the_version_does_not_show_is_a_mistake_in_the_variables(world):
    side, when = SIDES[UNKNOWN_DATE[0]](world.sandbox), UNKNOWN_DATE[1]
    cancelling = Cancelling(world, side, CANCELLATION_DATE=when)
    try:
        [task] = await cancelling.connect.answered(cancelling.request_id)
        assert (task.results[0].result, task.results[0].countdown >= 300) == ("reschedule", True)
        await cancelling.says(
            f"CANCELLATION_DATE is {when}, but Zuora shows to which day a subscription is"
        )
    finally:
        # While one product has a mistake, all others wait.
        world.override(cancelling.product_id, **side.variables())
    cancelling.connect.tasks.deliver_again(cancelling.request_id)
    await cancelling.settled()
    assert cancelling.at_vendor[1:] == (1, 0)


async def test_a_request_that_is_cancelled_at_once_is_never_scheduled(world, rest):
    cancelling = Cancelling(world, rest, WHEN_EFFECTIVE_LATER="schedule")
    await cancelling.settled()
    assert cancelling.statuses == ["pending", "approved"]
    assert cancelling.moment("effective_date") == cancelling.begins(rest.today())


async def test_a_request_that_returns_before_the_end_waits_for_it(world, side):
    cancelling = Cancelling(world, side, **LATER)
    await cancelling.scheduled()
    cancelling.connect.advance(cancelling.request_id)
    await cancelling.says(f"is cancelled, and ends at {side.day('end_of_term')} ")
    await cancelling.ends()
    assert cancelling.statuses == ["pending", "scheduled", "pending", "approved"]
    assert cancelling.at_vendor[1:] == (1, 0)


async def test_a_revoked_request_is_undone_once_and_active_on_both_sides(world, side):
    cancelling = Cancelling(world, side, **LATER)
    await cancelling.revoked()
    await cancelling.settled()
    assert cancelling.statuses == ["pending", "scheduled", "revoking", "revoked"]
    assert (cancelling.asset_status, cancelling.at_vendor) == ("active", ("active", 1, 1))
    assert side.undo_calls(cancelling.key) == 1


async def test_a_revocation_that_the_vendor_refuses_is_held_with_the_reason(world, side):
    cancelling = Cancelling(world, side, **LATER)
    await cancelling.scheduled()
    side.make_final(cancelling.key)
    await cancelling.revoked()
    await cancelling.held()
    assert cancelling.statuses[-1] == "revoking"
    assert (side.undo_calls(cancelling.key), cancelling.at_vendor[1:]) == (1, (1, 0))
    assert "is revoked, but the cancellation has not been taken back." in cancelling.notes
    assert side.undo_is_final in cancelling.notes


async def test_an_undo_whose_answer_is_lost_is_not_repeated(world):
    # All at once, because each takes a while.
    at = {
        name: Cancelling(world, make(world.sandbox), **LATER, **SOON)
        for name, make in SIDES.items()
    }
    for cancelling in at.values():
        cancelling.side.lose_undo_answer(cancelling.key)
    for cancelling in at.values():
        await cancelling.revoked()
    for cancelling in at.values():
        await cancelling.settled()
    ends = {
        name: (each.statuses[-1], each.asset_status, each.at_vendor) for name, each in at.items()
    }
    assert ends == dict.fromkeys(SIDES, ("revoked", "active", ("active", 1, 1)))
    calls = {name: each.side.undo_calls(each.key) for name, each in at.items()}
    assert calls == dict.fromkeys(SIDES, 1)


async def test_without_scheduling_a_request_waits_and_a_note_says_until_when(world, side):
    cancelling = Cancelling(world, side, scheduling=False, **LATER)
    [task] = await cancelling.connect.answered(cancelling.request_id)
    assert task.results[0].result == "reschedule"
    assert task.results[0].countdown == timedelta(days=1).total_seconds()
    await cancelling.says("The request waits until then: Connect refuses to schedule it")
    await cancelling.says(f"and at {side.day('end_of_term')} ")
    await cancelling.ends()
    assert cancelling.statuses == ["pending", "approved"]
    assert cancelling.moment("effective_date") == cancelling.begins(side.today())
    assert cancelling.at_vendor[1:] == (1, 0)


async def test_a_vendor_without_undo_is_not_called_until_a_person_has_acted(world, rest):
    cancelling = Cancelling(world, rest, **LATER, **SOON, REST_UNDO_REQUEST="")
    await cancelling.revoked()
    task = await cancelling.held()
    assert "(REST_UNDO_REQUEST is empty)" in cancelling.notes
    assert (rest.undo_calls(cancelling.key), cancelling.statuses[-1]) == (0, "revoking")
    world.vendor.subscriptions[cancelling.key].reactivate()
    with hours_later(world.connect):
        cancelling.connect.tasks.resubmit(task.id)
        await cancelling.settled()
    assert (cancelling.statuses[-1], cancelling.asset_status) == ("revoked", "active")


@pytest.fixture(params=[OnConfirm.REFUSE, OnConfirm.IGNORE])
def confirm_is_the_wrong_call(world: World, request: pytest.FixtureRequest) -> Iterator[None]:
    world.connect.requests.on_confirm = request.param
    yield
    world.connect.requests.on_confirm = OnConfirm.REVOKE


async def test_a_revocation_that_connect_does_not_confirm_is_held_with_a_note(
    world, rest, confirm_is_the_wrong_call
):
    cancelling = Cancelling(world, rest, **LATER)
    await cancelling.revoked()
    await cancelling.held()
    assert "Confirm the revocation in Connect." in cancelling.notes
    assert cancelling.statuses[-1] == "revoking"
    assert cancelling.at_vendor == ("active", 1, 1)
