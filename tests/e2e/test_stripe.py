"""An independent Stripe emulator, localstripe, with just the preset and a key."""

import asyncio
import os
import socket
import sys
from datetime import datetime, timezone

import aiohttp
import pytest_asyncio

KEY = "sk_test_sandbox"

# docs/presets.md shows the same worked examples; `tests/project` compares them.
STRIPE = {"VENDOR": "stripe"}
AT_THE_END = {
    "VENDOR": "stripe",
    "CANCELLATION_DATE": "end_of_term",
    "WHEN_EFFECTIVE_LATER": "schedule",
}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stripe(tmp_path_factory):
    """A localstripe process, and a session for calling it as the vendor's back office would."""
    directory, port = tmp_path_factory.mktemp("localstripe"), _free_port()
    log = (directory / "log").open("wb")
    command = (sys.executable, "-m", "localstripe", "--from-scratch", "--port", str(port))
    # It keeps its data in the temporary directory.
    environment = {**os.environ, "TMPDIR": str(directory)}
    process = await asyncio.create_subprocess_exec(
        *command, stdout=log, stderr=log, env=environment
    )
    url = f"http://127.0.0.1:{port}"
    headers = {"Authorization": f"Bearer {KEY}"}
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


async def _shown(session: aiohttp.ClientSession, subscription_id: str) -> dict:
    async with session.get(f"/v1/subscriptions/{subscription_id}") as response:
        return await response.json()


def _cancelled(world, subscription_id: str, url: str, **variables: str) -> str:
    """The customer cancels; returns the request's id."""
    product_id = world.product(**variables, REST_API_URL=url, REST_API_KEY=KEY)
    asset_id = world.connect.create_subscription(subscription_id, product_id=product_id)
    return world.connect.create_cancel_request(asset_id)


async def test_a_stripe_subscription_is_cancelled_with_a_key_alone(world, stripe):
    session, url = stripe
    subscription_id = await _subscription(session)
    request = await world.connect.settled(_cancelled(world, subscription_id, url, **STRIPE))
    assert (request["status"], request["asset"]["status"]) == ("approved", "terminated")
    assert (await _shown(session, subscription_id))["status"] == "canceled"


async def test_a_stripe_subscription_that_is_already_cancelled_is_only_approved(world, stripe):
    session, url = stripe
    subscription_id = await _subscription(session)
    async with session.delete(f"/v1/subscriptions/{subscription_id}") as response:
        assert response.status == 200
    request_id = _cancelled(world, subscription_id, url, **STRIPE)
    assert (await world.connect.settled(request_id))["status"] == "approved"
    await world.connect.tasks_settled(request_id)
    assert "already" in world.connect.notes(request_id)[0]["text"]


async def test_a_stripe_subscription_ends_with_its_period_unless_the_customer_stays(world, stripe):
    session, url = stripe
    subscription_id = await _subscription(session)
    request_id = _cancelled(world, subscription_id, url, **AT_THE_END)
    await world.connect.reaches(request_id, "scheduled")
    shown = await _shown(session, subscription_id)
    assert (shown["status"], shown["cancel_at_period_end"]) == ("active", True)
    planned = datetime.fromisoformat(world.connect.request(request_id)["planned_date"])
    assert planned == datetime.fromtimestamp(shown["current_period_end"], timezone.utc)
    world.connect.revoke(request_id)
    request = await world.connect.settled(request_id)
    assert (request["status"], request["asset"]["status"]) == ("revoked", "active")
    assert (await _shown(session, subscription_id))["cancel_at_period_end"] is False
