"""The check: an imagined request is walked as a real one would be, and watched."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace

from connect_ext.cancelling.process import process
from connect_ext.cancelling.settling import Settling
from connect_ext.cancelling.steps import (
    Approve,
    DryRun,
    Final,
    Hold,
    Reject,
    Schedule,
    Wait,
)
from connect_ext.cause import Cause
from connect_ext.check.imagined import ImaginedConnect, imagined_request
from connect_ext.check.report import Report, ShownCall
from connect_ext.check.saved import NotExplainedError, SavedAnswer
from connect_ext.check.shapes import shape_of
from connect_ext.check.watching import Calls, Watched
from connect_ext.connect.api import ConnectApi
from connect_ext.errors import NotConfigured
from connect_ext.http.aside import aside
from connect_ext.http.client import Answer
from connect_ext.outcome_log import outcome_of
from connect_ext.portal.settings import (
    Settings,
    declared_variables,
    described_variables,
    read_configuration,
)
from connect_ext.shared_state import SharedState
from connect_ext.vendors.base import PlannedCall, Vendor
from connect_ext.vendors.explaining import Explains, Finding
from connect_ext.vendors.registry import Vendors, definitions

SECOND_LOOK_SECONDS = 2.0
"""A real request looks a second time after two minutes."""

MOST_WALKS, SECONDS_BETWEEN_WALKS = 10, 3.0
"""For a vendor that takes its time to show what it has accepted."""

_GOES_ON = (Cause.SENT, Cause.ON_ITS_WAY)
_GOOD_ACTS = ("cancel", "approve", "schedule")


@dataclass(frozen=True)
class Order:
    """What is to be checked."""

    subscription_id: str = ""
    product_id: str = ""
    parameters: tuple[tuple[str, str], ...] = ()
    """Other fulfillment parameters of the request: ids and values."""
    cancel: bool = False
    """Whether the subscription is really cancelled."""
    answer: Answer | None = None
    """An answer to the look that was saved: then nobody is called."""
    suggest: bool = False
    """Whether the vendor's package is to propose variables from the answer to the look."""


async def check(
    variables: Mapping[str, str], order: Order, real: ConnectApi | None = None
) -> Report:
    """Walk an imagined request with these variables.

    ``real`` is the Connect whose templates count. Raises ``NotExplainedError`` where a saved answer
    was given and the vendor does not explain any.
    """
    report = _of_variables(variables, order)
    if order.suggest and order.answer is not None:
        report = _with_suggestions(report, order.answer, order)
    if report.mistakes:
        return replace(report, decision="Requests would wait until the variables are right.")
    settings = read_configuration(variables, definitions()).for_product(order.product_id)
    if not order.subscription_id:
        decision = "Nothing is decided: name a subscription to go on."
        return replace(report, decision=decision)
    calls = Calls()
    shared = SharedState(vendors=Vendors(client=calls.client), sleep=_short_sleep)
    try:
        return await _Check(settings, order, shared, calls, real).run(report)
    finally:
        await shared.aclose()


def _of_variables(variables: Mapping[str, str], order: Order) -> Report:
    known = {variable.name for variable in declared_variables(definitions())}
    described = described_variables(variables, definitions(), order.product_id)
    vendor = next(each.shown for each in described if each.variable.name == "VENDOR")
    strangers = tuple(sorted({*variables} - known))
    report = Report(vendor, order.product_id, described, strangers)
    try:
        read_configuration(variables, definitions())
    except NotConfigured as error:
        _, *mistakes = error.message.split("\n")
        return replace(report, mistakes=tuple(line.strip() for line in mistakes))
    return report


def _with_suggestions(report: Report, answer: Answer, order: Order) -> Report:
    definition = definitions().get(report.vendor)
    if definition is None or definition.suggest is None:
        raise NotExplainedError(report.vendor)
    return replace(report, suggestions=definition.suggest(answer, order.subscription_id))


