"""Watches the promises: what may be approved or rejected, and what may not remain."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable

from connect_ext.cancelling.conflicts import CONFLICTS_ASKED
from connect_ext.cancelling.steps import (
    Approve,
    Confirm,
    DryRun,
    Final,
    Hold,
    Leave,
    Reject,
    Schedule,
    Wait,
)
from connect_ext.cause import Cause
from connect_ext.events import response_for
from connect_ext.vendors.base import Act
from tests.model.connect_twin import ConnectTwin
from tests.model.history import WITH_KEY, Setting
from tests.model.process import Process
from tests.model.revocations import Revocations
from tests.model.subscription import Facts, Subscription
from tests.model.virtual_time import seconds

WALK_SECONDS = 300.0
"""No walk takes longer, so an older answer of a vendor belongs to another walk."""

STATUS_SECONDS = 40.0
"""How long before a mark a request may be settled without the extension knowing: the few seconds
for which it trusts the delivered status, and a call's time.
"""

STATUSES = {Act.CANCEL: "pending", Act.UNDO: "revoking"}
DONE = (Approve, Schedule, Confirm, Reject, Leave)
"""The steps that finish the task."""

SECOND_LOOK_SECONDS = 120.0
CONFLICTS_TO_BELIEVE = 3


class Checks:
    """Watches one history; calls ``broken`` with anything that must never happen."""

    def __init__(self, setting: Setting, broken: Callable[[str], None]) -> None:
        self._setting, self._broken = setting, broken
        self._met: dict[str, set[Process]] = defaultdict(set)
        self._holds: dict[str, int] = defaultdict(int)
        self._began = seconds()

    def watch(self, connect: ConnectTwin, subscription: Subscription) -> None:
        """Watch these two."""
        self._connect, self._subscription = connect, subscription
        self._revocations = Revocations(self._setting, connect, subscription, self._broken)

    def delivered(self, process: Process, variables: dict[str, str]) -> None:
        """A process reads the variables and begins to walk."""
        process.on_not_found = variables["ON_NOT_FOUND"]
        process.can_undo = self._setting.has_orders or bool(variables["REST_UNDO_REQUEST"])
        process.schedules = variables["WHEN_EFFECTIVE_LATER"] == "schedule"
        self._met[process.request_id].add(process)

    def has_effect(self, act: Act, request_id: str) -> None:
        """A call that was sent for a request is about to take effect."""
        self._revocations.has_effect(act, request_id)

    def sending(self, process: Process, act: Act) -> None:
        """A process is about to send the vendor a call that may have an effect."""
        if process.can_ask and not process.has_looked:
            self._broken(f"{act.value}: it is sent without a look before it")
        process.has_looked = False
        if process.is_dry:
            self._broken(f"{act.value}: it is sent in a dry run")
        self._check_time(process, act)
        if act is Act.UNDO:
            return
        if self._subscription.book.has_lain_for(WALK_SECONDS, process.request_id):
            self._broken("another order is sent while one lies at the vendor")

    def _check_time(self, process: Process, act: Act) -> None:
        """Each act has its status of the request, which may have changed a few seconds before."""
        request_id, status = process.request_id, STATUSES[act]
        if self._connect.status(request_id) == status:
            return
        left = self._connect.left_at.get((request_id, status), -math.inf)
        began = seconds() if process.mark_began is None else process.mark_began
        if began - left > STATUS_SECONDS:
            self._broken(f"{act.value}: {request_id} is not {status}, and was not lately")

    # Approvals and rejections

    def settling(self, request_id: str, status: str, process: Process) -> None:
        """A process is about to give a request a possible new status."""
        if process.is_dry:
            self._broken(f"{request_id} is {status} in a dry run")
        if status == "approved" and not self._may_approve(request_id, process):
            self._broken(f"{request_id} is approved and not cancelled at the vendor")
        if (
            status == "approved"
            and process.schedules
            and not self._may_be_over(request_id, process)
        ):
            self._broken(f"{request_id} is approved before its end")
        if status == "failed":
            self._check_rejection(request_id, process)
        if status == "scheduled":
            self._revocations.check_schedule(request_id, process)
        if status == "revoked":
            self._revocations.check_confirmation(request_id, process)

    def _may_be_over(self, request_id: str, process: Process) -> bool:
        """Whether the subscription has ended, now or when the process looked.

        After approving a subscription that the vendor no longer knows, there is nothing to wait
        for.
        """
        subscription = self._subscription
        if subscription.ends_now or process.saw_end or not subscription.is_cancelled:
            return True
        return self._is_believed_unknown(request_id, process)

    def _may_approve(self, request_id: str, process: Process) -> bool:
        facts = self._subscription.of(request_id)
        if self._subscription.is_cancelled or process.saw_cancelled:
            # It may be reactivated while the approval is in flight.
            return True
        if self._is_believed_unknown(request_id, process):
            # A subscription that vanishes after an accepted cancellation counts as cancelled, by
            # the vendor's word. A vendor that does not know the id cannot show a reactivation
            # either.
            return facts.was_accepted or process.on_not_found == "approve"
        # If the vendor cannot be asked, its answer to the cancellation is final: nobody could learn
        # that the subscription was reactivated since.
        return facts.said_cancelled and not process.can_ask

    def _check_rejection(self, request_id: str, process: Process) -> None:
        facts = self._subscription.of(request_id)
        if not self._connect.proven:
            self._broken(f"{request_id} is rejected before a cancellation was ever approved")
        if not (self._setting.blank_parameter or self._vendor_says_no(request_id, process)):
            self._broken(f"{request_id} is rejected and nobody has refused anything")
        if self._setting.is_closed and self._is_believed_unknown(request_id, process):
            # A subscription that is gone, without any mark, might never have existed.
            return
        if facts.orders:
            self._broken(f"{request_id} is rejected and has cancelled the subscription")
        elif facts.accepted and self._setting.asking not in WITH_KEY:
            # Its mark stands, even if the vendor has forgotten the subscription.
            self._broken(f"{request_id} is rejected and its cancellation was accepted")

    def _vendor_says_no(self, request_id: str, process: Process) -> bool:
        facts = self._subscription.of(request_id)
        return (
            _is_recent(facts.refused_at)
            or _is_recent(facts.repeated_at)
            or _is_recent(facts.draft_at)
            or self._is_believed_conflict(facts)
            or self._has_no_term
            or (process.on_not_found == "reject" and self._is_believed_unknown(request_id, process))
        )

    @property
    def _has_no_term(self) -> bool:
        later = self._setting.later
        wants_one = later.when == "end_of_term" and later.on_no_term_end == "reject"
        return wants_one and later.is_evergreen

    def _is_believed_unknown(self, request_id: str, process: Process) -> bool:
        """Two consecutive answers, some time apart, did not know the id."""
        said = process.not_found.get(request_id, ())
        apart = min(SECOND_LOOK_SECONDS, self._setting.settle_asked)
        return len(said) > 1 and said[-1] - said[0] >= apart - 0.01

    def _is_believed_conflict(self, facts: Facts) -> bool:
        """The vendor has kept saying "not now" for longer than it may take.

        Time in which it only repeated a stored answer does not count.
        """
        if self._setting.has_orders:
            # A lock always is Zuora's "not now".
            return False
        said = facts.conflicts
        if len(said) + facts.repeated_conflicts < CONFLICTS_TO_BELIEVE:
            return False
        if not said or not _is_recent(said[-1]):
            return False
        return said[-1] - said[0] > self._setting.settle_seconds - 1.0

    # Deliveries

    def ended(
        self, request_id: str, steps: list[tuple[Process, Final]], *, has_died: bool
    ) -> float:
        """Concurrent walks have ended; returns the seconds until the next delivery.

        ``has_died``: a process has died on its walk. Connect delivers its task once more, so a task
        that another process holds meanwhile is not final: the dead one may have sent the
        cancellation later.
        """
        countdown = 0.0
        for process, step in steps:
            response = response_for(step)
            countdown = float(response.countdown or 0)
            if response.status == "reschedule" and not 30 <= countdown <= 86400:
                self._broken(f"the task is put off by {countdown} s")
            self._holds[request_id] += isinstance(step, Hold)
            if isinstance(step, DryRun) != process.is_dry and isinstance(step, (Hold, DryRun)):
                self._broken(f"{step} with DRY_RUN={process.is_dry}")
        if steps and self._connect.status(request_id) == "pending":
            if any(isinstance(step, DONE) for _, step in steps):
                self._broken(f"the task of {request_id} is done and the request is pending")
            for _, step in steps:
                self._check_cause(step)
            if all(isinstance(step, Hold) for _, step in steps) and not has_died:
                self._check_hold(request_id, steps[-1][0])
        if self._connect.status(request_id) == "revoking":
            self._revocations.check_steps(request_id, steps, has_died=has_died)
        self._count_messages(request_id)
        return countdown

    def _check_hold(self, request_id: str, process: Process) -> None:
        """No request is held that a vendor that can be asked is working on or has done."""
        if not process.can_ask or self._is_believed_unknown(request_id, process):
            return
        if not self._setting.takes_notes:
            # The refusal of a second cancellation looks like that of the first.
            return
        if self._subscription.of(request_id).orders and not self._lies_lately:
            self._broken(
                f"{request_id} is held and the vendor will finish, or has, and can be asked"
            )

    def _check_cause(self, step: Final) -> None:
        """The reason why a person must act at the vendor exists, or did a moment ago."""
        match step:
            case Hold(cause=Cause.UNFINISHED) if not self._lies_lately:
                self._broken("a task is held for an order, and none lies at the vendor")
            case Hold(cause=Cause.SUSPENDED) if not self._was_suspended_lately:
                self._broken("a task is held, and the subscription is not suspended")

    @property
    def _lies_lately(self) -> bool:
        return self._subscription.book.lay_within(WALK_SECONDS)

    @property
    def _was_suspended_lately(self) -> bool:
        subscription = self._subscription
        return subscription.status == "suspended" or _is_recent(subscription.resumed_at)

    def undisturbed(self, request_id: str, step: Final) -> None:
        """A walk has ended without a failed call, and nobody did anything meanwhile.

        The order is looked up only while the subscription is shown as active.
        """
        lies = self._subscription.book.has_lain_for(WALK_SECONDS, request_id)
        if lies and isinstance(step, Wait) and self._subscription.status == "active":
            self._broken(f"an order lies at the vendor and nobody hears of it: {step.why}")

    def _count_messages(self, request_id: str) -> None:
        elapsed = seconds() - self._began
        periods = math.ceil(elapsed / max(self._setting.settle_seconds, 60.0))
        each = 8 if self._setting.later.schedules else 4
        # Every "not now" leaves a note, and the next attempt leaves a mark.
        in_a_period = 2 + 2 * CONFLICTS_ASKED
        most = 8 + each * len(self._met[request_id]) + in_a_period * periods
        most += 3 * self._holds[request_id]
        if len(self._connect.own(request_id)) > most:
            self._broken(f"{request_id} has more than {most} messages")

    # The end

    def at_the_end(self, request_id: str, step: Final | None, process: Process) -> None:
        """Faults stopped long ago, and the request has had enough time."""
        status = self._connect.status(request_id)
        if status == "revoking":
            self._revocations.check_end(request_id, step, process)
        elif status == "pending":
            self._check_end(request_id, step, process)
        else:
            return
        must_say = isinstance(step, Hold) or (isinstance(step, Wait) and step.needs_person)
        if must_say and self._setting.takes_notes and not self._has_report(request_id):
            self._broken(f"{request_id} waits for a person and does not say so")

    def _check_end(self, request_id: str, step: Final | None, process: Process) -> None:
        match step:
            case Wait(why=why) if not self._nobody_can_know(request_id, process):
                self._broken(f"{request_id} is not settled: {why}")
            case Hold(cause=cause):
                self._check_last_hold(request_id, cause, process)

    def _check_last_hold(self, request_id: str, cause: Cause, process: Process) -> None:
        """It was resubmitted and is held again."""
        is_cancelled = self._subscription.shown(request_id) == "cancelled"
        if is_cancelled and process.can_ask and not self._setting.blank_parameter:
            self._broken(f"{request_id} is left unapproved and the subscription is cancelled")
        facts = self._subscription.of(request_id)
        if not self._setting.takes_notes:
            # Without notes nobody counts the refusals, and the idempotency key stays the same.
            return
        if cause is Cause.REFUSED and not any(
            map(_is_recent, (facts.refused_at, *facts.conflicts[-1:]))
        ):
            self._broken(f"{request_id} is held for a refusal that is only repeated")

    def _nobody_can_know(self, request_id: str, process: Process) -> bool:
        """An earlier cancellation may have taken effect, though no look and no note shows it."""
        subscription, setting = self._subscription, self._setting
        if not setting.takes_notes and subscription.status in ("removed", "unknown", "suspended"):
            return True
        if not setting.takes_notes and setting.later.is_evergreen:
            return True
        lying = subscription.book.lying
        if not setting.takes_notes and lying and lying.request_id != request_id:
            # Because of it, Zuora refuses another one.
            return True
        if "Deleted" in subscription.book.dropped and setting.keeps_numbers:
            # The order's number is used up, but Zuora gives another reason for its refusal.
            return True
        if subscription.is_cancelled:
            # A vendor that answers a repeated key with a conflict and cannot be asked.
            return setting.asking in WITH_KEY and not process.can_ask
        return subscription.refuses or subscription.status == "draft"

    def _has_report(self, request_id: str) -> bool:
        texts = [message["text"] for message in self._connect.own(request_id)]
        return any("[connect-ext held " in t or "[connect-ext waiting " in t for t in texts)


def _is_recent(moment: float | None) -> bool:
    return moment is not None and seconds() - moment <= WALK_SECONDS
