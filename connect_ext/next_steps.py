"""What a person does next about a request, for each cause. docs/runbook.md has more of each."""

from __future__ import annotations

from connect_ext.cause import Cause

_NOTHING = "Nothing: it is settled."
_LOOKED_AT_AGAIN = "Nothing: it is looked at again by itself."
_RESUBMIT = "then resubmit the task"

NEXT_STEPS = {
    Cause.CANCELLED: _NOTHING,
    Cause.ALREADY_CANCELLED: _NOTHING,
    Cause.GONE: _NOTHING,
    Cause.REFUSED: f"Remove what the vendor refuses it for, {_RESUBMIT}; or reject it.",
    Cause.NOT_STARTED: "Nothing: it is rejected, since there is nothing to cancel.",
    Cause.BLANK_PARAMETER: "Fill in the parameter of the subscription in Connect.",
    Cause.SCHEDULED: "Nothing: Connect brings it back on its day.",
    Cause.REVOKED: _NOTHING,
    Cause.SETTLED_ELSEWHERE: "Check in Connect who has settled it, and whether that is right.",
    Cause.SENT: "Nothing: the vendor is asked again until it shows the result.",
    Cause.ON_ITS_WAY: "Nothing: the vendor is asked again until it has finished.",
    Cause.ENDS_LATER: "Nothing: it is approved when the subscription ends.",
    Cause.CONFLICT: "Nothing: the vendor is asked again.",
    Cause.REFUSED_LATER: "Check the subscription at the vendor, then approve or reject the"
    " request.",
    Cause.UNREACHABLE: "Check that the vendor is up, and its address and time-out.",
    Cause.BUSY: _LOOKED_AT_AGAIN,
    Cause.VENDOR_ERROR: "Ask the vendor why its API fails.",
    Cause.UNREADABLE: "Ask the vendor what its API answers, and check the address.",
    Cause.PAUSED: _LOOKED_AT_AGAIN,
    Cause.CONNECT: "Nothing while Connect is down; else check the token's permissions.",
    Cause.DEADLINE: _LOOKED_AT_AGAIN,
    Cause.VARIABLES: "Correct the variables that the message names.",
    Cause.CREDENTIALS: "Give the extension a key that the vendor accepts.",
    Cause.CONFIGURATION: "Correct what the message names; try it with connect_ext.check.",
    Cause.UNKNOWN_STATUS: "Add the vendor's status to the variable with the statuses of its"
    " meaning.",
    Cause.UNKNOWN_ID: f"Correct the subscription's id in Connect, {_RESUBMIT}; or settle the"
    " request by hand.",
    Cause.ID_PATTERN: f"Correct the id, or SUBSCRIPTION_ID_PATTERN, {_RESUBMIT}.",
    Cause.SUSPENDED: f"Resume the subscription at the vendor, or cancel it there, {_RESUBMIT}.",
    Cause.UNFINISHED: f"Carry out the order at the vendor, or cancel the subscription there,"
    f" {_RESUBMIT}.",
    Cause.NO_TERM_END: f"Cancel it at the vendor, or set ON_NO_TERM_END, {_RESUBMIT}.",
    Cause.NOT_TAKEN_BACK: "Settle with the vendor whether the subscription goes on, then settle"
    " the request.",
    Cause.NOT_CONFIRMED: "Confirm the revocation in Connect.",
    Cause.NO_MARK: f"Give the extension's token the right to conversations, {_RESUBMIT}.",
    Cause.UNPROVEN: f"Try the configuration, correct it if it is wrong, {_RESUBMIT}; or reject it.",
    Cause.BUG: "Report the sentence in the log to those who maintain the extension.",
    Cause.DRY_RUN: f"Set DRY_RUN to false, {_RESUBMIT}.",
    Cause.STILL_ACTIVE: "Cancel the subscription at the vendor.",
    Cause.ENDED_AT_VENDOR: "Have the subscription cancelled in Connect, or set up again at the"
    " vendor.",
    Cause.OVERDUE: "Return the request to pending in Connect, or approve it if the vendor has"
    " ended the subscription.",
    Cause.NO_TASK: "Check which environment serves it. If it is this one, name the product to"
    " reconcile.",
}
"""For each cause, whether or not it needs a person."""
