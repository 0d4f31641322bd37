"""--answer explains a saved answer and calls nobody."""

from __future__ import annotations

import json

import pytest

from connect_ext.check.saved import NotAnAnswerError, NotExplainedError, saved_answer
from connect_ext.http.bodies import MAX_ANSWER_BYTES
from connect_ext.vendors.registry import BUILT_IN
from tests.check.trying import tried
from tests.http.servers import web_server
from tests.http.vendors import answers

ACTIVE = b'{"status": "active", "id": "SUB-1"}'
HEAD = b"HTTP/1.1 %s\r\nContent-Type: application/json\r\n\r\n"
NOT_REACHED = {"REST_API_URL": "http://127.0.0.1:9", "REST_API_KEY": "a-key-of-nobody"}


@pytest.fixture
def explained(tmp_path):
    """The report on an answer in a file; a server fails the test if anybody calls it."""

    async def explain(content: bytes, subscription_id="SUB-1", *, suggest=False, **variables):
        path = tmp_path / "answer"
        path.write_bytes(content)
        async with web_server(answers({"status": "cancelled"})) as server:
            given = {**NOT_REACHED, "REST_API_URL": server.url, **variables}
            report = await tried(given, subscription_id, answer=saved_answer(path), suggest=suggest)
            assert server.seen == []
        return report

    return explain


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (ACTIVE, 200),
        (HEAD % b"200 OK" + ACTIVE, 200),
        (b"HTTP/2 200 \nserver: x\n\n" + ACTIVE, 200),
        (b"HTTP/1.0 200 Connection established\r\n\r\n" + HEAD % b"200 OK" + ACTIVE, 200),
        (b"HTTP/1.1 200 OK\r\n\r\n" + ACTIVE, 200),
        (b"HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n" + HEAD % b"203 Ok" + ACTIVE, 203),
    ],
    ids=["body alone", "curl -i", "HTTP/2", "through a proxy", "no header", "curl -iL"],
)
async def test_an_answer_is_read_with_or_without_its_head(explained, content, status):
    report = await explained(content)
    [call] = report.calls
    assert (call.name, call.status, call.url) == ("the saved answer", status, "")
    assert (report.outcome, report.would_be_approved) == ("cancel", True)
    assert [each.method for each in report.requests] == ["POST"]


async def test_without_an_id_an_answer_is_explained_and_nothing_decided(explained):
    report = await explained(ACTIVE, None, REST_ID_PATH="id")
    assert (report.outcome, report.would_be_approved) == ("undecided", False)
    assert [f.found for f in report.calls[0].findings] == [
        "finds an id",
        "finds the status 'active', which is in REST_ACTIVE_VALUES",
    ]


async def test_an_answer_about_another_subscription_is_not_believed(explained):
    report = await explained(ACTIVE, "SUB-2", REST_ID_PATH="id")
    assert report.outcome == "wait"
    assert "REST_ID_PATH finds a different id" in report.decision


@pytest.mark.parametrize(
    ("status", "body", "outcome", "part"),
    [
        (b"404 Not Found", b'{"message": "no"}', "hold", "got HTTP 404"),
        (b"401 Unauthorized", b"{}", "wait", "REST_API_KEY"),
        (b"503 Busy", b"", "wait", "Try again later"),
        (b"422 No", b'{"errors": [{"detail": "It is leased."}]}', "wait", "REST_REASON_PATH finds"),
    ],
)
async def test_an_answer_that_is_an_error(explained, status, body, outcome, part):
    report = await explained(HEAD % status + body)
    assert (report.outcome, part in report.decision) == (outcome, True), report.decision


@pytest.mark.parametrize(
    "garbage",
    [b"", b"\x00\xff\xfe", b"<html><body>x", b"[" * 100_000, b"HTTP/1.1 2", b'{"status": 1}'],
)
async def test_garbage_says_that_it_is(explained, garbage):
    report = await explained(garbage)
    assert (report.outcome, report.would_be_approved) == ("wait", False)
    assert "REST_STATUS_" in report.decision


async def test_proposals_need_no_subscription(explained):
    body = json.dumps({"data": {"lifecycle": {"state": "LIVE"}}}).encode()
    report = await explained(body, None, suggest=True)
    assert {each.variable: each.value for each in report.suggestions} == {
        "REST_STATUS_PATH": "data.lifecycle.state",
        "REST_ACTIVE_VALUES": "active,trialing,past_due,live",
    }


async def test_an_answer_too_large_to_read_from_a_vendor_is_not_read_from_a_file(tmp_path):
    path = tmp_path / "answer"
    path.write_bytes(HEAD % b"200 OK" + b"x" * (MAX_ANSWER_BYTES + 1))
    with pytest.raises(NotAnAnswerError, match="longer than"):
        saved_answer(path)
    with pytest.raises(NotAnAnswerError, match="cannot be read: Is a directory"):
        saved_answer(tmp_path)


@pytest.mark.parametrize("order", [{"suggest": True}, {"answer": True}])
@pytest.mark.parametrize("name", ["zuora", "zuora-soap"])
async def test_other_vendors_say_that_they_explain_nothing(tmp_path, zuora, orders, name, order):
    path = tmp_path / "answer"
    path.write_bytes(ACTIVE)
    given = {"answer": saved_answer(path)} if "answer" in order else order
    variables = orders.variables() if name == "zuora" else zuora.variables("78.0")
    with pytest.raises(NotExplainedError, match=f"VENDOR {name} cannot"):
        await tried(variables, "A-S00000001", **given)
    assert set(BUILT_IN) > {"rest", name}
    assert (zuora.calls, orders.calls) == ([], [])
