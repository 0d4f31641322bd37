"""Notes on a conversation in the form of Connect's API, read by the official client."""

from datetime import datetime, timedelta, timezone
from urllib.parse import parse_qs

import httpx
import pytest
from connect.client import AsyncConnectClient
from connect.client.fluent import _ASYNC_TRANSPORTS

from connect_ext.connect.account import AccountKey, AccountState
from connect_ext.connect.client import ConnectClient
from connect_ext.connect.conversation import Conversation, NoteRefusedError
from connect_ext.connect.notes import NoteKind, PrivateNote
from connect_ext.errors import NotConfigured, NotDone
from connect_ext.portal.secret import Secret
from tests.unit.builders import NOW

ENDPOINT, REQUEST = "https://conversation.example/public/v1", "PR-1-2-3"
OURS, THEIRS = {"id": "VA-000-001", "name": "Vendor"}, {"id": "PA-000-001"}


def message(text: str, second: int = 0, **changes) -> dict:
    created = (NOW + timedelta(seconds=second)).isoformat()
    return {"text": text, "type": "private", "account": OURS, "created": created, **changes}


class Connect:
    """Messages and accounts, with answers that can be set by method and path ending."""

    def __init__(self):
        self.messages, self.accounts, self.calls = [], [OURS], []
        self.answers, self.page, self.tells_total, self.total = {}, 100, True, None
        self.conversation = {"id": "CO-1", "instance_id": REQUEST}

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path, query = request.url.path.partition("/v1/")[2], str(request.url.query, "ascii")
        self.calls.append(f"{request.method} {path}")
        for (method, end), answer in self.answers.items():
            if method == request.method and path.endswith(end):
                return answer
        if path == "accounts":
            return httpx.Response(200, json=self.accounts)
        if path == "conversations":
            return httpx.Response(200, json=[self.conversation])
        if request.method == "POST":
            self.messages.append(httpx.Response(200, content=request.read()).json())
            return httpx.Response(201, json={"id": "ME-1", "account": OURS})
        assert query.startswith("eq(type,private)&ordering(created)&limit=100&offset=")
        return self._page(int(parse_qs(query)["offset"][0]))

    def _page(self, begin: int) -> httpx.Response:
        page = self.messages[begin : begin + self.page]
        headers = {"Date": "Mon, 02 Mar 2026 10:00:00 GMT"}
        if self.tells_total:
            total = self.total or len(self.messages)
            headers["Content-Range"] = f"items {begin}-{begin + len(page)}/{total}"
        return httpx.Response(200, json=page, headers=headers)


@pytest.fixture
def connect():
    connect = Connect()
    # The official client keeps one transport for each endpoint.
    _ASYNC_TRANSPORTS[ENDPOINT] = httpx.MockTransport(connect)
    yield connect
    del _ASYNC_TRANSPORTS[ENDPOINT]


@pytest.fixture
def conversation():
    client = AsyncConnectClient("ApiKey SU-1:1", endpoint=ENDPOINT, max_retries=0)
    account = AccountState(AccountKey(ENDPOINT, Secret("ApiKey SU-1:1")))
    return Conversation(ConnectClient(client, pauses=()), account)


async def texts(conversation: Conversation) -> list[str]:
    return [note.text for note in (await conversation.private_notes(REQUEST)).notes]


