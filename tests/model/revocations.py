"""The promises about scheduled and revoked requests."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from connect_ext.cancelling.steps import DryRun, Final, Hold, Leave, Wait
from connect_ext.cause import Cause
from connect_ext.vendors.base import Act
from tests.model.connect_twin import ConnectTwin
from tests.model.history import Setting
from tests.model.later import Confirming
from tests.model.process import Process
from tests.model.subscription import Subscription
from tests.model.virtual_time import seconds

WALK_SECONDS = 300.0


class Revocations:
    """Watches undos and schedules; calls ``broken`` with anything that must never happen."""

    def __init__(
        self,
        setting: Setting,
        connect: ConnectTwin,
        subscription: Subscription,
        broken: Callable[[str], None],
    ) -> None:
        self._setting, self._broken = setting, broken
        self._connect, self._subscription = connect, subscription

    def has_effect(self, act: Act, request_id: str) -> None:
        """A call that was sent for a request is about to take effect."""
        status = self._connect.status(request_id)
        if act is Act.CANCEL and status == "revoked" and not self._is_by_agent(request_id):
            self._broken(f"{request_id} is cancelled after it was revoked")
        if act is Act.UNDO:
            self._check_undo(request_id)

    def _check_undo(self, request_id: str) -> None:
        """Only the request's own cancellation is undone, or one that it may have sent.

        After a lost answer, or a mark of a process that vanished, that looks the same as a
        cancellation by hand. An agent may confirm while the undo is in flight, which then may come
        too late.
        """
        whose = self._subscription.cancelled_by
        if request_id in whose or self._is_by_agent(request_id):
            return
        may_be = self._subscription.of(request_id).tries or self._connect.may_have_sent(request_id)
        if whose:
            self._broken(f"{request_id} takes back the cancellation of another request")
        elif self._setting.has_orders or not may_be:
            self._broken(f"{request_id} takes back a cancellation that is not its own")

    def _is_by_agent(self, request_id: str) -> bool:
        return request_id in self._connect.by_agent

    def check_schedule(self, request_id: str, process: Process) -> None:
        """The vendor shows a later end, and the request is scheduled for that day."""
        if not process.schedules:
            self._broken(f"{request_id} is scheduled, and nobody wants that")
        subscription = self._subscription
        ends = [process.saw_end_at, subscription.ends_at if subscription.is_cancelled else None]
        planned = self._connect.planned_at(request_id)
        if not any(end is not None and abs(end - planned) <= 1.0 for end in ends):
            self._broken(f"{request_id} is scheduled for another moment than its end")

    def check_confirmation(self, request_id: str, process: Process) -> None:
        """The subscription is active and stays so."""
        subscription = self._subscription
        if subscription.is_under_way:
            self._broken(f"{request_id} is confirmed while its cancellation is under way")
        if subscription.status != "active" and not process.saw_active:
            self._broken(f"{request_id} is confirmed and not active at the vendor")

    def check_steps(
        self, request_id: str, steps: Sequence[tuple[Process, Final]], *, has_died: bool
    ) -> None:
        """Concurrent walks have ended, and the request is still revoking."""
        if any(isinstance(step, Leave) for _, step in steps):
            self._broken(f"the task of {request_id} is done and the request is revoking")
        for process, step in steps:
            is_gone = isinstance(step, Hold) and "does not know" in step.why
            if is_gone and not self._is_believed_unknown(process, request_id):
                self._broken(f"{request_id} is held for a single answer")
        held = [step for _, step in steps if isinstance(step, Hold)]
        if len(held) == len(steps) and held and not has_died:
            self._check_hold(request_id, held[-1])

    def _is_believed_unknown(self, process: Process, request_id: str) -> bool:
        said = process.not_found.get(request_id, ())
        return len(said) > 1

    def _check_hold(self, request_id: str, hold: Hold) -> None:
        """No request is held whose cancellation the vendor undoes or has undone."""
        subscription = self._subscription
        is_undone = subscription.of(request_id).undos and subscription.status == "active"
        if hold.cause is Cause.NOT_CONFIRMED:
            return
        if (subscription.is_taken_back and not subscription.has_ended) or is_undone:
            self._broken(f"{request_id} is held and the vendor takes it back, or has")

    def check_end(self, request_id: str, step: Final | None, process: Process) -> None:
        """Faults stopped long ago, and the request is still revoking."""
        match step:
            case DryRun():
                return
            case Wait(why=why) if not self._nobody_can_know(request_id):
                self._broken(f"{request_id} is not settled: {why}")
            case Hold(cause=Cause.NOT_CONFIRMED):
                if self._setting.later.confirming is Confirming.REVOKES:
                    self._broken(f"{request_id} is held as not confirmed, and confirming works")
            case Hold():
                self._check_last_hold(request_id, process)

    def _nobody_can_know(self, request_id: str) -> bool:
        """An undo is refused while another one's outcome is unknown: perhaps it took effect and
        somebody has cancelled since. Or Connect shows no notes.
        """
        if not self._setting.takes_notes or self._is_refused_lately(request_id):
            return True
        subscription = self._subscription
        is_kept = self._setting.later.is_invoiced or subscription.book.is_followed
        refuses = subscription.refuses_undo or is_kept
        return refuses or request_id not in subscription.cancelled_by

    def _check_last_hold(self, request_id: str, process: Process) -> None:
        """It was resubmitted and is held again, so nobody could have undone it."""
        subscription, setting = self._subscription, self._setting
        if not setting.takes_notes or not process.can_ask:
            return
        if subscription.shown(request_id) == "active":
            self._broken(f"{request_id} is left unconfirmed and the subscription is active")
        is_own = request_id in subscription.cancelled_by
        is_open = subscription.is_cancelled and not subscription.has_ended
        if is_own and process.can_undo and is_open and not self._is_refused_lately(request_id):
            self._broken(f"{request_id} is held and could be taken back")

    def _is_refused_lately(self, request_id: str) -> bool:
        refused = self._subscription.of(request_id).undo_refused_at
        return refused is not None and seconds() - refused <= WALK_SECONDS
