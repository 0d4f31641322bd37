"""The error that each of Zuora's answers becomes."""

from __future__ import annotations

import pytest

from connect_ext.cause import Cause
from connect_ext.errors import (
    CancellationError,
    NotConfigured,
    NotDone,
    OutcomeUnknown,
    Refused,
)
from connect_ext.vendors.base import Subscription, SubscriptionStatus
from tests.zuora_soap.conftest import MakeVendor, asking
from tests.zuora_soap.scripted import (
    ACTIVE_ID,
    HTML,
    Reply,
    ScriptedZuora,
    amended,
    fault,
    found,
    row_error,
    saved,
    soap,
    subscription,
)

ACTIVE = Subscription(SubscriptionStatus.ACTIVE, None, ACTIVE_ID)
SECRETS = ("user@example.com", "pass<&>word", "session-1", "The vendor's words", "127.0.0.1")

# code; as the error of a row of a write; as a fault of a write; as a fault of a query
TABLE = [
    ("ACCOUNTING_PERIOD_CLOSED", Refused, NotConfigured, NotConfigured),
    ("API_DISABLED", NotConfigured, NotConfigured, NotConfigured),
    ("BATCH_FAIL_ERROR", NotDone, NotDone, NotDone),
    ("CANNOT_DELETE", NotConfigured, NotConfigured, NotConfigured),
    ("CREDIT_CARD_PROCESSING_FAILURE", Refused, NotConfigured, NotConfigured),
    ("DUPLICATE_VALUE", OutcomeUnknown, OutcomeUnknown, NotDone),
    ("INVALID_FIELD", NotConfigured, NotConfigured, NotConfigured),
    ("INVALID_ID", NotDone, NotDone, NotDone),
    ("INVALID_LOGIN", NotConfigured, NotConfigured, NotConfigured),
    ("INVALID_SESSION", NotDone, NotDone, NotDone),
    ("INVALID_TEMPLATE", NotConfigured, NotConfigured, NotConfigured),
    ("INVALID_TYPE", NotConfigured, NotConfigured, NotConfigured),
    ("INVALID_VALUE", Refused, NotConfigured, NotConfigured),
    ("INVALID_VERSION", NotConfigured, NotConfigured, NotConfigured),
    ("LOCK_COMPETITION", NotDone, NotDone, NotDone),
    ("MALFORMED_QUERY", NotConfigured, NotConfigured, NotConfigured),
    ("MAX_RECORDS_EXCEEDED", NotConfigured, NotConfigured, NotConfigured),
    ("MISSING_REQUIRED_VALUE", NotConfigured, NotConfigured, NotConfigured),
    ("NO_PERMISSION", NotConfigured, NotConfigured, NotConfigured),
    ("PDF_QUERY_ERROR", OutcomeUnknown, OutcomeUnknown, NotDone),
    ("REQUEST_EXCEEDED_LIMIT", NotDone, NotDone, NotDone),
    ("REQUEST_EXCEEDED_RATE", NotDone, NotDone, NotDone),
    ("REQUEST_REJECTED", OutcomeUnknown, OutcomeUnknown, NotDone),
    ("SERVER_UNAVAILABLE", OutcomeUnknown, OutcomeUnknown, NotDone),
    ("TEMPORARY_ERROR", OutcomeUnknown, OutcomeUnknown, NotDone),
    ("TRANSACTION_FAILED", Refused, NotConfigured, NotConfigured),
    ("TRANSACTION_TERMINATED", OutcomeUnknown, OutcomeUnknown, NotDone),
    ("TRANSACTION_TIMEOUT", OutcomeUnknown, OutcomeUnknown, NotDone),
    ("UNKNOWN_ERROR", OutcomeUnknown, OutcomeUnknown, NotDone),
    ("A_CODE_OF_TOMORROW", OutcomeUnknown, OutcomeUnknown, NotDone),
    ("", OutcomeUnknown, OutcomeUnknown, NotDone),
]


async def error_of_amend(
    zuora: ScriptedZuora, make_vendor: MakeVendor, reply: Reply
) -> CancellationError:
    zuora.on("amend", reply)
    with pytest.raises(CancellationError) as caught:
        await make_vendor(preview=False).cancel(asking(), ACTIVE)
    for secret in SECRETS:
        assert secret not in str(caught.value)
        assert secret not in repr(caught.value)
    return caught.value


