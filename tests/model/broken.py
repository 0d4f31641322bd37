"""The extension with one bug in each variant: the model must find every one of them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime

from connect_ext.cancel_request import CancelRequest
from connect_ext.connect_api import ConnectApi
from connect_ext.decision import Approve, Cancel, Knowledge, Reject, Sent, Step, Wait
from connect_ext.errors import Later, NotConfigured, OutcomeUnknown
from connect_ext.processing import Done, Outcome, RecentCancellations, Surroundings, Walk
from connect_ext.settings import Settings
from connect_ext.vendors.base import (
    Accepted,
    Cancellation,
    Subscription,
    SubscriptionStatus,
    Vendor,
)
from tests.model.world import Walking


def walking(kind: type[Walk]) -> Walking:
    """``processing.process`` with a walk of another kind."""

    async def process(
        request: CancelRequest,
        settings: Settings,
        connect: ConnectApi,
        vendor: Vendor,
        surroundings: Surroundings,
    ) -> Outcome:
        walk = kind(request, settings, connect, vendor, surroundings)
        return await surroundings.walks.run((connect.endpoint, request.id), walk.outcome)

    return process


class ApprovesOnA2xx(Walk):
    """An accepted cancellation counts as a cancelled subscription."""

    async def _look_again(
        self, cancellation: Cancellation, known: Knowledge, accepted: Accepted | None
    ) -> Knowledge:
        if accepted:
            return replace(known, subscription=Subscription(SubscriptionStatus.CANCELLED))
        return await super()._look_again(cancellation, known, accepted)


class SendsAgainAfterALostAnswer(Walk):
    """What may have been done is done once more."""

    def __init__(
        self,
        request: CancelRequest,
        settings: Settings,
        connect: ConnectApi,
        vendor: Vendor,
        surroundings: Surroundings,
    ) -> None:
        super().__init__(request, settings, connect, _Impatient(vendor), surroundings)


@dataclass(frozen=True)
class _Impatient:
    _vendor: Vendor

    @property
    def can_be_asked(self) -> bool:
        return self._vendor.can_be_asked

    @property
    def is_repeatable(self) -> bool:
        return self._vendor.is_repeatable

    async def look_up(self, cancellation: Cancellation) -> Subscription:
        return await self._vendor.look_up(cancellation)

    async def cancel(
        self, cancellation: Cancellation, subscription: Subscription | None
    ) -> Accepted:
        try:
            return await self._vendor.cancel(cancellation, subscription)
        except OutcomeUnknown:
            return await self._vendor.cancel(cancellation, subscription)


class RejectsWhatMayPass(Walk):
    """A call that has failed counts as a refusal."""

    async def _walk(self) -> Outcome:
        try:
            return await super()._walk()
        except NotConfigured:
            raise
        except Later as error:
            return await self._reject(error.message)


class RejectsForAMistakeInThePortal(Walk):
    """One wrong letter turns every customer's cancellation down."""

    async def _act(self, step: Step) -> Outcome:
        if "SUBSCRIPTION_ID_PARAMETER" in getattr(step, "why", ""):
            return await self._reject("There is no such parameter.")
        return await super()._act(step)


class RejectsWhatItHasRemoved(Walk):
    """A subscription that is gone after its cancellation counts as one that never was."""

    def _decide(self, known: Knowledge) -> Step:
        gone = known.subscription and known.subscription.status is SubscriptionStatus.UNKNOWN_ID
        return super()._decide(replace(known, sent=Sent.NOTHING) if gone else known)


class RejectsWhatIsBusy(Walk):
    """An accepted cancellation that does not show at once counts as a refusal."""

    def _decide(self, known: Knowledge) -> Step:
        step = super()._decide(known)
        return Reject("It is still active.") if isinstance(step, Wait) else step


class CancelsWithoutALook(Walk):
    """The cancellation is sent before anybody has asked for the subscription."""

    async def _observe(self, cancellation: Cancellation) -> Knowledge:
        if self._vendor.can_be_asked:
            return Knowledge(Subscription(SubscriptionStatus.ACTIVE))
        return await super()._observe(cancellation)


class ActsInADryRun(Walk):
    """A dry run is none."""

    async def _dry_run(self, step: Step) -> Outcome:
        if isinstance(step, Reject):
            return await self._reject(step.reason)
        if isinstance(step, Approve):
            return await self._approve(step.effective_date, step.note)
        return await super()._dry_run(step)


class BelievesALostApproval(Walk):
    """An approval without an answer counts as one."""

    async def _approve(self, effective_date: datetime | None, note: str) -> Outcome:
        try:
            return await super()._approve(effective_date, note)
        except Later:
            return Done("approved, surely")


class LeavesNoMark(Walk):
    """Nothing tells the next process that a cancellation was sent to who gets it once."""

    @property
    def _is_once_only(self) -> bool:
        return False


class ForgetsAtOnce(Walk):
    """Each delivery sends again what the vendor is still at work on."""

    async def _walk(self) -> Outcome:
        object.__setattr__(self._around, "recent", RecentCancellations())
        return await super()._walk()


class LetsErrorsOut(Walk):
    """What should become a wait comes out of the handler."""

    async def _bounded_walk(self) -> Outcome:
        return await asyncio.wait_for(self._walk(), self._around.deadline_seconds)


class WaitsForEver(Walk):
    """A request that is not new is never cancelled."""

    def _decide(self, known: Knowledge) -> Step:
        step = super()._decide(known)
        return Wait("who knows") if isinstance(step, Cancel) and self._age_seconds() else step


async def _without_single_flight(
    request: CancelRequest,
    settings: Settings,
    connect: ConnectApi,
    vendor: Vendor,
    surroundings: Surroundings,
) -> Outcome:
    return await Walk(request, settings, connect, vendor, surroundings).outcome()


VARIANTS: dict[str, Walking] = {
    "two deliveries at once do not share a walk": _without_single_flight,
    **{
        (kind.__doc__ or "").rstrip("."): walking(kind)
        for kind in (
            ApprovesOnA2xx,
            SendsAgainAfterALostAnswer,
            RejectsWhatMayPass,
            RejectsForAMistakeInThePortal,
            RejectsWhatItHasRemoved,
            RejectsWhatIsBusy,
            CancelsWithoutALook,
            ActsInADryRun,
            BelievesALostApproval,
            LeavesNoMark,
            ForgetsAtOnce,
            LetsErrorsOut,
            WaitsForEver,
        )
    },
}
