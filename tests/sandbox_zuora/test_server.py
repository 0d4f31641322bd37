"""Sessions, users, tenants, versions and the log of calls."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import httpx
import pytest

from sandbox.zuora import LocalZuora
from tests.sandbox_zuora.calling import Caller, cancellation, envelope, fields

Version = Callable[[str], Caller]
SUBSCRIPTIONS = "select Id from Subscription"


def test_the_variables_are_those_of_the_portal() -> None:
    zuora = LocalZuora(username="u", password="p", port=1)
    assert zuora.variables(25) == {
        "VENDOR": "zuora-soap",
        "ZUORA_SOAP_URL": "http://127.0.0.1:1/apps/services/a/25.0",
        "ZUORA_USERNAME": "u",
        "ZUORA_PASSWORD": "p",
    }


async def test_a_call_without_a_session_is_refused(caller: Version) -> None:
    client = caller("29.0")
    client.session = "nonsense"
    answer = await client.query(SUBSCRIPTIONS)
    assert (answer.status, answer.one("faultcode")) == (500, "fns:INVALID_SESSION")
    body = f"<api:query><api:queryString>{SUBSCRIPTIONS}</api:queryString></api:query>"
    assert (await client.post(envelope(body))).one("FaultCode") == "INVALID_SESSION"


async def test_sessions_expire_on_demand(zuora: LocalZuora, caller: Version) -> None:
    client = caller("29.0")
    assert (await client.query(SUBSCRIPTIONS)).status == 200
    zuora.expire_sessions()
    assert (await client.query(SUBSCRIPTIONS)).one("FaultCode") == "INVALID_SESSION"
    await client.login()
    assert (await client.query(SUBSCRIPTIONS)).status == 200


async def test_an_idle_session_ends(zuora: LocalZuora, caller: Version) -> None:
    zuora.sessions.idle_seconds = 2.0
    client = caller("29.0")
    for _ in range(3):
        await asyncio.sleep(0.7)
        assert (await client.query(SUBSCRIPTIONS)).status == 200
    await asyncio.sleep(2.1)
    assert (await client.query(SUBSCRIPTIONS)).status == 500


async def test_a_second_login_keeps_the_first_session_alive(caller: Version) -> None:
    first, second = caller("29.0"), caller("29.0")
    await first.login()
    await second.login()
    assert first.session != second.session
    assert (await first.query(SUBSCRIPTIONS)).status == 200


async def test_the_server_url_is_the_logins_own_or_as_set(
    zuora: LocalZuora, caller: Version
) -> None:
    assert (await caller("29.0").login()).one("ServerUrl") == zuora.soap_url("29.0")
    zuora.server_url = "https://evil.example/apps/services/a/29.0"
    assert (await caller("29.0").login()).one("ServerUrl") == zuora.server_url


async def test_a_user_without_the_permission(
    zuora: LocalZuora, caller: Version, day: Callable[..., str]
) -> None:
    zuora.deny("amend")
    answer = await caller("69.0").amend(cancellation(zuora.add("A-S1").id, day(1)))
    assert (answer.status, answer.one("FaultCode")) == (500, "NO_PERMISSION")
    assert zuora.subscription("A-S1").status == "Active"


@pytest.mark.parametrize(
    ("tenant", "refused"),
    [
        ("subscribe-and-amend", set[str]()),
        ("harmonization", {"create", "update", "delete"}),
        ("orders", {"create", "update", "delete", "amend"}),
    ],
)
async def test_a_tenant_with_orders_refuses_amendments(
    zuora: LocalZuora, caller: Version, day: Callable[..., str], tenant: str, refused: set[str]
) -> None:
    zuora.tenant = tenant  # type: ignore[assignment]
    client = caller("69.0")
    answers = {
        "query": await client.query(SUBSCRIPTIONS),
        "create": await client.create(cancellation(zuora.add().id, day(1))),
        "update": await client.update(fields(Id="0" * 32, Status="Completed")),
        "delete": await client.delete("Amendment", "0" * 32),
        "amend": await client.amend(cancellation(zuora.add().id, day(1))),
    }
    assert {name for name, answer in answers.items() if answer.status == 500} == refused
    for name in refused:
        assert answers[name].one("FaultCode") == "API_DISABLED"


@pytest.mark.parametrize("version", ["1.0", "18.0", "154.0"])
async def test_an_unknown_version_is_refused(caller: Version, version: str) -> None:
    assert (await caller(version).login()).one("FaultCode") == "INVALID_VERSION"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"no xml",
        b"<a/>",
        b"<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>" + envelope("<api:login/>"),
        envelope(""),
        envelope("<api:login/><api:login/>"),
        envelope("<api:login/>").replace(b"http://schemas.xmlsoap.org/soap/envelope/", b"urn:x"),
    ],
)
async def test_anything_but_an_envelope_is_refused(caller: Version, raw: bytes) -> None:
    answer = await caller("29.0").post(raw)
    assert (answer.status, answer.one("FaultCode")) == (500, "UNKNOWN_ERROR")


async def test_only_xml_is_accepted(zuora: LocalZuora, http: httpx.AsyncClient) -> None:
    response = await http.post(zuora.soap_url(), json={})
    assert response.status_code == 415


async def test_a_wrong_element_is_named(caller: Version) -> None:
    body = "<api:login><api:password>p</api:password><api:username>u</api:username></api:login>"
    answer = await caller("29.0").post(envelope(body))
    assert answer.one("FaultMessage") == "Unexpected subelement username"
    assert len(answer.all("UnexpectedErrorFault")) == 1


async def test_calls_are_counted_by_operation_and_subscription(
    zuora: LocalZuora, caller: Version, day: Callable[..., str]
) -> None:
    client, one, other = caller("69.0"), zuora.add("A-S1"), zuora.add("A-S2")
    await client.query("select Id from Subscription where Name = 'A-S1'")
    await client.preview(cancellation(one.id, day(1)))
    await client.amend(cancellation(one.id, day(1)))
    await client.amend(cancellation(other.id, day(1)))
    await client.query(f"select Id from Amendment where SubscriptionId = '{one.id}'")
    counted = {name: zuora.count(name) for name in ("login", "query", "preview", "amend")}
    assert counted == {"login": 1, "query": 2, "preview": 1, "amend": 2}
    assert [call.operation for call in zuora.calls_to(name="A-S1")] == [
        "query",
        "preview",
        "amend",
        "query",
    ]
    assert zuora.count("amend", "A-S2") == 1
    assert zuora.count() == 6


async def test_an_envelope_is_kept_and_never_shown(zuora: LocalZuora, caller: Version) -> None:
    await caller("29.0").login()
    (call,) = zuora.calls
    assert zuora.password in call.envelope
    assert zuora.password not in repr(call)


async def test_a_stopped_server_comes_back_and_remembers(
    zuora: LocalZuora, caller: Version
) -> None:
    client = caller("29.0")
    zuora.add()
    await client.login()
    await zuora.stop()
    with pytest.raises(httpx.TransportError):
        await client.query(SUBSCRIPTIONS)
    await zuora.start()
    assert (await client.query(SUBSCRIPTIONS)).one("size") == "1"


async def test_answers_in_the_envelope_of_soap_12(zuora: LocalZuora, caller: Version) -> None:
    zuora.soap_12_answers = True
    for answer in (await caller("29.0").login(), await caller("29.0").login("wrong")):
        assert answer.root.tag == "{http://www.w3.org/2003/05/soap-envelope}Envelope"
