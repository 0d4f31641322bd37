"""Single vendors' peculiarities, played to the end of the cancel request."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from aiohttp import web

from sandbox import LocalConnect
from tests.in_process import Extension, running_extension
from tests.presets.kill_bill import KillBill
from tests.presets.maxio import Maxio
from tests.presets.paddle import Paddle
from tests.presets.stand_in import Held, StandIn
from tests.presets.vendors import serving


@dataclass
class Walked:
    """The extension in this process, with one vendor."""

    extension: Extension
    stand_in: StandIn

    @property
    def connect(self) -> LocalConnect:
        return self.extension.sandbox.connect

    async def cancel(self, held: Held) -> str:
        """A customer cancels; returns the request's id once its task is done."""
        request_id = self.connect.create_cancel_request(self.connect.create_subscription(held.id))
        await self.extension.settle(request_id)
        return request_id

    def notes(self, request_id: str) -> str:
        return " ".join(note["text"] for note in self.connect.notes(request_id))


@asynccontextmanager
async def walking(stand_in: StandIn, **variables: str) -> AsyncIterator[Walked]:
    async with running_extension() as extension, serving(stand_in):
        extension.variables = {**stand_in.variables(), **variables}
        walked = Walked(extension, stand_in)
        # Refusals are only believed after a product's first approved cancellation.
        await walked.cancel(stand_in.add())
        yield walked


def overtaken(kind: type[StandIn], **fields: object) -> StandIn:
    """A vendor where somebody else cancels the marked subscription just before we do."""

    class Overtaken(kind):
        marked = ""

        async def _cancel(self, request: web.Request) -> web.StreamResponse:
            if request.match_info["id"] == self.marked:
                self.cancel(self.subscriptions[self.marked], at_end=False)
            return await super()._cancel(request)

    return Overtaken(**fields)


@pytest.mark.parametrize(
    ("kind", "fields"),
    [(Paddle, {}), (KillBill, {}), (Maxio, {"second": 404}), (Maxio, {"second": 422})],
    ids=["Paddle, 400", "Kill Bill, 500", "Maxio, 404", "Maxio, 422"],
)
async def test_a_subscription_that_somebody_else_cancels_meanwhile_is_approved(kind, fields):
    async with walking(overtaken(kind, **fields)) as walked:
        held = walked.stand_in.add()
        walked.stand_in.marked = held.id
        request_id = await walked.cancel(held)
        assert walked.connect.status(request_id) == "approved"
        assert (held.cancellations, len(walked.stand_in.changes(held.id))) == (1, 1)


async def test_a_subscription_that_paddle_will_pause_is_rejected_with_the_pending_change():
    async with walking(Paddle()) as walked:
        held = walked.stand_in.add()
        walked.stand_in.to_be_paused.add(held.id)
        request_id = await walked.cancel(held)
        assert walked.connect.status(request_id) == "failed"
        reason = walked.connect.request(request_id)["reason"]
        assert "cannot update subscription, pending scheduled changes" in reason


async def test_an_end_later_the_same_day_at_kill_bill_is_approved_and_sent_once():
    async with walking(KillBill(at_the_hour=True)) as walked:
        held = walked.stand_in.add()
        request_id = await walked.cancel(held)
        assert walked.connect.status(request_id) == "approved"
        assert f"It ends at the vendor on {held.ends_at:%Y-%m-%d}" in walked.notes(request_id)
        assert (held.cancellations, len(walked.stand_in.changes(held.id))) == (1, 1)


async def test_a_future_subscription_is_approved_once_kill_bill_has_cancelled_it():
    async with walking(KillBill()) as walked:
        held = walked.stand_in.add(word="PENDING")
        request_id = await walked.cancel(held)
        assert walked.connect.status(request_id) == "approved"
        assert held.cancellations == 1


async def test_a_future_subscription_is_rejected_at_maxio_and_nothing_is_sent():
    async with walking(Maxio()) as walked:
        held = walked.stand_in.add(word="awaiting_signup")
        request_id = await walked.cancel(held)
        assert walked.connect.status(request_id) == "failed"
        assert walked.stand_in.changes(held.id) == []


async def test_a_past_due_subscription_is_rejected_in_maxios_words_at_the_end_of_the_period():
    async with walking(Maxio(), CANCELLATION_DATE="end_of_term") as walked:
        request_id = await walked.cancel(walked.stand_in.add(word="past_due"))
        assert walked.connect.status(request_id) == "failed"
        assert "past due" in walked.connect.request(request_id)["reason"]
