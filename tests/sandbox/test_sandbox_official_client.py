"""The official client works with the local Connect over TLS."""

from __future__ import annotations

from typing import Any

import pytest
from connect.client import ClientError

from sandbox import LocalConnect


async def test_the_official_client_approves_a_request(connect: LocalConnect, client: Any) -> None:
    request_id = connect.cancel("A-1")
    pending = client.requests.filter(id=request_id, status__in=("pending",))
    assert await pending.count() == 1
    request = await client.requests[request_id].get()
    product = client.products[request["asset"]["product"]["id"]]
    template = await product.templates.filter(scope="asset", type="fulfillment").first()
    note = {"type": "private", "text": "cancelled"}
    await client.conversations[request_id].messages.create(payload=note)
    await client.requests[request_id]("approve").post(
        payload={"template_id": template["id"], "effective_date": request["created"]}
    )
    assert connect.status(request_id) == "approved"
    newest = client.requests.filter(asset__id=request["asset"]["id"]).order_by("-created")
    assert (await newest.first())["id"] == request_id
    assert [each["text"] for each in connect.notes(request_id)] == ["cancelled"]


async def test_the_official_client_understands_a_refusal(
    connect: LocalConnect, client: Any
) -> None:
    request_id = connect.cancel("A-1")
    connect.agent_fail(request_id)
    with pytest.raises(ClientError) as caught:
        await client.requests[request_id]("fail").post(payload={"reason": "no"})
    assert caught.value.status_code == 400
    assert caught.value.error_code == "REQ_003"
    assert caught.value.errors == ["Only pending Fulfillments can be failed."]


async def test_the_official_client_pages_through_a_collection(
    connect: LocalConnect, client: Any
) -> None:
    expected = [connect.cancel(f"A-{number}") for number in range(5)]
    found = [each["id"] async for each in client.requests.all().limit(2)]
    assert found == expected
