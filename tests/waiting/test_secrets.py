"""Nothing that a list tells shows a secret, the customer's data, or an address of the vendor's."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.connect.objects import Customer
from tests.check.test_secrets import PLACES, documents, ways
from tests.check.test_secrets import keys as any_keys
from tests.conftest import EXAMPLES
from tests.fuzz.test_dry_runs import assert_hidden
from tests.leaks import bare, leaks
from tests.waiting.told import told

# Each starts a sandbox, and makes some ten calls.
few = settings(max_examples=max(20, EXAMPLES // 5))

CUSTOMER = Customer()
personal = st.sampled_from(CUSTOMER.personal_data())
statuses = st.sampled_from([200, 200, 401, 409, 422, 500])
dry = st.sampled_from([{}, {"DRY_RUN": "true"}])

# Nothing that our own ids and dates could show.
keys = any_keys.filter(lambda key: key == key.strip() and not bare(key).isdigit())

ACTIVE = {"REST_STATUS_PATH": "'active'"}
"""Whatever the answer is, the subscription is active: so it is cancelled, and refused."""


@few
@given(st.data(), st.sampled_from([*PLACES]), keys, dry)
def test_no_secret_of_the_variables_is_shown_whatever_the_vendor_repeats(data, place, key, mode):
    said = ways(key)
    document = data.draw(documents(said) | said.map(lambda text: f"<p>{text}".encode()))
    variables = {**data.draw(st.sampled_from([{}, ACTIVE])), **mode, **PLACES[place](key)}
    text = told(document, variables, status=data.draw(statuses))
    assert_hidden(text, key)
    assert leaks(text, [key]) == []


@few
@given(st.data(), keys.filter(lambda key: re.fullmatch(r"[!-~]{8,}", key)))
def test_no_issued_token_is_shown(data, token):
    variables = {**PLACES["OAuth"]("a-secret-for-nothing"), **ACTIVE}
    document = data.draw(documents(ways(token)))
    text = told(document, variables, status=data.draw(statuses), token=token)
    assert_hidden(text, token)
    assert leaks(text, [token]) == []


@few
@given(st.data(), st.sampled_from(["held", "waiting", "settled", "found"]), keys)
def test_no_secret_in_a_note_is_told_whoever_wrote_it(data, kind, key):
    note = f"It is {data.draw(ways(key))}. [connect-ext {kind} busy]"
    text = told({"status": "cancelling"}, PLACES["bearer"](key), note=note)
    assert_hidden(text, key)
    assert leaks(text, [key]) == []


@few
@given(st.data(), personal, statuses)
def test_nothing_of_the_customers_is_told_whatever_the_vendor_repeats(data, mark, status):
    document = data.draw(documents(ways(mark)))
    text = told(document, {**ACTIVE, "REST_REASON_PATH": "@"}, status=status)
    assert bare(mark) not in bare(text)


@pytest.mark.parametrize("mark", CUSTOMER.personal_data())
def test_nothing_of_the_customers_in_a_note_is_told(mark):
    note = f"Ask {mark} first. [connect-ext held refused]"
    text = told({"status": "cancelling"}, note=note)
    assert "Ask […] first." in text
    assert bare(mark) not in bare(text)


@few
@given(st.data(), statuses, dry)
def test_no_address_of_the_vendors_is_told(data, status, mode):
    """Neither of the variables nor of an answer."""
    requests = {
        "REST_STATUS_REQUEST": "GET /lantern/{subscription_id}",
        "REST_CANCEL_REQUEST": "POST /crane/{subscription_id}",
    }
    address = st.sampled_from(["https://orbit.example/crane", "see orbit.example/crane?x=1"])
    document = data.draw(documents(address))
    text = told(document, {**ACTIVE, **requests, **mode}, status=status)
    assert [each for each in ("lantern", "crane", "orbit") if each in text] == []