async def error_of_query(
    zuora: ScriptedZuora, make_vendor: MakeVendor, reply: Reply
) -> CancellationError:
    zuora.on("query", reply)
    with pytest.raises(CancellationError) as caught:
        await make_vendor().look_up(asking())
    return caught.value


@pytest.mark.parametrize(("code", "row", "whole", "question"), TABLE)
async def test_each_code_has_its_class(  # noqa: PLR0917 - the columns of the table
    zuora: ScriptedZuora,
    make_vendor: MakeVendor,
    code: str,
    row: type[CancellationError],
    whole: type[CancellationError],
    question: type[CancellationError],
) -> None:
    as_row = await error_of_amend(zuora, make_vendor, row_error("amend", code))
    as_fault = await error_of_amend(zuora, make_vendor, fault(code))
    of_query = await error_of_query(zuora, make_vendor, fault(code))

    assert isinstance(as_row, row)
    assert isinstance(as_fault, whole)
    assert isinstance(of_query, question)
    for error in (as_row, as_fault, of_query):
        assert isinstance(error, Refused) or (code or "without a known code") in error.message
        assert error.vendor_text == "The vendor's words."
    if isinstance(as_row, Refused):
        assert as_row.reason == "The vendor's words."


@pytest.mark.parametrize(
    ("version", "operation"), [(19.0, "create"), (19.0, "update"), (26.0, "create")]
)
async def test_a_refusal_of_any_step_carries_the_vendors_words(
    zuora: ScriptedZuora, make_vendor: MakeVendor, version: float, operation: str
) -> None:
    zuora.on("query", found())
    zuora.on("create", saved("create"))
    zuora.on(operation, row_error(operation, "INVALID_VALUE", "Not now."))

    with pytest.raises(Refused) as caught:
        await make_vendor(version).cancel(asking(), ACTIVE)

    assert caught.value.reason == "Not now."


LIMITED = {"Retry-After": "120"}


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (fault("REQUEST_EXCEEDED_LIMIT", status=429, headers=LIMITED), NotDone),
        (fault("UNKNOWN_ERROR", status=429, headers=LIMITED), NotDone),
        (Reply("busy", 503, LIMITED), OutcomeUnknown),
    ],
    ids=["limit", "unknown", "busy"],
)
async def test_a_rate_limit_keeps_its_status_and_retry_after(
    zuora: ScriptedZuora, make_vendor: MakeVendor, reply: Reply, kind: type[CancellationError]
) -> None:
    error = await error_of_amend(zuora, make_vendor, reply)
    assert isinstance(error, kind)
    assert error.retry_after == 120


@pytest.mark.parametrize("code", ["UNKNOWN_ERROR", "INVALID_VALUE", "TRANSACTION_FAILED"])
async def test_a_lock_is_known_by_its_text_in_versions_without_a_code_for_it(
    zuora: ScriptedZuora, make_vendor: MakeVendor, code: str
) -> None:
    text = "Operation failed due to a lock competition, please retry later."

    error = await error_of_amend(zuora, make_vendor, row_error("amend", code, text))
    assert (type(error), error.cause) == (NotDone, Cause.BUSY)


async def test_a_tenant_with_orders_is_a_configuration_error_that_says_so(
    zuora: ScriptedZuora, make_vendor: MakeVendor
) -> None:
    for reply in (
        row_error("amend", "INVALID_VALUE", "Order Date is required."),
        row_error("amend", "TRANSACTION_FAILED", "Orders is enabled for this tenant."),
        fault("API_DISABLED"),
        fault("INVALID_TYPE"),
    ):
        error = await error_of_amend(zuora, make_vendor, reply)
        assert isinstance(error, NotConfigured)
        assert "Orders" in error.message


async def test_one_unclear_error_among_refusals_leaves_the_outcome_unknown(
    zuora: ScriptedZuora, make_vendor: MakeVendor
) -> None:
    errors = "".join(
        f"<ns1:Errors><ns1:Code>{code}</ns1:Code><ns1:Message>m</ns1:Message></ns1:Errors>"
        for code in ("INVALID_VALUE", "TEMPORARY_ERROR")
    )
    reply = Reply(
        soap(f"<ns1:amendResponse><ns1:results>{errors}</ns1:results></ns1:amendResponse>")
    )

    assert isinstance(await error_of_amend(zuora, make_vendor, reply), OutcomeUnknown)


