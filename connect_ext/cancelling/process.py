"""The entry point: walks one request within its deadline, and tells people what they must know."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from connect_ext.cancelling.case import Case
from connect_ext.cancelling.reporting import report
from connect_ext.cancelling.request import CancelRequest
from connect_ext.cancelling.settling import Settling
from connect_ext.cancelling.steps import (
    Approve,
    Confirm,
    Ended,
    Final,
    Leave,
    Reject,
    Schedule,
    Wait,
)
from connect_ext.cancelling.waiting import (
    MAX_SECONDS,
    wait_seconds,
    wait_seconds_for_a_person,
    wait_seconds_until,
)
from connect_ext.cancelling.walk import Walk
from connect_ext.cause import Cause
from connect_ext.connect.api import ConnectApi
from connect_ext.errors import Later, NotConfigured
from connect_ext.http.budget import Budget, spending
from connect_ext.portal.settings import Settings
from connect_ext.vendors.base import SubscriptionId, Vendor

if TYPE_CHECKING:
    from connect_ext.shared_state import SharedState

_NEW_WORD = "The vendor shows a status that is in none of the lists."

SECONDS_FOR_ANOTHER_WALK = 20.0
"""After this, another walk and its report might exceed the time that the runner gives a task."""

SECOND_LOOK_SECONDS = 2.0
"""The pause before a second look when nothing is carried out; a delivery waits two minutes."""

Pause = Callable[[float], Awaitable[None]]

DEFAULT_ESCALATION_HOURS = 24.0
"""For requests that wait because the variables, including this one, cannot be read."""


async def process(
    request: CancelRequest,
    settings: Settings,
    connect: ConnectApi,
    vendor: Vendor,
    shared: SharedState,
) -> Ended:
    """Walk the request as far as possible; concurrent deliveries of it share one walk.

    They do not if its status has changed, or if it was scheduled and has returned in between.
    """
    is_first, began = False, shared.clock()

    async def delivered() -> Ended:
        nonlocal is_first
        is_first = True
        case = _case(request, settings, connect, vendor, shared)
        with spending(case.budget):
            step = await _within_deadline(case)
        step = with_seconds(step, request, shared)
        is_told = await told(step, request, connect, shared, settings.escalate_after_hours)
        if isinstance(step, Wait) and step.until and not is_told:
            # Nobody has been told yet what it waits for: a day is too long.
            step = replace(step, seconds=min(step.seconds, int(MAX_SECONDS)))
        return Ended(step, settings.vendor.name, case.budget.last_status)

    key = (connect.account.key, request.id, request.status)
    ended = await shared.walks.run(key, delivered)
    if is_first or not isinstance(ended.step, Schedule):
        return ended
    if shared.clock() - began > SECONDS_FOR_ANOTHER_WALK:
        step = Wait(Cause.DEADLINE, "The time for one task ran out.")
        return replace(ended, step=with_seconds(step, request, shared))
    return await shared.walks.run(key, delivered)


async def foresee(
    request: CancelRequest,
    settings: Settings,
    connect: ConnectApi,
    vendor: Vendor,
    shared: SharedState,
) -> Final:
    """What a delivery of the request would do now: a dry run, or the reason to wait.

    Nothing is changed, either at the vendor or in Connect, and nobody is told. A second look comes
    within seconds, because nothing depends on it.
    """
    quick = replace(shared, sleep=_at_most(SECOND_LOOK_SECONDS, shared.sleep))
    case = _case(request, replace(settings, dry_run=True), connect, vendor, quick)
    with spending(case.budget):
        return await _within_deadline(case)


def _at_most(seconds: float, pause: Pause) -> Pause:
    async def shorter(wanted: float) -> None:
        await pause(min(wanted, seconds))

    return shorter


def _case(
    request: CancelRequest,
    settings: Settings,
    connect: ConnectApi,
    vendor: Vendor,
    shared: SharedState,
) -> Case:
    found = request.subscription_id(
        settings.subscription_id_parameter, settings.subscription_id_pattern
    )
    subject = found.text if isinstance(found, SubscriptionId) else ""
    budget = Budget(shared.clock() + shared.deadline_seconds, subject, request.id)
    memory = shared.request(connect.account.key, request.id)
    return Case(request, settings, connect, vendor, shared, memory, budget)


async def _within_deadline(case: Case) -> Final:
    """Walk; a temporary error becomes a wait."""
    try:
        return await asyncio.wait_for(Walk(case).to_its_end(), case.shared.deadline_seconds)
    # On Python 3.10 this is not the built-in TimeoutError.
    except asyncio.TimeoutError:
        return Wait(Cause.DEADLINE, "The time for one task ran out.")
    except Later as error:
        settling = case.settling
        says, why = await settling.clean(error.vendor_text), await sentence_of(error, settling)
        return replace(waiting(error), vendor_says=says, why=why)


async def sentence_of(error: Later, settling: Settling) -> str:
    """The error's message, without a vendor's word that is personal."""
    if error.cause is not Cause.UNKNOWN_STATUS:
        return error.message
    # The message quotes the vendor's word.
    return await settling.clean(error.message) or _NEW_WORD


def waiting(error: Later) -> Wait:
    """The wait that an error asks for, without the vendor's own words."""
    needs_person = error.cause is Cause.UNKNOWN_STATUS or isinstance(error, NotConfigured)
    retry_after = None if needs_person else error.retry_after
    return Wait(error.cause, error.message, needs_person, retry_after=retry_after)


def with_seconds(step: Final, request: CancelRequest, shared: SharedState) -> Final:
    """The step with the seconds until the next look, if it is a wait."""
    if not isinstance(step, Wait):
        return step
    now, jitter = shared.now(), shared.jitter()
    age = request.age_seconds(now)
    if step.until is not None:
        return replace(step, seconds=wait_seconds_until((step.until - now).total_seconds()))
    if step.needs_person:
        return replace(step, seconds=wait_seconds_for_a_person(age, jitter))
    if step.since is not None:
        age = min(age, max(0.0, (now - step.since).total_seconds()))
    return replace(step, seconds=wait_seconds(age, jitter, step.retry_after))


async def told(
    step: Final,
    request: CancelRequest,
    connect: ConnectApi,
    shared: SharedState,
    escalate_after_hours: float,
) -> bool:
    """Report the step, and forget the request once it is settled; False if nobody was told."""
    account = connect.account.key
    is_told = await report(
        step,
        request,
        connect.conversation,
        shared.request(account, request.id),
        age_seconds=request.age_seconds(shared.now()),
        escalate_after_hours=escalate_after_hours,
    )
    if isinstance(step, (Approve, Confirm, Reject, Leave)):
        shared.forget(account, request.id)
    return is_told
