"""Observes what the vendor shows, what the marks say, and whatever else the rules ask for."""

from __future__ import annotations

from dataclasses import replace
from math import inf

from connect_ext.cancelling import rules
from connect_ext.cancelling.case import Case
from connect_ext.cancelling.evidence import Evidence, Unreadable
from connect_ext.cancelling.marks import History
from connect_ext.cancelling.steps import Cancel, Lack, Leave, Step
from connect_ext.cause import Cause
from connect_ext.connect.api import SCHEDULED, as_word
from connect_ext.errors import Later, NotConfigured
from connect_ext.vendors.base import Act, Cancellation, SubscriptionId


class Observer:
    """Gathers the evidence of one walk."""

    def __init__(self, case: Case) -> None:
        self._case = case

    def at_first(self) -> Evidence:
        """The evidence before Connect or the vendor is asked."""
        case, settings = self._case, self._case.settings
        return Evidence(
            now=case.shared.now(),
            policy=settings.policy,
            parameter=case.subscription_id,
            parameter_id=settings.subscription_id_parameter,
            settle_seconds=case.pace.settle_seconds,
            blocks_for=case.pace.blocks_for,
            can_be_asked=case.vendor.can_be_asked,
            can_take_back=case.takes_back is not None,
            is_repeatable=case.is_repeatable,
            repeats_answers=case.vendor.is_repeatable,
            leaves_orders=settings.vendor.leaves_orders,
            advice=case.vendor.advice,
            shown=case.memory.attempts.shown,
            void_attempt=case.attempts.in_hand,
            planned=case.request.planned,
        )

    async def learn(self, lack: Lack, e: Evidence) -> Evidence:
        """Gather one missing piece of evidence."""
        match lack:
            case Lack.LOOK:
                if self._case.act is Act.CANCEL:
                    # Without a template nothing can be approved: better to know that before.
                    await self._case.settling.template()
                return await self._look(e)
            case Lack.ORDER:
                return await self.look_again(e, for_orders=True)
            case Lack.SECOND_LOOK:
                again = await self.look_later(e)
                # Others may have sent something meanwhile.
                is_old = isinstance(again.history, History)
                return replace(again, history=None) if is_old else again
            case Lack.MARKS:
                return replace(e, history=await self.history())
            case Lack.PRECEDENT:
                product_id = self._case.request.product_id
                proven = await self._case.connect.has_approved_cancellation(product_id)
                return replace(e, is_proven=proven)

    async def look_later(
        self, e: Evidence, most_seconds: float = inf, *, for_orders: bool = False
    ) -> Evidence:
        """Look again after a pause; two looks with the same result count as two."""
        pause = min(rules.second_look_seconds(self._case.settings.settle_seconds), most_seconds)
        await self._case.shared.sleep(pause)
        if not e.can_be_asked:
            return e
        again = await self._look(e, for_orders=for_orders)
        return replace(again, looks=e.looks + 1) if says_the_same(again, e) else again

    async def look_again(self, e: Evidence, *, for_orders: bool = False) -> Evidence:
        """Look after the vendor's answer; two looks with the same result still count as two.

        ``for_orders``: an attempt stands; search for the order that it may have left as well.
        """
        if not e.can_be_asked:
            return e
        again = await self._look(e, for_orders=for_orders)
        return replace(again, looks=e.looks) if says_the_same(again, e) else again

    async def _look(self, e: Evidence, *, for_orders: bool = False) -> Evidence:
        cancellation = replace(self.cancellation(e), may_have_been_sent=for_orders)
        shared, began = self._case.shared, self._case.shared.clock()
        shown = await self._case.vendor.look_up(cancellation)
        e = e.later(shared.now(), shared.clock() - began)
        return replace(e, shown=shown, looks=1, was_looked_for=for_orders)

    async def history(self) -> History | Unreadable:
        """The attempts that the marks describe."""
        try:
            return await self._case.attempts.history()
        except Later as error:
            return Unreadable(error.cause, error.message, isinstance(error, NotConfigured))

    async def settled_meanwhile(self) -> Leave | None:
        """The step for a request that somebody has settled since Connect handed it over."""
        request = self._case.request
        status = await self._case.connect.status(request.id)
        return None if status == request.status else settled_elsewhere(status)

    def cancellation(self, e: Evidence, step: Step | None = None) -> Cancellation:
        """The order to cancel, or to take a cancellation back."""
        if not isinstance(e.parameter, SubscriptionId):
            raise TypeError("The rules want a look without an id.")
        case, request = self._case, self._case.request
        return Cancellation(
            e.parameter,
            request.id,
            request.asset_id,
            asked_at=case.shared.now(),
            when=step.when if isinstance(step, Cancel) else e.policy.cancellation_date,
            act=case.act,
            definite_answers=e.definite_answers,
            parameters=request.texts,
        )


def says_the_same(one: Evidence, other: Evidence) -> bool:
    """Whether two looks show the same status."""
    return bool(one.shown and other.shown and one.shown.status is other.shown.status)


def settled_elsewhere(status: str) -> Leave:
    """The step for a request whose status leaves us nothing to do."""
    if status == SCHEDULED:
        why = "Nothing to do: the request is scheduled, and returns on the scheduled day."
        return Leave(Cause.SETTLED_ELSEWHERE, why)
    why = f"Nothing to do: the request is {as_word(status) or 'in an unknown status'}."
    return Leave(Cause.SETTLED_ELSEWHERE, why)
