"""The one loop: observe, decide, act, until there is an outcome."""

from __future__ import annotations

import asyncio
import random
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import Any, ClassVar

from connect_ext.cancel_request import CancelRequest
from connect_ext.connect_api import APPROVED, FAILED, PENDING, ConnectApi
from connect_ext.decision import (
    Approve,
    Cancel,
    Hold,
    Knowledge,
    Misconfigured,
    Reject,
    Sent,
    Step,
    Wait,
    check_subscription_id,
    configuration_wait_seconds,
    decide,
    decide_at_work,
    wait_seconds,
)
from connect_ext.errors import Later, NotConfigured, OutcomeUnknown, Refused, UnknownId
from connect_ext.redaction import redact, shortened
from connect_ext.settings import Notes, Settings, VendorSettings
from connect_ext.single_flight import SingleFlight
from connect_ext.vendors.base import Accepted, Cancellation, Subscription, Vendor

DEADLINE_SECONDS = 240.0
"""The runner cuts a task after 300 s, even in the middle of a write (facts/connect.md 5.2)."""

CONFLICT_PAUSE_SECONDS = 2.0
"""How long a cancellation by another delivery may take to show after the vendor's HTTP 409."""

ESCALATION_SECONDS = 30.0
"""How long a note on a waiting request may take, beyond the deadline of its walk."""

AT_WORK = "The vendor has accepted the cancellation of this request and is still at work on it."
MAYBE_SENT = "The cancellation of this request was sent to the vendor, and nobody knows its effect."
SENDING = "The cancellation of this request is being sent to the vendor, which must get it once."
NOT_SENT = "The cancellation of this request did not reach the vendor; it may be sent again."


@dataclass(frozen=True)
class Done:
    """The request is settled; ``what`` says how, for the log."""

    what: str


@dataclass(frozen=True)
class Waiting:
    """The request is looked at again after ``seconds``."""

    seconds: int
    why: str


@dataclass(frozen=True)
class WaitingForConfiguration:
    """The request is looked at again after ``seconds``; somebody has to mend something first."""

    seconds: int
    why: str


@dataclass(frozen=True)
class Held:
    """The request is left to a person."""

    why: str


@dataclass(frozen=True)
class DryRun:
    """Nothing was changed; ``what`` says what would have happened."""

    what: str


Outcome = Done | Waiting | WaitingForConfiguration | Held | DryRun


@dataclass(frozen=True)
class Remembered:
    """What a process remembers of one request's cancellation."""

    sent: Sent
    shown: Subscription | None
    """What the vendor's answer to the cancellation showed."""
    vendor: VendorSettings
    at: float


class RecentCancellations:
    """Remembers for a while what this process has sent, and to which vendor.

    Only a help: a vendor that works on an accepted cancellation for minutes is not sent another
    by each delivery meanwhile. What must hold without it is in the vendor and in Connect.
    """

    SECONDS: ClassVar = {Sent.ACCEPTED: 3600.0, Sent.UNKNOWN: 60.0}
    MOST: ClassVar = 10_000

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._sent: dict[str, Remembered] = {}
        self._conflicts: dict[str, float] = {}

    def remember(
        self,
        request_id: str,
        vendor: VendorSettings,
        sent: Sent,
        shown: Subscription | None = None,
    ) -> None:
        """Keep what became of a cancellation, if it is still open."""
        self._sent.pop(request_id, None)
        if sent in self.SECONDS:
            self._sent[request_id] = Remembered(sent, shown, vendor, self._clock())
            self._limit(self._sent)

    def recall(self, request_id: str, vendor: VendorSettings) -> tuple[Sent, Subscription | None]:
        """What was sent for the request, or ``NOTHING`` if that is unknown or too long ago.

        What another vendor was sent, or the same one with other variables, says nothing.
        """
        known = self._sent.get(request_id)
        if known is None or known.vendor != vendor:
            return Sent.NOTHING, None
        if self._clock() - known.at >= self.SECONDS[known.sent]:
            return Sent.NOTHING, None
        return known.sent, known.shown

    def conflict_seconds(self, request_id: str) -> float:
        """For how long the vendor has called this request's cancellation a conflict."""
        since = self._conflicts.setdefault(request_id, self._clock())
        self._limit(self._conflicts)
        return self._clock() - since

    def forget_conflict(self, request_id: str) -> None:
        """The request is settled."""
        self._conflicts.pop(request_id, None)

    def _limit(self, memory: dict[str, Any]) -> None:
        if len(memory) > self.MOST:
            del memory[next(iter(memory))]


