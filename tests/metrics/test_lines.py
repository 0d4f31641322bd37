"""The lines that the running extension writes about its work."""

import asyncio
import json
import logging
import re
from contextlib import asynccontextmanager

import pytest

from connect_ext.cause import Cause
from connect_ext.metrics.waiting import LONG_PAST
from connect_ext.outcome_log import OUTCOMES
from sandbox.faults import DropBefore, Respond
from tests.in_process import running_extension
from tests.leaks import leaks

MOMENT_OR_ID = re.compile(r"PR(-\d+)+|\d{4}-\d\d-\d\dT[\d:]+\+00:00")
WORDS = set(
    re.findall(
        r"[a-z]+",
        " ".join([*(cause.value for cause in Cause), *OUTCOMES])
        + " seconds last tasks outcomes causes vendors connect waiting longest request since cause"
        " calls unanswered median ms breaker closed paused trial rest true null",
    )
) | {"Connect", "Metrics", "of", "the", "vendor", "p", "s", "metrics"}
"""All words that a line may hold besides ids and times."""


@pytest.fixture
def lines(caplog):
    """The metrics' lines so far."""
    caplog.set_level(logging.INFO, "eaas.eventsapp")

    def found():
        records = [r for r in caplog.records if r.name == "eaas.eventsapp.metrics"]
        assert {record.levelname for record in records} <= {"INFO"}
        return [record.getMessage() for record in records]

    return found


@asynccontextmanager
async def extension_with(**variables):
    async with running_extension(METRICS_FORMAT="json", **variables) as extension:
        yield extension


def last(lines):
    """The metrics of the only line, written at the end of the process."""
    [line] = lines()
    metrics = json.loads(line)["metrics"]
    assert metrics["last"]
    return metrics


async def later(lines):
    """The metrics of a line written from now on."""
    number = len(lines())
    while len(lines()) < number + 2:
        await asyncio.sleep(0.01)
    return json.loads(lines()[-1])["metrics"]


async def test_the_counts_match_a_known_set_of_requests(lines):
    async with extension_with() as extension:
        sandbox = extension.sandbox
        connect, vendor = sandbox.connect, sandbox.vendor
        requests = [sandbox.cancel() for _ in range(3)]
        requests += [sandbox.cancel(status="draft"), sandbox.cancel(status="cancelled")]
        requests.append(sandbox.cancel("a/b"))
        waiting = sandbox.cancel("SUB-DOWN")
        vendor.faults.add("GET", "/SUB-DOWN", Respond(503), times=1)
        lost = sandbox.cancel("SUB-LOST")
        vendor.faults.add("GET", "/SUB-LOST", DropBefore(), times=2)
        for request_id in [*requests, waiting, lost, lost]:
            await extension.deliver(request_id)
        read_by_the_runner = len(requests) + 3
        ours = len(connect.calls.calls) - read_by_the_runner
    metrics = last(lines)
    assert metrics["tasks"] == 9
    assert {name: n for name, n in metrics["outcomes"].items() if n} == {
        "approved": 4,
        "rejected": 1,
        "held": 1,
        "waits": 3,
    }
    assert metrics["causes"] == {
        "approved": {"already-cancelled": 1, "cancelled": 3},
        "rejected": {"not-started": 1},
        "held": {"id-pattern": 1},
        "waits": {"unreachable": 2, "vendor-error": 1},
    }
    assert metrics["vendors"].keys() == {"rest"}
    rest, connects = metrics["vendors"]["rest"], metrics["connect"]
    assert (rest["calls"], rest["unanswered"]) == (len(vendor.calls), 2)
    assert (connects["calls"], connects["unanswered"]) == (ours, 0)
    for side in (rest, connects):
        assert 0 < side["median_ms"] <= side["p99_ms"]
    assert metrics["waiting"] == 2
    assert {each["request"] for each in metrics["longest"]} == {waiting, lost}


async def test_after_the_first_task_a_line_comes_at_each_interval_even_with_zeros(lines):
    async with extension_with() as extension:
        extension.begin_new_process(metrics_seconds=1.0)  # a task takes much less
        await asyncio.sleep(1.2)
        assert lines() == []
        await extension.deliver(extension.sandbox.cancel())
        while len(lines()) < 3:
            await asyncio.sleep(0.01)
    metrics = [json.loads(line)["metrics"] for line in lines()]
    assert [each["outcomes"]["approved"] for each in metrics] == [1] + [0] * (len(metrics) - 1)
    assert [each["tasks"] for each in metrics] == [1] + [0] * (len(metrics) - 1)
    assert [each["connect"]["calls"] > 0 for each in metrics[:2]] == [True, False]
    assert metrics[0]["vendors"].keys() == {"rest"}
    assert metrics[1]["vendors"] == {}
    assert [each["last"] for each in metrics] == [False] * (len(metrics) - 1) + [True]


