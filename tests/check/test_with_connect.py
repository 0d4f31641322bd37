"""A check in the portal by the official runner, and whether requests end as checks say."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from itertools import count
from typing import Any

import pytest
import pytest_asyncio

from connect_ext.events import MAX_OUTPUT_CHARACTERS
from sandbox import Sandbox
from sandbox.connect.objects import Parameter
from sandbox.faults import Respond
from tests.check.trying import cancelled, tried
from tests.presets.stripe import Stripe
from tests.presets.vendors import serving

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

METHOD = "check_configuration"
PATIENCE = 60.0
SOON = {"SETTLE_MINUTES": "0.05"}


class World:
    """A sandbox with a running runner; each test has its own product."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox, self.connect, self.vendor = sandbox, sandbox.connect, sandbox.vendor
        self._numbers = count(100)
        self.overrides: dict[str, dict[str, str]] = {}

    def product(self, scheduling: bool = True, **variables: str) -> str:
        product_id = f"PRD-777-000-{next(self._numbers)}"
        self.connect.create_product(product_id=product_id, scheduling=scheduling)
        self.overrides = {product_id: variables}
        self.connect.set_variable("PRODUCT_OVERRIDES", json.dumps(self.overrides))
        return product_id

    def new(self, **fields: Any) -> str:
        return self.vendor.add(f"SUB-{next(self._numbers)}", **fields).id

    def variables(self) -> dict[str, str]:
        return {each.name: each.value for each in self.connect.environment.variables.values()}

    async def scheduled(self, **parameter: Any) -> Any:
        """The task of a check in the portal, once it is settled."""
        schedule_id = self.connect.create_schedule(METHOD, parameter)
        self.connect.trigger(schedule_id)
        return await self.connect.schedule_settled(schedule_id, PATIENCE)

    async def requested(self, product_id: str, *parameters: Parameter) -> str:
        """The outcome of a real request, in a check's word for it."""
        asset_id = self.connect.create_subscription(product_id=product_id, parameters=parameters)
        request_id = self.connect.create_cancel_request(asset_id)
        [task] = await self.connect.answered(request_id, timeout=PATIENCE)
        status = self.connect.status(request_id)
        if status != "pending":
            return {"approved": "approve", "failed": "reject", "scheduled": "schedule"}[status]
        return {"fail": "hold", "reschedule": "wait"}[task.results[0].result]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world() -> AsyncIterator[World]:
    async with Sandbox(countdown_scale=1.0, retry_seconds=600) as sandbox:
        runner = await sandbox.start_runner()
        yield World(sandbox)
        await runner.kill()


# A check's answer, and how a request ends.


LATER = {"WHEN_EFFECTIVE_LATER": "schedule", "CANCELLATION_DATE": "end_of_term"}

CASES = {
    "active": ({}, {}),
    "cancelled": ({"status": "cancelled"}, {}),
    "cancelling": ({"status": "cancelling"}, {}),
    "draft": ({"status": "draft"}, {}),
    "in no list": ({"status": "frozen"}, {}),
    "at the end of its term": ({"term_ends": "2031-01-01"}, LATER),
    "without a term": ({}, LATER),
    "without a term, rejected": ({}, {**LATER, "ON_NO_TERM_END": "reject"}),
    "ends later": ({"status": "ends_later", "ends_at": "2031-01-01"}, {**LATER, **SOON}),
    "misspelt path": ({}, {"REST_STATUS_PATH": "state"}),
    "wrong key": ({}, {"REST_API_KEY": "not-the-key"}),
    "closed port": ({}, {"REST_API_URL": "http://127.0.0.1:9"}),
    "misspelt parameter": ({}, {"REST_HEADERS": '{"X-T": "{parameter:tenant}"}'}),
    "another path": ({}, {"REST_STATUS_REQUEST": "GET /x/{subscription_id}", **SOON}),
}
"""Each case is a subscription at the vendor, with the product's variables."""

EXPECTED = {"cancel": ("approve", "schedule")}


async def agrees(world: World, product_id: str, subscription_id: str) -> str:
    """The outcome that a check and a request agree on."""
    report = await tried(world.variables(), subscription_id, product_id=product_id)
    outcome = await world.requested(product_id, Parameter("subscription_id", subscription_id))
    assert outcome in EXPECTED.get(report.outcome, (report.outcome,)), report.decision
    assert report.would_be_approved == (outcome in ("approve", "schedule"))
    return outcome


@pytest.mark.parametrize("name", CASES)
async def test_a_request_ends_as_the_check_says(world, name):
    fields, variables = CASES[name]
    later = world.vendor.variables_for_later_ends() if variables.get("CANCELLATION_DATE") else {}
    product_id = world.product(**later, **variables)
    await agrees(world, product_id, world.new(**fields))


@pytest.mark.parametrize(
    ("subscription_id", "on_not_found", "outcome"),
    [
        ("NOBODY", "hold", "hold"),
        ("NOBODY", "reject", "reject"),
        ("NOBODY", "approve", "approve"),
        ("no id", "hold", "hold"),
        ("", "hold", "reject"),
    ],
)
async def test_a_request_with_an_unknown_id_ends_as_the_check_says(
    world, subscription_id, on_not_found, outcome
):
    product_id = world.product(ON_NOT_FOUND=on_not_found, **SOON)
    assert await agrees(world, product_id, subscription_id) == outcome


async def test_a_request_to_a_failing_vendor_ends_as_the_check_says(world):
    subscription_id = world.new()
    world.vendor.faults.add("GET", subscription_id, Respond(503))
    assert await agrees(world, world.product(), subscription_id) == "wait"


