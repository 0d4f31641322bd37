"""A person's next step about a request, for each cause. docs/runbook.md says more about each."""

from __future__ import annotations

from connect_ext.cause import Cause

_NOTHING = "Nothing: it is settled."
_RESUBMIT = "then resubmit the task"

NEXT_STEPS = {
    # The request is settled.
    Cause.CANCELLED: _NOTHING,
    Cause.ALREADY_CANCELLED: _NOTHING,
    Cause.GONE: _NOTHING,
    Cause.REFUSED: f"Resolve the reason in the note with the vendor, {_RESUBMIT}; or reject the"
    " request.",
    Cause.NOT_STARTED: "Find out at the vendor why the subscription has not started.",
    Cause.BLANK_PARAMETER: "Fill in the subscription's parameter in Connect, then have it cancelled"
    " again.",
    Cause.SCHEDULED: "Nothing: Connect returns it on the scheduled day.",
    Cause.REVOKED: _NOTHING,
    Cause.SETTLED_ELSEWHERE: "If the request was rejected and the vendor has cancelled, have it"
    " cancelled again.",
    # The vendor has, or may have, the cancellation.
    Cause.SENT: "Look at the subscription at the vendor; approve the request if it is cancelled"
    " there.",
    Cause.ON_ITS_WAY: "Ask the vendor what keeps the cancellation from being finished.",
    Cause.ENDS_LATER: "Nothing: it is approved when the subscription ends.",
    Cause.CONFLICT: "Ask the vendor what locks the subscription.",
    Cause.REFUSED_LATER: "Look at the vendor: approve the request if the subscription is cancelled"
    " there, else reject it.",
    # Something does not work at the moment.
    Cause.UNREACHABLE: "Check that the vendor is up; then the address, the firewall and the"
    " certificate.",
    Cause.BUSY: "Ask the vendor about its rate limit, or lower VENDOR_MAX_CONCURRENCY.",
    Cause.VENDOR_ERROR: "Ask the vendor why its API fails.",
    Cause.UNREADABLE: "Run the check on the subscription, and correct what it reports.",
    Cause.PAUSED: "Look at the causes of the vendor's other requests: they say why it is paused.",
    Cause.CONNECT: "Nothing while Connect is down; if it is up, report the message to CloudBlue.",
    Cause.DEADLINE: "Find out why calls are slow; lower VENDOR_TIMEOUT_SECONDS if one vendor is.",
    # Somebody has to fix or decide something.
    Cause.VARIABLES: "Correct the variables that the message names.",
    Cause.CREDENTIALS: "Set credentials that the vendor accepts.",
    Cause.CONFIGURATION: "Correct what the message names.",
    Cause.UNKNOWN_STATUS: "Add the status in the message to the right list of statuses.",
    Cause.UNKNOWN_ID: f"Correct the subscription's id in Connect, {_RESUBMIT}; or settle it by"
    " hand.",
    Cause.ID_PATTERN: f"Correct the id in Connect, or SUBSCRIPTION_ID_PATTERN, {_RESUBMIT}.",
    Cause.SUSPENDED: f"Resume the subscription at the vendor, or cancel it there, {_RESUBMIT}.",
    Cause.UNFINISHED: f"Have the order in the note carried out or deleted, {_RESUBMIT}.",
    Cause.NO_TERM_END: f"Cancel it at the vendor, or set ON_NO_TERM_END, {_RESUBMIT}.",
    Cause.NOT_TAKEN_BACK: f"Take the cancellation back at the vendor, {_RESUBMIT}.",
    Cause.NOT_CONFIRMED: "Confirm the revocation in Connect.",
    Cause.NO_MARK: f"Give the extension's token permission to write notes, {_RESUBMIT}.",
    Cause.UNPROVEN: f"Check the variables, {_RESUBMIT}; reject the request if the vendor is right.",
    Cause.BUG: "Report the message to the developers of the extension.",
    Cause.DRY_RUN: "Set DRY_RUN to false, then run reconcile.",
    # Only a comparison of Connect and the vendor finds these.
    Cause.STILL_ACTIVE: "Cancel the subscription at the vendor: Connect considers it cancelled.",
    Cause.ENDED_AT_VENDOR: "Have it cancelled in Connect, or set it up again at the vendor.",
    Cause.OVERDUE: "Return the request to pending in Connect; its task then approves it.",
    Cause.NO_TASK: "Find out which environment serves it; if it is this one, pass its product to"
    " reconcile.",
}
"""Every cause has one, even if it needs no person."""
