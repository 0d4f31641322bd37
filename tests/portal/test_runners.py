"""Instances of the official runner that are started and ended on the page."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.portal.desk import Desk, Page, opened


def shown(page: Page) -> dict[str, str]:
    """How each instance stands."""
    sections = page.values("//section[@class='runner']")
    return {each.get("id"): each.xpath("string(.//h2/span)") for each in sections}


async def test_an_instance_is_started_gets_a_task_loses_its_worker_and_is_killed():
    async with opened(countdown_scale=0.01) as desk:
        page = await desk.get("/runners")
        assert "No instance has been started" in page.text
        assert (await desk.post("/runners")).location == "/runners"
        page = await desk.shows("/runners", lambda page: "INS-0001" in shown(page))
        assert shown(page) == {"INS-0001": "Starting"}
        assert "An instance is starting" in page.text
        page = await desk.shows("/runners", lambda page: "Running" in shown(page).values())
        (runner,) = desk.sandbox.runners
        worker = runner.background_worker().pid
        assert f"Process{runner.pid}" in page.words("INS-0001")
        assert str(runner.log_file) in page.text
        page = await desk.get("/variables")
        assert page.values("//input[@name='name'][@value='REST_API_KEY']")
        assert desk.vendor.api_key not in page.text
        assert desk.vendor.url in page.text
        request_id = desk.sandbox.cancel()
        await desk.connect.settled(request_id)
        await desk.shows("/runners", _has_logged(desk, f"{request_id} task="))
        await desk.post("/runners/INS-0001/kill-worker")
        await desk.shows("/runners", lambda _: not psutil.pid_exists(worker))
        await kill(desk)
        assert not psutil.pid_exists(worker)


def _has_logged(desk: Desk, text: str) -> Callable[[Page], bool]:
    """A task's last line is logged after its request is settled."""

    def has_logged(page: Page) -> bool:
        desk.portal.logs.catch_up()
        return text in page.words("INS-0001")

    return has_logged


async def kill(desk: Desk) -> None:
    page = await desk.post("/runners/INS-0001/kill")
    assert page.location == "/runners#INS-0001"
    page = await desk.shows("/runners", lambda page: shown(page) == {"INS-0001": "Ended"})
    assert "Ended withsignal 9" in page.words("INS-0001")
    assert page.values("//section//button") == []
    refused = await desk.post("/runners/INS-0001/kill")
    assert refused.status == 400
    assert "INS-0001 is not running" in refused.text


async def test_what_is_not_there_cannot_be_ended(desk):
    assert (await desk.post("/runners/INS-9999/stop")).status == 404
    assert (await desk.post("/runners/INS-0001/explode")).status == 404


@pytest.mark.parametrize(
    ("interpreter", "why"),
    [
        ("true", "the runner ended and did not connect"),
        ("no-such-program", "the runner could not be started: No such file or directory"),
    ],
)
async def test_a_start_that_fails_says_why_and_the_instance_has_ended(interpreter, why):
    program = Path(shutil.which(interpreter) or interpreter)
    async with opened(runner={"interpreter": program}) as desk:
        await desk.post("/runners")
        page = await desk.shows("/runners", lambda page: "Failed: " in page.text)
        assert f"Failed: {why}." in page.text
        assert shown(page) == {"INS-0001": "Ended"}


async def test_a_page_that_is_closed_leaves_no_instance_that_was_starting():
    async with opened() as desk:
        await desk.post("/runners")
        await desk.shows("/runners", lambda _: any(each.running for each in desk.sandbox.runners))
        await desk.portal.stop()
        assert [each.running for each in desk.sandbox.runners] == [False]