async def test_success_together_with_an_error_is_an_unknown_outcome(
    zuora: ScriptedZuora, make_vendor: MakeVendor
) -> None:
    error = "<ns1:Errors><ns1:Code>INVALID_VALUE</ns1:Code></ns1:Errors>"

    assert isinstance(await error_of_amend(zuora, make_vendor, amended(error)), OutcomeUnknown)


@pytest.mark.parametrize(
    ("reply", "of_write", "of_question"),
    [
        (HTML, OutcomeUnknown, NotDone),
        (Reply("", 200), OutcomeUnknown, NotDone),
        (Reply("", lost=True), OutcomeUnknown, NotDone),
        (Reply("<html>", 500), OutcomeUnknown, NotDone),
        (Reply("<html>", 502), OutcomeUnknown, NotDone),
        (Reply("<html>", 504), OutcomeUnknown, NotDone),
        (Reply("slow down", 429), NotDone, NotDone),
        (Reply("<html>", 302, {"Location": "https://elsewhere"}), OutcomeUnknown, NotConfigured),
        (Reply("<html>", 303, {"Location": "urn:job:1"}), OutcomeUnknown, NotConfigured),
        (Reply("<html>", 401), OutcomeUnknown, NotConfigured),
        (Reply("<html>", 403), OutcomeUnknown, NotConfigured),
        (Reply("<html>", 404), OutcomeUnknown, NotConfigured),
        (Reply(soap("<ns1:amendResponse/>")), OutcomeUnknown, NotDone),
        (Reply(soap("<ns1:queryResponse/>")), OutcomeUnknown, NotDone),
        (Reply(soap("<ns1:deleteResponse/>")), OutcomeUnknown, NotDone),
        (Reply(soap("")), OutcomeUnknown, NotDone),
        (Reply(soap("<ns1:amendResponse/>"), 500), OutcomeUnknown, NotDone),
        (fault("Server", kind="Other"), OutcomeUnknown, NotDone),
    ],
)
async def test_an_unreadable_answer_leaves_the_outcome_of_a_write_unknown(
    zuora: ScriptedZuora,
    make_vendor: MakeVendor,
    reply: Reply,
    of_write: type[CancellationError],
    of_question: type[CancellationError],
) -> None:
    assert type(await error_of_amend(zuora, make_vendor, reply)) is of_write
    assert type(await error_of_query(zuora, make_vendor, reply)) is of_question


@pytest.mark.parametrize(
    ("reply", "cause"),
    [
        (fault("INVALID_SESSION"), Cause.CREDENTIALS),
        (fault("LOCK_COMPETITION"), Cause.BUSY),
        (Reply("slow down", 429), Cause.BUSY),
        (fault("TEMPORARY_ERROR"), Cause.VENDOR_ERROR),
        (Reply("<html>", 502), Cause.VENDOR_ERROR),
        (fault("NO_PERMISSION"), Cause.CONFIGURATION),
        (Reply("<html>", 403), Cause.CONFIGURATION),
        (HTML, Cause.UNREADABLE),
        (found(subscription(), subscription(Name="A-S00000002")), Cause.UNREADABLE),
        (found(subscription("Sleeping")), Cause.UNKNOWN_STATUS),
    ],
)
async def test_a_failed_look_has_a_cause_in_one_word(
    zuora: ScriptedZuora, make_vendor: MakeVendor, reply: Reply, cause: Cause
) -> None:
    assert (await error_of_query(zuora, make_vendor, reply)).cause is cause


@pytest.mark.parametrize(
    ("status", "named"),
    [
        ("Out Of Term", "'Out Of Term'"),
        *((text, "a status that is not shown") for text in ("h0ld", "x" * 31, "")),
    ],
)
async def test_an_unknown_status_is_named_if_it_is_a_plain_word(
    zuora: ScriptedZuora, make_vendor: MakeVendor, status: str, named: str
) -> None:
    error = await error_of_query(zuora, make_vendor, found(subscription(status)))
    assert isinstance(error, NotDone)
    assert named in error.message


