"""Lists and answers from Connect that do not match the query are not believed."""

import pytest

from connect_ext.reconcile.finding import Kind
from tests.reconcile.forged import REQUESTS, lists
from tests.reconcile.world import HOURS, found


@pytest.mark.parametrize("kind", ["purchase", "change", "suspend", None, 5])
async def test_a_request_of_another_type_is_not_carried_out_as_a_cancellation(world, kind):
    request_id = world.cancel("SUB-1")
    world.connect.request(request_id)["type"] = kind
    world.extension.let_pass(2 * HOURS)
    lists(world, REQUESTS, world.connect.request(request_id))
    report = await world.run(products=(world.connect.default_product(),), days=0)
    assert world.cancellations(request_id) == 0
    assert world.connect.status(request_id) == "pending"
    assert found(report, Kind.SETTLED) == {}


async def test_a_request_that_only_the_list_calls_a_cancellation_is_not_carried_out(world):
    request_id = world.cancel("SUB-1")
    world.extension.let_pass(2 * HOURS)
    lists(world, REQUESTS, dict(world.connect.request(request_id)))
    world.connect.request(request_id)["type"] = "change"
    await world.run(days=0, subscriptions=0)
    assert world.cancellations(request_id) == 0
    assert world.connect.status(request_id) == "pending"
