"""A vendor that needs more than an id: the customer's id, the whole resource and its etag.
Microsoft's Partner Center is like that (docs/facts.md, HTTP 5).

The test has its own server, which refuses incomplete calls.
"""

from __future__ import annotations

import copy
import json
from uuid import UUID

import pytest_asyncio
from aiohttp import web

from sandbox import Parameter
from sandbox.http_server import HttpServer

CUSTOMER = "d8202a51-69f9-4228-b900-d0e081af17d7"
ADDRESS = "/v1/customers/{parameter:customer_id}/subscriptions/{subscription_id}"
VARIABLES = {
    "REST_AUTH": "bearer",
    "REST_API_KEY": "t0ken-of-the-partner",
    "REST_STATUS_REQUEST": f"GET {ADDRESS}",
    "REST_CANCELLED_VALUES": "deleted",
    "REST_ID_PATH": "id",
    "REST_REASON_PATH": "description",
    "REST_LOOKED_UP": json.dumps(
        {
            "etag": "attributes.etag",
            "quantity": "quantity",
            "resource": "merge(@, {status: 'deleted'})",
        }
    ),
    "REST_CANCEL_REQUEST": f"PATCH {ADDRESS}?quantity={{quantity}}",
    "REST_CANCEL_BODY": '"{resource}"',
    "REST_HEADERS": '{"If-Match": "\\"{etag}\\"", "MS-CorrelationId": "{request_uuid}"}',
    "REST_IDEMPOTENCY_HEADER": "MS-RequestId: {request_uuid}",
}


class PartnerCenter:
    """One customer's subscriptions; every change gives a new etag."""

    def __init__(self) -> None:
        self.subscriptions: dict[str, dict] = {}
        self.cancellations: list[tuple[str, int]] = []
        """The ids that calls asked to delete, with the answers."""
        self.changes_before: set[str] = set()
        """The ids that somebody changes just before the cancellation arrives."""
        self.server = HttpServer(self._application)

    def add(self, subscription_id: str) -> None:
        self.subscriptions[subscription_id] = {
            "id": subscription_id,
            "offerName": "Größe M",
            "quantity": 25,
            "autoRenewEnabled": True,
            "status": "active",
            "suspensionReasons": [],
            "links": {"self": {"uri": f"/subscriptions/{subscription_id}", "headers": []}},
            "attributes": {"etag": "eyJpZCI6MX0=", "objectType": "Subscription"},
        }

    def _application(self) -> web.Application:
        application = web.Application()
        path = f"/v1/customers/{CUSTOMER}/subscriptions/{{id}}"
        application.add_routes([web.get(path, self._shown), web.patch(path, self._changed)])
        return application

    async def _shown(self, request: web.Request) -> web.Response:
        if problem := self._problem(request) or ("If-Match" in request.headers and "If-Match"):
            return _refusal(400, 1000, f"Wrong: {problem}.")
        found = self.subscriptions.get(request.match_info["id"])
        return web.json_response(found) if found else _refusal(404, 4000, "No such subscription.")

    async def _changed(self, request: web.Request) -> web.Response:
        answer = await self._answer(request)
        self.cancellations.append((request.match_info["id"], answer.status))
        return answer

    async def _answer(self, request: web.Request) -> web.Response:
        found = self.subscriptions[request.match_info["id"]]
        if found["id"] in self.changes_before:
            self.changes_before.remove(found["id"])
            self._change(found, quantity=30)
        problem = self._problem(request) or _problem_of_key(request)
        if problem:
            return _refusal(400, 1000, f"Wrong: {problem}.")
        if request.headers.get("If-Match") != f'"{found["attributes"]["etag"]}"':
            return _refusal(412, 2055, "The subscription has changed.")
        body = await request.json()
        expected = {**found, "status": "deleted"}
        is_whole = json.dumps(body, sort_keys=True) == json.dumps(expected, sort_keys=True)
        if not is_whole or request.query_string != f"quantity={found['quantity']}":
            return _refusal(400, 2000, "The resource is not the whole one.")
        self._change(found, status="deleted")
        return web.json_response(found)

    def _change(self, found: dict, **members: object) -> None:
        found.update(copy.deepcopy(members))
        found["attributes"] = {**found["attributes"], "etag": found["attributes"]["etag"] + "+"}

    def _problem(self, request: web.Request) -> str:
        if request.headers.get("Authorization") != "Bearer t0ken-of-the-partner":
            return "Authorization"
        return "" if _is_guid(request.headers.get("MS-CorrelationId", "")) else "MS-CorrelationId"


