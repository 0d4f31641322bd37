"""Connect's answers about requests: only those that are about what was asked count."""

import json

import httpx
import pytest
from connect.client import AsyncConnectClient

from connect_ext.connect.account import AccountKey, AccountState
from connect_ext.connect.api import ConnectApi
from connect_ext.connect.client import ConnectClient, QuietClient, Session
from connect_ext.errors import NotDone
from connect_ext.portal.secret import Secret

ENDPOINT = "https://connect.example/public/v1"
JSON = {"Content-Type": "application/json"}
APPROVED = {"id": "PR-1-2", "type": "cancel", "status": "approved"}


def answering(body) -> ConnectApi:
    """Connect that answers everything with this."""
    stream = httpx.ByteStream(json.dumps(body).encode())
    server = httpx.MockTransport(lambda _: httpx.Response(200, headers=JSON, stream=stream))
    client = QuietClient(AsyncConnectClient("ApiKey SU-1:1", endpoint=ENDPOINT), Session(server))
    state = AccountState(AccountKey(ENDPOINT, Secret("ApiKey SU-1:1")))
    return ConnectApi(ConnectClient(client, pauses=()), state)


async def test_the_request_that_was_asked_for_is_believed():
    assert await answering(APPROVED).status("PR-1-2") == "approved"
    assert await answering(APPROVED).approve("PR-1-2", "PRD-1", "TL-1", None) == "approved"


async def test_an_answer_about_another_request_settles_nothing():
    connect = answering({**APPROVED, "id": "PR-9-9"})
    with pytest.raises(NotDone, match="no status"):
        await connect.status("PR-1-2")
    with pytest.raises(NotDone):
        await connect.approve("PR-1-2", "PRD-1", "TL-1", None)


@pytest.mark.parametrize(
    ("asset", "is_one"),
    [
        ({"product": {"id": "PRD-1"}}, True),
        ({"product": {"id": "PRD-2"}}, False),
        ({"product": "PRD-1"}, False),
        (None, False),
    ],
    ids=str,
)
async def test_the_cancellation_of_another_product_is_no_precedent(asset, is_one):
    connect = answering([{**APPROVED, "asset": asset}])
    assert await connect.has_approved_cancellation("PRD-1") is is_one
