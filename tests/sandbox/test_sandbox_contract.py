"""The local Connect's answers, checked against the platform's official document."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from sandbox import LocalConnect
from sandbox.connect import filters
from sandbox.connect.environment import ENVIRONMENT_ID, INSTALLATION_ID, SERVICE_ID

Check = Callable[..., Any]

# docs/facts.md, Connect 1.1: the filters' enums are right, the answers' enums are stale.
STALE_ENUMS = {
    "draft": "draft tiers_setup pending inquiring approved failed scheduled revoking revoked",
    "active": "draft processing active terminating suspended terminated",
}
# docs/facts.md, Connect 1.1: real preview requests have the connection type "preview".
CONNECTION_TYPES = ["preview", "test", "production"]
# Here the document describes impossible answers: a list of statuses as an object (docs/facts.md,
# Connect 5.1), a subscription's parameters as a list of lists, and quantities as numbers (they are
# strings: 1.4).
MISDESCRIBED = ("object_statuses", "params", "quantity")
# The collections' filters, in the order of `sandbox/connect/filters.py`.
COLLECTIONS = {
    "/requests": filters.REQUESTS,
    "/assets": filters.ASSETS,
    "/products/{product_product_id}/templates": filters.TEMPLATES,
    "/devops/services/{extension_id}/environments/{environment_id}/tasks": filters.TASKS,
    "/devops/services/{extension_id}/environments/{environment_id}/schedules": filters.SCHEDULES,
    "/conversations": filters.CONVERSATIONS,
    "/conversations/{conversation_id}/messages": filters.MESSAGES,
    "/devops/services/{extension_id}/environments/{environment_id}/variables": filters.VARIABLES,
    "/accounts": filters.ACCOUNTS,
    "/devops/event-definitions": filters.EVENT_DEFINITIONS,
}
# It is not in the document, but code written long ago for the platform filters by it.
OLD_FILTERS = {"name": filters.TEMPLATES}
LACKING = {"like", "ilike", "null"}
ENVIRONMENT = f"devops/services/{SERVICE_ID}/environments/{ENVIRONMENT_ID}"
DEVOPS = "/devops/services/{extension_id}/environments/{environment_id}"


@pytest.fixture(scope="module")
def document() -> Any:
    root = Path(__file__).resolve().parent.parent.parent
    path = root.parent / "shared" / "contracts" / "connect" / "openapi.json"
    if not path.exists():
        pytest.skip("the official document is not here")
    return json.loads(path.read_text())


def resolved(schema: Any, document: Any) -> Any:
    """The schema as JSON schema: references replaced, `nullable` spelt out, enums corrected."""
    if isinstance(schema, list):
        return [resolved(each, document) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        found = document
        for step in schema["$ref"][2:].split("/"):
            found = found[step.replace("~1", "/").replace("~0", "~")]
        return resolved(found, document)
    whole = {name: resolved(each, document) for name, each in schema.items()}
    for name in MISDESCRIBED:
        if name in whole.get("properties", {}) and isinstance(whole["properties"][name], dict):
            whole["properties"][name] = {}
    return nullable(corrected(whole))


def corrected(schema: Any) -> Any:
    enum = schema.get("enum")
    if isinstance(enum, list):
        if {"draft", "tiers_setup"} <= set(enum):
            return {**schema, "enum": STALE_ENUMS["draft"].split()}
        if {"active", "suspended"} <= set(enum):
            return {**schema, "enum": STALE_ENUMS["active"].split()}
        if enum == ["test", "production"]:
            return {**schema, "enum": CONNECTION_TYPES}
    return schema


def nullable(schema: Any) -> Any:
    if schema.pop("nullable", False) is True and isinstance(schema.get("type"), str):
        enum = {"enum": [*schema["enum"], None]} if "enum" in schema else {}
        return {**schema, "type": [schema["type"], "null"], **enum}
    return schema


@pytest.fixture
def check(document: Any, call: Any) -> Check:
    """Make a call and validate its answer against the document's schema."""

    async def checked(
        method: str, path: str, template: str, payload: Any = None, expected: int = 200
    ) -> Any:
        status, body = await call(method, path, payload)
        assert status == expected, body
        operation = document["paths"][template][method.lower()]
        answer = resolved(operation["responses"][str(expected)], document)
        schema = answer["content"]["application/json"].get("schema", {})
        jsonschema.Draft202012Validator(schema).validate(body)
        return body

    return checked


def documented(document: Any, path: str) -> dict[str, Any]:
    """The filters that the document lists for a collection, by their names."""
    parameters = document["paths"][path]["get"].get("parameters", [])
    return {each["name"]: each for each in parameters if each.get("in") == "query"}


def lookups(parameter: Any) -> set[str]:
    found = re.search(r"\*\*lookups:\*\* ?(.*)", parameter["description"])
    assert found
    return set(filter(None, found[1].split(", ")))


@pytest.mark.parametrize("path", COLLECTIONS)
def test_a_collection_only_has_the_documents_filters(document: Any, path: str) -> None:
    listed = documented(document, path)
    for name, kind in COLLECTIONS[path].filters.items():
        if OLD_FILTERS.get(name) is COLLECTIONS[path]:
            continue
        parameter = listed[name]
        assert kind.lookups == lookups(parameter) - LACKING, name
        assert kind.is_ordered == ("**ordering:** true" in parameter["description"]), name
        assert kind.choices <= set(parameter["schema"].get("enum", [])), name