def _now() -> datetime:
    return datetime.now(timezone.utc)


@dataclass(frozen=True)
class Surroundings:
    """What a process has for all of its walks: clock, dice, and what it remembers for a while."""

    now: Callable[[], datetime] = _now
    dice: Callable[[], float] = random.random
    recent: RecentCancellations = field(default_factory=RecentCancellations)
    escalated: set[str] = field(default_factory=set)
    """Requests that this process knows to have their note; a help, to save Connect two calls."""
    walks: SingleFlight[tuple[str, str], Outcome] = field(default_factory=SingleFlight)
    deadline_seconds: float = DEADLINE_SECONDS
    conflict_pause_seconds: float = CONFLICT_PAUSE_SECONDS


async def process(
    request: CancelRequest,
    settings: Settings,
    connect: ConnectApi,
    vendor: Vendor,
    surroundings: Surroundings,
) -> Outcome:
    """Walk the request as far as it goes; deliveries of it at the same time share one walk."""
    walk = Walk(request, settings, connect, vendor, surroundings)
    return await surroundings.walks.run((connect.endpoint, request.id), walk.outcome)


async def escalate(
    request: CancelRequest,
    outcome: Outcome,
    connect: ConnectApi,
    after_hours: float,
    surroundings: Surroundings,
) -> None:
    """Leave one private note on a request that has waited for so long, whatever it waits for."""
    if not isinstance(outcome, (Waiting, WaitingForConfiguration)) or request.created is None:
        return
    if request.age_seconds(surroundings.now()) < after_hours * 3600:
        return
    if request.id in surroundings.escalated:
        return
    beginning = f"This request has been waiting since {request.created:%Y-%m-%d %H:%M %Z}."
    text = f"{beginning} It is still tried at least every 30 minutes. What it waits for: "
    note = connect.note_once(request.id, text + outcome.why, beginning)
    with suppress(asyncio.TimeoutError):
        if await asyncio.wait_for(note, ESCALATION_SECONDS):
            surroundings.escalated.add(request.id)