async def test_a_process_without_a_task_writes_none(lines):
    async with extension_with() as extension:
        await extension.application.on_startup(logging.getLogger("runner"), extension.variables)
        extension.begin_new_process()
    assert lines() == []


async def test_the_form_follows_the_variable_at_the_last_task(lines):
    async with running_extension() as extension:
        for form in ("text", "json", "yaml", "text"):
            extension.variables["METRICS_FORMAT"] = form
            extension.begin_new_process(metrics_seconds=900)
            await extension.deliver(extension.sandbox.cancel())
            extension.shared.metrics.end()
    text, as_json, mistaken, again = lines()
    assert text.startswith("Metrics of ")
    assert "tasks=1 approved=1 (cancelled=1) " in text
    assert json.loads(as_json)["metrics"]["tasks"] == 1
    # The variables cannot be read, so the wanted form is unknown.
    assert "waits=1 (variables=1)" in mistaken
    assert again.startswith("Metrics of ")


async def test_a_pause_is_shown_while_it_lasts(lines):
    async with extension_with() as extension:
        extension.begin_new_process(metrics_seconds=0.1)
        extension.sandbox.vendor.faults.add("GET", "/subscriptions/", Respond(503), times=5)
        for request_id in [extension.sandbox.cancel() for _ in range(6)]:
            await extension.deliver(request_id)
        # Nobody uses the vendor any more, but its pause is still shown.
        rest = (await later(lines))["vendors"]["rest"]
        assert (rest["calls"], rest["breaker"]) == (0, "paused")
        assert 0 < rest["paused_s"] <= 5
    metrics = [json.loads(line)["metrics"] for line in lines()]
    assert sum(each["outcomes"]["waits"] for each in metrics) == 6
    assert sum(each["causes"].get("waits", {}).get("paused", 0) for each in metrics) == 1


async def test_a_request_leaves_the_list_when_it_is_settled_here(lines):
    async with extension_with() as extension:
        extension.begin_new_process(metrics_seconds=0.1)
        request_id = extension.sandbox.cancel()
        extension.sandbox.vendor.faults.add("GET", "/subscriptions/", Respond(503), times=1)
        since = extension.sandbox.connect.request(request_id)["created"]
        await extension.deliver(request_id)
        assert (await later(lines))["longest"] == [
            {"request": request_id, "since": since, "cause": "vendor-error"}
        ]
        await extension.deliver(request_id)
        metrics = await later(lines)
        assert (metrics["waiting"], metrics["longest"]) == (0, [])


async def test_a_request_leaves_the_list_when_another_instance_has_settled_it(lines):
    async with extension_with() as extension:
        extension.begin_new_process(metrics_seconds=0.1)
        request_id = extension.sandbox.cancel()
        extension.sandbox.vendor.faults.add("GET", "/subscriptions/", Respond(503), times=1)
        countdown = (await extension.deliver(request_id)).countdown
        extension.begin_new_process(metrics_seconds=900)
        await extension.deliver(request_id)
        assert extension.sandbox.connect.status(request_id) == "approved"
        extension.let_pass(countdown)
        assert (await later(lines))["waiting"] == 1
        extension.let_pass(LONG_PAST.total_seconds())
        assert (await later(lines))["waiting"] == 0


REASON = b'{"error": {"message": "Dr. Ada Musterfrau-Lovelace owes 1,000 EUR."}}'


@pytest.mark.parametrize("form", ["text", "json"])
async def test_a_line_holds_only_our_words_ids_and_numbers(form, lines):
    async with running_extension(METRICS_FORMAT=form) as extension:
        sandbox = extension.sandbox
        for fault in (Respond(503, REASON), Respond(422, REASON), Respond(200, REASON)):
            request_id = sandbox.cancel()
            sandbox.vendor.faults.add("*", "/subscriptions/", fault, times=2)
            await extension.deliver(request_id)
        request = await extension.client().requests[request_id].get()
        for data in (None, {**request, "id": f"PR-1\n{REASON!r}"}, {**request, "created": "MARK"}):
            await extension.handle(data)
        extension.variables["REST_API_KEY"] = extension.variables["NOTES"] = "an-0ther-s3cret"
        await extension.deliver(sandbox.cancel())
        variables = set(extension.variables.values())
    [line] = lines()
    assert re.search(r'\btasks(=|": )7\b', line)
    assert set(re.findall(r"[A-Za-z]+", MOMENT_OR_ID.sub("", line))) <= WORDS
    secrets = {sandbox.vendor.api_key, sandbox.connect.api_key.partition(":")[2]}
    assert leaks(line, secrets) == []
    assert not any(value in line for value in variables if len(value) > 8)
