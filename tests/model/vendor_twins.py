"""A REST vendor in memory, behind the real adapter, and the parts that all twins share."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from datetime import date, datetime, timezone
from functools import partial
from typing import NoReturn

import httpx

from connect_ext.errors import NotDone, OutcomeUnknown
from connect_ext.http.budget import current_budget
from connect_ext.http.client import Answer, Call
from connect_ext.vendors.base import Act
from tests.model.history import TIMEOUT_SECONDS, WITH_KEY, Fate
from tests.model.later import BEGINNING, midnight, moment, term_ends
from tests.model.process import STATUS_OF, WITH_RETRY_AFTER, FailedCallError, Process
from tests.model.subscription import IN_PROGRESS, RefusalError, Said, Stored, Subscription
from tests.model.virtual_time import seconds

BODY, MISSPELT_BODY = '{"cancel_at": "now"}', '{"cancel_att": "now"}'
DATED_BODY = '{"cancel_at": "{effective_date}"}'
UNDO_PATH = "/uncancel"
ENDS_LATER = "ends_later"
"""The status of a cancelled subscription that has not ended."""

_STATUS_OF = {**STATUS_OF, Fate.REDIRECT_AFTER: 303, Fate.FORGOTTEN: 202}
_REFUSALS = (Fate.BAD, Fate.CONFLICT)
STORED_SECONDS = 86400.0
"""How long a refusal is repeated; completed work is remembered for ever."""

_RETRY_AFTER = httpx.Headers({"Retry-After": "90"})


class HttpTwin:
    """Stands in for ``HttpClient``: a call goes in, an answer or an error comes out."""

    is_rest = True

    def __init__(
        self,
        subscription: Subscription,
        process: Process,
        on_sending: Callable[[Process, Act], None],
    ) -> None:
        """``on_sending`` is called before a call with a possible effect leaves."""
        self.subscription, self.process, self._on_sending = subscription, process, on_sending

    def sends(self, act: Act) -> None:
        """A call with a possible effect is about to leave."""
        self._on_sending(self.process, act)
        facts = self.subscription.of(self.process.request_id)
        if act is Act.CANCEL:
            facts.tries += 1
        else:
            facts.undo_tries += 1
            self.subscription.undo_sent_at = seconds()

    def turned_down(self, call: Call) -> None:
        """The sent call certainly had no effect."""
        if call.changes and act_of(call) is Act.CANCEL:
            self.subscription.of(self.process.request_id).tries -= 1

    async def send(self, call: Call) -> Answer:
        """Send one call, once."""
        budget, timeout = current_budget(), call.timeout_seconds or TIMEOUT_SECONDS
        if budget and seconds() + timeout > budget.ends_at:
            raise NotDone("Too little time is left.")
        work, fate = self.prepared(call), self.process.next_fate()
        if fate is Fate.STALE and not call.changes and self._was_active:
            await self.process.calls(work, Fate.FINE, timeout)
            return _json(200, {"status": "active"})
        if fate in _REFUSALS and self.is_rest and call.changes:
            # The vendor's own answer, although without a good reason.
            work = partial(self.refused, call, _STATUS_OF[fate])
            fate = Fate.FINE
        try:
            answer = await self.process.calls(work, fate, timeout)
        except FailedCallError as failed:
            answer = self._failed(call, failed)
        else:
            if call.changes and act_of(call) is Act.UNDO:
                self.subscription.undo_sent_at = -math.inf
        if 400 <= answer.status < 500:
            self.turned_down(call)
        self._heard(call, answer)
        return answer

    def prepared(self, call: Call) -> Callable[[], Answer]:
        """Check a leaving call; the result carries it out."""
        raise NotImplementedError

    @property
    def _was_active(self) -> bool:
        """Whether a look may show its state before the cancellation that is being undone."""
        facts, is_revoking = self.subscription.of(self.process.request_id), self.process.is_revoking
        return self.is_rest and is_revoking and not facts.undo_tries

    def refused(self, call: Call, status: int) -> Answer:
        """Refuse a cancellation without a reason, as only a REST vendor does."""
        raise NotImplementedError

    def _heard(self, call: Call, answer: Answer) -> None:
        """Note what the vendor told the extension."""
        raise NotImplementedError

    def _failed(self, call: Call, failed: FailedCallError) -> Answer:
        fate = failed.fate
        status = failed.answer.status if failed.answer else _STATUS_OF.get(fate)
        if status is None:
            sent = fate is not Fate.NOT_SENT
            if not sent:
                self.turned_down(call)
            raise (OutcomeUnknown if sent and call.changes else NotDone)(f"It was {fate.value}.")
        is_forgotten = fate is Fate.FORGOTTEN and self.is_rest and call.changes
        if is_forgotten and act_of(call) is Act.CANCEL:
            facts = self.subscription.of(self.process.request_id)
            facts.accepted = facts.was_accepted = True
        headers = _RETRY_AFTER if fate in WITH_RETRY_AFTER else httpx.Headers()
        body = b"" if fate is Fate.FORGOTTEN else b"<html>Oh no.</html>"
        return Answer(status, headers, body)


class RestTwin(HttpTwin):
    """A REST vendor."""

    def prepared(self, call: Call) -> Callable[[], Answer]:
        request_id = self.process.request_id
        if call.method == "GET":
            self.process.has_looked = True
            return lambda: self._status(request_id)
        self.sends(act_of(call))
        twin = self.subscription
        if act_of(call) is Act.UNDO:
            assert _key(call).startswith(f"{request_id}-undo")
            return lambda: self._answer(call, request_id, lambda: twin.take_back(request_id))
        when = json.loads(call.content or b"{}").get("cancel_at")
        if when is None:
            return partial(self.refused, call, 400)
        return lambda: self._answer(
            call, request_id, lambda: twin.cancel(request_id, ends_at=self._end(when))
        )

    def _end(self, when: str) -> float | None:
        """When a subscription that is cancelled now ends (None: at once)."""
        setting = self.subscription.setting
        if when != "now":
            at = midnight(date.fromisoformat(when), timezone.utc)
            return at if at > seconds() else None
        return seconds() + setting.ends_after if setting.ends_after else None

    def refused(self, call: Call, status: int) -> Answer:
        request_id, twin = self.process.request_id, self.subscription
        say_no = twin.no if act_of(call) is Act.CANCEL else twin.no_undo

        def refuse() -> NoReturn:
            raise say_no(request_id, status, "who knows")

        return self._answer(call, request_id, refuse)

    def _status(self, request_id: str) -> Answer:
        twin = self.subscription
        if twin.shown(request_id) in ("unknown", "removed"):
            return _json(404, {"message": "There is no such subscription."})
        document = self._document(request_id)
        if document["status"] == "active":
            day = term_ends(twin.setting.ends_after, timezone.utc).isoformat()
            day = "" if twin.setting.later.is_evergreen else day
            document |= {"term_ends": day, "charged_through": day}
        return _json(200, document)

    def _document(self, request_id: str, *, with_end: bool = True) -> dict[str, str]:
        """The subscription as shown."""
        twin = self.subscription
        status = twin.shown(request_id)
        if status != "cancelled":
            return {"status": status}
        # If ends matter, an ended subscription shows its end too.
        ends_at = twin.ends_at or (0.0 if twin.setting.later.schedules else None)
        shows = with_end and ends_at is not None
        end = {"ends_at": moment(ends_at).isoformat()} if shows else {}
        return {"status": status if twin.has_ended else ENDS_LATER, **end}

    def _answer(self, call: Call, request_id: str, work: Callable[[], None]) -> Answer:
        """Do it and answer; a vendor with keys repeats the answer stored for the key."""
        twin, key = self.subscription, _key(call)
        if twin.setting.asking not in WITH_KEY:
            return _json(*self._done(request_id, work))
        stored = twin.answers.get(key)
        if stored and (stored.said[0] == 200 or seconds() - stored.at < STORED_SECONDS):
            return _json(*self._repeated(stored.said, request_id, act_of(call)))
        answer = self._done(request_id, work)
        if twin.setting.stores_locks or not twin.means_not_now(
            answer[0], answer[1].get("error", "")
        ):
            twin.answers[key] = Stored(answer, seconds())
        return _json(*answer)

    def _heard(self, call: Call, answer: Answer) -> None:
        request_id = self.process.request_id
        if answer.status == 404:
            self.process.not_found.setdefault(request_id, []).append(seconds())
        elif answer.status == 200 and call.method == "GET":
            self.process.not_found.pop(request_id, None)
        if answer.status == 200 and not (call.changes and act_of(call) is Act.UNDO):
            self._saw(answer.json() or {}, request_id, by_look=not call.changes)

    def _saw(self, document: dict[str, str], request_id: str, *, by_look: bool) -> None:
        status, ends_at = document.get("status", ""), document.get("ends_at")
        is_cancelled = status in ("cancelled", ENDS_LATER)
        at = (datetime.fromisoformat(ends_at) - BEGINNING).total_seconds() if ends_at else None
        self.process.saw("cancelled" if is_cancelled else status, at)
        self.process.saw_end &= status == "cancelled"
        self.subscription.of(request_id).said_cancelled |= is_cancelled and not by_look

    def _done(self, request_id: str, work: Callable[[], None]) -> Said:
        try:
            work()
        except RefusalError as refusal:
            return _said(refusal)
        setting = self.subscription.setting
        if not setting.shows_status:
            return 200, {"ok": "true"}
        return 200, self._document(request_id, with_end=setting.later.answers_end)

    def _repeated(self, answer: Said, request_id: str, act: Act) -> Said:
        twin = self.subscription
        if answer[0] == 200 and twin.setting.key_conflict:
            if act is Act.CANCEL and twin.is_under_way:
                return _said(twin.no(request_id, 409, IN_PROGRESS))
            if act is Act.UNDO and twin.is_taken_back:
                return _said(twin.no_undo(request_id, 409, IN_PROGRESS))
        if act is Act.UNDO:
            if answer[0] != 200:
                twin.no_undo(request_id, answer[0], "again")
            return answer
        word = answer[1].get("error", "")
        if twin.means_not_now(answer[0], word):
            twin.of(request_id).repeated_conflicts += 1
        elif answer[0] != 200:
            twin.of(request_id).repeated_at = seconds()
        return answer


def act_of(call: Call) -> Act:
    """A call's effect, if it changes anything."""
    is_undo = call.method == "DELETE" or call.url.endswith(UNDO_PATH)
    return Act.UNDO if is_undo else Act.CANCEL


def _key(call: Call) -> str:
    return dict(call.headers)["Idempotency-Key"]


def _said(refusal: RefusalError) -> Said:
    return refusal.status, {"error": refusal.word}


def _json(status: int, document: dict[str, str]) -> Answer:
    return Answer(status, httpx.Headers(), json.dumps(document).encode())
