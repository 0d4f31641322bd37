"""The meanings of Zuora's codes: the last two digits count, and the gentlest of several codes."""

from __future__ import annotations

import pytest

from connect_ext.cause import Cause
from connect_ext.errors import (
    CancellationError,
    NotConfigured,
    NotDone,
    OutcomeUnknown,
    Refused,
    UnknownId,
)
from tests.zuora_orders.scripted import Answer, asking, reasons

MEANT = {
    10: (NotConfigured, Cause.CONFIGURATION),
    11: (NotConfigured, Cause.CREDENTIALS),
    20: (Refused, Cause.REFUSED),
    **dict.fromkeys((21, 22, 23, 27, 45, 90), (NotConfigured, Cause.BUG)),
    30: (Refused, Cause.REFUSED),
    40: (UnknownId, Cause.UNKNOWN_ID),
    50: (NotDone, Cause.CONFLICT),
    60: (OutcomeUnknown, Cause.SENT),
    61: (OutcomeUnknown, Cause.SENT),
    70: (NotDone, Cause.BUSY),
    99: (OutcomeUnknown, Cause.SENT),
    # All other categories are unknown.
    **dict.fromkeys((0, 19, 24, 31, 41, 51, 62, 71, 98), (OutcomeUnknown, Cause.SENT)),
}
STATUS_OF = {10: 403, 11: 401, 40: 404, 45: 405, 50: 409, 60: 500, 61: 500, 70: 429, 99: 500}
JAPANESE = "オーダー日がサブスクリプション A-S00000001 の契約有効日より前です。"


async def ordered(zuora, vendor, answer: Answer) -> CancellationError:
    """The error of an order that gets this answer."""
    zuora.say("order", answer)
    with pytest.raises(CancellationError) as caught:
        await vendor.cancel(asking(), await vendor.look_up(asking()))
    return caught.value


async def asked(zuora, vendor, answer: Answer) -> CancellationError:
    """The error of a look-up that gets this answer."""
    zuora.say("subscription", answer)
    with pytest.raises(CancellationError) as caught:
        await vendor.look_up(asking())
    return caught.value


@pytest.mark.parametrize("resource", ["587300", "500000", "400000", "900000"])
@pytest.mark.parametrize("as_text", [True, False])
@pytest.mark.parametrize("category", MEANT)
async def test_the_last_two_digits_count_for_any_resource_and_text(
    zuora, vendor, category, resource, as_text
):
    code = f"{resource}{category:02}"
    body = reasons(code if as_text else int(code), message=JAPANESE)
    error = await ordered(zuora, vendor, Answer(body, STATUS_OF.get(category, 400)))
    kind, cause = MEANT[category]
    assert (isinstance(error, kind), error.cause) == (True, cause)
    assert JAPANESE not in error.message


@pytest.mark.parametrize("category", [each for each in MEANT if each not in (60, 61, 99)])
async def test_the_same_holds_for_http_200_as_in_older_versions(zuora, vendor, category):
    answer = Answer(reasons(58730000 + category))
    error = await ordered(zuora, vendor, answer)
    kind, cause = MEANT[category]
    assert (isinstance(error, kind), error.cause) == (True, cause)


@pytest.mark.parametrize("other", [each for each in MEANT if each not in (20, 30)])
@pytest.mark.parametrize("order", [1, -1])
async def test_a_refusal_beside_another_code_is_none(zuora, vendor, other, order):
    codes = (58730020, 58730030, 58730000 + other)[::order]
    error = await ordered(zuora, vendor, Answer(reasons(*codes), 400))
    assert isinstance(error, MEANT[other][0])


async def test_several_refusals_are_one_with_all_their_reasons(zuora, vendor):
    body = reasons(58730020, 58730030)
    body["reasons"][1]["message"] = "And so on."
    error = await ordered(zuora, vendor, Answer(body, 400))
    assert isinstance(error, Refused)
    assert error.reason == "sandbox And so on."


@pytest.mark.parametrize(
    "status", [301, 400, 403, 404, 405, 408, 409, 410, 422, 425, 500, 503, 504]
)
@pytest.mark.parametrize("body", [b"", b"<html></html>", {}, {"success": False}, {"reasons": []}])
async def test_without_a_code_an_orders_outcome_is_unknown(zuora, vendor, status, body):
    error = await ordered(zuora, vendor, Answer(body, status))
    assert isinstance(error, OutcomeUnknown)
    assert error.retry_after >= 300


@pytest.mark.parametrize(
    "code", [587300200, 20, -58730020, True, None, "5873002O", " 58730020", []]
)
async def test_only_a_code_of_eight_digits_is_a_refusal(zuora, vendor, code):
    error = await ordered(zuora, vendor, Answer(reasons(code), 400))
    assert isinstance(error, OutcomeUnknown)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_a_refusal_with_a_server_error_status_is_none(zuora, vendor, status):
    error = await ordered(zuora, vendor, Answer(reasons(58730020), status))
    assert isinstance(error, OutcomeUnknown)


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        (301, Cause.CONFIGURATION),
        (403, Cause.CONFIGURATION),
        (404, Cause.CONFIGURATION),
        (422, Cause.CONFIGURATION),
        (401, Cause.CREDENTIALS),
    ],
)
async def test_a_question_answered_without_a_code_went_to_the_wrong_place(
    zuora, vendor, status, cause
):
    error = await asked(zuora, vendor, Answer(b"", status))
    assert (type(error), error.cause) == (NotConfigured, cause)
    assert "ZUORA_API_URL" in error.message


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
async def test_a_failed_question_waits(zuora, vendor, status):
    error = await asked(zuora, vendor, Answer(b"", status, {"Retry-After": "44"}))
    assert (type(error), error.retry_after) == (NotDone, 44)


async def test_a_question_cannot_be_refused(zuora, vendor):
    error = await asked(zuora, vendor, Answer(reasons(50000020), 400))
    assert isinstance(error, NotConfigured)
    assert error.cause is Cause.CONFIGURATION


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "30"}, 30),
        ({"ratelimit-reset": "600"}, 600),
        ({"Retry-After": "30", "ratelimit-reset": "600"}, 30),
        ({"ratelimit-reset": "9" * 8}, 86400),
        ({"ratelimit-reset": "soon"}, None),
        ({}, None),
    ],
)
async def test_a_rate_limit_says_for_how_long(zuora, vendor, headers, seconds):
    error = await ordered(zuora, vendor, Answer(reasons(58730070), 429, headers))
    assert (type(error), error.retry_after) == (NotDone, seconds)


async def test_a_lock_is_left_alone_for_a_minute_at_least(zuora, vendor):
    error = await ordered(zuora, vendor, Answer(reasons(40000050), 409))
    assert error.retry_after == 60
    error = await ordered(zuora, vendor, Answer(reasons(40000050), 409, {"Retry-After": "90"}))
    assert error.retry_after == 90


async def test_an_error_names_the_codes_and_what_to_do(zuora, vendor):
    error = await ordered(zuora, vendor, Answer(reasons(58730010, 58730010, 58730021), 403))
    assert "HTTP 403, 58730010, 58730021" in error.message
    assert "zuora-soap" in error.message
    assert error.vendor_text == "sandbox sandbox sandbox"
