"""Zuora's three generations with the official runner."""

import pytest
import pytest_asyncio

from sandbox.zuora import LocalZuora


@pytest_asyncio.fixture(loop_scope="session")
async def zuora():
    zuora = LocalZuora()
    await zuora.start()
    yield zuora
    await zuora.stop()


@pytest.mark.parametrize("version", ["19.0", "27.0", "38.0", "78.0"])
@pytest.mark.parametrize("by", ["name", "id"])
async def test_each_generation_is_cancelled_once_and_approved_with_one_login(
    world, zuora, version, by
):
    product_id = world.product(**zuora.variables(version))
    names, requests = [], []
    for _ in range(3):
        subscription = zuora.add()
        asset_id = world.connect.create_subscription(
            getattr(subscription, by), product_id=product_id
        )
        names.append(subscription.name)
        requests.append(world.connect.create_cancel_request(asset_id))
    for request_id in requests:
        assert (await world.connect.settled(request_id))["status"] == "approved"
    assert [zuora.effective_cancellations(name) for name in names] == [1, 1, 1]
    assert zuora.count("login") == 1
