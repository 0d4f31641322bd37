"""The tables of fields, checked against the official description, and the messages."""

from __future__ import annotations

import re
import string
from typing import Any

import pytest

from sandbox.zuora_orders.fields import ORDER, PREVIEW, QUERIES, Field
from sandbox.zuora_orders.messages import message, texts
from tests.sandbox_zuora_orders.calling import CONTRACTS, Caller, description, resolved

OPERATIONS = {
    "order": ("/v1/orders", "post"),
    "preview": ("/v1/orders/preview", "post"),
    "order by number": ("/v1/orders/{orderNumber}", "get"),
    "delete order": ("/v1/orders/{orderNumber}", "delete"),
    "orders": ("/v1/orders/subscription/{subscriptionNumber}", "get"),
    "subscription": ("/v1/subscriptions/{subscription-key}", "get"),
}
official = pytest.mark.skipif(not CONTRACTS.exists(), reason="the contracts are not here")


def described(schema: Any) -> Any:
    """An official object as a table with the same facts as the sandbox's tables."""
    required = schema.get("required", [])
    return {
        name: _described(each, name in required)
        for name, each in schema.get("properties", {}).items()
    }


def _described(schema: Any, required: bool) -> Any:
    item = schema.get("items", {})
    inside = item or schema
    kind = "date" if schema.get("format") == "date" else schema["type"]
    opaque = bool(schema.get("x-pruned"))
    return {
        "kind": kind,
        "item": item.get("type", "object"),
        "required": required,
        "enum": set(inside.get("enum", ())),
        "max_length": inside.get("maxLength"),
        "minimum": inside.get("minimum"),
        "maximum": inside.get("maximum"),
        "opaque": opaque,
        "fields": described(inside) if inside["type"] == "object" and not opaque else None,
    }


def table(fields: tuple[Field, ...]) -> Any:
    return {
        field.name: {
            "kind": field.kind,
            "item": field.item,
            "required": field.required,
            "enum": set(field.enum),
            "max_length": field.max_length,
            "minimum": field.minimum,
            "maximum": field.maximum,
            "opaque": field.opaque,
            "fields": None if field.fields is None else table(field.fields),
        }
        for field in fields
    }


@official
@pytest.mark.parametrize(("operation", "fields"), [("order", ORDER), ("preview", PREVIEW)])
def test_a_body_has_the_described_fields(operation: str, fields: tuple[Field, ...]) -> None:
    path, method = OPERATIONS[operation]
    body = description()["paths"][path][method]["requestBody"]["content"]["application/json"]
    assert table(fields) == described(resolved(body["schema"]))


@official
@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_query_has_the_described_parameters(operation: str) -> None:
    path, method = OPERATIONS[operation]
    parameters = resolved(description()["paths"][path][method]["parameters"])
    schemas = {each["name"]: each["schema"] for each in parameters if each["in"] == "query"}
    wanted = described({"properties": schemas})
    if operation == "orders":
        wanted["pageSize"]["minimum"] = 1
    assert table(QUERIES[operation]) == wanted


@pytest.mark.parametrize("name", texts())
def test_a_message_says_the_same_in_both_languages(name: str) -> None:
    english, japanese = texts()[name]
    values = {field: "X-1" for _, field, _, _ in string.Formatter().parse(english) if field}
    found = {field for _, field, _, _ in string.Formatter().parse(japanese) if field}
    assert found == set(values)
    if name != "said":
        assert re.search(r"[\u3040-\u9fff]", message("ja", name, **values))
    assert message("en", name, **values).count("X-1") >= len(values)


async def test_messages_are_in_the_users_language_and_quote_keys(caller: Caller) -> None:
    caller.zuora.language = "ja"
    caller.zuora.add("A-S1", "Cancelled", account_number="A-7")
    caller.zuora.on("preview").locked()
    owner = caller.cancellation("A-S1", existingAccountNumber="A-7")
    calls = [
        caller.get("subscriptions/A-S9"),
        caller.order(owner),
        caller.preview(caller.previewed("A-S1")),
    ]
    said = [(await call).json()["reasons"][0]["message"] for call in calls]
    assert all(re.search(r"[\u3040-\u9fff]", text) for text in said)
    assert "A-S9" in said[0]
    assert "A-S1" in said[1]
