"""The result of a check, without addresses, values, or content of answers beyond their shape."""

from __future__ import annotations

from collections.abc import Mapping

from connect_ext.check.checking import Order, check
from connect_ext.check.report import Report, ShownCall
from connect_ext.connect.api import ConnectApi
from connect_ext.diagnostics.plain_words import PlainWords
from connect_ext.diagnostics.sections import Facts
from connect_ext.diagnostics.variables import plain_words

_VENDOR_SAYS = "The vendor says:"


async def checked(variables: Mapping[str, str], order: Order, connect: ConnectApi | None) -> Facts:
    """Try the variables as for a cancel request; change nothing."""
    words = await plain_words(variables, order.subscription_id or "")
    report = await check(variables, order, connect)
    return {
        "subscription": _named(order.subscription_id),
        "a request would be approved": report.would_be_approved,
        "outcome": report.outcome,
        "why": await words.of(_why(report)),
        # A date may follow the comma.
        "the vendor shows": report.subscription.partition(",")[0].rstrip("."),
        "calls": [await _call(each, words) for each in report.calls],
    }


def _named(subscription_id: str | None) -> str:
    if subscription_id is None:
        return "none was named, so the vendor is not asked"
    return f"one was named, with an id of {len(subscription_id)} characters"


def _why(report: Report) -> str:
    """The reason, unless findings give it: those quote the answer."""
    if report.why or any(call.wrong for call in report.calls):
        return report.why
    return report.decision.partition(_VENDOR_SAYS)[0].strip()


async def _call(call: ShownCall, words: PlainWords) -> Facts:
    fitting = [each.variable for each in call.findings if not each.is_wrong]
    wrong = [each.variable for each in call.findings if each.is_wrong]
    return {
        "call": await words.of(call.name),
        "HTTP status": call.status,
        "error": await words.of(call.error),
        "milliseconds": call.milliseconds,
        "shape of the answer": [*call.shape],
        "variables that fit the answer": await words.of_all(fitting),
        "variables that do not": await words.of_all(wrong),
    }
