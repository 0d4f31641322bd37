"""Random conversations of our own notes and of forgeries, over real sockets.

The extension reads back the private notes of its own account, and nothing else decides.
"""

import asyncio
import json
import ssl
from contextlib import aclosing, asynccontextmanager, contextmanager
from datetime import timedelta
from itertools import count
from urllib.parse import parse_qs

import pytest
from aiohttp import web
from connect.client import AsyncConnectClient
from hypothesis import given, settings
from hypothesis import strategies as st

from connect_ext.cancelling.marks import State, text_of
from connect_ext.connect.account import AccountKey, AccountState
from connect_ext.connect.client import ConnectClient, QuietClient, Session
from connect_ext.connect.conversation import Conversation
from connect_ext.http.transport import Transport
from connect_ext.portal.secret import Secret
from connect_ext.vendors.base import Act
from sandbox.connect.objects import DISTRIBUTOR, VENDOR
from sandbox.faults import Respond
from sandbox.vendor import ENDS_LATER, LocalVendor
from tests.fuzz.hostile import texts, values
from tests.http.servers import web_server
from tests.in_process import running_extension
from tests.unit.builders import NOW

OURS = "VA-000-001"
ATTEMPTS = ["0badcafe", "aaaaaaaa", "bbbbbbbb"]

NOT_OF_UNDOING = (State.UNFINISHED, State.CANCELLED)
TAGS = [
    (state, act)
    for act in Act
    for state in State
    if act is Act.CANCEL or state not in NOT_OF_UNDOING
]
marks = st.builds(
    lambda attempt, tag: text_of(attempt, *tag), st.sampled_from(ATTEMPTS), st.sampled_from(TAGS)
)
spoilt = st.sampled_from(
    [
        lambda mark: mark + " Is this right?",
        lambda mark: mark.upper(),
        lambda mark: mark.replace("ext cancel", "ext undo").replace("nd", "\u200bnd"),
        lambda mark: mark.replace(" cancel", "\u200b cancel").replace(" undo", " undo\u200b"),
        lambda mark: mark.replace("[", "\uff3b"),
        lambda mark: mark + mark,
        lambda mark: mark.replace("]", " ]"),
        lambda mark: mark + " [connect-ext held refused]",
    ]
)
not_marks = texts | st.builds(lambda spoil, mark: spoil(mark), spoilt, marks)
moments = st.integers(0, 9).map(lambda second: (NOW + timedelta(seconds=second)).isoformat())
own = st.fixed_dictionaries(
    {
        "type": st.just("private"),
        "account": st.just({"id": OURS}),
        "text": marks | not_marks,
        "created": moments,
    }
)
types = st.sampled_from(["message", "state_change", "system", "Private", "private ", None])
accounts = st.sampled_from(
    [
        {"id": "PA-000-001"},
        {"id": OURS.lower()},
        {"id": OURS + "\u200b"},
        {"id": [OURS]},
        {"id": {"id": OURS}},
        {"account": {"id": OURS}},
        {"name": OURS, "ID": OURS},
        [{"id": OURS}],
        OURS,
        None,
    ]
)
forgeries = st.one_of(
    st.builds(lambda message, type_: {**message, "type": type_}, own, types | values),
    st.builds(lambda message, account: {**message, "account": account}, own, accounts | values),
).flatmap(lambda message: st.just(message) | values.map(lambda at: {**message, "created": at}))


def is_forged(message):
    return message["type"] != "private" or message["account"] != {"id": OURS}


conversations = st.lists(own | forgeries.filter(is_forged), max_size=12)


def page_of(messages, begin, page, *, tells_total=True):
    """An answer with some of the messages."""
    shown = messages[begin : begin + page]
    total = {"Content-Range": f"items {begin}-{begin + len(shown)}/{len(messages)}"}
    body, headers = json.dumps(shown).encode(), total if tells_total else {}
    return web.Response(body=body, headers=headers, content_type="application/json")


class Connect:
    """Shows every message to everybody, whatever the query, in pages of any size."""

    def __init__(self, messages, page, *, tells_total):
        self.messages, self.page, self.tells_total = messages, page, tells_total

    async def __call__(self, request):
        if request.path.endswith("/accounts"):
            return web.json_response([{"id": OURS}])
        begin = int(parse_qs(request.query_string)["offset"][0])
        return page_of(self.messages, begin, self.page, tells_total=self.tells_total)


@asynccontextmanager
async def conversation_at(connect):
    """The conversation that the extension reads from that server."""
    session = Session(Transport(1, ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)))
    async with web_server(connect) as server, aclosing(session):
        client = AsyncConnectClient("ApiKey SU-1:1", endpoint=server.url)
        state = AccountState(AccountKey(server.url, Secret("ApiKey SU-1:1")))
        yield Conversation(ConnectClient(QuietClient(client, session), pauses=()), state)


async def read(connect):
    async with conversation_at(connect) as conversation:
        return (await conversation.private_notes("PR-1-2")).notes


