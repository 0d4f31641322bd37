"""The runbook's plays: one for each way a cause appears.

A play's name begins with its cause word."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta

from sandbox.connect.objects import Parameter
from sandbox.connect.requests import OnConfirm
from sandbox.faults import Delay, DropAfter, Respond, html_page
from sandbox.vendor import LocalVendor
from sandbox.zuora_orders import LocalZuoraOrders
from tests.runbook.stage import Seen, Stage, on_stage

Scene = Callable[[Stage], Awaitable[str]]
"""Plays up to the last delivery; returns the request's id."""

STATUS, CANCEL = ("GET", "/subscriptions/"), ("POST", "/subscriptions/.*/cancel")
APPROVE, NOTES = ("POST", "/requests/.*/approve"), ("POST", "/conversations/")
HOURS = 3600.0
LATER = {
    **LocalVendor().variables_for_later_ends(),
    "CANCELLATION_DATE": "end_of_term",
    "WHEN_EFFECTIVE_LATER": "schedule",
}
MUTE = {"REST_STATUS_REQUEST": ""}


@dataclass(frozen=True)
class Play:
    """One way a cause appears."""

    scene: Scene
    variables: dict[str, str] = field(default_factory=dict)

    async def seen(self) -> Seen:
        """Play it; returns what an operator sees at its end."""
        async with on_stage(self.variables) as stage:
            return stage.seen(await self.scene(stage))


PLAYS: dict[str, Play] = {}


def play(name: str, **variables: str) -> Callable[[Scene], Scene]:
    """Turn the scene into a play."""

    def kept(scene: Scene) -> Scene:
        PLAYS[name] = Play(scene, variables)
        return scene

    return kept


def _subscription(name: str, *, variables: dict[str, str] | None = None, **fields: object) -> None:
    """The play of one kind of subscription, cancelled and delivered once."""

    async def scene(stage: Stage) -> str:
        request_id = stage.sandbox.cancel("SUB-1", **fields)
        await stage.deliver(request_id)
        return request_id

    PLAYS[name] = Play(scene, variables or {})


_subscription("cancelled")
_subscription("already-cancelled", status="cancelled")
_subscription("refused", refusal="It is leased until May.")
_subscription("refused, held", variables={"ON_REFUSAL": "hold"}, refusal="It is leased until May.")
_subscription("not-started", status="draft")
_subscription("sent", shows_after_seconds=2 * HOURS)
_subscription("sent, not to be asked", variables=MUTE, shows_after_seconds=2 * HOURS)
_subscription("on-its-way", status="cancelling")
_subscription("conflict", locked_seconds=HOURS / 2)
_subscription("variables", variables={"NOTES": "loud", "SETTLE_MINUTES": "an hour"})
_subscription("credentials", variables={"REST_API_KEY": "of-somebody-else"})
_subscription("configuration", variables={"SUBSCRIPTION_ID_PARAMETER": "subscripton_id"})
_subscription("unknown-status", status="paused")
_subscription("dry-run", variables={"DRY_RUN": "true"})


async def _delivered(stage: Stage, request_id: str) -> str:
    await stage.deliver(request_id)
    return request_id


@play("gone", ON_NOT_FOUND="approve")
@play("unknown-id")
@play("unknown-id, rejected", ON_NOT_FOUND="reject")
async def _unknown(stage: Stage) -> str:
    return await _delivered(stage, stage.connect.cancel("SUB-NOBODY-KNOWS"))


@play("unproven")
async def _unproven(stage: Stage) -> str:
    product_id = stage.connect.create_product(proven=False)
    subscription = stage.vendor.add("SUB-1", refusal="It is leased until May.")
    asset_id = stage.connect.create_subscription(subscription.id, product_id=product_id)
    return await _delivered(stage, stage.connect.create_cancel_request(asset_id))


def _with_id(value: str) -> Scene:
    async def scene(stage: Stage) -> str:
        parameters = [Parameter("subscription_id", value)]
        asset_id = stage.connect.create_subscription(parameters=parameters)
        return await _delivered(stage, stage.connect.create_cancel_request(asset_id))

    return scene


play("blank-parameter")(_with_id(" "))
play("id-pattern")(_with_id("SUB 1 (old)"))


@play("configuration, template")
async def _no_template(stage: Stage) -> str:
    product_id = stage.connect.create_product(templates=False)
    subscription = stage.vendor.add("SUB-1")
    asset_id = stage.connect.create_subscription(subscription.id, product_id=product_id)
    return await _delivered(stage, stage.connect.create_cancel_request(asset_id))


# A later end, and a change of mind.


def _with_days_left(stage: Stage) -> str:
    term_ends = stage.vendor.clock.today() + timedelta(days=10)
    return stage.sandbox.cancel("SUB-1", term_ends=term_ends.isoformat())


@play("scheduled", **LATER)
async def _scheduled(stage: Stage) -> str:
    return await _delivered(stage, _with_days_left(stage))


@play("ends-later", **LATER)
async def _not_to_be_scheduled(stage: Stage) -> str:
    stage.connect.scheduling = False
    return await _delivered(stage, _with_days_left(stage))


@play("no-term-end", **LATER)
async def _evergreen(stage: Stage) -> str:
    return await _delivered(stage, stage.sandbox.cancel("SUB-1"))


async def _revoked(stage: Stage) -> str:
    request_id = await _scheduled(stage)
    stage.connect.revoke(request_id)
    return await _delivered(stage, request_id)


play("revoked", **LATER)(_revoked)


