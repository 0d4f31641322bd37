"""The promises with Zuora: lost answers, lost sessions, and as few calls as possible."""

import asyncio
import re
from collections import Counter

import pytest

from sandbox.faults import Delay
from sandbox.zuora import LocalZuora
from tests.in_process import running_extension

VERSIONS = ["19.0", "27.0", "29.0", "38.0", "78.0", "124.0"]


@pytest.fixture
async def zuora():
    zuora = LocalZuora()
    await zuora.start()
    yield zuora
    await zuora.stop()


def _cancel(extension, subscription_id: str) -> str:
    return extension.sandbox.connect.cancel(subscription_id)


@pytest.mark.parametrize(
    ("version", "operation"),
    [
        ("19.0", "create"),
        ("19.0", "update"),
        ("27.0", "create"),
        ("29.0", "amend"),
        ("38.0", "amend"),
        ("78.0", "amend"),
    ],
)
@pytest.mark.parametrize("work_is_done", [True, False], ids=["after the work", "before the work"])
@pytest.mark.parametrize("new_process", [True, False], ids=["new process", "same process"])
async def test_a_lost_answer_ends_in_one_cancellation_and_an_approval(
    zuora, version, operation, work_is_done, new_process
):
    async with running_extension(zuora, **zuora.variables(version)) as extension:
        trouble = zuora.on(operation)
        lost = trouble.drop_after() if work_is_done else trouble.drop_before()
        name = zuora.add().name
        request_id = _cancel(extension, name)
        await extension.deliver(request_id)
        if new_process:
            extension.begin_new_process()
        await extension.settle(request_id)
        assert lost.hits == 1
        assert zuora.effective_cancellations(name) == 1
        assert extension.sandbox.connect.status(request_id) == "approved"
        cancelling = [a for a in zuora.amendments(name) if a.type == "Cancellation"]
        assert len(cancelling) == 1


async def test_two_hundred_cancellations_take_one_login_and_four_calls_each(zuora):
    async with running_extension(zuora, **zuora.variables("78.0")) as extension:
        names = [zuora.add().name for _ in range(200)]
        requests = [_cancel(extension, name) for name in names]
        for first in range(0, 200, 20):
            batch = requests[first : first + 20]
            responses = await asyncio.gather(*(extension.deliver(each) for each in batch))
            assert {response.status for response in responses} == {"success"}
        assert zuora.count("login") == 1
        calls = Counter(call.operation for call in zuora.calls)
        assert (calls["query"], calls["preview"], calls["amend"]) == (400, 200, 200)
        assert {zuora.effective_cancellations(name) for name in names} == {1}
        assert {extension.sandbox.connect.status(each) for each in requests} == {"approved"}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("as_row", [True, False], ids=["row error", "fault"])
async def test_a_lost_session_is_renewed_and_the_call_repeated(zuora, version, as_row):
    async with running_extension(zuora, **zuora.variables(version)) as extension:
        operation = "amend" if float(version) >= 28 else "create"
        zuora.on(operation).session_lost(as_row=as_row)
        name = zuora.add().name
        request_id = _cancel(extension, name)
        await extension.settle(request_id)
        assert zuora.effective_cancellations(name) == 1
        assert (zuora.count("login"), extension.sandbox.connect.status(request_id)) == (
            2,
            "approved",
        )


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("tenant", ["harmonization", "orders"])
async def test_a_tenant_without_this_generation_rejects_nobody(version, tenant):
    zuora = LocalZuora(tenant=tenant)
    await zuora.start()
    try:
        async with running_extension(zuora, **zuora.variables(version)) as extension:
            request_id = _cancel(extension, zuora.add().name)
            response = await extension.deliver(request_id)
            works = tenant == "harmonization" and float(version) >= 28
            assert response.status == ("success" if works else "reschedule")
            expected = "approved" if works else "pending"
            assert extension.sandbox.connect.status(request_id) == expected
    finally:
        await zuora.stop()


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "misbehave",
    [
        lambda zuora: zuora.on("*").html(),
        lambda zuora: zuora.on("query").rate_limited(),
        lambda zuora: zuora.on("*").temporary_error(),
        lambda zuora: zuora.on("*").unavailable(),
        lambda zuora: zuora.on("create").locked(),
        lambda zuora: zuora.on("amend").locked(),
        lambda zuora: zuora.on("amend").timed_out(after_work=True),
        lambda zuora: zuora.on("preview").fault("UNKNOWN_ERROR", "something"),
        lambda zuora: zuora.on("*").fault("SOMETHING_NEW", "something"),
        lambda zuora: zuora.deny("amend", "create"),
        lambda zuora: zuora.expire_sessions(),
    ],
    ids=range(11),
)
async def test_no_fault_of_zuora_rejects(zuora, version, misbehave):
    async with running_extension(zuora, **zuora.variables(version)) as extension:
        misbehave(zuora)
        name = zuora.add().name
        request_id = _cancel(extension, name)
        for _ in range(2):
            await extension.deliver(request_id)
            assert extension.sandbox.connect.status(request_id) in ("pending", "approved")
        assert zuora.effective_cancellations(name) <= 1


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_refusal_of_zuora_rejects_with_its_reason(zuora, version):
    async with running_extension(zuora, **zuora.variables(version)) as extension:
        name = zuora.add(refusal="The account is under legal hold.").name
        request_id = _cancel(extension, name)
        await extension.settle(request_id)
        request = extension.sandbox.connect.request(request_id)
        assert request["status"] == "failed"
        assert "legal hold" in request["reason"]


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_cancelled_subscription_is_only_approved(zuora, version):
    async with running_extension(zuora, **zuora.variables(version)) as extension:
        request_id = _cancel(extension, zuora.add(status="Cancelled").name)
        assert await extension.settle(request_id) == 1
        assert extension.sandbox.connect.status(request_id) == "approved"
        assert zuora.count("create") + zuora.count("amend") == 0


async def test_slow_calls_do_not_make_an_immediate_cancellation_end_later(zuora):
    """Up to version 68, Zuora gets a moment, which lies after the look and the mark."""
    variables = {**zuora.variables("38.0"), "WHEN_EFFECTIVE_LATER": "schedule"}
    async with running_extension(zuora, **variables) as extension:
        request_id = _cancel(extension, zuora.add().name)
        extension.sandbox.connect.faults.add("POST", "/messages", Delay(1.1), times=1)
        zuora.on("amend").delay(6.0)
        assert (await extension.deliver(request_id)).status == "success"
        request = extension.sandbox.connect.request(request_id)
        [sent] = [c for c in zuora.calls if c.operation == "amend"]
        [moment] = re.findall("ContractEffectiveDate>([^<]+)<", sent.envelope)
        assert (request["status"], request["effective_date"]) == ("approved", moment)
        texts = [note["text"] for note in extension.sandbox.connect.notes(request_id)]
        assert any("According to Zuora's preview" in text for text in texts)


async def test_neither_invoice_nor_payment_unless_asked_for(zuora):
    async with running_extension(zuora, **zuora.variables("78.0")) as extension:
        await extension.deliver(_cancel(extension, zuora.add().name))
        assert (zuora.billing.invoices, zuora.billing.payments) == ([], [])


async def test_a_wrong_password_waits_and_names_the_variables(zuora, caplog):
    variables = {**zuora.variables("78.0"), "ZUORA_PASSWORD": "not-the-password"}
    async with running_extension(zuora, **variables) as extension:
        request_id = _cancel(extension, zuora.add().name)
        assert (await extension.deliver(request_id)).countdown >= 300
        assert "ZUORA_PASSWORD" in caplog.text
        assert "not-the-password" not in caplog.text