@given(conversations, st.integers(1, 13), st.booleans())
def test_only_private_messages_of_our_own_account_are_read(messages, page, tells_total):
    found = asyncio.run(read(Connect(messages, page, tells_total=tells_total)))
    ours = [m for m in messages if not is_forged(m) and isinstance(m["text"], str)]
    ours.sort(key=lambda message: message["created"])
    assert [(note.text, note.created.isoformat()) for note in found] == [
        (message["text"], message["created"]) for message in ours
    ]


MANY = settings.default.max_examples // 5
"""A walk takes longer than reading a conversation."""

AGES = st.sampled_from([0.0, 10.0, 600.0, 5000.0, 10_000.0])
"""In seconds: before and after the moment when a mark stops counting."""

notes = st.lists(st.tuples(AGES, marks, st.just(("private", VENDOR))), max_size=3)
public = [("message", DISTRIBUTOR), ("message", VENDOR), ("state_change", VENDOR)]
of_others = st.lists(
    st.tuples(AGES, marks, st.sampled_from([*public, ("private", DISTRIBUTOR)]))
    | st.tuples(AGES, not_marks.filter(bool), st.sampled_from([*public, ("private", VENDOR)])),
    min_size=1,
    max_size=4,
)


def tell_everything(extension):
    """Make Connect show a conversation's messages to everybody, whatever the query."""

    async def everything(request, _work):
        return page_of(extension.sandbox.connect.notes(request.match_info["id"]), 0, 1000)

    extension.sandbox.connect.faults.add("GET", "/messages", everything)


def say(extension, request_id, told):
    for age, text, (type_, account) in told:
        created = extension.now() - timedelta(seconds=age)
        extension.sandbox.connect.say(request_id, text, type_, account, created)


@contextmanager
def extension_with_a_loop(**variables):
    """The extension with its own loop; a cancellation was approved before."""
    loop, running = asyncio.new_event_loop(), running_extension(**variables)
    extension = loop.run_until_complete(running.__aenter__())
    loop.run_until_complete(extension.settle(extension.sandbox.cancel("SUB-0")))
    tell_everything(extension)
    yield extension, loop
    loop.run_until_complete(running.__aexit__(None, None, None))
    loop.close()


@pytest.fixture(scope="module", params=["GET /subscriptions/{subscription_id}", ""])
def walks(request):
    """The effects on a request with this conversation."""
    numbers = count(1)

    async def decided(extension, told, refusal):
        subscription_id, sandbox = f"SUB-{next(numbers)}", extension.sandbox
        request_id = sandbox.cancel(subscription_id)
        if refusal:
            sandbox.vendor.faults.add("POST", f"/{subscription_id}/cancel", Respond(refusal))
        say(extension, request_id, told)
        response = await extension.deliver(request_id)
        sent = len(sandbox.vendor.cancel_calls(subscription_id))
        return response.status, sent, sandbox.connect.status(request_id)

    with extension_with_a_loop(REST_STATUS_REQUEST=request.param) as (extension, loop):
        yield lambda *case: loop.run_until_complete(decided(extension, *case))


@settings(max_examples=MANY)
@given(notes, of_others, st.sampled_from([None, 404, 409, 422]), st.randoms())
def test_messages_from_others_decide_nothing(walks, ours, theirs, refusal, chance):
    both = [*ours, *theirs]
    chance.shuffle(both)
    assert walks(both, refusal) == walks(ours, refusal)


@pytest.fixture(scope="module")
def revocations():
    """The effects on a scheduled, then revoked request with this conversation."""
    numbers, planned = count(1), {"planned_date": "2099-01-01T00:00:00+00:00"}

    async def decided(extension, told, status, refusal):
        subscription_id, connect = f"SUB-{next(numbers)}", extension.sandbox.connect
        vendor = extension.sandbox.vendor
        vendor.add(subscription_id, status=status, ends_at="2099-01-01")
        request_id = connect.cancel(subscription_id)
        connect.requests.schedule(request_id, planned)
        connect.revoke(request_id)
        if refusal:
            vendor.faults.add("POST", f"/{subscription_id}/undo", Respond(refusal))
        say(extension, request_id, told)
        response = await extension.deliver(request_id)
        shown = vendor.subscriptions[subscription_id].look().status
        sent = len(vendor.undo_calls(subscription_id)), len(vendor.cancel_calls(subscription_id))
        return response.status, sent, connect.status(request_id), shown

    later = LocalVendor().variables_for_later_ends()
    with extension_with_a_loop(**later, WHEN_EFFECTIVE_LATER="schedule") as (extension, loop):
        yield lambda *case: loop.run_until_complete(decided(extension, *case))


@settings(max_examples=MANY)
@given(
    notes,
    of_others,
    st.tuples(
        st.sampled_from([ENDS_LATER, ENDS_LATER, "active", "cancelled"]),
        st.sampled_from([None, None, 404, 409, 422, 500]),
    ),
    st.randoms(),
)
def test_messages_from_others_neither_undo_a_cancellation_nor_confirm_a_revocation(
    revocations, ours, theirs, vendor, chance
):
    both = [*ours, *theirs]
    chance.shuffle(both)
    ended = revocations(both, *vendor)
    assert ended == revocations(ours, *vendor)
    _, (undone, cancelled), at_connect, shown = ended
    assert (undone <= 1, cancelled) == (True, 0)
    assert at_connect == "revoking" or (at_connect, shown) == ("revoked", "active")
