"""A vendor that no one here wrote: Stripe's API as localstripe serves it, reached by variables."""

import asyncio
import os
import socket
import sys

import aiohttp
import pytest_asyncio

# The README shows the same as its worked example; `tests/project` compares the two.
STRIPE = {
    "VENDOR": "rest",
    "REST_AUTH": "bearer",
    "REST_STATUS_REQUEST": "GET /v1/subscriptions/{subscription_id}",
    "REST_STATUS_PATH": "status",
    "REST_ACTIVE_VALUES": "active,trialing,past_due,unpaid,paused,incomplete",
    "REST_CANCELLED_VALUES": "canceled,incomplete_expired",
    "REST_END_DATE_PATH": "ended_at",
    "REST_CANCEL_REQUEST": "DELETE /v1/subscriptions/{subscription_id}",
    "REST_REASON_PATH": "error.message",
}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stripe(tmp_path_factory):
    """A localstripe process, and a session that speaks to it as a vendor's back office does."""
    directory, port = tmp_path_factory.mktemp("localstripe"), _free_port()
    log = (directory / "log").open("wb")
    command = (sys.executable, "-m", "localstripe", "--from-scratch", "--port", str(port))
    # It keeps its data in the directory for temporary files.
    environment = {**os.environ, "TMPDIR": str(directory)}
    process = await asyncio.create_subprocess_exec(
        *command, stdout=log, stderr=log, env=environment
    )
    url = f"http://127.0.0.1:{port}"
    headers = {"Authorization": "Bearer sk_test_sandbox"}
    try:
        async with aiohttp.ClientSession(url, headers=headers) as session:
            await _answers(session)
            yield session, url
    finally:
        process.terminate()
        await process.wait()
        log.close()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


async def _answers(session: aiohttp.ClientSession) -> None:
    for _ in range(600):
        if await _is_up(session):
            return
        await asyncio.sleep(0.05)
    raise AssertionError("localstripe did not start")


async def _is_up(session: aiohttp.ClientSession) -> bool:
    try:
        async with session.get("/v1/customers"):
            return True
    except aiohttp.ClientConnectionError:
        return False


async def _made(session: aiohttp.ClientSession, path: str, **form: str) -> str:
    async with session.post(path, data=form) as response:
        assert response.status == 200, await response.text()
        return (await response.json())["id"]


async def _subscription(session: aiohttp.ClientSession) -> str:
    customer = await _made(session, "/v1/customers", email="someone@stripe.example")
    card = {"source[object]": "card", "source[number]": "4242424242424242", "source[cvc]": "123"}
    expiry = {"source[exp_month]": "12", "source[exp_year]": "2040"}
    await _made(session, f"/v1/customers/{customer}/sources", **card, **expiry)
    product = await _made(session, "/v1/products", name="Plan", type="service")
    plan = await _made(
        session,
        "/v1/plans",
        product=product,
        amount="1000",
        currency="eur",
        interval="month",
    )
    items = {"items[0][plan]": plan}
    return await _made(session, "/v1/subscriptions", customer=customer, **items)


async def test_a_stripe_subscription_is_cancelled_by_variables_alone(world, stripe):
    session, url = stripe
    subscription_id = await _subscription(session)
    product_id = world.product(**STRIPE, REST_API_URL=url, REST_API_KEY="sk_test_sandbox")
    asset_id = world.connect.create_subscription(subscription_id, product_id=product_id)
    request = await world.connect.settled(world.connect.create_cancel_request(asset_id))
    assert (request["status"], request["asset"]["status"]) == ("approved", "terminated")
    async with session.get(f"/v1/subscriptions/{subscription_id}") as response:
        assert (await response.json())["status"] == "canceled"


async def test_a_stripe_subscription_that_is_cancelled_already_is_only_approved(world, stripe):
    session, url = stripe
    subscription_id = await _subscription(session)
    async with session.delete(f"/v1/subscriptions/{subscription_id}") as response:
        assert response.status == 200
    product_id = world.product(**STRIPE, REST_API_URL=url, REST_API_KEY="sk_test_sandbox")
    asset_id = world.connect.create_subscription(subscription_id, product_id=product_id)
    request_id = world.connect.create_cancel_request(asset_id)
    assert (await world.connect.settled(request_id))["status"] == "approved"
    await world.connect.tasks_settled(request_id)
    assert "already" in world.connect.notes(request_id)[0]["text"]