async def _short_sleep(seconds: float) -> None:
    await asyncio.sleep(min(seconds, SECOND_LOOK_SECONDS))


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
        parameter = (settings.subscription_id_parameter, order.subscription_id)
        parameters = (parameter, *order.parameters)
        self._request = imagined_request(order.product_id, parameters, shared.now())

    async def run(self, report: Report) -> Report:
        """Walk, and put together what was seen."""
        vendor = self._vendor()
        step = await self._walked(vendor)
        calls = [await self._shown(watched, vendor) for watched in self._calls.made]
        if self._order.answer is not None:
            calls = [await self._saved(self._order.answer, vendor)]
        if self._order.suggest and self._order.answer is None:
            report = self._suggested(report, vendor)
        outcome, decision, is_good = _in_words(step)
        plan = step.plan if isinstance(step, DryRun) else None
        planned = [await self._planned(call) for call in plan.calls] if plan else []
        look_at = [
            f"{f.variable} {f.found}." for call in calls for f in call.findings if f.is_wrong
        ]
        definition = definitions()[self._settings.vendor.name]
        if step.cause is Cause.CREDENTIALS and definition.key_needs:
            look_at.append(definition.key_needs)
        if self._settings.dry_run:
            look_at.append("DRY_RUN is true: as long as it is, no request is approved.")
        return replace(
            report,
            calls=tuple(calls),
            planned=tuple(line for lines in planned for line in lines),
            outcome=outcome,
            decision=decision,
            why=step.why if isinstance(step, Wait) else "",
            look_at=tuple(dict.fromkeys(look_at)),
            would_be_approved=is_good and not self._settings.dry_run,
        )

    def _vendor(self) -> Vendor:
        vendor = self._shared.vendors.vendor_for(self._settings.vendor)
        if self._order.answer is None:
            return vendor
        if not isinstance(vendor, Explains):
            raise NotExplainedError(self._settings.vendor.name)
        return SavedAnswer(vendor, self._order.answer)

    async def _walked(self, vendor: Vendor) -> Final:
        settings = replace(self._settings, dry_run=not self._order.cancel)
        most = MOST_WALKS if self._order.cancel else 1
        for left in reversed(range(most)):
            ended = await process(self._request, settings, self._connect, vendor, self._shared)
            if not left or ended.step.cause not in _GOES_ON:
                return ended.step
            await asyncio.sleep(SECONDS_BETWEEN_WALKS)
        raise AssertionError("There is always a first walk.")

    def _suggested(self, report: Report, vendor: Vendor) -> Report:
        if not isinstance(vendor, Explains):
            raise NotExplainedError(report.vendor)
        looks = [w.answer for w in self._calls.made if w.call.name == vendor.look_name]
        answers = [answer for answer in looks if answer is not None]
        return _with_suggestions(report, answers[-1], self._order) if answers else report

    async def _shown(self, watched: Watched, vendor: Vendor) -> ShownCall:
        call, answer = watched.call, watched.answer
        shape: tuple[str, ...] = ()
        findings: tuple[Finding, ...] = ()
        if answer is not None:
            shape = await aside(len(answer.body), lambda: shape_of(answer))
            findings = await self._explained(vendor, call.name, answer)
        request = await self._masked(f"{call.method} {call.url}")
        status = answer.status if answer else None
        return ShownCall(
            call.name, request, status, watched.error, watched.milliseconds, shape, findings
        )

    async def _saved(self, answer: Answer, vendor: Vendor) -> ShownCall:
        shape = await aside(len(answer.body), lambda: shape_of(answer))
        findings: tuple[Finding, ...] = ()
        if isinstance(vendor, SavedAnswer):
            findings = vendor.findings(self._order.subscription_id)
        return ShownCall("the saved answer", "", answer.status, "", 0, shape, findings)

    async def _explained(self, vendor: Vendor, name: str, answer: Answer) -> tuple[Finding, ...]:
        if not isinstance(vendor, Explains):
            return ()
        subscription_id = self._order.subscription_id
        return await aside(len(answer.body), lambda: vendor.explain(name, answer, subscription_id))

    async def _planned(self, call: PlannedCall) -> list[str]:
        lines = [f"{call.method} {call.url}"]
        lines += [f"{name}: {value}" for name, value in call.headers]
        lines += ["", call.body] if call.body else []
        return [await self._masked(line) for line in lines]

    async def _masked(self, text: str) -> str:
        tokens = self._shared.vendors.tokens_of(self._settings.vendor)
        settling = Settling(self._request, self._settings, self._connect, tokens)
        return await settling.masked(text) if text else ""


def _in_words(step: Final) -> tuple[str, str, bool]:
    """The outcome in a word, the decision, and whether a real request would be approved."""
    match step:
        case DryRun(act=act, decision=decision):
            return act, decision, act in _GOOD_ACTS
        case Approve(note=note):
            return "approved", f"{outcome_of(step)[1]} {note}".rstrip(), True
        case Schedule():
            return *outcome_of(step), True
        case Reject(reason=reason):
            return "rejected", f"The request would be rejected: {reason}", False
        case Hold(why=why):
            return "held", f"The request would be held: {why}", False
        case Wait(why=why, vendor_says=said):
            return "waits", f"The request would wait: {why} {said}".rstrip(), False
        case _:
            return *outcome_of(step), False