@pytest.mark.parametrize("path", COLLECTIONS)
def test_only_fields_named_by_the_document_can_be_selected(document: Any, path: str) -> None:
    listed = documented(document, path)
    for name in COLLECTIONS[path].left_out:
        assert "explicit negative select" in listed[name]["description"]
    for name in COLLECTIONS[path].hidden:
        assert "**default:** *hidden*" in listed[name]["description"]


async def test_requests_are_as_the_document_describes_them(
    connect: LocalConnect, check: Check
) -> None:
    asset = {"id": connect.create_subscription("A-1")}
    payload = {"type": "cancel", "asset": asset}
    request = await check("POST", "requests", "/requests", payload, 201)
    await check("GET", "requests", "/requests")
    lean = "select(-asset.items,-asset.configuration,-activation_key,-template)"
    await check("GET", f"requests?{lean}", "/requests")
    await check("GET", f"requests/{request['id']}", "/requests/{id}")
    templates = await check(
        "GET",
        f"products/{connect.default_product()}/templates?scope=asset&type=fulfillment",
        "/products/{product_product_id}/templates",
    )
    body = {"template_id": templates[0]["id"], "effective_date": request["created"]}
    approve = f"requests/{request['id']}/approve"
    await check("POST", approve, "/requests/{id}/approve", body)


async def test_the_other_ends_of_a_request_are_as_the_document_describes_them(
    connect: LocalConnect, check: Check
) -> None:
    failed, scheduled = connect.cancel("A-1"), connect.cancel("A-2")
    reason = {"reason": "in use"}
    await check("POST", f"requests/{failed}/fail", "/requests/{id}/fail", reason)
    date = {"planned_date": (datetime.now(timezone.utc) + timedelta(days=1)).isoformat()}
    for action, payload in (("schedule", date), ("revoke", reason), ("confirm", None)):
        path = f"/requests/{{id}}/{action}"
        await check("POST", f"requests/{scheduled}/{action}", path, payload)


async def test_a_refusal_has_the_document_s_error_body(check: Check) -> None:
    await check("POST", "requests", "/requests", {"type": "cancel"}, 400)


async def test_subscriptions_are_as_the_document_describes_them(
    connect: LocalConnect, check: Check
) -> None:
    asset_id = connect.create_subscription("A-1")
    connect.create_cancel_request(asset_id)
    asset = await check("GET", f"assets/{asset_id}", "/assets/{id}")
    assert asset["pending_request"]["type"] == "cancel"
    await check("GET", "assets", "/assets")
    await check("GET", "assets?select(-items,-configuration,pending_request)", "/assets")


async def test_conversations_are_as_the_document_describes_them(
    connect: LocalConnect, check: Check
) -> None:
    request_id = connect.cancel("A-1")
    messages = "/conversations/{conversation_id}/messages"
    (found,) = await check("GET", f"conversations?instance_id={request_id}", "/conversations")
    await check("GET", f"conversations/{found['id']}", "/conversations/{id}")
    note = {"text": "hello", "type": "private"}
    await check("POST", f"conversations/{found['id']}/messages", messages, note, 201)
    await check("GET", f"conversations/{found['id']}/messages", messages)


async def test_the_operators_view_is_as_the_document_describes_it(
    connect: LocalConnect, check: Check
) -> None:
    connect.cancel("A-1")
    connect.set_variable("NAME", "value", secure=True)
    (task,) = await check("GET", f"{ENVIRONMENT}/tasks", f"{DEVOPS}/tasks")
    await check("GET", f"{ENVIRONMENT}/tasks/{task['id']}", f"{DEVOPS}/tasks/{{id}}")
    variables = f"{DEVOPS}/variables"
    await check("GET", f"{ENVIRONMENT}/variables", variables)
    await check("PUT", f"{ENVIRONMENT}/variables/NAME", f"{variables}/{{id}}", {"value": "x"})
    new = {"name": "OTHER", "value": "y", "secure": False}
    await check("POST", f"{ENVIRONMENT}/variables", variables, new, 201)
    await check("GET", "devops/event-definitions", "/devops/event-definitions")
    await check("GET", "accounts", "/accounts")


@pytest.mark.parametrize(
    "trigger",
    [
        {"type": "onetime", "date": "2999-12-15T00:00:00+00:00"},
        {"type": "recurring", "unit": "days", "amount": 2, "start": "2021-12-15T00:00:00+00:00"},
        {"type": "advanced", "cron_expression": "0 */2 * * *", "end": None},
    ],
)
async def test_schedules_and_their_tasks_are_as_the_document_describes_them(
    connect: LocalConnect, check: Check, trigger: Any
) -> None:
    connect.environment.offer([{"method": "check", "name": "Check", "description": "Checks."}])
    payload = {"name": "PR Approve", "method": "check", "trigger": trigger}
    template, path = f"{DEVOPS}/schedules", f"{ENVIRONMENT}/schedules"
    made = await check("POST", path, template, payload, 201)
    await check("POST", f"{path}/{made['id']}/trigger", f"{template}/{{id}}/trigger")
    (listed,) = await check("GET", path, template)
    assert listed == await check("GET", f"{path}/{made['id']}", f"{template}/{{id}}")
    assert listed["events"]["last_triggered"]
    (task,) = await check("GET", f"{ENVIRONMENT}/tasks", f"{DEVOPS}/tasks")
    assert task["object"]["category"] == "scheduled"


async def test_an_installation_is_as_the_document_describes_it(
    connect: LocalConnect, check: Check
) -> None:
    connect.environment.multi_account = True
    await check("GET", f"devops/installations/{INSTALLATION_ID}", "/devops/installations/{id}")
