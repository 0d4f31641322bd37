"""Connect's answers about requests only count if they are about the requested object."""

import json
from datetime import datetime, timedelta, timezone

import httpx
import pytest
from connect.client import AsyncConnectClient

from connect_ext.connect.account import AccountKey, AccountState
from connect_ext.connect.api import ConnectApi
from connect_ext.connect.client import ConnectClient, ConnectRefusalError, QuietClient, Session
from connect_ext.errors import NotConfigured, NotDone
from connect_ext.portal.secret import Secret

ENDPOINT = "https://connect.example/public/v1"
JSON = {"Content-Type": "application/json"}
APPROVED = {"id": "PR-1-2", "type": "cancel", "status": "approved"}


def answering(body, post=None, seen=None) -> ConnectApi:
    """A Connect that answers every call with this, and a POST with ``post``: a status or a body."""

    def answer(request: httpx.Request) -> httpx.Response:
        if seen is not None:
            seen.append((request.method, request.url.path.rpartition("/")[2], request.content))
        said = body if request.method == "GET" or post is None else post
        status, said = (said, {}) if isinstance(said, int) else (200, said)
        stream = httpx.ByteStream(json.dumps(said).encode())
        return httpx.Response(status, headers=JSON, stream=stream)

    server = httpx.MockTransport(answer)
    client = QuietClient(AsyncConnectClient("ApiKey SU-1:1", endpoint=ENDPOINT), Session(server))
    state = AccountState(AccountKey(ENDPOINT, Secret("ApiKey SU-1:1")))
    return ConnectApi(ConnectClient(client, pauses=()), state)


async def test_the_requested_request_is_believed():
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


def request_in(status):
    return {**APPROVED, "status": status}


MIDNIGHT = datetime(2026, 4, 1, tzinfo=timezone(timedelta(hours=2)))


class TestSchedule:
    async def test_the_date_is_sent_in_utc(self):
        seen = []
        connect = answering(None, request_in("scheduled"), seen)
        assert await connect.schedule("PR-1-2", MIDNIGHT) == "scheduled"
        [(method, verb, body)] = seen
        assert (method, verb) == ("POST", "schedule")
        assert json.loads(body) == {"planned_date": "2026-03-31T22:00:00+00:00"}

    @pytest.mark.parametrize("found", ["scheduled", "revoking", "approved", "failed"])
    async def test_a_refusal_is_ignored_if_the_request_has_moved_on(self, found):
        connect = answering(request_in(found), 400)
        assert await connect.schedule("PR-1-2", MIDNIGHT) == found

    @pytest.mark.parametrize(("status", "error"), [(400, ConnectRefusalError), (502, NotDone)])
    async def test_a_refusal_of_a_pending_request_counts(self, status, error):
        with pytest.raises(error):
            await answering(request_in("pending"), status).schedule("PR-1-2", MIDNIGHT)

    @pytest.mark.parametrize("said", [request_in("pending"), {**APPROVED, "id": "PR-9-9"}, {}])
    async def test_an_answer_that_does_not_show_it_scheduled_is_not_believed(self, said):
        with pytest.raises(NotDone, match="scheduled"):
            await answering(request_in("pending"), said).schedule("PR-1-2", MIDNIGHT)


class TestConfirm:
    """The call that confirms a revocation is not documented, so only the status is believed."""

    @pytest.mark.parametrize("post", [request_in("revoked"), {}, 400, 403, 404])
    @pytest.mark.parametrize("found", ["revoked", "revoking", "approved"])
    async def test_the_status_read_afterwards_is_believed(self, post, found):
        seen = []
        assert await answering(request_in(found), post, seen).confirm("PR-1-2") == found
        assert [call[:2] for call in seen] == [("POST", "confirm"), ("GET", "PR-1-2")]

    @pytest.mark.parametrize(("post", "error"), [(502, NotDone), (401, NotConfigured)])
    async def test_after_a_fault_only_a_changed_status_is_believed(self, post, error):
        assert await answering(request_in("revoked"), post).confirm("PR-1-2") == "revoked"
        with pytest.raises(error):
            await answering(request_in("revoking"), post).confirm("PR-1-2")
