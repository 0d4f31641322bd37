"""Zuora's orders with the official runner, as a customer, an operator and a tenant see them."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
import pytest_asyncio

from sandbox.zuora_orders import LocalZuoraOrders

# Two looks that find an id unknown are three seconds apart, not two minutes.
SOON = {"SETTLE_MINUTES": "0.05"}


@pytest_asyncio.fixture(loop_scope="session")
async def zuora():
    zuora = LocalZuoraOrders()
    await zuora.start()
    yield zuora
    await zuora.late_orders_done()
    await zuora.stop()


class Cancelling:
    """One customer's cancellation in a tenant."""

    def __init__(self, world, zuora, key="number", variables=None, **fields):
        self.world, self.zuora = world, zuora
        subscription = zuora.add(**fields)
        self.number = subscription.number
        self.product_id = world.product(**zuora.variables(), **(variables or {}))
        asset_id = world.connect.create_subscription(
            getattr(subscription, key), product_id=self.product_id
        )
        self.request_id = world.connect.create_cancel_request(asset_id)

    @property
    def end(self) -> tuple[str, int, int]:
        """The request's status, the cancellations that took effect, and the orders."""
        effective = self.zuora.effective_cancellations(self.number)
        orders = len(self.zuora.orders_of(self.number))
        return self.world.connect.status(self.request_id), effective, orders

    @property
    def notes(self) -> str:
        return " ".join(note["text"] for note in self.world.connect.notes(self.request_id))

    async def settled(self) -> tuple[str, int, int]:
        await self.world.connect.settled(self.request_id)
        await self.world.connect.tasks_settled(self.request_id)
        return self.end

    async def held(self) -> str:
        """The id of the task that is held."""
        [task] = await self.world.connect.tasks_settled(self.request_id)
        assert task.status.value == "failed"
        return task.id


@pytest.mark.parametrize("key", ["number", "id"])
async def test_a_subscription_is_cancelled_by_number_or_by_id_in_three_calls(world, zuora, key):
    cancelling = Cancelling(world, zuora, key)
    assert await cancelling.settled() == ("approved", 1, 1)
    operations = Counter(call.operation for call in zuora.calls)
    assert operations == {"token": 1, "subscription": 1, "preview": 1, "order": 1}
    assert "would credit 59.00 USD for " in cancelling.notes


async def test_the_id_of_an_old_version_leads_to_the_latest_one(world, zuora):
    number = zuora.add().number
    old_id = zuora.subscription(number).id
    zuora.new_version(number)
    product_id = world.product(**zuora.variables())
    asset_id = world.connect.create_subscription(old_id, product_id=product_id)
    request_id = world.connect.create_cancel_request(asset_id)
    assert (await world.connect.settled(request_id))["status"] == "approved"
    assert zuora.effective_cancellations(number) == 1


async def test_an_already_cancelled_subscription_is_only_approved(world, zuora):
    cancelling = Cancelling(world, zuora, status="Cancelled")
    assert await cancelling.settled() == ("approved", 0, 0)
    assert "already cancelled" in cancelling.notes


async def test_a_subscription_that_ends_later_is_approved_with_its_end_in_a_note(world, zuora):
    later = zuora.today() + timedelta(days=90)
    cancelling = Cancelling(world, zuora, status="Cancelled", subscription_end_date=later)
    assert await cancelling.settled() == ("approved", 0, 0)
    assert f"It ends at the vendor on {later}" in cancelling.notes


async def test_a_draft_is_rejected(world, zuora):
    assert await Cancelling(world, zuora, status="Draft").settled() == ("failed", 0, 0)


async def test_a_suspended_subscription_is_held_until_it_is_resumed(world, zuora):
    cancelling = Cancelling(world, zuora, status="Suspended")
    task_id = await cancelling.held()
    assert "Resume it in Zuora first." in cancelling.notes
    zuora.new_version(cancelling.number, status="Active")
    world.connect.tasks.resubmit(task_id)
    assert await cancelling.settled() == ("approved", 1, 1)


async def test_an_unknown_subscription_is_looked_up_twice_and_held(world, zuora):
    zuora.on("subscription").reasons(50000040, status=404, times=None)
    cancelling = Cancelling(world, zuora, variables=SOON)
    await cancelling.held()
    assert "does not know the subscription id" in cancelling.notes
    assert zuora.count("subscription") == 2
    assert cancelling.end == ("pending", 0, 0)


async def test_a_refusal_rejects_in_the_tenants_language(world, zuora):
    zuora.language = "ja"
    cancelling = Cancelling(world, zuora, refusal="最低利用期間内のため解約できません。")
    assert await cancelling.settled() == ("failed", 0, 0)
    reason = world.connect.request(cancelling.request_id)["reason"]
    assert "最低利用期間内のため解約できません。" in reason


async def test_after_a_lock_the_order_is_sent_with_another_key(world, zuora):
    zuora.on("order").locked(times=2)
    cancelling = Cancelling(world, zuora)
    assert await cancelling.settled() == ("approved", 1, 1)
    assert zuora.replays == 0
    [task] = world.connect.tasks_of(cancelling.request_id)
    waits = [each.countdown for each in task.results if each.result == "reschedule"]
    assert len(waits) == 2
    assert min(waits) >= 60


async def test_an_order_completed_after_a_lost_answer_is_found_and_not_repeated(world, zuora):
    zuora.on("order").finishes_later(seconds=2.0, gateway_seconds=0.2)
    cancelling = Cancelling(world, zuora)
    assert await cancelling.settled() == ("approved", 1, 1)
    assert zuora.count("order") == 1
    [task] = world.connect.tasks_of(cancelling.request_id)
    assert task.results[0].countdown >= 300


async def test_a_pending_order_is_held_by_its_name_until_it_is_carried_out(world, zuora):
    zuora.on("order").comes_back("Pending")
    cancelling = Cancelling(world, zuora)
    task_id = await cancelling.held()
    assert f"the order CONNECT-{cancelling.request_id}" in cancelling.notes
    assert cancelling.end == ("pending", 0, 1)
    zuora.complete_order(f"CONNECT-{cancelling.request_id}")
    world.connect.tasks.resubmit(task_id)
    assert await cancelling.settled() == ("approved", 1, 1)


async def test_a_token_that_has_expired_is_replaced_within_the_delivery(world, zuora):
    assert await Cancelling(world, zuora).settled() == ("approved", 1, 1)
    zuora.tokens.expire_all()
    cancelling = Cancelling(world, zuora)
    assert await cancelling.settled() == ("approved", 1, 1)
    assert len(world.connect.tasks_of(cancelling.request_id)[0].results) == 1
    assert zuora.count("token") == 2


@pytest.mark.parametrize("limit", ["concurrency", "rate"])
async def test_a_rate_limit_is_respected_for_as_long_as_it_says(world, zuora, limit):
    if limit == "rate":
        zuora.on("order").rate_limited("3")
    else:
        zuora.on("order").concurrency_limited("3")
    cancelling = Cancelling(world, zuora)
    assert await cancelling.settled() == ("approved", 1, 1)
    [task] = world.connect.tasks_of(cancelling.request_id)
    first, *_ = [each.countdown for each in task.results if each.result == "reschedule"]
    assert first >= 3
