"""The local Zuora's answers, compared with recorded ones and with the real schemas."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from lxml import etree

from sandbox.zuora import LocalZuora
from sandbox.zuora.fields import QUERIED
from sandbox.zuora.values import type_at
from tests.sandbox_zuora.calling import (
    CONTRACTS,
    Answer,
    Caller,
    amendment,
    cancellation,
    fields,
)
from tests.sandbox_zuora.test_schema import VERSIONS, real_fields, schema, verdicts

pytestmark = pytest.mark.skipif(not CONTRACTS.exists(), reason="the contracts are not here")

# These differ from call to call.
FREE = {"Session", "ServerUrl", "AmendmentIds", "SubscriptionId", "TotalDeltaMrr", "id"}


def shape(element: etree._Element) -> object:
    """Names, namespaces, order, attributes, and all texts except free ones."""
    name = etree.QName(element)
    text = None if name.localname in FREE else (element.text or None)
    return name.text, sorted(map(str, element.items())), text, [shape(child) for child in element]


def recorded(name: str) -> tuple[int, object]:
    text = (CONTRACTS / "recorded" / f"soap-{name}-0.txt").read_text()
    first, answer = text.splitlines()[0], text.split("--- RESPONSE\n")[1].strip()
    return int(first.split("-> ")[1].split()[0]), shape(etree.fromstring(answer.encode()))


def seen(answer: Answer) -> tuple[int, object]:
    assert answer.headers["Content-Type"] == "text/xml;charset=UTF-8"
    return answer.status, shape(answer.root)


async def test_a_login(caller: Callable[[str], Caller]) -> None:
    assert seen(await caller("91.0").login()) == recorded("authentication_success")


async def test_a_refused_login(caller: Callable[[str], Caller]) -> None:
    assert seen(await caller("91.0").login("wrong")) == recorded("authentication_failure")


async def test_a_query_without_a_result(caller: Callable[[str], Caller]) -> None:
    answer = await caller("91.0").query(
        "SELECT Id FROM subscription WHERE SubscriptionStartDate = '2016-02-08'"
    )
    assert seen(answer) == recorded("query_data_format_success")


async def test_a_create_without_a_name(caller: Callable[[str], Caller]) -> None:
    body = f"<api:create>{amendment('')}</api:create>"
    assert seen(await caller("91.0").call(body)) == recorded("create_account_failure")


async def test_a_delete(zuora: LocalZuora, caller: Callable[[str], Caller]) -> None:
    draft = zuora.add(status="Draft")
    answer = await caller("91.0").delete("Subscription", draft.id)
    assert seen(answer) == recorded("delete_delete_one_subscription_success")


async def test_an_amend(
    zuora: LocalZuora, caller: Callable[[str], Caller], day: Callable[..., str]
) -> None:
    answer = await caller("91.0").amend(cancellation(zuora.add().id, day(1)))
    assert seen(answer) == recorded("amend_add_product_success")


async def test_a_refused_amend(
    zuora: LocalZuora, caller: Callable[[str], Caller], day: Callable[..., str]
) -> None:
    answer = await caller("91.0").amend(cancellation("0" * 32, day(1)))
    assert answer.status == 200
    (result,) = answer.body
    names = [etree.QName(part).localname for part in result]
    assert names == ["Errors", "Success"]
    assert [etree.QName(part).localname for part in result[0]] == ["Code", "Message"]


def everything(kind: str, version: str) -> str:
    """The query for every field that the local Zuora knows in a version."""
    known = (field.name for field in QUERIED[kind].at(float(version)))
    names = [name for name in known if name not in ("fieldsToNull", "RatePlanData")]
    return f"select {', '.join(names)} from {kind}"


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("kind", QUERIED)
def test_queries_only_know_fields_of_the_real_schema(kind: str, version: str) -> None:
    real = dict(real_fields(version, kind, "ons")) | {"Id": "ID", "fieldsToNull": "string"}
    for field in QUERIED[kind].at(float(version)):
        if field.kind != "anything":
            assert real.get(field.name) == type_at(float(version), field.kind), field.name


@pytest.mark.parametrize("version", VERSIONS)
async def test_every_answer_is_valid(
    zuora: LocalZuora, caller: Callable[[str], Caller], day: Callable[..., str], version: str
) -> None:
    zuora.nil_unset_fields = True
    client, when = caller(version), day(3, version)
    days = (zuora.today(), None)
    subscription = zuora.add(charged_through=(days, days[:1]))
    answers = [
        await client.login(),
        *[await client.query(everything(kind, version)) for kind in QUERIED],
        await client.query("select Id from Subscription where Name = 'none'"),
        await client.create(cancellation(subscription.id, when, Status=None)),
        await client.create(fields(Name="x")),
        await client.query("select Id, Status, EffectiveDate, Name from Amendment"),
    ]
    (draft,) = zuora.amendments(subscription.name)
    answers.append(await client.update(fields(Id=draft.id, Status="Completed")))
    answers.append(await client.update(fields(Id=draft.id, Status="Completed")))
    if float(version) >= 28:
        fresh = zuora.add()
        answers.append(await client.preview(cancellation(fresh.id, when)))
        answers.append(await client.amend(cancellation(fresh.id, when), ""))
        answers.append(await client.amend(cancellation(fresh.id, when), ""))
    answers.append(await client.delete("Amendment", draft.id))
    answers.append(await client.delete("Amendment", draft.id))
    answers.append(await client.query(everything("RatePlanCharge", version)))
    for answer in answers:
        schema(version).assertValid(answer.body)
        assert answer.status == 200


@pytest.mark.parametrize("version", ["19.0", "28.0", "78.0"])
async def test_every_fault_has_a_code_from_its_version(
    zuora: LocalZuora, caller: Callable[[str], Caller], version: str
) -> None:
    client = caller(version)
    zuora.on("query").rate_limited()
    zuora.on("query").temporary_error()
    zuora.on("query").timed_out()
    zuora.on("query").session_lost()
    answers = [await client.query("select Id from Subscription") for _ in range(4)]
    answers.append(await client.query("select Nonsense from Subscription"))
    for answer in answers:
        (detail,) = (e for e in answer.root.iter("detail"))
        fault_schema(version).assertValid(detail[0])


def fault_schema(version: str) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(str(CONTRACTS / "xsd" / version / "fns.xsd")))


WIRE = [
    # file, version, accepted
    ("login-29.xml", "29.0", True),
    ("a-amend-preview-28.0.xml", "28.0", True),
    ("a-amend-preview-29.0.xml", "29.0", True),
    ("a-amend-preview-29.0.xml", "64.0", True),
    ("a-amend-preview-29.0.xml", "69.0", False),
    ("a-amend-preview-28.0.xml", "27.0", False),
    ("b-create-25.0.xml", "25.0", True),
    ("b-create-25.0-headers-list.xml", "25.0", True),
    ("b-create-25.0.xml", "24.0", False),
    ("b-create-25.0.xml", "78.0", False),
    ("c1-create-draft-19.0.xml", "19.0", True),
    ("c1-create-draft-19.0.xml", "64.0", True),
    ("c1-create-draft-19.0.xml", "69.0", False),
    ("c2-update-completed-19.0.xml", "19.0", True),
    ("c2-update-completed-19.0.xml", "78.0", False),
    ("delete-19.0.xml", "19.0", True),
    ("query-19.0.xml", "19.0", True),
    ("query-19.0.xml", "153.0", True),
]


@pytest.mark.parametrize(("file", "version", "accepted"), WIRE)
async def test_the_samples_of_zeep(
    zuora: LocalZuora,
    caller: Callable[[str], Caller],
    file: str,
    version: str,
    accepted: bool,
) -> None:
    zuora.username, zuora.password = "u@example.com", "pw"
    zuora.add_user("u@example.com", "pw")
    client = caller(version)
    await client.login()
    text = (CONTRACTS / "wire" / file).read_text().replace("SESSIONTOKEN", client.session)
    answer = await client.post(text.encode())
    assert (answer.status == 200) is accepted, answer.all("faultstring")


def test_the_field_order_of_the_first_sample_is_refused_in_every_version(
    day: Callable[..., str],
) -> None:
    b = fields(ContractEffectiveDate=day(1, "25.0"), Name="x", Type="Cancellation")
    b += fields(EffectiveDate=day(1, "25.0"))
    c2 = fields(ServiceActivationDate=day(1, "25.0"), CustomerAcceptanceDate=day(1, "25.0"))
    for version in ("19.0", "25.0", "27.0", "28.0", "38.0", "78.0"):
        for inner in (b, c2):
            assert verdicts(version, f"<api:create>{amendment(inner)}</api:create>") == (
                False,
                False,
            )


async def test_records_declare_the_prefix_of_their_type(
    zuora: LocalZuora, caller: Callable[[str], Caller]
) -> None:
    zuora.add()
    answer = await caller("29.0").query("select Id from Subscription")
    (record,) = (e for e in answer.root.iter() if etree.QName(e).localname == "records")
    assert list(record.attrib.values()) == ["ns2:Subscription"]
    assert record.nsmap["ns2"] == "http://object.api.zuora.com/"
