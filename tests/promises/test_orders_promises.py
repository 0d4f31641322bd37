"""The promises with Zuora's orders: lost, late and pending orders, and few calls."""

import asyncio
import re
from collections import Counter
from datetime import timedelta

import pytest

from sandbox.faults import Respond, html_page
from sandbox.zuora_orders import LocalZuoraOrders
from tests.in_process import running_extension

SETTLED_SECONDS = 3 * 3600.0
"""By then, no mark prevents sending any more."""


@pytest.fixture
async def zuora():
    async with a_zuora() as zuora:
        yield zuora


class a_zuora:  # noqa: N801 - reads like a function
    """A running tenant."""

    def __init__(self, **options):
        self._zuora = LocalZuoraOrders(**options)

    async def __aenter__(self):
        await self._zuora.start()
        return self._zuora

    async def __aexit__(self, *_):
        await self._zuora.late_orders_done()
        await self._zuora.stop()


@pytest.fixture
async def extension(zuora):
    async with running_extension(zuora, **zuora.variables()) as extension:
        yield extension


def cancelled(extension, zuora, key="number", **fields) -> tuple[str, str]:
    """A new subscription that the customer cancels; returns its number and the request's id."""
    subscription = zuora.add(**fields)
    return subscription.number, extension.sandbox.connect.cancel(getattr(subscription, key))


def notes(extension, request_id) -> str:
    return " ".join(note["text"] for note in extension.sandbox.connect.notes(request_id))


def ends(extension, zuora, number, request_id) -> tuple[str, int, int]:
    """The request's status, the cancellations that took effect, and the orders."""
    status = extension.sandbox.connect.status(request_id)
    return status, zuora.effective_cancellations(number), len(zuora.orders_of(number))


@pytest.mark.parametrize("work_is_done", [True, False], ids=["after the work", "before the work"])
@pytest.mark.parametrize("new_process", [True, False], ids=["new process", "same process"])
@pytest.mark.parametrize("way", ["connection", "gateway", "html", "internal error"])
async def test_a_lost_answer_ends_in_one_order_and_an_approval(
    extension, zuora, work_is_done, new_process, way
):
    number, request_id = cancelled(extension, zuora)
    trouble = zuora.on("order")
    lost = {
        "connection": trouble.drop_after if work_is_done else trouble.drop_before,
        "gateway": lambda: trouble.bad_gateway(after_work=work_is_done),
        "html": lambda: trouble.html(after_work=work_is_done),
        "internal error": lambda: trouble.internal_error(after_work=work_is_done),
    }[way]()
    response = await extension.deliver(request_id)
    if not work_is_done:
        assert response.countdown >= 300, "Zuora may go on by itself"
    if new_process:
        extension.begin_new_process()
    await extension.settle(request_id)
    assert lost.hits == 1
    assert ends(extension, zuora, number, request_id) == ("approved", 1, 1)


async def test_zuora_gets_its_minutes_even_if_it_cannot_be_looked_at(extension, zuora):
    _, request_id = cancelled(extension, zuora)
    zuora.on("order").bad_gateway()
    zuora.on("subscription").do(_FailsAfterTheFirst(), times=None)
    response = await extension.deliver(request_id)
    assert (zuora.count("subscription"), response.countdown >= 300) == (2, True)


async def test_an_order_that_zuora_finishes_later_is_awaited_and_no_other_is_sent(extension, zuora):
    number, request_id = cancelled(extension, zuora)
    finished = asyncio.Event()
    zuora.on("order").finishes_later(seconds=0.0, gateway_seconds=0.1)
    zuora.on("order").hold(finished)
    response = await extension.deliver(request_id)
    assert (response.status, response.countdown >= 300) == ("reschedule", True)
    again = await extension.deliver(request_id)
    assert again.status == "reschedule"
    finished.set()
    await zuora.late_orders_done()
    assert await extension.settle(request_id) == 1
    assert zuora.count("order") == 1
    assert ends(extension, zuora, number, request_id) == ("approved", 1, 1)


