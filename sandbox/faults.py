"""Faults on demand for any of the sandbox's HTTP servers.

A plan holds rules. A rule says which calls go wrong, how often and how. Rules that match the
same call are nested in the order in which they were added: a `Delay` continues with the next
rule, any other fault ends the chain.
"""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

Work = Callable[[], Awaitable[web.StreamResponse]]
Predicate = Callable[[web.Request, bytes], bool]

MEGABYTE = 1024 * 1024
# A dropped call's status in the call log, if no work was done.
NOBODY_LISTENS = 499


class Fault(Protocol):
    """A fault of one call; `work` is the server's normal answer to it."""

    async def __call__(self, request: web.Request, work: Work, /) -> web.StreamResponse: ...


def _drop(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()


@dataclass(frozen=True)
class Delay:
    """Waits, then does the work, even if the caller has gone."""

    seconds: float

    async def __call__(self, _: web.Request, work: Work, /) -> web.StreamResponse:
        await asyncio.sleep(self.seconds)
        return await work()


@dataclass(frozen=True)
class DropBefore:
    """Resets the connection without doing the work."""

    async def __call__(self, request: web.Request, _: Work, /) -> web.StreamResponse:
        _drop(request)
        return web.Response(status=NOBODY_LISTENS)


@dataclass(frozen=True)
class DropAfter:
    """Does the work, then resets the connection, so the caller cannot know the outcome."""

    async def __call__(self, request: web.Request, work: Work) -> web.StreamResponse:
        response = await work()
        _drop(request)
        return response


@dataclass(frozen=True)
class Kill:
    """Kills a process, usually the caller's, once the call has arrived; never answers.

    The work is done first (`after_work`) or not at all.
    """

    kill: Callable[[], Awaitable[object]]
    after_work: bool = True

    async def __call__(self, request: web.Request, work: Work) -> web.StreamResponse:
        if self.after_work:
            await work()
        await self.kill()
        _drop(request)
        return web.Response(status=NOBODY_LISTENS)


@dataclass(frozen=True)
class Respond:
    """Answers without doing the work or, with `after_work`, does it and replaces its answer."""

    status: int
    body: bytes = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    after_work: bool = False

    async def __call__(self, _: web.Request, work: Work, /) -> web.StreamResponse:
        if self.after_work:
            await work()
        return web.Response(
            status=self.status,
            body=self.body,
            content_type=self.content_type,
            headers=dict(self.headers),
        )


@dataclass(frozen=True)
class SlowDrip:
    """Sends a body byte by byte, one every `seconds`."""

    seconds: float
    body: bytes = b'{"status": "active"}'
    status: int = 200
    after_work: bool = False

    async def __call__(self, request: web.Request, work: Work) -> web.StreamResponse:
        if self.after_work:
            await work()
        response = web.StreamResponse(
            status=self.status, headers={"Content-Type": "application/json"}
        )
        response.content_length = len(self.body)
        await response.prepare(request)
        for byte in self.body:
            await response.write(bytes([byte]))
            await asyncio.sleep(self.seconds)
        return response


def html_page(status: int = 200, *, after_work: bool = False) -> Respond:
    """An HTML page, such as a proxy or a login screen sends."""
    body = b"<!doctype html><html><body><h1>Service</h1></body></html>"
    return Respond(status, body, "text/html", after_work=after_work)


def empty_body(status: int = 200, *, after_work: bool = False) -> Respond:
    """An empty body with a JSON content type."""
    return Respond(status, after_work=after_work)


def truncated_json(status: int = 200, *, after_work: bool = False) -> Respond:
    """A JSON object that is cut off in the middle."""
    return Respond(status, b'{"status": "canc', after_work=after_work)


def wrong_type(status: int = 200, *, after_work: bool = False) -> Respond:
    """A JSON list instead of an object."""
    return Respond(status, b'["status", "cancelled"]', after_work=after_work)


def huge_body(megabytes: int, status: int = 200, *, after_work: bool = False) -> Respond:
    """A valid JSON object of about this many megabytes."""
    body = b'{"status": "active", "padding": "' + b"x" * (megabytes * MEGABYTE) + b'"}'
    return Respond(status, body, after_work=after_work)


def redirect(url: str, status: int = 302, *, after_work: bool = False) -> Respond:
    """Sends the caller to another address."""
    return Respond(status, headers={"Location": url}, after_work=after_work)


_NAMED = re.compile(r"(drop|[2-5]\d\d)x([1-9]\d*)")


def named_fault(text: str) -> tuple[Fault, int]:
    """The fault that a text names, and how often it happens. Raises ValueError.

    `503x2`: two calls are answered with HTTP 503, and no work is done. `dropx1`: one call's work is
    done, and its answer is lost.
    """
    found = _NAMED.fullmatch(text)
    if found is None:
        raise ValueError(f"no fault: {text!r}")
    name, times = found.groups()
    return DropAfter() if name == "drop" else Respond(int(name)), int(times)


@dataclass(eq=False)
class Rule:
    """Which calls go wrong, and how; `hits` counts the calls that did."""

    method: str
    path: re.Pattern[str]
    fault: Fault
    times: int | None = None
    probability: float = 1.0
    predicate: Predicate | None = None
    hits: int = 0

    def concerns(self, request: web.Request, body: bytes) -> bool:
        """Whether the rule applies to the call, ignoring its probability."""
        return (
            (self.times is None or self.hits < self.times)
            and self.method in ("*", request.method)
            and self.path.search(request.path) is not None
            and (self.predicate is None or self.predicate(request, body))
        )


class FaultPlan:
    """The faults of one server; rules come and go while it runs.

    `latency` in seconds is added to every call, for benchmarks. Paths that match `exempt` never
    go wrong.
    """

    def __init__(self, *, seed: int = 0, latency: float = 0.0, exempt: str = r"(?!)") -> None:
        self._random = random.Random(seed)
        self._exempt = re.compile(exempt)
        self._rules: list[Rule] = []
        self.latency = latency

    def add(
        self,
        method: str,
        path: str,
        fault: Fault,
        *,
        times: int | None = None,
        probability: float = 1.0,
        predicate: Predicate | None = None,
    ) -> Rule:
        """Make calls whose method (`*`: any) and path match go wrong, the first `times` of them
        (None: all).
        """
        rule = Rule(method, re.compile(path), fault, times, probability, predicate)
        self._rules.append(rule)
        return rule

    def remove(self, rule: Rule) -> None:
        """End a rule; does nothing if it has already ended."""
        if rule in self._rules:
            self._rules.remove(rule)

    def clear(self) -> None:
        """End every rule."""
        self._rules.clear()

    def middleware(self) -> Middleware:
        """The plan as aiohttp middleware."""

        @web.middleware
        async def misbehave(request: web.Request, handler: Handler) -> web.StreamResponse:
            if self._exempt.search(request.path):
                return await handler(request)
            if self.latency:
                await asyncio.sleep(self.latency)
            body = await request.read() if self._rules else b""
            return await self._run(list(self._rules), request, body, handler)

        return misbehave

    async def _run(
        self, rules: list[Rule], request: web.Request, body: bytes, handler: Handler
    ) -> web.StreamResponse:
        for position, rule in enumerate(rules):
            if rule.concerns(request, body) and self._random.random() < rule.probability:
                rule.hits += 1
                rest = rules[position + 1 :]
                return await rule.fault(request, partial(self._run, rest, request, body, handler))
        return await handler(request)