class TestReading:
    async def test_only_private_notes_of_our_own_account_count(self, connect, conversation):
        connect.messages = [
            message("one"),
            message("a forgery", account=THEIRS),
            message("public", type="message"),
            message("of nobody", account=None),
            message(None),
            message("two"),
        ]
        assert await texts(conversation) == ["one", "two"]

    async def test_they_come_oldest_first_with_their_time_and_connects_own(
        self, connect, conversation
    ):
        at = "2026-03-02T09:00:00"
        connect.messages = [
            message("c", 5),
            message("b", created=f"{at}Z"),
            message("a", created=None, events={"created": {"at": f"{at}+01:00"}}),
        ]
        notes = await conversation.private_notes(REQUEST)
        nine = datetime(2026, 3, 2, 9, tzinfo=timezone.utc)
        assert notes.now == nine.replace(hour=10)
        assert notes.notes == (
            PrivateNote("a", nine.replace(hour=8)),
            PrivateNote("b", nine),
            PrivateNote("c", NOW + timedelta(seconds=5)),
        )

    @pytest.mark.parametrize("created", [None, "", "soon", 7, {}])
    async def test_a_note_of_ours_without_a_date_is_not_missed(
        self, connect, conversation, created
    ):
        connect.messages = [message("one"), message("undated", created=created)]
        with pytest.raises(NotDone, match="without a date"):
            await conversation.private_notes(REQUEST)

    @pytest.mark.parametrize(
        ("page", "tells_total", "pages"),
        [(100, True, 3), (100, False, 4), (10, False, 26), (90, True, 3), (500, True, 2)],
    )
    async def test_every_page_is_read(self, connect, conversation, page, tells_total, pages):
        connect.messages = [message(str(number)) for number in range(250)]
        connect.page, connect.tells_total = page, tells_total
        assert len(await texts(conversation)) == 250
        assert len([call for call in connect.calls if "messages" in call]) == pages

    async def test_a_count_that_is_too_low_hides_no_note(self, connect, conversation):
        connect.messages = [message(str(number)) for number in range(250)]
        connect.total = 10
        assert len(await texts(conversation)) == 250

    async def test_too_many_pages_do_not_count_as_all_notes(self, connect, conversation):
        connect.messages, connect.page = [message(str(number)) for number in range(110)], 1
        with pytest.raises(NotConfigured, match="more notes than can be read"):
            await conversation.private_notes(REQUEST)

    async def test_an_empty_page_before_the_last_is_not_the_end(self, connect, conversation):
        headers = {"Content-Range": "items 0-0/2"}
        connect.answers["GET", "/messages"] = httpx.Response(200, json=[], headers=headers)
        with pytest.raises(NotDone):
            await conversation.private_notes(REQUEST)

    async def test_no_messages_mean_no_notes(self, connect, conversation):
        assert await texts(conversation) == []

    @pytest.mark.parametrize("body", [{}, {"error": "x"}, "[]", 7, None, [message("a"), 7], [None]])
    async def test_an_answer_that_is_not_a_list_of_messages_does_not_mean_no_notes(
        self, connect, conversation, body
    ):
        connect.answers["GET", "/messages"] = httpx.Response(200, json=body)
        with pytest.raises(NotDone):
            await conversation.private_notes(REQUEST)

    @pytest.mark.parametrize("accounts", [[], [OURS, THEIRS], [{}], [{"id": 7}]])
    async def test_an_unknown_account_is_not_guessed(self, connect, conversation, accounts):
        connect.accounts = accounts
        with pytest.raises(NotConfigured, match="which account"):
            await conversation.private_notes(REQUEST)

    @pytest.mark.parametrize("status", [400, 403, 404, 409])
    async def test_if_the_requests_id_is_refused_the_conversations_is_used_from_then_on(
        self, connect, conversation, status
    ):
        connect.messages = [message("one")]
        connect.answers["GET", f"{REQUEST}/messages"] = httpx.Response(status, json={})
        assert await texts(conversation) == await texts(conversation) == ["one"]
        asked = [call.removeprefix("GET ") for call in connect.calls]
        first, later = asked[1:4], asked[4:]
        assert first == [f"conversations/{REQUEST}/messages", *later]
        assert later == ["conversations", "conversations/CO-1/messages"]

    @pytest.mark.parametrize(
        "found",
        [{"id": "CO-1", "instance_id": "PR-9-9-9"}, {"id": "CO-1/../../requests/PR-9"}, {"id": 1}],
        ids=str,
    )
    async def test_the_conversation_about_another_request_is_not_read(
        self, connect, conversation, found
    ):
        connect.conversation = found
        connect.answers["GET", f"{REQUEST}/messages"] = httpx.Response(404, json={})
        with pytest.raises(NotConfigured, match="no conversation"):
            await conversation.private_notes(REQUEST)


class TestLeaving:
    async def test_a_note_also_identifies_our_own_account(self, connect, conversation):
        await conversation.keep(REQUEST, "one")
        assert connect.messages == [{"text": "one", "type": "private"}]
        assert await texts(conversation) == []
        assert "GET accounts" not in connect.calls

    async def test_its_kind_can_be_chosen_and_its_length_is_bounded(self, connect, conversation):
        assert await conversation.leave(REQUEST, "x" * 3000, NoteKind.MESSAGE)
        assert connect.messages == [{"text": "x" * 2000, "type": "message"}]

    @pytest.mark.parametrize(
        ("answer", "error"),
        [
            (httpx.Response(403, json={}), NoteRefusedError),
            (httpx.Response(404, json={}), NoteRefusedError),
            (httpx.Response(401, json={}), NotConfigured),
            (httpx.Response(503, json={}), NotDone),
            (httpx.Response(200, json={}), NotDone),
            (httpx.Response(200, text="<html>"), NotDone),
        ],
        ids=lambda value: str(getattr(value, "status_code", "")),
    )
    async def test_a_refused_note_differs_from_a_failed_one(
        self, connect, conversation, answer, error
    ):
        connect.answers["POST", "/messages"] = answer
        with pytest.raises(error) as raised:
            await conversation.keep(REQUEST, "one")
        assert isinstance(raised.value, NoteRefusedError) is (error is NoteRefusedError)
        assert not await conversation.leave(REQUEST, "one")

    async def test_without_a_conversation_a_note_is_refused(self, connect, conversation):
        connect.answers["POST", f"{REQUEST}/messages"] = httpx.Response(404, json={})
        connect.answers["GET", "conversations"] = httpx.Response(200, json=[])
        with pytest.raises(NoteRefusedError, match="no conversation"):
            await conversation.keep(REQUEST, "one")