def _problem_of_key(request: web.Request) -> str:
    if request.content_type != "application/json":
        return "Content-Type"
    return "" if _is_guid(request.headers.get("MS-RequestId", "")) else "MS-RequestId"


def _is_guid(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def _refusal(status: int, code: int, description: str) -> web.Response:
    return web.json_response({"code": code, "description": description}, status=status)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def partner_center():
    vendor = PartnerCenter()
    await vendor.server.start()
    yield vendor
    await vendor.server.stop()


def cancelled(world, vendor, product_id, *more):
    """A new subscription that is cancelled: the ids of the request and at the vendor."""
    subscription_id = world.subscription_id()
    vendor.add(subscription_id)
    own = Parameter("subscription_id", subscription_id)
    asset_id = world.connect.create_subscription(product_id=product_id, parameters=[own, *more])
    return world.connect.create_cancel_request(asset_id), subscription_id


def product(world, vendor, **variables):
    return world.product(**VARIABLES, REST_API_URL=vendor.server.url, **variables)


OF_CUSTOMER = Parameter("customer_id", CUSTOMER)


async def test_the_whole_resource_goes_back_with_its_etag_and_the_customers_id(
    world, partner_center
):
    product_id = product(world, partner_center)
    request_id, subscription_id = cancelled(world, partner_center, product_id, OF_CUSTOMER)
    request = await world.connect.settled(request_id)
    assert (request["status"], request["asset"]["status"]) == ("approved", "terminated")
    assert partner_center.subscriptions[subscription_id]["status"] == "deleted"
    calls = [status for found, status in partner_center.cancellations if found == subscription_id]
    assert calls == [200]


async def test_a_resource_changed_since_the_look_is_read_again_and_cancelled_once(
    world, partner_center
):
    product_id = product(world, partner_center)
    request_id, subscription_id = cancelled(world, partner_center, product_id, OF_CUSTOMER)
    partner_center.changes_before.add(subscription_id)
    assert (await world.connect.settled(request_id))["status"] == "approved"
    found = partner_center.subscriptions[subscription_id]
    assert (found["status"], found["quantity"]) == ("deleted", 30)
    calls = [status for found, status in partner_center.cancellations if found == subscription_id]
    assert calls == [412, 200]


async def test_without_the_customers_id_it_waits_for_a_person_and_nobody_is_called(
    world, partner_center
):
    from_customer = Parameter("customer_id", CUSTOMER, phase="ordering")
    product_id = product(world, partner_center)
    request_id, subscription_id = cancelled(world, partner_center, product_id, from_customer)
    [task] = await world.connect.answered(request_id)
    assert (task.results[0].result, task.results[0].countdown >= 240) == ("reschedule", True)
    assert world.connect.status(request_id) == "pending"
    assert "no fulfillment parameter 'customer_id'" in world.connect.notes(request_id)[0]["text"]
    assert subscription_id not in dict(partner_center.cancellations)


async def test_a_dry_run_shows_the_call_without_data_of_the_vendor_and_the_customer(
    world, partner_center
):
    product_id = product(world, partner_center, DRY_RUN="true")
    request_id, subscription_id = cancelled(world, partner_center, product_id, OF_CUSTOMER)
    [task] = await world.connect.tasks_settled(request_id)
    assert task.status.value == "skipped"
    assert f"/subscriptions/{subscription_id}?quantity=REST_LOOKED_UP.quantity" in task.output
    assert 'with the body "REST_LOOKED_UP.resource"' in task.output
    for hidden in ("Größe", "eyJpZCI6MX0", CUSTOMER, "d0e081af17d7"):
        assert hidden not in task.output
    assert subscription_id not in dict(partner_center.cancellations)
