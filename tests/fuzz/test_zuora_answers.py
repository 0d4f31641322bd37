"""Any answer from Zuora, and any subscription id."""

import asyncio
import re
from contextlib import suppress
from datetime import datetime, timezone

import httpx
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from lxml import etree

from connect_ext.errors import CancellationError
from connect_ext.http.client import Answer
from connect_ext.portal.secret import Secret
from connect_ext.vendors.base import (
    Cancellation,
    Subscription,
    SubscriptionId,
    SubscriptionStatus,
    VendorContext,
)
from connect_ext.vendors.zuora_soap import ZuoraSettings, create, envelopes, zoql
from tests.fuzz.hostile import HttpThatAnswers, statuses, texts

NAMESPACES = (
    "xmlns:e='http://schemas.xmlsoap.org/soap/envelope/' "
    "xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'"
)
LOGIN = (
    "<loginResponse><result><Session>s</Session><ServerUrl>u</ServerUrl></result></loginResponse>"
)
VERSION_ID = "0123456789abcdef0123456789abcdef"

_WORDS = """true false 1 0 Active Cancelled PendingActivation Expired Completed Draft Cancellation
    INVALID_VALUE INVALID_SESSION LOCK_COMPETITION A-1 -7 1e5 NaN 2026-03-02 2026-02-30 0000-00-00
    9999-12-31T23:59:59-23:59 0001-01-01T00:00:00+23:59 2026-03-02T10:00:00.123Z &#x10FFFF;
    &lt;&amp; &#55296; &#0; &undeclared;"""
_TAGS = """result results records Errors errors Success Code Message Id Name Status Version
    CancelledDate SubscriptionEndDate SubscriptionId Type done size AmendmentIds InvoiceDatas
    InvoiceItem ChargeAmount TaxAmount FaultCode faultcode FaultMessage Value Session ServerUrl"""
words = st.sampled_from(["", "Cancel request PR-1", VERSION_ID, "9" * 30, *_WORDS.split()])
tags = st.sampled_from(_TAGS.split())
_ANSWERS = "queryResponse createResponse updateResponse amendResponse loginResponse Fault e:Fault x"
attributes = st.sampled_from(["", "", "", " xsi:nil='true'", " xsi:nil='1'", " a='b'"])


def element(children):
    return st.builds(
        lambda tag, attribute, inner: f"<{tag}{attribute}>{''.join(inner)}</{tag}>",
        tags,
        attributes,
        children,
    )


trees = st.recursive(
    element(st.lists(words, max_size=1)), lambda inner: element(st.lists(inner, max_size=4))
)
extras = st.sampled_from(["", "<!--x-->", "<?x y?>", "<![CDATA[<result/>]]>", "text"])
payloads = st.builds(
    lambda name, rows, extra: f"<{name}>{extra}{''.join(rows)}</{name}>",
    st.sampled_from(_ANSWERS.split()),
    st.lists(
        trees
        | st.builds(
            lambda name, rows: f"<{name}><done>true</done>{''.join(rows)}</{name}>",
            st.sampled_from(["result", "results"]),
            st.lists(trees, max_size=5),
        ),
        max_size=3,
    ),
    extras,
)
documents = st.one_of(
    payloads.map(
        lambda payload: f"<e:Envelope {NAMESPACES}><e:Body>{payload}</e:Body></e:Envelope>"
    ),
    trees,
    st.text(max_size=40).map(lambda text: text.encode("utf-8", "replace").decode()),
)


def cut(document, at):
    """The whole answer or its beginning."""
    return document.encode()[: at or None]


soap_answers = st.builds(
    lambda status, document, at: Answer(status, httpx.Headers(), cut(document, at)),
    st.just(200) | st.just(500) | statuses,
    documents,
    st.just(0) | st.just(0) | st.integers(0, 400),
)


def vendor(http, version):
    """A Zuora vendor whose client gives the test's answers."""
    url, user = f"https://zuora.example/apps/services/a/{version}", Secret("api@vendor.example")
    settings = ZuoraSettings(url, float(version), user, Secret("p4ssword"), False, False, True)
    return create(settings, VendorContext(http, lambda _key, make: make()))


def cancellation(subscription_id="A-1", request_id="PR-1"):
    asked_at = datetime(2026, 3, 2, tzinfo=timezone.utc)
    return Cancellation(SubscriptionId(subscription_id), request_id, "AS-1", asked_at)


@pytest.mark.parametrize("version", ["24.0", "27.0", "91.0"])
@given(found=st.lists(soap_answers, min_size=1, max_size=4), looked=st.booleans())
def test_no_answer_raises_an_undeclared_error(version, found, looked):
    login = Answer(200, httpx.Headers(), documents_of(LOGIN))
    shown = Subscription(SubscriptionStatus.ACTIVE, version_id=VERSION_ID)
    made = vendor(HttpThatAnswers([login, *found]), version)
    with suppress(CancellationError):
        asyncio.run(made.look_up(cancellation()))
    with suppress(CancellationError):
        asyncio.run(made.cancel(cancellation(), shown if looked else None))


def documents_of(payload):
    return f"<e:Envelope {NAMESPACES}><e:Body>{payload}</e:Body></e:Envelope>".encode()


def literals(question):
    """The literals of a query; ``\\`` escapes the next character."""
    return [
        re.sub(r"\\(.)", r"\1", literal, flags=re.DOTALL)
        for literal in re.findall(r"'((?:[^'\\]|\\.)*)'", question, flags=re.DOTALL)
    ]


@given(texts)
def test_no_id_leaves_its_literal(text):
    for ask in (
        zoql.subscription_by_id,
        zoql.subscriptions_by_number,
        zoql.amendments_by_name,
    ):
        question = ask(text)
        assert literals(question) == [text]
        assert re.sub(r"'(?:[^'\\]|\\.)*'", "?", question, flags=re.DOTALL).endswith(" = ?")


@given(texts, texts)
def test_no_id_leaves_its_element(subscription_id, request_id):
    http = HttpThatAnswers([Answer(200, httpx.Headers(), documents_of(LOGIN))])
    made = vendor(http, "91.0")
    with suppress(CancellationError):
        asyncio.run(made.look_up(cancellation(subscription_id, request_id)))
    assume(len(http.calls) > 1)
    envelope = etree.fromstring(http.calls[-1].content)
    [question] = [node for node in envelope.iter() if node.tag.endswith("}queryString")]
    assert len(question) == 0
    [literal] = literals(question.text)
    assert literal in (subscription_id, subscription_id.lower())


@given(texts)
def test_a_secret_is_one_text_in_the_login_or_is_not_sent(secret):
    try:
        envelope = etree.fromstring(envelopes.login("user", secret))
    except ValueError:
        # XML cannot hold it, and the reader of the variables has already reported it.
        assert not secret.isascii() or not secret.isprintable()
        return
    [password] = [node for node in envelope.iter() if node.tag.endswith("}password")]
    assert len(password) == 0
