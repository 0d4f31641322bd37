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


def _cancel(world, product_id: str, subscription_id: str) -> str:
    asset_id = world.connect.create_subscription(subscription_id, product_id=product_id)
    return world.connect.create_cancel_request(asset_id)


@pytest.mark.parametrize("version", ["19.0", "27.0", "38.0", "78.0"])
@pytest.mark.parametrize("by", ["name", "id"])
async def test_each_generation_is_cancelled_once_and_approved_with_one_login(
    world, zuora, version, by
):
    product_id = world.product(**zuora.variables(version))
    names, requests = [], []
    for _ in range(3):
        subscription = zuora.add()
        names.append(subscription.name)
        requests.append(_cancel(world, product_id, getattr(subscription, by)))
    for request_id in requests:
        assert (await world.connect.settled(request_id))["status"] == "approved"
    assert [zuora.effective_cancellations(name) for name in names] == [1, 1, 1]
    assert zuora.count("login") == 1


@pytest.mark.parametrize("version", ["19.0", "27.0", "38.0", "78.0"])
async def test_a_draft_subscription_is_rejected_in_each_generation(world, zuora, version):
    product_id = world.product(**zuora.variables(version))
    request_id = _cancel(world, product_id, zuora.add(status="Draft").name)
    request = await world.connect.settled(request_id)
    assert (request["status"], zuora.count("create") + zuora.count("amend")) == ("failed", 0)
    assert "draft" in request["reason"]


async def test_the_amounts_of_the_preview_are_in_the_note(world, zuora):
    product_id = world.product(**zuora.variables("78.0"))
    request_id = _cancel(world, product_id, zuora.add().name)
    await world.connect.settled(request_id)
    await world.connect.tasks_settled(request_id)
    [note] = world.connect.notes(request_id)
    assert note["type"] == "private"
    assert "preview" in note["text"].lower()
