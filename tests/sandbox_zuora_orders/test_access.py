"""Tokens, clients, headers and versions."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.zuora_orders import LocalZuoraOrders
from tests.sandbox_zuora_orders.calling import Caller, code


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({}, 200, None),
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "00000000-0000-4000-8000-000000000000"}, 401, "invalid_client"),
        ({"client_id": "short"}, 400, "invalid_request"),
        ({"client_secret": "x" * 43}, 400, "invalid_request"),
        ({"client_secret": None}, 400, "invalid_request"),
        ({"scope": "any"}, 400, "invalid_request"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
    ],
)
async def test_a_token_is_issued_for_exactly_the_described_form(
    caller: Caller, changes: dict[str, Any], status: int, error: str | None
) -> None:
    answer = await caller.get_token(**changes)
    assert (answer.status_code, answer.json().get("error")) == (status, error)
    assert caller.zuora.tokens.issued == len(caller.zuora.tokens.all) == (status == 200)


async def test_a_token_request_with_an_authorization_header_is_refused(caller: Caller) -> None:
    caller.http.auth = ("user", "password")
    assert (await caller.get_token()).status_code == 400


async def test_a_secret_that_is_not_url_encoded_is_another_secret(caller: Caller) -> None:
    zuora = caller.zuora
    form = f"grant_type=client_credentials&client_id={zuora.client_id}&client_secret="
    answer = await caller.http.post(
        f"{zuora.url}/oauth/token",
        content=form + zuora.client_secret,
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert answer.status_code in (400, 401)
    assert len(zuora.client_id) == 36
    assert len(zuora.client_secret) <= 42


@pytest.mark.parametrize("token", ["x", "0" * 32])
async def test_a_call_without_a_valid_token_is_refused_before_anything_else(
    caller: Caller, token: str
) -> None:
    caller.zuora.add("A-S1")
    body = caller.cancellation("A-S1")
    answer = await caller.order(body, Authorization=f"Bearer {token}", Idempotency_Key="k")
    assert (answer.status_code, code(answer)) == (401, 90000011)
    assert (await caller.order(body, Idempotency_Key="k")).status_code == 200


async def test_tokens_end_when_all_expire_or_their_client_goes(caller: Caller) -> None:
    zuora = caller.zuora
    zuora.add("A-S1")
    identifier, secret = zuora.add_client("other")
    assert (await caller.get("subscriptions/A-S1")).status_code == 200
    zuora.tokens.expire_all()
    assert (await caller.get("subscriptions/A-S1")).status_code == 401
    await caller.get_token(client_id=identifier, client_secret=secret)
    assert zuora.client_name_of(caller.token) == "other"
    assert (await caller.get("subscriptions/A-S1")).status_code == 200
    zuora.remove_client(identifier)
    assert (await caller.get("subscriptions/A-S1")).status_code == 401
    clients = [call.client for call in zuora.calls]
    assert clients == ["sandbox", "sandbox", "sandbox", "other", "other", "other"]


async def test_a_token_expires_by_itself(caller: Caller) -> None:
    caller.zuora.tokens.expires_in = 0
    assert (await caller.get("subscriptions/A-S1")).status_code == 401


@pytest.mark.parametrize(
    ("version", "status"),
    [("", 200), ("223.0", 200), ("2024-05-19", 200), ("2024-05-20", 404), ("2025-08-12", 404)],
)
async def test_errors_have_their_own_statuses_from_a_version_on(
    caller: Caller, version: str, status: int
) -> None:
    caller.version = version
    answer = await caller.get("subscriptions/A-S9")
    assert (answer.status_code, code(answer)) == (status, 50000040)


@pytest.mark.parametrize("version", ["2025-08-13", "newest", "1"])
async def test_an_unknown_version_is_refused(caller: Caller, version: str) -> None:
    caller.version = version
    answer = await caller.get("subscriptions/A-S9")
    assert (answer.status_code, code(answer) % 100) == (400, 20)


@pytest.mark.parametrize("bad", [";", "'", '"', ":", "x" * 64])
async def test_a_track_id_comes_back_if_it_is_valid(caller: Caller, bad: str) -> None:
    caller.zuora.add("A-S1")
    answer = await caller.get("subscriptions/A-S1", Zuora_Track_Id="PR-1")
    assert answer.headers["Zuora-Track-Id"] == "PR-1"
    assert len(answer.headers["Zuora-Request-Id"]) == 36
    answer = await caller.get("subscriptions/A-S1", Zuora_Track_Id=f"PR-1{bad}")
    assert (answer.status_code, code(answer) % 100) == (400, 20)


async def test_the_gateway_answers_calls_without_a_route(caller: Caller) -> None:
    for method, path, status in (("GET", "/v1/no", 404), ("PUT", "/v1/orders", 405)):
        answer = await caller.call(method, path)
        assert answer.status_code == status
        assert ("reasons" in answer.json()) == (status == 405)


async def test_a_restarted_server_keeps_its_port_and_its_data(caller: Caller) -> None:
    zuora = caller.zuora
    zuora.add("A-S1")
    url = zuora.url
    await zuora.stop()
    await zuora.start()
    assert zuora.url == url
    assert (await caller.get("subscriptions/A-S1")).status_code == 200


def test_the_variables_lead_to_the_server() -> None:
    zuora = LocalZuoraOrders(zone="Asia/Tokyo")
    assert zuora.variables() == {
        "VENDOR": "zuora",
        "ZUORA_API_URL": zuora.url,
        "ZUORA_CLIENT_ID": zuora.client_id,
        "ZUORA_CLIENT_SECRET": zuora.client_secret,
        "VENDOR_TIME_ZONE": "Asia/Tokyo",
    }


async def test_a_call_does_not_show_its_secrets(caller: Caller) -> None:
    await caller.get("subscriptions/A-S1")
    shown = repr(caller.zuora.calls)
    assert caller.token not in shown
    assert caller.zuora.client_secret not in shown
    assert caller.token in caller.zuora.calls[-1].headers["Authorization"]
