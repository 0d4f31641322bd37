"""Conversations: the messages and private notes about a request, and their faults."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from sandbox import VENDOR, LocalConnect
from sandbox.connect.environment import PARTNER_API_KEY

PARTNER = {"headers": {"Authorization": PARTNER_API_KEY}}
PRIVATE = {"text": "a note", "type": "private"}


def texts(messages: Any) -> list[str]:
    return [each["text"] for each in messages]


@pytest.mark.parametrize("by_instance_id", [True, False])
async def test_messages_go_by_the_conversation_and_perhaps_by_the_request(
    connect: LocalConnect, call: Any, by_instance_id: bool
) -> None:
    connect.conversations.by_instance_id = by_instance_id
    request_id = connect.cancel("A-1")
    _, found = await call("GET", f"conversations?instance_id={request_id}")
    note = {"text": "hello", "type": "private"}
    assert (await call("POST", f"conversations/{found[0]['id']}/messages", note))[0] == 201
    status, _ = await call("POST", f"conversations/{request_id}/messages", note)
    assert status == (201 if by_instance_id else 404)
    assert connect.notes(request_id)[0]["type"] == "private"


async def test_a_closed_conversation_refuses_messages(connect: LocalConnect, call: Any) -> None:
    request_id = connect.cancel("A-1")
    assert (await call("POST", f"conversations/{request_id}/messages", {}))[0] == 400
    connect.conversations.close(request_id)
    status, _ = await call("POST", f"conversations/{request_id}/messages", {"text": "late"})
    assert status == 400
    assert connect.notes(request_id) == []


async def test_a_private_message_is_seen_only_by_the_account_that_wrote_it(
    connect: LocalConnect, call: Any
) -> None:
    request_id = connect.cancel("A-1")
    path = f"conversations/{request_id}/messages"
    assert (await call("POST", path, PRIVATE))[0] == 201
    connect.say(request_id, "the partner's own", "private")
    connect.say(request_id, "for all")
    assert texts((await call("GET", path))[1]) == ["a note", "for all"]
    assert texts((await call("GET", path, **PARTNER))[1]) == ["the partner's own", "for all"]
    assert len(connect.notes(request_id)) == 3


async def test_the_partners_key_neither_decides_nor_manages_the_extension(
    connect: LocalConnect, call: Any
) -> None:
    request_id = connect.cancel("A-1")
    for path in (f"requests/{request_id}/approve", f"requests/{request_id}/fail"):
        assert (await call("POST", path, {"reason": "no"}, **PARTNER))[0] == 403
    assert (await call("GET", "devops/event-definitions", **PARTNER))[0] == 403
    assert (await call("GET", f"requests/{request_id}", **PARTNER))[0] == 200


async def test_messages_are_filtered_ordered_and_paged(connect: LocalConnect, session: Any) -> None:
    request_id = connect.cancel("A-1")
    noon = datetime(2026, 3, 2, 12, tzinfo=timezone.utc)
    for minute in (3, 1, 2):
        at = noon + timedelta(minutes=minute)
        connect.say(request_id, f"m{minute}", "private", VENDOR, created=at)
    connect.say(request_id, "late", created=noon + timedelta(hours=1))
    expected = {
        "eq(type,private)&ordering(created)&limit=1000&offset=0": ("m1 m2 m3", "0-2/3"),
        "eq(type,private)&ordering(-created)&limit=2&offset=1": ("m2 m1", "1-2/3"),
        "in(type,(message,state_change))": ("late", "0-0/1"),
        "gt(created,2026-03-02T12:02:00Z)&ordering(created)": ("m3 late", "0-1/2"),
        "eq(text,m2)": ("m2", "0-0/1"),
        "eq(events.created.by.id,UR-0)": ("", "0-0/0"),
    }
    for query, (found, content_range) in expected.items():
        url = f"{connect.url}/conversations/{request_id}/messages?{query}"
        async with session.get(url) as response:
            assert (" ".join(texts(await response.json())), query) == (found, query)
            assert response.headers["Content-Range"] == f"items {content_range}"


async def test_connect_dates_messages_and_answers_by_its_own_clock(
    connect: LocalConnect, session: Any
) -> None:
    connect.clock.ahead = timedelta(minutes=7)
    request_id = connect.cancel("A-1")
    url = f"{connect.url}/conversations/{request_id}/messages"
    async with session.post(url, json=PRIVATE) as response:
        message, date = await response.json(), parsedate_to_datetime(response.headers["Date"])
    created = datetime.fromisoformat(message["created"])
    expected = datetime.now(timezone.utc) + connect.clock.ahead
    assert all(abs(each - expected) < timedelta(seconds=5) for each in (created, date))
    assert "." not in message["created"]
    connect.conversations.whole_seconds = False
    assert "." in connect.say(request_id, "later")["created"]


async def test_a_conversation_can_be_missing_or_forbidden(connect: LocalConnect, call: Any) -> None:
    request_id = connect.cancel("A-1")
    path = f"conversations/{request_id}/messages"
    for methods in ((), ("POST",), ("GET", "POST")):
        connect.conversations.forbid(request_id, *methods)
        assert (await call("GET", path))[0] == (403 if "GET" in methods else 200)
        assert (await call("POST", path, PRIVATE))[0] == (403 if "POST" in methods else 201)
    connect.conversations.forbid(request_id)
    connect.conversations.remove(request_id)
    connect.agent_fail(request_id)
    assert (await call("GET", path))[0] == (await call("POST", path, PRIVATE))[0] == 404
    assert (await call("GET", f"conversations?instance_id={request_id}"))[1] == []
    assert texts(connect.notes(request_id)) == ["a note"]