@play("not-taken-back", **LATER)
async def _not_taken_back(stage: Stage) -> str:
    request_id = await _scheduled(stage)
    stage.vendor.subscriptions["SUB-1"].undo_refusal = "It is invoiced."
    stage.connect.revoke(request_id)
    return await _delivered(stage, request_id)


@play("not-confirmed", **LATER)
async def _not_confirmed(stage: Stage) -> str:
    stage.connect.requests.on_confirm = OnConfirm.REFUSE
    return await _revoked(stage)


# Somebody else acted first.


@play("settled-elsewhere")
async def _approved_elsewhere(stage: Stage) -> str:
    request_id = stage.sandbox.cancel("SUB-1")
    stage.connect.agent_approve(request_id)
    return await _delivered(stage, request_id)


@play("settled-elsewhere, rejected")
async def _rejected_meanwhile(stage: Stage) -> str:
    request_id = stage.sandbox.cancel("SUB-1")

    async def rejected(_request: object, work: Callable[[], Awaitable[object]]) -> object:
        stage.connect.agent_fail(request_id, "A mistake.")
        return await work()

    stage.connect.faults.add(*APPROVE, rejected, times=1)
    return await _delivered(stage, request_id)


# The vendor has the cancellation, or may have it.


@play("sent, lost")
async def _lost_answer(stage: Stage) -> str:
    stage.vendor.faults.add(*CANCEL, DropAfter(), times=1)
    return await _delivered(stage, stage.sandbox.cancel("SUB-1", shows_after_seconds=2 * HOURS))


@play("refused-later")
async def _refused_later(stage: Stage) -> str:
    kind = {"second": "refuse", "honours_keys": False}
    request_id = stage.sandbox.cancel("SUB-1", shows_after_seconds=5 * HOURS, **kind)
    await stage.deliver(request_id)
    stage.extension.let_pass(2 * HOURS)
    return await _delivered(stage, request_id)


@play("no-mark", **MUTE)
async def _no_mark(stage: Stage) -> str:
    request_id = stage.sandbox.cancel("SUB-1")
    stage.connect.conversations.close(request_id)
    return await _delivered(stage, request_id)


@play("no-mark, refused")
async def _refused_without_a_mark(stage: Stage) -> str:
    request_id = stage.sandbox.cancel("SUB-1", refusal="It is leased until May.")
    stage.connect.conversations.close(request_id)
    return await _delivered(stage, request_id)


# Temporary failures.


def _for_a_day(name: str, method: str, path: str, fault: object) -> None:
    """The play of a lasting vendor fault, seen at first and a day later."""

    async def scene(stage: Stage) -> str:
        stage.vendor.faults.add(method, path, fault)
        return await _delivered(stage, stage.sandbox.cancel("SUB-1"))

    async def a_day_later(stage: Stage) -> str:
        request_id = await scene(stage)
        await stage.a_day_later(request_id)
        return request_id

    PLAYS[name], PLAYS[f"{name}, a day later"] = Play(scene), Play(a_day_later)


_for_a_day("vendor-error", *STATUS, Respond(503))
_for_a_day("unreadable", *STATUS, html_page())


@play("busy")
async def _busy(stage: Stage) -> str:
    stage.vendor.faults.add(*STATUS, Respond(429, headers={"Retry-After": "120"}))
    return await _delivered(stage, stage.sandbox.cancel("SUB-1"))


@play("unreachable")
async def _unreachable(stage: Stage) -> str:
    await stage.vendor.stop()
    return await _delivered(stage, stage.sandbox.cancel("SUB-1"))


@play("unreachable, a day later")
async def _unreachable_for_a_day(stage: Stage) -> str:
    request_id = await _unreachable(stage)
    await stage.a_day_later(request_id)
    return request_id


@play("paused")
async def _paused(stage: Stage) -> str:
    stage.vendor.faults.add(*STATUS, Respond(503))
    for number in range(5):
        await stage.deliver(stage.sandbox.cancel(f"SUB-{number}"))
    return await _delivered(stage, stage.sandbox.cancel("SUB-9"))


@play("connect")
async def _connect(stage: Stage) -> str:
    stage.connect.faults.add(*NOTES, Respond(503, headers={"Retry-After": "60"}))
    return await _delivered(stage, stage.sandbox.cancel("SUB-1"))


@play("deadline")
async def _deadline(stage: Stage) -> str:
    stage.extension.begin_new_process(jitter=lambda: 0.5, deadline_seconds=0.2)
    stage.connect.faults.add("GET", "/templates", Delay(1.0))
    return await _delivered(stage, stage.sandbox.cancel("SUB-1"))


class ExplodingText(str):
    """Stands in for a bug: using the value raises an error."""

    def __str__(self) -> str:
        raise RuntimeError

    __slots__ = ()


@play("bug")
async def _bug(stage: Stage) -> str:
    stage.extension.variables["VENDOR_TIMEOUT_SECONDS"] = ExplodingText()
    return await _delivered(stage, stage.sandbox.cancel("SUB-1"))


# Zuora only.


def _at_zuora(name: str, arrange: Callable[[LocalZuoraOrders], str]) -> None:
    async def scene(stage: Stage) -> str:
        zuora = stage.sandbox.zuora_orders
        stage.extension.variables.update(zuora.variables())
        return await _delivered(stage, stage.connect.cancel(arrange(zuora)))

    PLAYS[name] = Play(scene)


def _suspended(zuora: LocalZuoraOrders) -> str:
    return zuora.add(status="Suspended").number


def _pending_order(zuora: LocalZuoraOrders) -> str:
    zuora.on("order").comes_back("Pending")
    return zuora.add().number


_at_zuora("suspended", _suspended)
_at_zuora("unfinished", _pending_order)