async def test_an_order_that_arrives_after_the_next_attempt_cancels_once(extension, zuora):
    """By then its number is taken, or the subscription is cancelled."""
    number, request_id = cancelled(extension, zuora)
    zuora.on("order").finishes_later(seconds=1.0, gateway_seconds=0.1)
    await extension.deliver(request_id)
    extension.let_pass(SETTLED_SECONDS)
    await extension.deliver(request_id)
    await zuora.late_orders_done()
    await extension.settle(request_id)
    assert ends(extension, zuora, number, request_id) == ("approved", 1, 1)


@pytest.mark.parametrize("status", ["Pending", "Draft", "Scheduled"])
@pytest.mark.parametrize("operator", ["complete", "delete", "cancel"])
async def test_a_waiting_order_is_held_and_named_until_somebody_acts(
    extension, zuora, status, operator
):
    number, request_id = cancelled(extension, zuora)
    zuora.on("order").comes_back(status)
    for new_process in (False, True, True):
        response = await extension.deliver(request_id)
        assert response.status == "fail"
        [order] = zuora.orders_of(number)
        assert order.number in response.output
        if new_process:
            extension.begin_new_process()
            extension.let_pass(SETTLED_SECONDS)
    assert notes(extension, request_id).count("[connect-ext held unfinished]") == 1
    assert len(re.findall(r"cancel \w{8} unfinished\]", notes(extension, request_id))) == 1
    assert ends(extension, zuora, number, request_id) == ("pending", 0, 1)
    getattr(zuora, f"{operator}_order")(order.number)
    await extension.settle(request_id)
    orders = {"complete": 1, "delete": 1, "cancel": 2}[operator]
    assert ends(extension, zuora, number, request_id) == ("approved", 1, orders)


async def test_a_waiting_order_is_no_cancellation_even_if_zuora_forgets_the_id(extension, zuora):
    """The entity, or the host, was changed in the variables."""
    number, request_id = cancelled(extension, zuora)
    zuora.on("order").comes_back("Pending")
    await extension.deliver(request_id)
    zuora.on("subscription").reasons(50000040, status=404, times=None)
    for _ in range(2):
        await extension.deliver(request_id)
        extension.let_pass(SETTLED_SECONDS)
        assert ends(extension, zuora, number, request_id) == ("pending", 0, 1)


@pytest.mark.parametrize("unique", [True, False])
async def test_a_waiting_order_is_held_even_if_orders_cannot_be_read(unique):
    options = {"order_metrics": False, "own_numbers_unique": unique}
    async with (
        a_zuora(**options) as zuora,
        running_extension(zuora, **zuora.variables()) as extension,
    ):
        number, request_id = cancelled(extension, zuora)
        zuora.on("order").comes_back("Pending")
        for _ in range(4):
            assert (await extension.deliver(request_id)).status == "fail"
            extension.begin_new_process()
            extension.let_pass(SETTLED_SECONDS / 2)
        assert ends(extension, zuora, number, request_id) == ("pending", 0, 1)
        zuora.complete_order(zuora.orders_of(number)[0].number)
        await extension.settle(request_id)
        assert ends(extension, zuora, number, request_id) == ("approved", 1, 1)


async def test_a_waiting_order_is_found_again_by_a_new_process_at_once(extension, zuora):
    number, request_id = cancelled(extension, zuora)
    zuora.on("order").comes_back("Pending")
    zuora.on("order").drop_after()
    assert (await extension.deliver(request_id)).status == "reschedule"
    extension.begin_new_process()
    assert (await extension.deliver(request_id)).status == "fail"
    assert (zuora.count("order"), len(zuora.orders_of(number))) == (1, 1)


