"""Every possible request matches the WSDL of its version; recorded answers can be read."""

from __future__ import annotations

import functools
import re
from contextlib import suppress
from pathlib import Path

import pytest
from lxml import etree

from connect_ext.errors import Refused
from connect_ext.portal.policy import CancellationDate
from connect_ext.vendors.base import Subscription, SubscriptionStatus
from connect_ext.vendors.zuora_soap import answers
from tests.zuora_soap.conftest import MakeVendor, asking
from tests.zuora_soap.scripted import (
    ACTIVE_ID,
    SOAP_12,
    Asked,
    Reply,
    ScriptedZuora,
    amended,
    amendment,
    found,
    previewed,
    saved,
    soap,
    subscription,
)
from tests.zuora_soap.serving import tenant

# Beside the repository, or further up.
_PLACES = [up / "shared" / "contracts" / "zuora" for up in Path(__file__).parents]
CONTRACTS = next((place for place in _PLACES if place.exists()), _PLACES[0])
VERSIONS = ("19.0", "25.0", "27.0", "28.0", "38.0", "78.0")

pytestmark = pytest.mark.skipif(not CONTRACTS.is_dir(), reason="the contracts are not here")


@functools.cache
def schema(version: str) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(CONTRACTS / "xsd" / version / "zns.xsd"))


def assert_valid(envelope: etree._Element, version: str) -> None:
    for part in envelope.xpath("/*/*/*"):
        schema(version).assertValid(etree.fromstring(etree.tostring(part)))


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("billing", [False, True])
@pytest.mark.parametrize("left_over", [False, True])
async def test_every_request_is_valid_in_the_schema_of_its_version(
    zuora: ScriptedZuora, make_vendor: MakeVendor, version: str, billing: bool, left_over: bool
) -> None:
    drafts = [amendment("Cancel request PR-1000-2000")] if left_over else []

    def answer(asked: Asked) -> Reply:
        about_amendments = "from Amendment" in (asked.text("queryString") or "")
        return found(*drafts) if about_amendments else found(subscription())

    zuora.on("query", answer)
    zuora.on("create", saved("create"))
    zuora.on("update", saved("update"))
    zuora.on("preview", previewed(("-1.5", "0")))
    zuora.on("amend", amended())
    vendor = make_vendor(float(version), generate_invoice=billing, process_payments=billing)

    shown = await vendor.look_up(asking())
    await vendor.cancel(asking(), shown)
    await vendor.look_up(asking(ACTIVE_ID))

    assert len(zuora.asked) >= 4
    for asked in zuora.asked:
        assert_valid(asked.envelope, version)
        assert asked.headers["SOAPAction"] == '""'
        assert asked.headers["Content-Type"] == "text/xml; charset=UTF-8"


@pytest.mark.parametrize("version", VERSIONS)
async def test_every_envelope_of_a_later_date_an_undo_and_a_plan_is_valid(version: str) -> None:
    when = CancellationDate.END_OF_TERM
    if float(version) >= 25:
        when = CancellationDate.END_OF_INVOICED_PERIOD
    async with tenant(version, preview=True) as there:
        there.add()
        await there.cancel(when)
        plan = await there.vendor.plan(there.undo, await there.look())
        with suppress(Refused):
            # Version 28 cannot switch off invoicing.
            await there.vendor.take_back(there.undo, await there.look())
        sent = [call.envelope for call in there.zuora.calls]
    assert sum("delete" in envelope for envelope in sent) == 1
    for envelope in (*sent, *(call.body for call in plan.calls)):
        assert_valid(etree.fromstring(envelope.encode()), version)


async def test_the_children_of_an_amendment_come_in_the_order_of_the_schema(
    zuora: ScriptedZuora, make_vendor: MakeVendor
) -> None:
    zuora.on("preview", previewed())
    zuora.on("amend", amended())

    await make_vendor(78.0).cancel(asking(), Subscription(SubscriptionStatus.ACTIVE, None, "id"))

    (amend,) = zuora.of("amend")
    assert " ".join(amend.names("Amendments")) == (
        "ContractEffectiveDate CustomerAcceptanceDate Description EffectiveDate Name "
        "ServiceActivationDate Status SubscriptionId Type"
    )
    assert amend.names("AmendOptions") == ["GenerateInvoice", "ProcessPayments"]
    (preview,) = zuora.of("preview")
    assert preview.names("requests") == ["Amendments", "AmendOptions", "PreviewOptions"]
    options = ["EnablePreviewMode", "IncludeExistingDraftInvoiceItems"]
    assert preview.names("PreviewOptions") == options


def recorded(name: str) -> bytes:
    text = (CONTRACTS / "recorded" / f"soap-{name}-0.txt").read_text()
    return text.partition("--- RESPONSE\n")[2].strip().encode()


def test_the_recorded_answers_are_all_read() -> None:
    names = {path.name for path in (CONTRACTS / "recorded").glob("soap-*")}

    amend = answers.read_reply(recorded("amend_add_product_success"), "amend")
    login = answers.read_reply(recorded("authentication_success"), "login")
    refused = answers.read_reply(recorded("authentication_failure"), "login")
    failed = answers.read_reply(recorded("create_account_failure"), "create")
    deleted = answers.read_reply(recorded("delete_delete_one_subscription_success"), "delete")
    empty = answers.read_reply(recorded("query_data_format_success"), "query")

    assert len(names) == 6
    assert answers.amendment_ids(amend) == ("2c92c0f95282215501528ba03f510b2a",)
    assert answers.login_result(login).server_url.endswith("/apps/services/a/91.0")
    assert refused.fault is not None
    assert refused.fault.code == "INVALID_VALUE"
    assert [error.code for error in failed.errors] == ["MISSING_REQUIRED_VALUE"]
    assert deleted.succeeded
    assert answers.deleted_id(deleted)
    assert answers.subscription_versions(empty) == ()


@pytest.mark.parametrize("name", ["login-29.xml", "query-19.0.xml", "delete-19.0.xml"])
def test_our_envelope_equals_that_of_an_independent_client(name: str) -> None:
    from connect_ext.vendors.zuora_soap import envelopes

    def canonical(raw: bytes) -> str:
        root = etree.fromstring(raw, etree.XMLParser(remove_blank_text=True))
        return re.sub(
            r"xmlns[^ >]*|\w+-?\w*:",
            "",
            etree.tostring(root, method="c14n", exclusive=True).decode(),
        ).replace(" ", "")

    sample = (CONTRACTS / "wire" / name).read_bytes()
    asked = etree.fromstring(sample).findtext(".//{*}queryString") or ""
    ids = etree.fromstring(sample).findtext(".//{*}ids") or ""
    ours = envelopes.login("u@example.com", "pw")
    if asked or ids:
        build = envelopes.query(asked) if asked else envelopes.delete(ids)
        ours = build("SESSIONTOKEN")
    assert canonical(ours) == canonical(sample)


async def test_an_answer_in_the_namespace_of_soap_1_2_is_read_too() -> None:
    body = soap(
        "<ns1:amendResponse><ns1:results><ns1:Success>1</ns1:Success></ns1:results>"
        "</ns1:amendResponse>",
        SOAP_12,
    )

    assert answers.amendment_ids(answers.read_reply(body.encode(), "amend")) == ()
