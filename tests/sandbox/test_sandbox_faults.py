"""Faults over real HTTP, as a vendor's clients meet them."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from sandbox import LocalConnect, LocalVendor, faults

PATH = "/subscriptions/SUB-1"


@pytest.fixture
async def vendor() -> AsyncIterator[LocalVendor]:
    vendor = LocalVendor(auth="none")
    vendor.add("SUB-1")
    await vendor.start()
    yield vendor
    await vendor.stop()


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as http:
        yield http


async def fetch(
    http: aiohttp.ClientSession, vendor: LocalVendor, method: str = "GET", path: str = PATH
) -> tuple[int, str, bytes]:
    async with http.request(method, vendor.url + path, allow_redirects=False) as response:
        return response.status, response.content_type, await response.read()


async def test_nothing_goes_wrong_without_rules(vendor: LocalVendor, http: Any) -> None:
    assert (await fetch(http, vendor))[0] == 200


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (faults.Respond(503, b"{}"), (503, "application/json", b"{}")),
        (faults.html_page(502), (502, "text/html", b"<!doctype html>")),
        (faults.empty_body(), (200, "application/json", b"")),
        (faults.wrong_type(), (200, "application/json", b"[")),
        (faults.redirect("http://127.0.0.1:9/elsewhere"), (302, "application/json", b"")),
    ],
)
async def test_a_rule_answers_instead_of_the_vendor(
    vendor: LocalVendor, http: Any, fault: Any, expected: tuple[int, str, bytes]
) -> None:
    vendor.faults.add("GET", PATH, fault)
    status, content_type, body = await fetch(http, vendor)
    assert (status, content_type) == expected[:2]
    assert body.startswith(expected[2])


async def test_a_rule_can_set_headers(vendor: LocalVendor, http: Any) -> None:
    vendor.faults.add("GET", PATH, faults.Respond(429, headers={"Retry-After": "7"}))
    async with http.get(vendor.url + PATH) as response:
        assert response.headers["Retry-After"] == "7"


async def test_truncated_json_cannot_be_read(vendor: LocalVendor, http: Any) -> None:
    vendor.faults.add("GET", PATH, faults.truncated_json())
    with pytest.raises(ValueError, match="Unterminated"):
        json.loads((await fetch(http, vendor))[2])


async def test_a_huge_body_is_huge_and_valid(vendor: LocalVendor, http: Any) -> None:
    vendor.faults.add("GET", PATH, faults.huge_body(3))
    body = (await fetch(http, vendor))[2]
    assert len(body) > 3 * faults.MEGABYTE
    assert json.loads(body)["status"] == "active"


async def test_a_connection_dropped_before_the_work_leaves_it_undone(
    vendor: LocalVendor, http: Any
) -> None:
    rule = vendor.faults.add("POST", "/cancel$", faults.DropBefore(), times=1)
    with pytest.raises(aiohttp.ClientConnectionError):
        await fetch(http, vendor, "POST", PATH + "/cancel")
    assert rule.hits == 1
    assert vendor.subscriptions["SUB-1"].cancellations == 0
    assert (await fetch(http, vendor, "POST", PATH + "/cancel"))[0] == 200


async def test_a_connection_dropped_after_the_work_leaves_it_done(
    vendor: LocalVendor, http: Any
) -> None:
    vendor.faults.add("POST", "/cancel$", faults.DropAfter())
    with pytest.raises(aiohttp.ClientConnectionError):
        await fetch(http, vendor, "POST", PATH + "/cancel")
    assert vendor.subscriptions["SUB-1"].cancellations == 1


async def test_the_work_can_be_done_behind_a_wrong_answer(vendor: LocalVendor, http: Any) -> None:
    vendor.faults.add("POST", "/cancel$", faults.Respond(500, after_work=True))
    assert (await fetch(http, vendor, "POST", PATH + "/cancel"))[0] == 500
    assert vendor.subscriptions["SUB-1"].status == "cancelled"


@pytest.mark.parametrize(
    ("fault", "header"),
    [
        (faults.redirect("urn:job:1", 303, after_work=True), ("Location", "urn:job:1")),
        (
            faults.Respond(504, headers={"Retry-After": "30"}, after_work=True),
            ("Retry-After", "30"),
        ),
    ],
)
async def test_the_wrong_answer_can_have_headers(
    vendor: LocalVendor, http: Any, fault: faults.Respond, header: tuple[str, str]
) -> None:
    vendor.faults.add("POST", "/cancel$", fault)
    url = f"{vendor.url}{PATH}/cancel"
    async with http.post(url, allow_redirects=False) as response:
        assert (response.status, response.headers[header[0]]) == (fault.status, header[1])
    assert vendor.subscriptions["SUB-1"].cancellations == 1


@pytest.mark.parametrize("after_work", [True, False])
async def test_the_caller_can_be_killed_before_or_after_the_work(
    vendor: LocalVendor, http: Any, after_work: bool
) -> None:
    killed: list[int] = []

    async def kill() -> None:
        killed.append(vendor.subscriptions["SUB-1"].cancellations)

    vendor.faults.add("POST", "/cancel$", faults.Kill(kill, after_work=after_work))
    with pytest.raises(aiohttp.ClientConnectionError):
        await fetch(http, vendor, "POST", PATH + "/cancel")
    assert killed == [int(after_work)]


async def test_delayed_work_is_done_even_if_the_caller_has_gone(
    vendor: LocalVendor, http: Any
) -> None:
    arrived, done = asyncio.Event(), asyncio.Event()

    async def delayed(request: Any, work: Any) -> Any:
        async def noticed() -> Any:
            response = await work()
            done.set()
            return response

        arrived.set()
        return await faults.Delay(0.1)(request, noticed)

    vendor.faults.add("POST", "/cancel$", delayed)
    call = asyncio.create_task(fetch(http, vendor, "POST", PATH + "/cancel"))
    await asyncio.wait_for(arrived.wait(), 10)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    await asyncio.wait_for(done.wait(), 10)
    assert vendor.subscriptions["SUB-1"].cancellations == 1


async def test_a_delay_continues_with_the_next_rule(vendor: LocalVendor, http: Any) -> None:
    vendor.faults.add("*", "", faults.Delay(0.1))
    vendor.faults.add("*", "", faults.Respond(429))
    begin = time.monotonic()
    assert (await fetch(http, vendor))[0] == 429
    assert time.monotonic() - begin >= 0.1


async def test_a_slow_answer_comes_byte_by_byte(vendor: LocalVendor, http: Any) -> None:
    vendor.faults.add("GET", PATH, faults.SlowDrip(0.01, b'{"a": 1}'))
    begin = time.monotonic()
    assert (await fetch(http, vendor))[2] == b'{"a": 1}'
    assert time.monotonic() - begin >= 0.06


async def test_rules_end_after_their_times_and_when_they_are_removed(
    vendor: LocalVendor, http: Any
) -> None:
    twice = vendor.faults.add("GET", PATH, faults.Respond(500), times=2)
    assert [(await fetch(http, vendor))[0] for _ in range(3)] == [500, 500, 200]
    assert twice.hits == 2
    forever = vendor.faults.add("GET", PATH, faults.Respond(500))
    assert (await fetch(http, vendor))[0] == 500
    vendor.faults.remove(forever)
    vendor.faults.remove(forever)
    assert (await fetch(http, vendor))[0] == 200
    vendor.faults.add("GET", PATH, faults.Respond(500))
    vendor.faults.clear()
    assert (await fetch(http, vendor))[0] == 200


async def test_a_rule_can_look_at_the_body(vendor: LocalVendor, http: Any) -> None:
    vendor.faults.add(
        "POST", "/cancel$", faults.Respond(500), predicate=lambda _, body: b"reason" in body
    )
    url = vendor.url + PATH + "/cancel"
    async with http.post(url, json={"reason": "x"}) as response:
        assert response.status == 500
    async with http.post(url, json={}) as response:
        assert response.status == 200


async def outcomes(seed: int, http: aiohttp.ClientSession) -> list[int]:
    vendor = LocalVendor(auth="none", fault_seed=seed)
    vendor.add("SUB-1")
    vendor.faults.add("GET", PATH, faults.Respond(500), probability=0.5)
    await vendor.start()
    try:
        return [(await fetch(http, vendor))[0] for _ in range(20)]
    finally:
        await vendor.stop()


async def test_the_dice_are_seeded(http: Any) -> None:
    first = await outcomes(7, http)
    assert set(first) == {200, 500}
    assert await outcomes(7, http) == first


async def test_latency_is_added_to_every_call(vendor: LocalVendor, http: Any) -> None:
    vendor.faults.latency = 0.1
    begin = time.monotonic()
    await fetch(http, vendor)
    assert time.monotonic() - begin >= 0.1


async def test_connect_misbehaves_by_the_same_rules(connect: LocalConnect, call: Any) -> None:
    request_id = connect.cancel("A-1")
    connect.faults.add("POST", "/fail$", faults.DropAfter(), times=1)
    with pytest.raises(aiohttp.ClientConnectionError):
        await call("POST", f"requests/{request_id}/fail", {"reason": "no"})
    assert connect.status(request_id) == "failed"
    status, _ = await call("POST", f"requests/{request_id}/fail", {"reason": "no"})
    assert status == 400
    assert len(connect.calls.matching("POST", "/fail$")) == 2
