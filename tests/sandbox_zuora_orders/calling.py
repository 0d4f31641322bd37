"""Calls to the local Zuora over real HTTP, each checked against the official description."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import jsonschema

from sandbox.zuora_orders import LocalZuoraOrders

# Beside the repository, or further up.
_PLACES = [up / "shared" / "contracts" / "zuora" / "orders" for up in Path(__file__).parents]
CONTRACTS = next((place for place in _PLACES if place.exists()), _PLACES[0])
NEWEST = "2025-08-12"
TEMPLATES = (
    ("/v1/orders/subscription/", "/v1/orders/subscription/{subscriptionNumber}"),
    ("/v1/subscriptions/", "/v1/subscriptions/{subscription-key}"),
    ("/v1/orders/preview", "/v1/orders/preview"),
    ("/v1/orders/", "/v1/orders/{orderNumber}"),
)
Json = Any


@cache
def description() -> Json:
    """Zuora's official description, or None if it is not available."""
    path = CONTRACTS / "openapi.json"
    return json.loads(path.read_text()) if path.exists() else None


def resolved(schema: Json) -> Json:
    """The schema as JSON schema: references replaced, `nullable` spelt out."""
    if isinstance(schema, list):
        return [resolved(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        found = description()
        for step in schema["$ref"][2:].split("/"):
            found = found[step.replace("~1", "/").replace("~0", "~")]
        return resolved(found)
    whole = {name: resolved(each) for name, each in schema.items()}
    if whole.pop("nullable", False) is not True:
        return whole
    return {"anyOf": [whole, {"type": "null"}]}


@cache
def _validator(method: str, path: str, part: str) -> Any:
    """The validator of a request (`part` is empty) or of the answers with a status."""
    template = next((found for start, found in TEMPLATES if path.startswith(start)), path)
    operation = description()["paths"].get(template, {}).get(method.lower(), {})
    answers = operation.get("responses", {})
    where = operation.get("requestBody") if not part else answers.get(part, answers.get("4XX"))
    content = (where or {}).get("content", {}).get("application/json")
    checker = jsonschema.FormatChecker(("date", "uuid"))
    schema = resolved(content["schema"]) if content else {}
    return jsonschema.Draft202012Validator(schema, format_checker=checker)


def check(method: str, path: str, body: Json, status: int | None = None) -> None:
    """Validate a request, or the answer with a status."""
    if description() is not None:
        _validator(method, path, str(status or "")).validate(body)


class Caller:
    """A client of one version that fetches its token on demand."""

    def __init__(self, zuora: LocalZuoraOrders, http: httpx.AsyncClient) -> None:
        self.zuora, self.http, self.version = zuora, http, NEWEST
        self.token = ""

    async def get_token(self, **changes: str | None) -> httpx.Response:
        form = {
            "client_id": self.zuora.client_id,
            "client_secret": self.zuora.client_secret,
            "grant_type": "client_credentials",
            **changes,
        }
        data = {name: value for name, value in form.items() if value is not None}
        answer = await self.http.post(f"{self.zuora.url}/oauth/token", data=data)
        if answer.status_code == 200:
            check("POST", "/oauth/token", answer.json(), 200)
            self.token = answer.json()["access_token"]
        return answer

    async def call(
        self, method: str, path: str, body: Json = None, *, bad: bool = False, **headers: str
    ) -> httpx.Response:
        """`bad`: the request deviates from the description on purpose. Headers have `_` for `-`."""
        if not self.token:
            await self.get_token()
        if body is not None and not bad:
            check(method, path, body)
        sent = {"Authorization": f"Bearer {self.token}"}
        sent |= {"Zuora-Version": self.version} if self.version else {}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        url = self.zuora.url + path
        answer = await self.http.request(method, url, json=body, headers=sent)
        if answer.headers["Content-Type"].startswith("application/json") and answer.content:
            check(method, path.partition("?")[0], answer.json(), answer.status_code)
        return answer

    async def order(self, body: Json, **headers: Any) -> httpx.Response:
        return await self.call("POST", "/v1/orders", body, **headers)

    async def preview(self, body: Json, **headers: Any) -> httpx.Response:
        return await self.call("POST", "/v1/orders/preview", body, **headers)

    async def get(self, path: str, **headers: Any) -> httpx.Response:
        return await self.call("GET", f"/v1/{path}", **headers)

    def day(self, days: int = 0) -> str:
        """A day, counted from the tenant's today."""
        return (self.zuora.today() + timedelta(days=days)).isoformat()

    def cancellation(self, *numbers: str, **changes: Json) -> Json:
        """An order that cancels these today; in changes, `__` is a step down and None deletes."""
        today = self.day()
        triggers = ("ContractEffective", "ServiceActivation", "CustomerAcceptance")
        action = {
            "type": "CancelSubscription",
            "changeReason": "CloudBlue Connect PR-1",
            "triggerDates": [{"name": name, "triggerDate": today} for name in triggers],
            "cancelSubscription": {
                "cancellationPolicy": "SpecificDate",
                "cancellationEffectiveDate": today,
            },
        }
        body: Json = {
            "orderDate": today,
            "existingAccountNumber": "A00000001",
            "subscriptions": [
                {"subscriptionNumber": number, "orderActions": [deepcopy(action)]}
                for number in numbers
            ],
            "processingOptions": {"runBilling": False, "collectPayment": False},
        }
        return changed(body, changes)

    def previewed(self, number: str, **changes: Json) -> Json:
        """The preview of an order that cancels this subscription today."""
        options = {
            "previewThruType": "SpecificDate",
            "specificPreviewThruDate": self.day(),
            "previewTypes": ["BillingDocs"],
        }
        body = self.cancellation(number, processingOptions=None)
        return changed({**body, "previewOptions": options}, changes)


def changed(body: Json, changes: dict[str, Json]) -> Json:
    """The body with changes; `action`, `cancel` and `given` stand for the first ones."""
    places: dict[str, list[Any]] = {
        "given": ["subscriptions", 0],
        "action": ["subscriptions", 0, "orderActions", 0],
        "cancel": ["subscriptions", 0, "orderActions", 0, "cancelSubscription"],
        "options": ["processingOptions"],
        "preview": ["previewOptions"],
    }
    for path, value in changes.items():
        place, _, name = path.rpartition("__")
        inside: Json = body
        for step in places.get(place, []):
            inside = inside[step]
        if value is None:
            del inside[name]
        else:
            inside[name] = value.isoformat() if isinstance(value, date) else value
    return body


def code(answer: httpx.Response) -> int:
    """The only error code of an answer."""
    (reason,) = answer.json()["reasons"]
    assert answer.json()["success"] is False
    return int(reason["code"])
