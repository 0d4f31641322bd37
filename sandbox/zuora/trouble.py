"""Misbehaviour on demand, by operation, since all of Zuora's operations share one URL."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from aiohttp import web

from sandbox.faults import (
    Delay,
    DropAfter,
    DropBefore,
    Fault,
    FaultPlan,
    Predicate,
    Rule,
    Work,
    html_page,
)
from sandbox.zuora import soap
from sandbox.zuora.fields import code_at
from sandbox.zuora.sessions import Sessions

PATH = r"^/apps/services/a/(\d+(?:\.\d+)?)$"
LOCKED = "Operation failed due to a lock competition, please retry later."
RESTRICTED = (
    "Your IP address may be restricted. Please contact the administrator at your company for help."
)


def version_of(request: web.Request) -> float:
    """The version in the URL; 0 if there is none."""
    match = re.match(PATH, request.path)
    return float(match[1]) if match else 0.0


def xml(body: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """An answer with the headers of the recorded ones."""
    found = {"Content-Type": "text/xml;charset=UTF-8", **(headers or {})}
    return web.Response(status=status, body=body, headers=found)


@dataclass(frozen=True)
class SoapFault:
    """Answers with a fault instead of working, or (`after_work`) after the work."""

    code: str
    message: str
    kind: str | None = None
    status: int = 500
    headers: Mapping[str, str] = field(default_factory=dict)
    after_work: bool = False
    literal: bool = False

    async def __call__(self, request: web.Request, work: Work) -> web.StreamResponse:
        if self.after_work:
            await work()
        code = self.code if self.literal else code_at(version_of(request), self.code)
        problem = soap.CallError(code, self.message, self.kind)
        return xml(soap.fault(problem), self.status, self.headers)


@dataclass(frozen=True)
class RowErrors:
    """Refuses every object of the call, with HTTP 200; an operation without results for single
    objects gets a fault."""

    code: str
    message: str
    after_work: bool = False
    literal: bool = False

    async def __call__(self, request: web.Request, work: Work) -> web.StreamResponse:
        if self.after_work:
            await work()
        envelope = soap.parse(await request.read())
        version = float("inf") if self.literal else version_of(request)
        error = soap.RowError(self.code, self.message)
        if envelope.name in ("login", "query"):
            problem = soap.CallError(code_at(version, error.code), error.message)
            return xml(soap.fault(problem), 500)
        result = soap.row_error(envelope.name, version, error)
        return xml(soap.answer(envelope.name, [result] * max(1, len(envelope.objects()))))


@dataclass(frozen=True)
class _SessionLost:
    """Ends the session of the call, then answers with the other fault."""

    sessions: Sessions
    answer: Fault

    async def __call__(self, request: web.Request, work: Work) -> web.StreamResponse:
        for header in soap.parse(await request.read()).headers:
            self.sessions.end(soap.value(header, "session") or "")
        return await self.answer(request, work)


class Trouble:
    """Makes the next calls of one operation go wrong: `zuora.on("amend").drop_after()`. `times` is
    their number, None for all.

    The returned rule counts its `hits` and can be removed from the plan. A code that the call's
    version lacks becomes UNKNOWN_ERROR, unless it is `literal`.
    """

    def __init__(self, plan: FaultPlan, sessions: Sessions, predicate: Predicate) -> None:
        self._plan = plan
        self._sessions = sessions
        self._predicate = predicate

    def do(self, fault: Fault, *, times: int | None = 1) -> Rule:
        """Any fault of `sandbox.faults`."""
        return self._plan.add("POST", PATH, fault, times=times, predicate=self._predicate)

    def delay(self, seconds: float, *, times: int | None = 1) -> Rule:
        """Wait before the work."""
        return self.do(Delay(seconds), times=times)

    def drop_before(self, *, times: int | None = 1) -> Rule:
        """Reset the connection; nothing is done."""
        return self.do(DropBefore(), times=times)

    def drop_after(self, *, times: int | None = 1) -> Rule:
        """Do the work, then reset the connection."""
        return self.do(DropAfter(), times=times)

    def html(self, status: int = 200, *, after_work: bool = False, times: int | None = 1) -> Rule:
        """A page of HTML instead of XML, such as a proxy sends."""
        return self.do(html_page(status, after_work=after_work), times=times)

    def rate_limited(self, retry_after: str | None = "120", *, times: int | None = 1) -> Rule:
        """HTTP 429 with Retry-After; nothing is done."""
        headers = {"Retry-After": retry_after} if retry_after is not None else {}
        message = "You have exceeded the request limit. Please retry later."
        refusal = SoapFault("REQUEST_EXCEEDED_LIMIT", message, status=429, headers=headers)
        return self.do(refusal, times=times)

    def fault(
        self,
        code: str,
        message: str = "sandbox",
        *,
        kind: str | None = None,
        status: int = 500,
        after_work: bool = False,
        literal: bool = False,
        times: int | None = 1,
    ) -> Rule:
        """Any fault; `kind` is its element, such as LoginFault."""
        refusal = SoapFault(
            code, message, kind, status=status, after_work=after_work, literal=literal
        )
        return self.do(refusal, times=times)

    def row_error(
        self,
        code: str,
        message: str = "sandbox",
        *,
        after_work: bool = False,
        literal: bool = False,
        times: int | None = 1,
    ) -> Rule:
        """Any error of single objects, with HTTP 200."""
        return self.do(RowErrors(code, message, after_work, literal), times=times)

    def session_lost(self, *, as_row: bool = False, times: int | None = 1) -> Rule:
        """The session ends with the call: INVALID_SESSION, as a fault or as a row error."""
        error: type[SoapFault | RowErrors] = RowErrors if as_row else SoapFault
        answer = error("INVALID_SESSION", "Session is invalid or expired.")
        return self.do(_SessionLost(self._sessions, answer), times=times)

    def locked(self, *, times: int | None = 1) -> Rule:
        """LOCK_COMPETITION as a row error; nothing is done."""
        return self.row_error("LOCK_COMPETITION", LOCKED, times=times)

    def temporary_error(self, *, times: int | None = 1) -> Rule:
        """TEMPORARY_ERROR as a fault; nothing is done."""
        return self.fault("TEMPORARY_ERROR", "A temporary error occurred.", times=times)

    def timed_out(self, *, after_work: bool = False, times: int | None = 1) -> Rule:
        """TRANSACTION_TIMEOUT as a fault, before or after the work."""
        message = "The transaction timed out."
        return self.fault("TRANSACTION_TIMEOUT", message, after_work=after_work, times=times)

    def unavailable(self, *, times: int | None = 1) -> Rule:
        """SERVER_UNAVAILABLE as a fault; nothing is done."""
        return self.fault("SERVER_UNAVAILABLE", "The server is unavailable.", times=times)

    def address_restricted(self, *, times: int | None = 1) -> Rule:
        """The LoginFault for a caller whose address the tenant does not allow."""
        return self.fault("INVALID_VALUE", RESTRICTED, kind="LoginFault", times=times)


def concerning(
    operation: str, name: str | None, names_in: Callable[[soap.Envelope], tuple[str, ...]]
) -> Predicate:
    """Matches calls of the operation (`*`: any; `amend` without previews) and, if a name is given,
    only those about that subscription.
    """

    def concerns(_request: web.Request, body: bytes) -> bool:
        try:
            envelope = soap.parse(body)
        except soap.CallError:
            return False
        right = operation in ("*", envelope.operation)
        return right and (name is None or name in names_in(envelope))

    return concerns
