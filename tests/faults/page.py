"""Writes `docs/faults.md` from the matrix."""

from connect_ext.vendors.zuora.previewing import PREVIEW_SECONDS
from connect_ext.vendors.zuora.settings import ORDER_SECONDS
from tests.faults.matrix import COLUMNS, Side
from tests.faults.rows import ROWS, End

_HEAD = """# How each fault ends

Written by `tests/faults/test_fault_matrix.py`, which brings about every cell of these tables with
the official runner and the sandbox, and compares. After a change in `tests/faults/matrix.py`,
write it again: `WRITE_FAULTS=1 python -m pytest tests/faults`.

A fault lasts as long as the first delivery that meets it. Two kinds come once: faults of the
official runner's own reads, and answers that Connect does not give in time. A cell says how that
delivery ends:

| | |
|---|---|
| goes on | as if nothing had happened, to the request's normal end, in the same delivery |
| waits | rescheduled, for at least 30 seconds and never less than a `Retry-After` |
| waits for the result | rescheduled; a cancellation was, or may have been, sent: no other is |
| waits for configuration | rescheduled, for at least 5 minutes, and the log says what to fix |
| **rejected** | the vendor has refused: the request fails with the vendor's reason |
| held | the task fails and a private note says why; somebody resubmits it |
| retried | the runner answers `retry` by itself, before the extension is called |
| unanswered | the runner answers nothing; Connect delivers again when its connection ends |
| - | makes no sense here, see below |

A huge body has 60 MB, Connect's 6 MB: the official client reads any body to its end.

When the fault is over, **every request settles**: it is approved, with exactly one cancellation at
the vendor (rejected where the cell says so; `fail`, which is tried with a draft, ends failed;
`schedule` ends scheduled). A request that was scheduled and is revoked, as for `confirm` and for
the calls that take the cancellation back, ends revoked, with exactly one undo. A request that waits
for the result sends nothing until its mark is older than `SETTLE_MINUTES` by Connect's clock; then
it looks, and cancels (undoes) if the subscription is still as it was. The tests deliver it before
and after that moment.

A vendor that cannot be asked (`REST_STATUS_REQUEST` is empty) is the exception: after an unknown
outcome the request is held, and held again whenever somebody resubmits it. Nothing is sent a second
time; a person checks the subscription and approves the request.

An HTTP 404 about a subscription, and Connect's refusal to keep a mark, count only when a second
try two minutes later (`SETTLE_MINUTES`, if that is less) brings the same. Without a mark the
cancellation is sent only to a vendor that can be asked.

No redirect is followed: the other host never receives anything, so no credential either. Zuora's
own errors are not in these tables but in `connect_ext/vendors/zuora_soap/faults.py` (within SOAP)
and `connect_ext/vendors/zuora/errors.py` (within JSON): what is tried here comes from a gateway. Of
Zuora's orders, an HTTP status without Zuora's own code never refuses a cancellation, and never says
that a subscription is not there.
"""

_NOTES = """
Why some cells are empty:

- *the work done* where a question does no work.
- An address is the same for all calls to a vendor, so a wrong one shows at the first of them.
  Connect's address cannot be configured, and without it the runner gets no tasks:
  `tests/faults/test_interruptions.py` tries an outage of Connect.
- The runner's own reads wait for an answer for 180 seconds, in the loop in which it fetches its
  tasks; the extension is not called before that.
- A preview does no work, and a failed preview is no reason not to cancel; only a vendor that says
  it is busy is left alone, and credentials that are refused would be refused to the order as well.
- *Schedule*: where Connect refuses it, the request waits until the subscription ends.
- *Confirm*: nobody knows which call confirms a revocation; if Connect does not take this one, a
  person confirms it, and resubmits the task.
- *Order, looked for*: the order's answer was lost before, and its mark stands. Where orders cannot
  be read, the subscription alone shows the result.

Zuora's order, and its deletion, are given up after {order:g} seconds and the preview after
{preview:g}, whatever `VENDOR_TIMEOUT_SECONDS` says; the tests wait that long.
"""

_TITLES = {
    Side.VENDOR: "Calls to the vendor",
    Side.CONNECT: "The extension's calls to Connect",
    Side.RUNNER: "The runner's own calls to Connect, before each delivery",
}


def page() -> str:
    """The whole page."""
    notes = _NOTES.format(order=ORDER_SECONDS, preview=PREVIEW_SECONDS)
    return "\n".join([_HEAD, *(_section(side) for side in Side)]) + notes


def _section(side: Side) -> str:
    columns = [column for column in COLUMNS if column.side is side]
    lines = [f"## {_TITLES[side]}", ""]
    lines.append("| | " + " | ".join(column.what for column in columns) + " |")
    lines.append("|---" * (len(columns) + 1) + "|")
    for row in ROWS:
        ends = [column.end(row) for column in columns]
        if set(ends) != {End.NOT_TRIED}:
            lines.append(f"| {row.what} | " + " | ".join(end.value for end in ends) + " |")
    return "\n".join([*lines, ""])
