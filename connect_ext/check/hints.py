"""Things to correct or consider, besides the decision."""

from __future__ import annotations

import re
from collections.abc import Iterator

from connect_ext.cancelling.steps import Final, Wait
from connect_ext.cause import Cause
from connect_ext.check.report import Report
from connect_ext.check.verdicts import Verdict

_PARAMETER = re.compile(r"\{parameter:([A-Za-z0-9_.-]{1,128})\}")


def hints(
    report: Report, step: Final, verdict: Verdict, *, key_needs: str, is_proven: bool
) -> tuple[str, ...]:
    """Return the hints, one sentence each.

    ``key_needs`` names the permissions that the credentials need. ``is_proven`` tells whether
    Connect was asked if a cancellation of the product has ever been approved.
    """
    return tuple(dict.fromkeys(filter(None, _hints(report, step, verdict, key_needs, is_proven))))


def _hints(
    report: Report, step: Final, verdict: Verdict, key_needs: str, is_proven: bool
) -> Iterator[str]:
    yield from report.look_at
    findings = [finding for call in report.calls for finding in call.findings]
    wrong = [sentence for call in report.calls for sentence in call.wrong]
    yield from (each for each in wrong if each not in verdict.decision)
    if report.suggestions is None and any(
        f.is_wrong and f.variable.endswith("_PATH") for f in findings
    ):
        yield "With --suggest, the check proposes paths and words from the vendor's answer."
    if step.cause is Cause.CREDENTIALS:
        yield key_needs
    for each in _PARAMETER.findall(step.why) if isinstance(step, Wait) else ():
        yield f'Name it for the check: --parameter {each}=VALUE, or "parameters" in a schedule.'
    if verdict.outcome == "reject" and not is_proven:
        yield (
            "Until a cancellation of the product has been approved, the request would be held"
            " instead."
        )
