"""The local vendor: strict about input and exact about effects."""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from sandbox import LocalVendor


@contextlib.asynccontextmanager
async def serving(vendor: LocalVendor) -> AsyncIterator[Any]:
    """The vendor, and a function that makes a call and returns its status and JSON."""
    await vendor.start()
    async with aiohttp.ClientSession(vendor.url) as session:

        async def call(method: str, path: str, **options: Any) -> Any:
            async with session.request(method, path, **options) as response:
                return response.status, await response.json()

        yield call
    await vendor.stop()


async def test_cancelling_takes_effect_once() -> None:
    vendor = LocalVendor(auth="none")
    subscription = vendor.add("SUB-1")
    async with serving(vendor) as call:
        assert await call("GET", "/subscriptions/SUB-1") == (
            200,
            {"id": "SUB-1", "status": "active"},
        )
        assert (await call("POST", "/subscriptions/SUB-1/cancel"))[1]["status"] == "cancelled"
        status, body = await call("POST", "/subscriptions/SUB-1/cancel")
        assert (status, body) == (409, {"error": {"message": "already cancelled"}})
    assert subscription.cancellations == 1
    assert len(vendor.cancel_calls("SUB-1")) == 2


async def test_an_idempotency_key_replays_the_first_answer() -> None:
    vendor = LocalVendor(auth="none")
    vendor.add("SUB-1")
    vendor.add("SUB-2")
    key = {"Idempotency-Key": "PR-1"}
    async with serving(vendor) as call:
        first = await call("POST", "/subscriptions/SUB-1/cancel", headers=key)
        assert await call("POST", "/subscriptions/SUB-1/cancel", headers=key) == first
        assert (await call("POST", "/subscriptions/SUB-2/cancel", headers=key))[0] == 400
    assert vendor.subscriptions["SUB-1"].cancelled_by == "PR-1"
    assert [each.headers["Idempotency-Key"] for each in vendor.cancel_calls("SUB-1")] == [
        "PR-1",
        "PR-1",
    ]


@pytest.mark.parametrize(
    ("fields", "status", "message"),
    [
        ({"status": "draft"}, 409, "a draft subscription cannot be cancelled"),
        ({"refusal": "an invoice is unpaid"}, 422, "an invoice is unpaid"),
        ({"status": "cancelled"}, 409, "already cancelled"),
    ],
)
async def test_the_vendor_gives_its_reason(fields: Any, status: int, message: str) -> None:
    vendor = LocalVendor(auth="none")
    vendor.add("SUB-1", **fields)
    async with serving(vendor) as call:
        answer = await call("POST", "/subscriptions/SUB-1/cancel")
    assert answer == (status, {"error": {"message": message}})
    assert vendor.subscriptions["SUB-1"].cancellations == 0


async def test_an_unknown_id_is_not_found() -> None:
    async with serving(LocalVendor(auth="none")) as call:
        for method, path in (("GET", "/subscriptions/X"), ("POST", "/subscriptions/X/cancel")):
            assert (await call(method, path))[0] == 404
        assert (await call("GET", "/subscriptions/"))[0] == 404


async def test_bodies_are_checked_strictly() -> None:
    vendor = LocalVendor(auth="none")
    vendor.add("SUB-1")
    path = "/subscriptions/SUB-1/cancel"
    async with serving(vendor) as call:
        assert (await call("POST", path, json={"surprise": 1}))[0] == 400
        assert (await call("POST", path, data={"surprise": "1"}))[0] == 400
        assert (await call("POST", path, json=[]))[0] == 400
        json_type = {"Content-Type": "application/json"}
        assert (await call("POST", path, data=b"{", headers=json_type))[0] == 400
        text_type = {"Content-Type": "text/plain"}
        assert (await call("POST", path, data=b"x", headers=text_type))[0] == 415
        assert vendor.subscriptions["SUB-1"].cancellations == 0
        assert (await call("POST", path, data={"reason": "moved"}))[0] == 200


async def test_a_cancellation_may_take_a_while() -> None:
    vendor = LocalVendor(auth="none")
    subscription = vendor.add("SUB-1", cancelling_seconds=3600.0)
    async with serving(vendor) as call:
        assert (await call("POST", "/subscriptions/SUB-1/cancel"))[1]["status"] == "cancelling"
        assert (await call("POST", "/subscriptions/SUB-1/cancel"))[0] == 409
        subscription.finish()
        assert (await call("GET", "/subscriptions/SUB-1"))[1]["status"] == "cancelled"


async def test_a_slow_vendor_accepts_a_cancellation_and_shows_it_later() -> None:
    vendor = LocalVendor(auth="none")
    vendor.defaults = {"shows_after_seconds": 3600.0}
    later = vendor.add("SUB-1", accepted_status=200, cancelling_seconds=3600.0)
    soon = vendor.add("SUB-2", shows_after_seconds=0.05, removed_after_seconds=0.05)
    async with serving(vendor) as call:
        assert await call("POST", "/subscriptions/SUB-1/cancel") == (200, {"ok": True})
        assert (await call("GET", "/subscriptions/SUB-1"))[1]["status"] == "active"
        assert (later.orders, later.cancellations) == (1, 0)
        later.finish()
        assert (await call("GET", "/subscriptions/SUB-1"))[1]["status"] == "cancelled"
        assert (later.orders, later.cancellations) == (1, 1)
        assert await call("POST", "/subscriptions/SUB-2/cancel") == (202, {"ok": True})
        await asyncio.sleep(0.15)
        assert (await call("GET", "/subscriptions/SUB-2"))[0] == 404
        assert (await call("POST", "/subscriptions/SUB-2/cancel"))[0] == 404
    assert (soon.orders, soon.cancellations) == (1, 1)


