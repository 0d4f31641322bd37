"""Settled requests are compared by certain facts, not by texts that others could write."""

import json

import pytest

from connect_ext.reconcile.finding import Kind
from connect_ext.reconcile.showing import shown
from sandbox.connect.objects import Customer, Parameter
from sandbox.faults import Respond
from tests.reconcile.forged import ASSETS, REQUESTS, lists
from tests.reconcile.world import HOURS, World, found, reconciling


@pytest.mark.parametrize(
    ("kind", "status"), [("cancel", "failed"), ("cancel", "revoked"), ("purchase", "approved")]
)
async def test_only_approved_cancellations_are_reported_as_such(world, kind, status):
    """A rejected cancellation correctly leaves the subscription active."""
    request_id = world.cancel("SUB-1")
    request = world.connect.request(request_id)
    world.extension.let_pass(2 * HOURS)
    request |= {"type": kind, "status": status}
    lists(world, REQUESTS, request)
    report = await world.run(subscriptions=0)
    assert "still-active" not in found(report).values()
    assert world.connect.notes(request_id) == []


async def test_an_ordering_parameter_does_not_hide_a_subscription_that_is_still_active(world):
    request_id = approved_and_active(world, "SUB-1")
    other = world.connect.create_subscription(
        parameters=[
            Parameter("wishes", "SUB-1", phase="ordering"),
            Parameter("subscription_id", "SUB-2"),
        ]
    )
    assert other
    assert found(await world.run(subscriptions=0)) == {request_id: "still-active"}


async def test_a_subscription_that_connect_did_not_filter_hides_nothing(world):
    request_id = approved_and_active(world, "SUB-1")
    other = world.sandbox.new_subscription("SUB-2")
    lists(world, ASSETS, world.connect.asset(other))
    assert found(await world.run(subscriptions=0)) == {request_id: "still-active"}


async def test_a_subscription_bought_again_is_not_reported_as_still_active(world):
    approved_and_active(world, "SUB-1")
    world.connect.create_subscription("SUB-1")
    assert found(await world.run(subscriptions=0)) == {}


async def test_an_approval_younger_than_the_vendor_may_take_is_not_reported():
    async with reconciling(SETTLE_MINUTES="600") as world:
        request_id = approved_and_active(world, "SUB-1")
        assert found(await world.run(subscriptions=0)) == {}
        world.extension.let_pass(10 * HOURS)
        assert found(await world.run(subscriptions=0)) == {request_id: "still-active"}


def approved_and_active(world: World, vendor_id: str) -> str:
    """A request of ours that somebody approved by hand; the subscription stays active."""
    request_id = world.cancel(vendor_id)
    world.connect.agent_approve(request_id)
    world.extension.let_pass(2 * HOURS)
    return request_id


@pytest.mark.parametrize("is_approved", [True, False])
async def test_a_status_that_is_the_customers_name_does_not_leak(world, is_approved):
    customer = Customer()
    request_id = world.cancel("SUB-1")
    if is_approved:
        world.connect.agent_approve(request_id)
    else:
        # It is of the same product, and nobody asks for its cancellation.
        world.sandbox.new_subscription("SUB-2")
    world.extension.let_pass(2 * HOURS)
    body = json.dumps({"status": f"{customer.first_name} {customer.last_name}"}).encode()
    world.vendor.faults.add("GET", "/subscriptions/", Respond(200, body))
    report = await world.run()
    assert "unknown-status" in found(report, Kind.NOT_COMPARED).values()
    assert customer.last_name not in shown(report) + json.dumps(report.as_json())