@pytest.mark.parametrize("key", ["number", "id"])
@pytest.mark.parametrize("previews", [[], ["preview"]])
async def test_a_cancellation_takes_a_token_and_two_calls_or_three_with_a_preview(
    zuora, key, previews
):
    preview = str(bool(previews)).lower()
    async with running_extension(zuora, **zuora.variables(), ZUORA_PREVIEW=preview) as extension:
        number, request_id = cancelled(extension, zuora, key)
        await extension.deliver(request_id)
        calls = [call.operation for call in zuora.calls]
        assert calls == ["token", "subscription", *previews, "order"]
        assert ends(extension, zuora, number, request_id) == ("approved", 1, 1)


async def test_a_hundred_cancellations_take_one_token_and_three_calls_each(extension, zuora):
    made = [cancelled(extension, zuora) for _ in range(100)]
    for first in range(0, 100, 20):
        batch = made[first : first + 20]
        await asyncio.gather(*(extension.deliver(request_id) for _, request_id in batch))
    calls = Counter(call.operation for call in zuora.calls)
    assert calls == {"token": 1, "subscription": 100, "preview": 100, "order": 100}
    assert {ends(extension, zuora, *each) for each in made} == {("approved", 1, 1)}


@pytest.mark.parametrize(
    "fails",
    [
        lambda trouble: trouble.do(Respond(503, headers={"Retry-After": "60"}), times=None),
        lambda trouble: trouble.internal_error(times=None),
        lambda trouble: trouble.drop_before(times=None),
        lambda trouble: trouble.locked(times=None),
    ],
    ids=range(4),
)
async def test_a_preview_that_always_fails_stops_nobody(extension, zuora, fails):
    fails(zuora.on("preview"))
    made = [cancelled(extension, zuora) for _ in range(12)]
    for _, request_id in made:
        assert await extension.settle(request_id) == 1
        assert "The preview failed" in notes(extension, request_id)
    assert {ends(extension, zuora, *each) for each in made} == {("approved", 1, 1)}


async def test_a_preview_is_left_out_if_it_would_take_the_orders_time(extension, zuora):
    extension.begin_new_process(deadline_seconds=150.0)
    number, request_id = cancelled(extension, zuora)
    assert await extension.settle(request_id) == 1
    assert "There was no time left for a preview." in notes(extension, request_id)
    assert zuora.count("preview") == 0
    assert ends(extension, zuora, number, request_id) == ("approved", 1, 1)


@pytest.mark.parametrize(
    ("zone", "wrong"),
    [("Pacific/Pago_Pago", "Pacific/Kiritimati"), ("Pacific/Kiritimati", "Pacific/Pago_Pago")],
)
async def test_a_wrong_time_zone_rejects_nobody(zone, wrong):
    async with a_zuora(zone=zone) as zuora:
        variables = {**zuora.variables(), "VENDOR_TIME_ZONE": wrong}
        async with running_extension(zuora, **variables) as extension:
            number, request_id = cancelled(extension, zuora)
            await extension.settle(request_id)
            assert ends(extension, zuora, number, request_id) == ("approved", 1, 1)


async def test_a_note_names_the_last_day_of_the_tenants_calendar():
    async with (
        a_zuora(zone="Asia/Tokyo") as zuora,
        running_extension(zuora, **zuora.variables()) as extension,
    ):
        later = zuora.today() + timedelta(days=90)
        fields = {"status": "Cancelled", "subscription_end_date": later}
        _, request_id = cancelled(extension, zuora, **fields)
        await extension.settle(request_id)
        assert f"It ends at the vendor on {later}" in notes(extension, request_id)


async def test_a_refusal_that_is_not_believed_is_shown(extension, zuora):
    zuora.options.order_metrics = False
    number, request_id = cancelled(extension, zuora, refusal="It is leased until May.")
    response = await extension.deliver(request_id)
    assert (response.status, response.countdown >= 300) == ("reschedule", True)
    assert "It is leased until May." in notes(extension, request_id)
    assert ends(extension, zuora, number, request_id) == ("pending", 0, 0)