LAUGHS = "".join(
    f'<!ENTITY l{n + 1} "{f"&l{n};" * 10}">' if n else '<!ENTITY l1 "lollollol">' for n in range(9)
)
HOSTILE = {
    "billion laughs": f"<!DOCTYPE x [{LAUGHS}]><x>&l9;</x>",
    "billion laughs in an attribute": f"<!DOCTYPE x [{LAUGHS}]><x a='&l9;'/>",
    "external entity": '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
    "external document type": '<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd"><x/>',
    "document type": "<!DOCTYPE Envelope>" + soap("<ns1:amendResponse/>").partition("?>")[2],
    "undefined entity": soap("<ns1:amendResponse>&e;</ns1:amendResponse>"),
    "deep nesting": soap("<a>" * 5000 + "</a>" * 5000),
    "garbage": "\x00\x01\ufffe<<<",
    "an encoding that does not exist": "<?xml version='1.0' encoding='x-none'?><a/>",
    "a wrong encoding": "<?xml version='1.0' encoding='UTF-16'?><a/>",
    "not SOAP": "<Envelope><Body><amendResponse/></Body></Envelope>",
    "a cut": soap("<ns1:amendResponse>")[:-30],
    "comments only": soap("<!-- nothing --><?php nothing ?>"),
    "many results": soap(
        f"<ns1:amendResponse>{'<ns1:results><ns1:Success>true</ns1:Success></ns1:results>' * 2}"
        "</ns1:amendResponse>"
    ),
    "too long": "<a>" + "x" * (5 * 1024 * 1024) + "</a>",
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_hostile_xml_is_an_unknown_outcome(
    zuora: ScriptedZuora, make_vendor: MakeVendor, name: str
) -> None:
    error = await error_of_amend(zuora, make_vendor, Reply(HOSTILE[name]))

    assert isinstance(error, OutcomeUnknown)
    assert "root:" not in error.message
    assert isinstance(await error_of_query(zuora, make_vendor, Reply(HOSTILE[name])), NotDone)


async def test_a_subscription_that_cannot_be_read_waits(
    zuora: ScriptedZuora, make_vendor: MakeVendor
) -> None:
    for record in (
        subscription("Cancelled", CancelledDate="2026-99-99"),
        subscription("Cancelled", CancelledDate="soon"),
        subscription("Active", Version="two"),
        subscription("Active", Id=""),
        subscription("Active", Name=""),
        subscription("Expired"),
        subscription("Active", Name="A-S00000002"),
    ):
        error = await error_of_query(zuora, make_vendor, found(record))
        assert isinstance(error, NotDone)


@pytest.mark.parametrize("code", ["INVALID_VALUE", "INVALID_LOGIN", "NO_PERMISSION"])
async def test_a_refused_login_names_the_variables(
    zuora: ScriptedZuora, make_vendor: MakeVendor, code: str
) -> None:
    zuora.on("login", fault(code, kind="LoginFault"))

    error = await error_of_query(zuora, make_vendor, found())

    assert isinstance(error, NotConfigured)
    assert "ZUORA_USERNAME" in error.message
    assert "ZUORA_PASSWORD" in error.message
    assert code in error.message
    assert error.cause is Cause.CREDENTIALS
    assert zuora.operations() == ["login"]


async def test_a_login_in_a_version_that_zuora_does_not_have_names_the_address(
    zuora: ScriptedZuora, make_vendor: MakeVendor
) -> None:
    zuora.on("login", fault("INVALID_VERSION"))

    error = await error_of_query(zuora, make_vendor, found())

    assert "Check the version at the end of ZUORA_SOAP_URL." in error.message
    assert "ZUORA_PASSWORD" not in error.message
    assert error.cause is Cause.CONFIGURATION


@pytest.mark.parametrize(
    "reply", [fault("SERVER_UNAVAILABLE"), Reply("", 503), HTML, Reply("", lost=True)]
)
async def test_a_login_without_a_readable_answer_waits(
    zuora: ScriptedZuora, make_vendor: MakeVendor, reply: Reply
) -> None:
    zuora.on("login", reply)

    assert type(await error_of_query(zuora, make_vendor, found())) is NotDone
    assert type(await error_of_amend(zuora, make_vendor, amended())) is NotDone


@pytest.mark.parametrize("code", ["BLAUWAL", "XQZKWVBNMPLKJHGF", "A_" * 30 + "B"])
async def test_a_code_without_the_shape_of_zuoras_is_not_shown(
    zuora: ScriptedZuora, make_vendor: MakeVendor, code: str
) -> None:
    error = await error_of_query(zuora, make_vendor, fault(code))
    assert "an error without a known code" in error.message
    assert code not in error.message