class Walk:
    """One delivery of one request, from what is known of it to an outcome."""

    def __init__(
        self,
        request: CancelRequest,
        settings: Settings,
        connect: ConnectApi,
        vendor: Vendor,
        surroundings: Surroundings,
    ) -> None:
        self._request, self._settings = request, settings
        self._connect, self._vendor, self._around = connect, vendor, surroundings
        self._remarks: tuple[str, ...] = ()
        # Two deliveries may leave the same notes: each takes back its own only.
        self._mark = f" (delivery {secrets.token_hex(4)})"

    async def outcome(self) -> Outcome:
        """Walk within the deadline; a wait that has been long already is made known once."""
        outcome = await self._bounded_walk()
        hours = self._settings.escalate_after_hours
        await escalate(self._request, outcome, self._connect, hours, self._around)
        return outcome

    async def _bounded_walk(self) -> Outcome:
        """Walk within the deadline; an error that may pass becomes a wait."""
        try:
            return await asyncio.wait_for(self._walk(), self._around.deadline_seconds)
        # On Python 3.10 this is not the built-in TimeoutError.
        except asyncio.TimeoutError:
            return self._waiting("the time for one task ran out")
        except NotConfigured as error:
            return self._misconfigured(error.message)
        except Later as error:
            return self._waiting(error.message, error.retry_after)

    async def _walk(self) -> Outcome:
        if self._request.status != PENDING:
            return Done(f"nothing to do: the request is {self._request.status or 'in no status'}")
        parameter_id = self._settings.subscription_id_parameter
        subscription_id = self._request.subscription_id(parameter_id)
        step = check_subscription_id(subscription_id, parameter_id)
        if step is not None:
            return await self._act(step)
        cancellation = self._cancellation(subscription_id or "")
        # Without a template nothing could be approved: better to know before the cancellation.
        await self._template()
        known = await self._observe(cancellation)
        step = self._decide(known)
        if isinstance(step, Cancel) and not self._settings.dry_run:
            if not self._has_time_to_cancel(cancellation.asked_at):
                return self._waiting("too little time was left for the cancellation")
            known = await self._cancel(cancellation, known)
            step = self._decide(known)
        if isinstance(step, Wait) and not self._settings.dry_run:
            await self._leave_a_trace(known.sent)
        if isinstance(step, Reject):
            step = await self._doubted(step, known)
        return await self._act(step)

    async def _leave_a_trace(self, sent: Sent) -> None:
        """Tell other processes, and this one later, that the vendor may be at work on it."""
        if sent is Sent.ACCEPTED:
            await self._connect.note_once(self._request.id, AT_WORK)
        elif sent is Sent.UNKNOWN and not self._vendor.is_repeatable:
            await self._connect.note_once(self._request.id, MAYBE_SENT)

    async def _doubted(self, step: Reject, known: Knowledge) -> Step:
        """The rejection, unless what the vendor refuses may be the second of two cancellations."""
        earlier = await self._traced()
        if earlier is not Sent.NOTHING:
            now = self._around.now()
            return decide_at_work(known, earlier, self._settings.policy, now)
        if known.conflict:
            # The other one's call may take as long as a call may take.
            seconds = self._around.recent.conflict_seconds(self._request.id)
            if seconds < self._settings.vendor.timeout_seconds:
                return Wait("the vendor calls the cancellation a conflict: one may be under way")
        return step

    def _decide(self, known: Knowledge) -> Step:
        return decide(known, self._settings.policy, self._around.now())

    def _cancellation(self, subscription_id: str) -> Cancellation:
        request = self._request
        return Cancellation(subscription_id, request.id, request.asset_id, self._around.now())

    def _has_time_to_cancel(self, began: datetime) -> bool:
        """Whether a cancellation that takes as long as it may would still end in time."""
        elapsed = (self._around.now() - began).total_seconds()
        return elapsed + self._settings.vendor.timeout_seconds < self._around.deadline_seconds

    async def _observe(self, cancellation: Cancellation) -> Knowledge:
        sent, shown = self._around.recent.recall(self._request.id, self._settings.vendor)
        if sent is Sent.NOTHING and self._is_once_only and await self._begun():
            sent = Sent.UNKNOWN
        # A vendor that cannot be asked has said it once, in its answer to the cancellation.
        subscription = await self._look_up(cancellation) or shown
        if subscription is None and sent is Sent.UNKNOWN and self._vendor.is_repeatable:
            sent = Sent.NOTHING
        return Knowledge(subscription, sent, repeatable=self._vendor.is_repeatable)

    async def _look_up(self, cancellation: Cancellation) -> Subscription | None:
        if not self._vendor.can_be_asked:
            return None
        return await self._vendor.look_up(cancellation)

    async def _cancel(self, cancellation: Cancellation, known: Knowledge) -> Knowledge:
        """Send the cancellation, once, and see what has become of the subscription."""
        if self._is_once_only:
            await self._mark_as_begun()
        accepted: Accepted | None = None
        # Whatever ends this task from now on, the vendor may have got the cancellation.
        self._remember(Sent.UNKNOWN)
        try:
            accepted = await self._vendor.cancel(cancellation, known.subscription)
            known = replace(known, sent=Sent.ACCEPTED)
        except OutcomeUnknown as error:
            if error.retry_after:
                raise
            known = replace(known, sent=Sent.UNKNOWN, reason=error.message)
        except UnknownId:
            known = replace(known, sent=Sent.UNKNOWN_ID)
        except Refused as refusal:
            known = await self._refused(known, refusal)
        except Later as error:
            if not error.may_have_an_effect:
                await self._was_not_sent()
            raise
        self._remember(known.sent, accepted.subscription if accepted else None)
        return await self._look_again(cancellation, known, accepted)

    def _remember(self, sent: Sent, shown: Subscription | None = None) -> None:
        self._around.recent.remember(self._request.id, self._settings.vendor, sent, shown)

    async def _refused(self, known: Knowledge, refusal: Refused) -> Knowledge:
        """What is known after a refusal, which may be the answer to the second of two."""
        if self._is_once_only and await self._begun() > 1:
            return replace(known, sent=Sent.UNKNOWN)
        if refusal.conflict:
            await asyncio.sleep(self._around.conflict_pause_seconds)
        reason = self._clean(refusal.reason)
        return replace(known, sent=Sent.REFUSED, reason=reason, conflict=refusal.conflict)

    async def _look_again(
        self, cancellation: Cancellation, known: Knowledge, accepted: Accepted | None
    ) -> Knowledge:
        self._remarks = accepted.remarks if accepted else ()
        if accepted and accepted.subscription:
            return replace(known, subscription=accepted.subscription)
        try:
            return replace(known, subscription=await self._look_up(cancellation))
        except Later:
            await self._leave_a_trace(known.sent)
            raise

    @property
    def _is_once_only(self) -> bool:
        """Whether nobody but a note on the request could tell that a cancellation was sent."""
        return not (self._vendor.can_be_asked or self._vendor.is_repeatable)

    async def _traced(self) -> Sent:
        """What any process has left as a trace of a cancellation that was sent before.

        Asked before a rejection only: what the vendor refuses then may be the second of two.
        """
        try:
            notes = await self._connect.notes(self._request.id)
        except NotConfigured:
            # Who may not read the notes could not leave this one either.
            return Sent.NOTHING
        if AT_WORK in notes:
            return Sent.ACCEPTED
        return Sent.UNKNOWN if MAYBE_SENT in notes else Sent.NOTHING

    async def _begun(self) -> int:
        """How many deliveries have begun to send the cancellation and may have sent it."""
        notes = await self._connect.notes(self._request.id)
        begun, not_sent = (
            {note.removeprefix(beginning) for note in notes if note.startswith(beginning)}
            for beginning in (SENDING, NOT_SENT)
        )
        return len(begun - not_sent)

    async def _mark_as_begun(self) -> None:
        try:
            text = SENDING + self._mark
            await self._connect.required_note(self._request.id, text, Notes.PRIVATE)
        except Later:
            # The note may be there all the same, and nothing is sent now.
            await self._was_not_sent()
            raise

    async def _was_not_sent(self) -> None:
        self._remember(Sent.NOTHING)
        if self._is_once_only:
            await self._connect.note(self._request.id, NOT_SENT + self._mark, Notes.PRIVATE)

    async def _act(self, step: Step) -> Outcome:
        if self._settings.dry_run:
            return await self._dry_run(step)
        match step:
            case Approve(effective_date, note):
                return await self._approve(effective_date, note)
            case Reject(reason):
                return await self._reject(reason)
            case Hold(why):
                await self._connect.note_once(self._request.id, why)
                return Held(why)
            case Misconfigured(why):
                return self._misconfigured(why)
            case Wait(why):
                return self._waiting(why)
            case Cancel():
                raise AssertionError("A cancellation is sent once in a walk.")

    async def _approve(self, effective_date: datetime | None, note: str) -> Outcome:
        template_id = await self._template()
        status = await self._connect.approve(self._request, template_id, effective_date)
        self._remember(Sent.NOTHING)
        self._around.recent.forget_conflict(self._request.id)
        if status != APPROVED:
            why = (
                f"The subscription is cancelled at the vendor, and somebody has made the request"
                f" {status} meanwhile. Check the subscription in Connect."
            )
            await self._connect.note_once(self._request.id, why)
            return Held(why)
        text = " ".join(filter(None, (note, *self._remarks)))
        if text:
            await self._connect.note(self._request.id, text, self._settings.notes)
        return Done(f"approved. {note}" if note else "cancelled at the vendor and approved")

    async def _template(self) -> str:
        configured = self._settings.approval_template_id
        return configured or await self._connect.approval_template(self._request)

    async def _reject(self, reason: str) -> Outcome:
        status = await self._connect.reject(self._request.id, shortened(reason))
        self._around.recent.forget_conflict(self._request.id)
        if status != FAILED:
            return Done(f"not rejected: somebody has made the request {status}")
        return Done("rejected")

    async def _dry_run(self, step: Step) -> Outcome:
        what = f"Dry run, nothing was changed. {_would(step)}"
        await self._connect.note_once(self._request.id, what)
        return DryRun(what)

    def _clean(self, text: str) -> str:
        confidential = self._settings.secrets | self._request.personal
        parameter_id = self._settings.subscription_id_parameter
        return redact(text, confidential, self._request.subscription_id(parameter_id) or "")

    def _age_seconds(self) -> float:
        return self._request.age_seconds(self._around.now())

    def _waiting(self, why: str, retry_after: float | None = None) -> Waiting:
        return Waiting(wait_seconds(self._age_seconds(), self._around.dice(), retry_after), why)

    def _misconfigured(self, why: str) -> WaitingForConfiguration:
        seconds = configuration_wait_seconds(self._age_seconds(), self._around.dice())
        return WaitingForConfiguration(seconds, why)


def _would(step: Step) -> str:
    match step:
        case Cancel():
            return "The subscription would be cancelled at the vendor and the request approved."
        case Approve(_, note):
            return f"The request would be approved. {note}".rstrip()
        case Reject(reason):
            return f"The request would be rejected: {reason}"
        case Hold(why):
            return f"The request would be held: {why}"
        case Misconfigured(why) | Wait(why):
            return f"The request would wait: {why}"
