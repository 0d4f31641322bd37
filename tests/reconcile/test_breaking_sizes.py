"""Many requests neither hold up the event loop nor fill the memory."""

import asyncio
import json
import tracemalloc
from datetime import datetime, timezone

import httpx
import pytest
from connect.client import AsyncConnectClient

from connect_ext.cause import Cause
from connect_ext.connect.client import Session
from connect_ext.http.pace import MOST_CALLS_PER_MINUTE, Pace
from connect_ext.open_requests.ownership import Ownership
from connect_ext.open_requests.subject import Subject
from connect_ext.reconcile.finding import Finding, Kind, Report
from connect_ext.reconcile.reconciling import Order, no_progress, reconcile
from connect_ext.reconcile.resuming import NoJournal
from connect_ext.reconcile.showing import shown
from connect_ext.reconcile.work import Work
from connect_ext.shared_state import SharedState
from sandbox.connect import objects
from sandbox.connect.objects import Customer, Json, Parameter
from tests.hostile.heartbeat import MOST_LATE_SECONDS, Heartbeat, at_best
from tests.unit.builders import REST_VARIABLES, configuration

PRODUCT = "PRD-100-200-300"


def _subjects(number: int) -> list[Subject]:
    since = datetime.now(timezone.utc)
    return [Subject(f"PR-{each}", f"AS-{each}", PRODUCT, since) for each in range(number)]


@pytest.mark.undisturbed
async def test_the_report_of_many_findings_is_cut_quickly():
    report = Report()
    for each in _subjects(10_000):
        report.add(Finding(each, Kind.NEEDS_PERSON, Cause.SUSPENDED, f"{each.id} is suspended."))

    async def once() -> float:
        async with Heartbeat() as heart:
            text = shown(report, 4000)
        assert len(text) <= 4000
        assert text.endswith(" more lines)")
        return heart.latest

    assert await at_best(once) < MOST_LATE_SECONDS


@pytest.mark.undisturbed
async def test_many_subjects_are_processed_without_blocking_the_loop():
    subjects = _subjects(100_000)

    async def looked_at(_: Subject) -> None:
        await asyncio.sleep(0)

    async def once() -> float:
        work = _work()
        async with Heartbeat() as heart:
            await work.each("subjects", subjects, looked_at)
        assert work.report.looked_at["subjects"] == len(subjects)
        return heart.latest

    assert await at_best(once) < MOST_LATE_SECONDS


async def test_a_request_settled_by_a_second_walk_is_no_longer_reported():
    work, (subject,) = _work(), _subjects(1)

    async def waits(each: Subject) -> Finding:
        return Finding(each, Kind.WAITS, Cause.SENT, "The vendor does not show the result yet.")

    async def settled(_: Subject) -> None:
        return None

    await work.each("subjects", [subject], waits)
    assert work.report.of(Kind.WAITS)
    await work.again([subject], settled)
    assert work.report.findings == {}


async def test_many_open_requests_do_not_fill_the_memory():
    requests = [_open_request(number) for number in range(4000)]
    whole = len(json.dumps(requests))
    connect = AsyncConnectClient("ApiKey SU-1:1", endpoint="https://connect.example/public/v1")
    transport = httpx.MockTransport(lambda request: _page(requests, request))
    shared = SharedState(connect_session=Session(transport))
    tracemalloc.start()
    try:
        report = await reconcile(
            REST_VARIABLES,
            Order(0, (PRODUCT,), 0, MOST_CALLS_PER_MINUTE),
            shared.connect_api(connect),
            None,
            shared,
        )
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert report.looked_at["requests younger than an hour"] == len(requests)
    assert peak < whole / 2


def _work() -> Work:
    """A run without any server; the test itself answers the calls."""
    loop, shared = asyncio.get_running_loop(), SharedState()
    connect = shared.connect_api(AsyncConnectClient("ApiKey SU-1:1", endpoint="https://x.example"))
    pace = Pace(MOST_CALLS_PER_MINUTE, loop.time)
    return Work(
        configuration(),
        connect,
        shared,
        Ownership(connect.listing, None, pace),
        pace,
        NoJournal(),
        no_progress,
    )


def _open_request(number: int) -> Json:
    """A request made this minute, as Connect shows it."""
    asset = objects.asset(
        f"AS-{number}",
        objects.product(PRODUCT, "A product"),
        [Parameter("subscription_id", f"SUB-{number}")],
        Customer(),
        "production",
    )
    now = datetime.now(timezone.utc)
    return objects.cancel_request(f"PR-{number}", asset, None, now)


def _page(requests: list[Json], asked: httpx.Request) -> httpx.Response:
    """The page of the requests that a call asks for."""
    first, most = (int(asked.url.params[name]) for name in ("offset", "limit"))
    page = requests[first : first + most]
    headers = {
        "Content-Range": f"items {first}-{first + len(page) - 1}/{len(requests)}",
        "Content-Type": "application/json",
    }
    body = httpx.ByteStream(json.dumps(page).encode())
    return httpx.Response(200, headers=headers, stream=body)