async def test_requests_to_other_vendors_end_as_the_check_says(world):
    orders, zuora = world.sandbox.zuora_orders, world.sandbox.zuora
    for variables, key in (
        (orders.variables(), orders.add().number),
        (zuora.variables("78.0"), zuora.add().name),
    ):
        assert await agrees(world, world.product(**variables), key) == "approve"
    async with serving(Stripe()) as stripe:
        held = stripe.add()
        assert await agrees(world, world.product(**stripe.variables()), held.id) == "approve"


@pytest.mark.parametrize(
    ("fields", "outcome"),
    [
        ({"refusal": "It is leased until May."}, "reject"),
        ({"locked_seconds": 600}, "wait"),
        ({"shows_after_seconds": 600}, "wait"),
        ({"cancelling_seconds": 600}, "wait"),
    ],
)
async def test_a_real_cancellation_ends_like_a_request(world, fields, outcome):
    product_id, variables = world.product(), world.variables()
    report = await cancelled(variables, world.new(**fields), wait_seconds=0, product_id=product_id)
    assert (report.outcome, report.was_sent) == (outcome, True)
    parameter = Parameter("subscription_id", world.new(**fields))
    assert await world.requested(product_id, parameter) == outcome


# The check in the portal.


async def test_a_schedule_succeeds_with_the_decision_first_and_changes_nothing(world):
    subscription_id = world.new()
    task = await world.scheduled(subscription_id=subscription_id, product_id=world.product())
    assert task.status.value == "succeeded"
    lines = task.output.splitlines()
    assert lines[0] == "✓ The subscription would be cancelled and the request approved."
    assert "This would be sent" in task.output
    # Requests of other tests still wait and look up their subscriptions meanwhile.
    calls = [call for call in world.vendor.calls if f"/{subscription_id}" in call.path]
    assert [call.method for call in calls] == ["GET"]


async def test_a_schedule_fails_with_the_variable_to_look_at(world):
    product_id = world.product(REST_STATUS_PATH="state")
    task = await world.scheduled(subscription_id=world.new(), product_id=product_id)
    assert task.status.value == "failed"
    assert task.output.startswith("✗ The request would wait: REST_STATUS_PATH finds nothing")


async def test_mistakes_in_the_variables_are_in_the_output_and_in_the_log(world):
    product_id = world.product(NOTES="loud")
    task = await world.scheduled(subscription_id=world.new(), product_id=product_id)
    world.product()
    assert task.status.value == "failed"
    assert "NOTES got 'loud'; it takes private, message or off." in task.output
    assert "NOTES got 'loud'" in world.sandbox.runners[0].log


@pytest.mark.parametrize(
    ("parameter", "said"),
    [
        ({"subscriptionId": "S-1"}, "this one does not match"),
        ({"subscription_id": ["S-1"]}, '"subscription_id" is not a text'),
        ({"subscription_id": "S-1", "product_id": "../x"}, '"product_id" is not the id'),
        ({"subscription_id": "S-1", "parameters": ["x"]}, '"parameters" is not an object of texts'),
        ({}, "Nothing is decided: name a subscription to continue."),
    ],
)
async def test_a_wrong_parameter_is_reported_with_the_expected_form(world, parameter, said):
    task = await world.scheduled(**parameter)
    assert (task.status.value, said in task.output) == ("failed", True), task.output


async def test_parameters_of_the_request_can_be_given_and_are_not_shown(world):
    product_id = world.product(REST_HEADERS='{"X-Tenant": "{parameter:tenant}"}')
    subscription_id = world.new()
    task = await world.scheduled(
        subscription_id=subscription_id, product_id=product_id, parameters={"tenant": "Blauwal"}
    )
    assert task.status.value == "succeeded"
    assert "X-Tenant: […]" in task.output
    assert "Blauwal" not in task.output + world.sandbox.runners[0].log
    [call] = world.vendor.calls_to("GET", subscription_id)
    assert call.headers["X-Tenant"] == "Blauwal"


async def test_secure_variables_are_used_but_neither_shown_nor_logged(world):
    task = await world.scheduled(subscription_id=world.new(), product_id=world.product())
    assert task.status.value == "succeeded"
    log = world.sandbox.runners[0].log
    assert world.vendor.api_key not in task.output + log
    [line] = [each for each in log.splitlines() if "Check of the configuration: " in each][-1:]
    assert "a request would be approved (cancel). the status request (REST_STATUS_REQUEST)" in line
    assert "127.0.0.1" not in line


async def test_the_output_of_a_long_report_is_cut_at_its_end(world):
    orders = world.sandbox.zuora_orders
    key = orders.add().number
    product_id = world.product(**orders.variables())
    task = await world.scheduled(subscription_id=key, product_id=product_id)
    assert len(task.output) <= MAX_OUTPUT_CHARACTERS
    assert task.output.startswith("✓ ")
    assert "This would be sent" in task.output


async def test_a_product_without_a_template_is_reported(world):
    product_id = world.product()
    world.connect.catalogue.templates[product_id].clear()
    task = await world.scheduled(subscription_id=world.new(), product_id=product_id)
    assert (task.status.value, "template" in task.output) == ("failed", True), task.output


async def test_a_multi_account_extension_checks_as_well():
    async with Sandbox(multi_account=True) as sandbox:
        runner = await sandbox.start_runner()
        sandbox.vendor.add("SUB-1")
        schedule_id = sandbox.connect.create_schedule(METHOD, {"subscription_id": "SUB-1"})
        sandbox.connect.trigger(schedule_id)
        task = await sandbox.connect.schedule_settled(schedule_id, PATIENCE)
        assert (task.status.value, task.output[0]) == ("succeeded", "✓")
        await runner.kill()