async def test_a_lock_is_not_replayed_by_its_key(extension, zuora):
    number, request_id = cancelled(extension, zuora)
    zuora.on("order").locked(times=3)
    for _ in range(3):
        response = await extension.deliver(request_id)
        assert (response.status, response.countdown >= 60) == ("reschedule", True)
        extension.let_pass(response.countdown)
    assert await extension.settle(request_id) == 1
    keys = [call.headers["Idempotency-Key"] for call in zuora.calls_to("order", number)]
    assert (len(keys), len(set(keys)), zuora.replays) == (4, 4, 0)
    assert all(len(key) == 64 and request_id not in key for key in keys)


async def test_a_lock_for_days_never_rejects(extension, zuora):
    number, request_id = cancelled(extension, zuora)
    zuora.on("order").locked(times=None)
    for _ in range(6):
        assert (await extension.deliver(request_id)).status == "reschedule"
        extension.let_pass(SETTLED_SECONDS)
    assert ends(extension, zuora, number, request_id) == ("pending", 0, 0)


@pytest.mark.parametrize("status", ["Draft", "Pending Activation", "Pending Acceptance"])
async def test_a_subscription_that_has_not_started_is_rejected(extension, zuora, status):
    number, request_id = cancelled(extension, zuora, status=status)
    await extension.settle(request_id)
    assert ends(extension, zuora, number, request_id) == ("failed", 0, 0)


async def test_a_suspended_subscription_is_held_until_somebody_resumes_it(extension, zuora):
    number, request_id = cancelled(extension, zuora, status="Suspended")
    response = await extension.deliver(request_id)
    assert response.status == "fail"
    assert "Resume it in Zuora first." in notes(extension, request_id)
    zuora.new_version(number, status="Active")
    await extension.settle(request_id)
    assert ends(extension, zuora, number, request_id) == ("approved", 1, 1)


async def test_a_cancelled_subscription_is_only_approved_and_its_end_is_shown(extension, zuora):
    for ends_on in (zuora.today(), zuora.today().replace(year=zuora.today().year + 1, day=1)):
        number, request_id = cancelled(
            extension, zuora, status="Cancelled", subscription_end_date=ends_on
        )
        assert await extension.settle(request_id) == 1
        assert ends(extension, zuora, number, request_id) == ("approved", 0, 0)
        later = ends_on > zuora.today()
        assert ("It ends at the vendor on" in notes(extension, request_id)) is later


async def test_a_refusal_rejects_with_its_reason_in_the_tenants_language():
    async with (
        a_zuora(language="ja") as zuora,
        running_extension(zuora, **zuora.variables()) as extension,
    ):
        number, request_id = cancelled(extension, zuora, refusal="解約できません。")
        await extension.settle(request_id)
        reason = extension.sandbox.connect.request(request_id)["reason"]
        assert "解約できません。" in reason
        assert ends(extension, zuora, number, request_id) == ("failed", 0, 0)


async def test_a_refusal_because_somebody_else_has_cancelled_it_is_an_approval(extension, zuora):
    number, request_id = cancelled(extension, zuora)
    zuora.on("preview").do(_CancelledMeanwhile(zuora, number))
    await extension.settle(request_id)
    assert ends(extension, zuora, number, request_id) == ("approved", 0, 0)


class _FailsAfterTheFirst:
    def __init__(self):
        self._calls = 0

    async def __call__(self, request, work):
        self._calls += 1
        return await (work() if self._calls == 1 else html_page(503)(request, work))


class _CancelledMeanwhile:
    def __init__(self, zuora, number):
        self._zuora, self._number = zuora, number

    async def __call__(self, _, work):
        answer = await work()
        self._zuora.new_version(self._number, status="Cancelled")
        return answer


