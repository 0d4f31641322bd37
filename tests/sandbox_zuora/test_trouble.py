"""Every kind of misbehaviour, and the calls it applies to."""

from __future__ import annotations

import time
from collections.abc import Callable

import httpx
import pytest
from lxml import etree

from sandbox.faults import Respond
from sandbox.zuora import LocalZuora
from tests.sandbox_zuora.calling import Caller, cancellation

Version = Callable[[str], Caller]
Day = Callable[..., str]
SUBSCRIPTIONS = "select Id from Subscription"


@pytest.fixture
def inner(zuora: LocalZuora, day: Day) -> str:
    return cancellation(zuora.add("A-S1").id, day(1))


async def test_an_answer_is_lost_after_the_work(
    zuora: LocalZuora, caller: Version, inner: str
) -> None:
    rule = zuora.on("amend").drop_after()
    client = caller("69.0")
    await client.preview(inner)
    with pytest.raises(httpx.RemoteProtocolError):
        await client.amend(inner)
    assert rule.hits == 1
    assert zuora.effective_cancellations("A-S1") == 1
    assert (await client.query(SUBSCRIPTIONS)).status == 200


async def test_a_connection_is_lost_before_the_work(
    zuora: LocalZuora, caller: Version, inner: str
) -> None:
    zuora.on("amend").drop_before()
    client = caller("69.0")
    with pytest.raises(httpx.RemoteProtocolError):
        await client.amend(inner)
    assert zuora.effective_cancellations("A-S1") == 0
    assert (await client.amend(inner)).one("Success") == "true"


@pytest.mark.parametrize(
    ("version", "code"), [("69.0", "REQUEST_EXCEEDED_LIMIT"), ("29.0", "UNKNOWN_ERROR")]
)
async def test_too_many_requests(
    zuora: LocalZuora, caller: Version, version: str, code: str
) -> None:
    zuora.on("query").rate_limited("7", times=2)
    client = caller(version)
    for _ in range(2):
        answer = await client.query(SUBSCRIPTIONS)
        assert (answer.status, answer.headers["Retry-After"]) == (429, "7")
        assert answer.one("FaultCode") == code
    assert (await client.query(SUBSCRIPTIONS)).status == 200


@pytest.mark.parametrize("after_work", [True, False])
async def test_a_page_of_html(
    zuora: LocalZuora, caller: Version, inner: str, after_work: bool
) -> None:
    zuora.on("amend").html(after_work=after_work)
    client = caller("69.0")
    with pytest.raises(etree.XMLSyntaxError):
        await client.amend(inner)
    assert zuora.effective_cancellations("A-S1") == after_work


async def test_a_slow_answer(zuora: LocalZuora, caller: Version) -> None:
    zuora.on("login").delay(0.2)
    start = time.monotonic()
    await caller("29.0").login()
    assert time.monotonic() - start >= 0.2


@pytest.mark.parametrize("as_row", [True, False])
async def test_the_session_is_lost(
    zuora: LocalZuora, caller: Version, inner: str, as_row: bool
) -> None:
    zuora.on("amend").session_lost(as_row=as_row)
    client = caller("69.0")
    answer = await client.amend(inner)
    if as_row:
        assert (answer.status, answer.one("Code")) == (200, "INVALID_SESSION")
    else:
        assert (answer.status, answer.one("faultcode")) == (500, "fns:INVALID_SESSION")
    assert (await client.amend(inner)).one("FaultCode") == "INVALID_SESSION"
    await client.login()
    assert (await client.amend(inner)).one("Success") == "true"


@pytest.mark.parametrize(
    ("version", "code"), [("60.0", "LOCK_COMPETITION"), ("59.0", "UNKNOWN_ERROR")]
)
async def test_a_lock(
    zuora: LocalZuora, caller: Version, day: Day, version: str, code: str
) -> None:
    zuora.on("amend").locked()
    client, inner = caller(version), cancellation(zuora.add("A-S1").id, day(1, version))
    answer = await client.amend(inner)
    assert (answer.status, answer.one("Success"), answer.one("Code")) == (200, "false", code)
    assert answer.one("Message") == (
        "Operation failed due to a lock competition, please retry later."
    )
    assert (await client.amend(inner)).one("Success") == "true"


@pytest.mark.parametrize("after_work", [True, False])
async def test_a_transaction_times_out(
    zuora: LocalZuora, caller: Version, inner: str, after_work: bool
) -> None:
    zuora.on("amend").timed_out(after_work=after_work)
    answer = await caller("69.0").amend(inner)
    assert (answer.status, answer.one("FaultCode")) == (500, "TRANSACTION_TIMEOUT")
    assert zuora.effective_cancellations("A-S1") == after_work


async def test_any_fault_and_any_row_error(zuora: LocalZuora, caller: Version, inner: str) -> None:
    zuora.on("query").temporary_error()
    zuora.on("query").unavailable()
    zuora.on("query").fault("SOMETHING_NEW", "its message", kind="LoginFault", status=503)
    zuora.on("amend").row_error("TRANSACTION_TERMINATED", "its message")
    client = caller("69.0")
    codes = [(await client.query(SUBSCRIPTIONS)).one("FaultCode") for _ in range(3)]
    assert codes == ["TEMPORARY_ERROR", "SERVER_UNAVAILABLE", "SOMETHING_NEW"]
    answer = await client.amend(inner)
    assert (answer.one("Code"), answer.one("Message")) == ("TRANSACTION_TERMINATED", "its message")


async def test_a_literal_code_is_sent_by_an_old_version_too(
    zuora: LocalZuora, caller: Version
) -> None:
    zuora.on("query").fault("TEMPORARY_ERROR", literal=True)
    answer = await caller("29.0").query(SUBSCRIPTIONS)
    assert answer.one("FaultCode") == "TEMPORARY_ERROR"


async def test_row_errors_have_the_shape_of_their_operation(
    zuora: LocalZuora, caller: Version, inner: str
) -> None:
    zuora.on().row_error("BATCH_FAIL_ERROR", times=None)
    client = caller("69.0")
    client.session = "any"
    assert len((await client.create(inner)).all("result")) == 1
    assert len((await client.amend(inner)).all("results")) == 1
    assert (await client.delete("Amendment", "0" * 32)).one("success") == "false"
    assert (await client.query(SUBSCRIPTIONS)).one("FaultCode") == "BATCH_FAIL_ERROR"


async def test_a_restricted_address(zuora: LocalZuora, caller: Version) -> None:
    zuora.on("login").address_restricted()
    answer = await caller("29.0").login()
    assert answer.one("FaultCode") == "INVALID_VALUE"
    assert "IP address may be restricted" in (answer.one("FaultMessage") or "")
    assert len(answer.all("LoginFault")) == 1


async def test_trouble_for_one_subscription_only(
    zuora: LocalZuora, caller: Version, day: Day
) -> None:
    one, other, client = zuora.add("A-S1"), zuora.add("A-S2"), caller("69.0")
    zuora.on("amend", "A-S1").locked(times=None)
    assert (await client.amend(cancellation(other.id, day(1)))).one("Success") == "true"
    assert (await client.amend(cancellation(one.id, day(1)))).one("Success") == "false"


async def test_any_fault_of_the_plan(zuora: LocalZuora, caller: Version, inner: str) -> None:
    zuora.on("preview").do(Respond(502, b"<oops/>", "text/xml"))
    client = caller("69.0")
    assert (await client.preview(inner)).status == 502
    assert (await client.preview(inner)).status == 200
