"""The check: processes an imagined request like a real one, and watches it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace

from connect_ext.cancelling.process import process
from connect_ext.cancelling.settling import Settling
from connect_ext.cancelling.steps import DryRun, Final, Wait
from connect_ext.cause import Cause
from connect_ext.check.hints import hints
from connect_ext.check.imagined import ImaginedConnect, imagined_request
from connect_ext.check.masking import Mask
from connect_ext.check.report import Report, ShownCall
from connect_ext.check.saved import NotExplainedError, SavedAnswer
from connect_ext.check.shapes import hidden_names
from connect_ext.check.variables import read_variables
from connect_ext.check.verdicts import (
    Verdict,
    after_sending,
    named,
    not_seen,
    sentence_about,
    switched_off,
    verdict_of,
)
from connect_ext.check.watching import Calls, Watched, WatchedVendor
from connect_ext.connect.api import ConnectApi
from connect_ext.http.aside import aside
from connect_ext.http.client import Answer, Call
from connect_ext.portal.secret import MASK
from connect_ext.portal.settings import Settings
from connect_ext.shared_state import SharedState
from connect_ext.vendors.base import Vendor
from connect_ext.vendors.explaining import Explains, Finding, Suggestion
from connect_ext.vendors.registry import Vendors, definitions

SECOND_LOOK_SECONDS = 2.0
"""A real request waits two minutes before its second look."""

SECONDS_BETWEEN_LOOKS = 2.0
SETTLES_NEVER = 1e9

Agreed = Callable[[Report], Awaitable[bool]]
"""Asked for consent before the cancellation is sent, with the report so far."""

_MAY_STILL_COME = (Cause.SENT, Cause.ON_ITS_WAY)


@dataclass(frozen=True)
class Order:
    """The subject and options of a check."""

    subscription_id: str | None = None
    """If None, only the variables and a saved answer are checked."""
    product_id: str = ""
    parameters: tuple[tuple[str, str], ...] = ()
    """Other fulfillment parameters of the request: ids and values."""
    answer: Answer | None = None
    """A saved answer to a look; if given, the vendor is not called."""
    suggest: bool = False
    """Whether to propose variables from the answer to the look."""
    wait_seconds: float = 0.0
    """How long the vendor may take to show a cancellation."""


async def check(
    variables: Mapping[str, str],
    order: Order,
    real: ConnectApi | None = None,
    agreed: Agreed | None = None,
) -> Report:
    """Process an imagined request with these variables.

    ``real`` is the Connect whose templates are used. The subscription is really cancelled only if
    ``agreed`` is given and returns true. Raises ``NotExplainedError`` if the order has an answer or
    asks for proposals, and the vendor explains nothing.
    """
    size = sum(len(str(value)) for value in variables.values())
    report, configuration = await aside(size, lambda: read_variables(variables, order.product_id))
    if configuration is None:
        return replace(report, decision="Requests would wait until the variables are corrected.")
    settings = configuration.for_product(order.product_id)
    calls = Calls()
    shared = SharedState(vendors=Vendors(client=calls.client), sleep=_pause(order))
    try:
        return await _Check(settings, order, shared, calls, real).run(report, agreed)
    finally:
        await shared.aclose()


def _pause(order: Order) -> Callable[[float], Awaitable[None]]:
    """The pause before a second look; none for a saved answer, which stays the same."""
    most = SECOND_LOOK_SECONDS if order.answer is None else 0.0

    async def pause(seconds: float) -> None:
        await asyncio.sleep(min(seconds, most))

    return pause


class _Check:
    """One check of one subscription."""

    def __init__(
        self,
        settings: Settings,
        order: Order,
        shared: SharedState,
        calls: Calls,
        real: ConnectApi | None,
    ) -> None:
        self._settings, self._order, self._shared, self._calls = settings, order, shared, calls
        self._connect = ImaginedConnect(shared.now, real)
        self._asked_for = order.subscription_id or ""
        parameter = (settings.subscription_id_parameter, self._asked_for)
        parameters = (parameter, *order.parameters)
        self._request = imagined_request(order.product_id, parameters, shared.now())
        self._definition = definitions()[settings.vendor.name]
        self._live = shared.vendors.vendor_for(settings.vendor)
        self._watched = WatchedVendor(self._asked())
        tokens = shared.vendors.tokens_of(settings.vendor)
        self._mask = Mask(Settling(self._request, settings, self._connect, tokens))

    def _asked(self) -> Vendor:
        """The vendor itself, or one that gives the saved answer."""
        if self._order.suggest and self._definition.suggest is None:
            raise NotExplainedError(self._settings.vendor.name)
        if self._order.answer is None:
            return self._live
        return SavedAnswer(self._live, self._order.answer, self._settings.vendor.name)

    async def run(self, report: Report, agreed: Agreed | None) -> Report:
        """Process the request and report the results."""
        if self._order.subscription_id is None:
            decision = "Nothing is decided: name a subscription to continue."
            return replace(await self._seen(report), decision=decision)
        step = await self._walked(is_dry=True)
        foreseen = await self._decided(report, step)
        if agreed is None or foreseen.outcome != "cancel" or self._settings.dry_run:
            return foreseen
        if not await agreed(foreseen):
            return foreseen
        decided = await self._decided(report, await self._cancelled())
        # Exactly the calls shown before were sent.
        return replace(decided, requests=foreseen.requests, remarks=foreseen.remarks)

    async def _walked(self, *, is_dry: bool) -> Final:
        # Only one walk may send: whatever the vendor shows then, there is no second attempt.
        settings = replace(self._settings, dry_run=is_dry)
        if not is_dry:
            settings = replace(settings, settle_seconds=SETTLES_NEVER)
        ended = await process(self._request, settings, self._connect, self._watched, self._shared)
        return ended.step

    async def _cancelled(self) -> Final:
        """Cancel once, then look until the result shows or the time is up."""
        clock = asyncio.get_running_loop().time
        until = clock() + self._order.wait_seconds
        step = await self._walked(is_dry=False)
        while isinstance(step, Wait) and step.cause in _MAY_STILL_COME:
            pause = max(SECONDS_BETWEEN_LOOKS, step.retry_after or 0.0)
            if clock() + pause > until:
                return step
            await asyncio.sleep(pause)
            looked = await self._walked(is_dry=True)
            if not isinstance(looked, DryRun) or looked.act in ("wait", "cancel"):
                continue
            return looked
        return step

    async def _decided(self, report: Report, step: Final) -> Report:
        report = await self._seen(report)
        was_sent = self._calls.has_changed_something
        wrong = report.calls[-1].wrong if report.calls else ()
        verdict = named(verdict_of(step), wrong)
        if was_sent:
            verdict = after_sending(verdict, self._watched.shown)
        elif not self._watched.can_be_asked:
            verdict = not_seen(verdict, self._watched.advice)
        if self._settings.dry_run and verdict.is_good:
            verdict = switched_off(verdict)
        shown = self._watched.shown
        plan = step.plan if isinstance(step, DryRun) else None
        day = f"It would take effect on {plan.takes_effect}." if plan and plan.takes_effect else ""
        return replace(
            report,
            subscription=sentence_about(shown) if shown else "",
            requests=tuple([await self._mask.request(each) for each in plan.calls] if plan else ()),
            remarks=await self._mask.all_of(*filter(None, (day, *(plan.remarks if plan else ())))),
            outcome=verdict.outcome,
            decision=await self._mask.of(verdict.decision),
            why=await self._mask.of(verdict.why),
            look_at=await self._mask.all_of(*self._hints(report, step, verdict)),
            would_be_approved=verdict.is_good,
            was_sent=was_sent,
        )

    def _hints(self, report: Report, step: Final, verdict: Verdict) -> tuple[str, ...]:
        return hints(
            report,
            step,
            verdict,
            key_needs=self._definition.key_needs,
            is_proven=self._connect.is_asked_about(self._request.product_id),
        )

    async def _seen(self, report: Report) -> Report:
        """Add the calls so far, and what the answers show, to the report."""
        if self._order.answer is not None:
            saved = Watched(Call("the saved answer", "", ""), self._order.answer, "", 0, True)
            name = self._live.look_name if isinstance(self._live, Explains) else ""
            calls = [await self._shown(saved, name)]
        else:
            calls = [await self._shown(each, each.call.name) for each in self._calls.made]
        report = replace(report, calls=tuple(calls))
        return await self._suggested(report) if self._order.suggest else report

    async def _shown(self, watched: Watched, name: str) -> ShownCall:
        vendor, answer = self._live, watched.answer
        findings: tuple[Finding, ...] = ()
        if answer is not None and isinstance(vendor, Explains):
            asked_for = self._asked_for
            explain = vendor.explain
            findings = await aside(len(answer.body), lambda: explain(name, answer, asked_for))
        return await self._mask.call(watched, findings)

    async def _suggested(self, report: Report) -> Report:
        suggest = self._definition.suggest
        answer = self._order.answer or self._answer_to_look()
        if suggest is None or answer is None:
            return report
        asked_for = self._asked_for
        found = await aside(len(answer.body), lambda: suggest(answer, asked_for))
        names = await aside(len(answer.body), lambda: hidden_names(answer.json()))
        shown = [_without(names, each) for each in found]
        if shown != [*found]:
            hint = "A key in a proposal may be a name: put it in for […]."
            report = replace(report, look_at=(*report.look_at, hint))
        return replace(report, suggestions=await self._mask.suggestions(shown))

    def _answer_to_look(self) -> Answer | None:
        if not isinstance(self._live, Explains):
            return None
        name = self._live.look_name
        looks = [each.answer for each in self._calls.made if each.call.name == name]
        return next((answer for answer in reversed(looks) if answer is not None), None)


def _without(names: frozenset[str], suggestion: Suggestion) -> Suggestion:
    """Mask each of the names in a suggestion."""

    def masked(text: str) -> str:
        return re.sub(r"[\w-]+", lambda word: MASK if word[0] in names else word[0], text)

    return replace(suggestion, value=masked(suggestion.value), grounds=masked(suggestion.grounds))