@pytest.mark.parametrize(
    "misbehave",
    [
        lambda zuora: zuora.on("*").html(),
        lambda zuora: zuora.on("*").html(404),
        lambda zuora: zuora.on("*").bad_gateway(),
        lambda zuora: zuora.on("subscription").rate_limited(),
        lambda zuora: zuora.on("order").rate_limited(),
        lambda zuora: zuora.on("order").concurrency_limited(),
        lambda zuora: zuora.on("*").temporary_error(),
        lambda zuora: zuora.on("*").internal_error(),
        lambda zuora: zuora.on("*").integration_error(),
        lambda zuora: zuora.on("*").locked(),
        lambda zuora: zuora.on("*").denied(),
        lambda zuora: zuora.on("*").token_refused(times=2),
        lambda zuora: zuora.on("order").reasons(58730021),
        lambda zuora: zuora.on("order").reasons(58730040, status=404),
        lambda zuora: zuora.on("order").reasons(58730020, 58730061),
        lambda zuora: zuora.on("order").reasons(58730097),
        lambda zuora: zuora.on("order").internal_error(after_work=True),
        lambda zuora: zuora.tokens.expire_all(),
    ],
    ids=range(18),
)
async def test_no_fault_of_zuora_rejects(extension, zuora, misbehave):
    misbehave(zuora)
    number, request_id = cancelled(extension, zuora)
    for _ in range(2):
        await extension.deliver(request_id)
        assert extension.sandbox.connect.status(request_id) in ("pending", "approved")
    assert zuora.effective_cancellations(number) <= 1


async def test_an_expired_token_is_replaced_without_a_wait(extension, zuora):
    for _ in range(3):
        number, request_id = cancelled(extension, zuora)
        assert await extension.settle(request_id) == 1
        zuora.tokens.expire_all()
        assert ends(extension, zuora, number, request_id) == ("approved", 1, 1)
    assert zuora.count("token") == 3


async def test_a_wrong_secret_waits_and_names_the_variables(zuora, caplog):
    variables = {**zuora.variables(), "ZUORA_CLIENT_SECRET": "not-the-secret-of-it"}
    async with running_extension(zuora, **variables) as extension:
        _, request_id = cancelled(extension, zuora)
        assert (await extension.deliver(request_id)).countdown >= 300
        assert "ZUORA_CLIENT_SECRET" in caplog.text
        assert "not-the-secret-of-it" not in caplog.text


async def test_two_processes_at_once_make_one_order(extension, zuora):
    number, request_id = cancelled(extension, zuora)
    zuora.on("order").delay(0.3)
    first = asyncio.ensure_future(extension.deliver(request_id))
    extension.begin_new_process()
    await asyncio.gather(first, extension.deliver(request_id))
    await extension.settle(request_id)
    assert ends(extension, zuora, number, request_id) == ("approved", 1, 1)


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/Los_Angeles", "Pacific/Pago_Pago"])
async def test_the_day_is_the_tenants_in_any_time_zone(zone):
    async with (
        a_zuora(zone=zone) as zuora,
        running_extension(zuora, **zuora.variables()) as extension,
    ):
        today = zuora.today()
        number, request_id = cancelled(extension, zuora, contract_effective_date=today)
        await extension.settle(request_id)
        assert ends(extension, zuora, number, request_id) == ("approved", 1, 1)
        assert zuora.orders_of(number)[0].effective_date == today


async def test_a_dry_run_looks_and_sends_nothing(zuora):
    async with running_extension(zuora, **zuora.variables(), DRY_RUN="true") as extension:
        _, request_id = cancelled(extension, zuora)
        assert (await extension.deliver(request_id)).status == "skip"
        assert [call.operation for call in zuora.calls] == ["token", "subscription", "preview"]


async def test_an_order_is_known_by_its_marks_alone_if_orders_cannot_be_read():
    async with (
        a_zuora(order_metrics=False) as zuora,
        running_extension(zuora, **zuora.variables()) as extension,
    ):
        number, request_id = cancelled(extension, zuora)
        zuora.on("order").drop_before()
        await extension.settle(request_id)
        assert ends(extension, zuora, number, request_id) == ("approved", 1, 1)
        [order] = zuora.orders_of(number)
        assert re.fullmatch(rf"CONNECT-{request_id}", order.number)
        assert request_id in order.change_reason
        assert zuora.subscription(number).cancel_reason == order.change_reason