@pytest.mark.parametrize(
    ("second", "status", "orders"), [("conflict", 409, 1), ("refuse", 422, 1), ("order", 202, 3)]
)
async def test_a_second_cancellation_gets_the_vendors_configured_answer(
    second: str, status: int, orders: int
) -> None:
    vendor = LocalVendor(auth="none")
    slow = vendor.add("SUB-1", second=second, shows_after_seconds=3600.0, honours_keys=False)
    async with serving(vendor) as call:
        statuses = []
        for _ in range(3):
            key = {"Idempotency-Key": "PR-1"}
            statuses += [(await call("POST", "/subscriptions/SUB-1/cancel", headers=key))[0]]
            if len(statuses) == 2:
                slow.finish()
    assert statuses == [202, status, status]
    slow.finish()
    assert (slow.orders, slow.cancellations) == (orders, orders)


async def test_a_subscription_can_be_locked_for_a_while() -> None:
    vendor = LocalVendor(auth="none")
    vendor.add("SUB-1", locked_seconds=60.0)
    async with serving(vendor) as call:
        status, body = await call("POST", "/subscriptions/SUB-1/cancel")
        assert (status, body["error"]["code"]) == (409, "subscription_locked")
        vendor.move_clock(timedelta(seconds=61))
        assert (await call("POST", "/subscriptions/SUB-1/cancel"))[0] == 200


async def test_somebody_at_the_vendor_can_reactivate_a_subscription() -> None:
    vendor = LocalVendor(auth="none")
    slow, fast = vendor.add("SUB-1", shows_after_seconds=3600.0), vendor.add("SUB-2")
    for subscription in (slow, fast):
        subscription.try_to_cancel(None)
        subscription.reactivate()
        subscription.finish()
        assert subscription.json()["status"] == "active"
        subscription.try_to_cancel(None)
        subscription.finish()
    assert (slow.orders, slow.cancellations, fast.cancellations) == (2, 1, 2)


async def test_a_cancelled_subscription_may_end_later() -> None:
    vendor = LocalVendor(auth="none")
    vendor.add("SUB-1", ends_at_when_cancelled="2030-01-31T00:00:00Z")
    async with serving(vendor) as call:
        assert "ends_at" not in (await call("GET", "/subscriptions/SUB-1"))[1]
        await call("POST", "/subscriptions/SUB-1/cancel")
        assert (await call("GET", "/subscriptions/SUB-1"))[1] == {
            "id": "SUB-1",
            "status": "cancelled",
            "ends_at": "2030-01-31T00:00:00Z",
        }


async def test_statuses_can_have_the_vendors_own_names() -> None:
    vendor = LocalVendor(auth="none", statuses={"cancelled": "Terminated"})
    vendor.add("SUB-1")
    async with serving(vendor) as call:
        assert (await call("POST", "/subscriptions/SUB-1/cancel"))[1]["status"] == "Terminated"


def basic(text: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(text.encode()).decode()}


def bearer(token: Any) -> dict[str, str]:
    return {"Authorization": f"Bearer {token['access_token']}"}


@pytest.mark.parametrize(
    ("auth", "right", "wrong"),
    [
        ("bearer", {"Authorization": "Bearer k:1"}, {"Authorization": "Bearer k:2"}),
        ("header:X-Api-Key", {"X-Api-Key": "k:1"}, {"Authorization": "Bearer k:1"}),
        ("basic", basic("k:1"), basic("k:2")),
        ("basic", basic("k:1"), {"Authorization": "Basic ???"}),
    ],
)
async def test_credentials_must_be_right(auth: str, right: Any, wrong: Any) -> None:
    vendor = LocalVendor(auth=auth, api_key="k:1")
    vendor.add("SUB-1")
    async with serving(vendor) as call:
        assert (await call("GET", "/subscriptions/SUB-1", headers=right))[0] == 200
        for headers in (wrong, None):
            assert (await call("GET", "/subscriptions/SUB-1", headers=headers))[0] == 401


async def test_oauth2_tokens_are_issued_expire_and_are_revoked() -> None:
    vendor = LocalVendor(auth="oauth2")
    vendor.add("SUB-1")
    form = {"grant_type": "client_credentials"}
    in_body = {**form, "client_id": vendor.client_id, "client_secret": vendor.client_secret}
    in_header = basic(f"{vendor.client_id}:{vendor.client_secret}")
    async with serving(vendor) as call:
        assert (await call("POST", "/oauth/token", data=form))[0] == 401
        assert (await call("POST", "/oauth/token", data={}, headers=in_header))[0] == 400
        _, first = await call("POST", "/oauth/token", data=in_body)
        _, second = await call("POST", "/oauth/token", data=form, headers=in_header)
        for token in (first, second):
            assert (await call("GET", "/subscriptions/SUB-1", headers=bearer(token)))[0] == 200
        vendor.tokens.revoke_all()
        assert (await call("GET", "/subscriptions/SUB-1", headers=bearer(first)))[0] == 401
        vendor.tokens.expires_in = 0
        _, expired = await call("POST", "/oauth/token", data=in_body)
        assert (await call("GET", "/subscriptions/SUB-1", headers=bearer(expired)))[0] == 401
    assert vendor.tokens.issued == 3


async def test_a_stopped_vendor_comes_back_at_the_same_address() -> None:
    vendor = LocalVendor(auth="none")
    vendor.add("SUB-1")
    async with serving(vendor) as call:
        url = vendor.url
        await vendor.stop()
        with pytest.raises(aiohttp.ClientConnectionError):
            await call("GET", "/subscriptions/SUB-1")
        await vendor.start()
        assert vendor.url == url
        assert (await call("GET", "/subscriptions/SUB-1"))[0] == 200
