"""Masks secrets and personal data in everything a check shows."""

from __future__ import annotations

from collections.abc import Iterable

from connect_ext.cancelling.settling import Settling
from connect_ext.check.report import ShownCall, ShownRequest
from connect_ext.check.shapes import shape_of
from connect_ext.check.watching import Watched
from connect_ext.http.aside import aside
from connect_ext.portal.secret import MASK
from connect_ext.vendors.base import PlannedCall
from connect_ext.vendors.explaining import Finding, Suggestion

HIDDEN = "(not shown: too much in it may be personal)"


class Mask:
    """Masks the confidential data of one request."""

    def __init__(self, settling: Settling) -> None:
        self._settling = settling

    async def of(self, text: str) -> str:
        """Mask one of our texts."""
        # Masks in the vendor's words were normalized together with them.
        text = text.replace("[...]", MASK)
        return (await self._settling.masked(text) or HIDDEN) if text else ""

    async def all_of(self, *texts: str) -> tuple[str, ...]:
        """Mask several of our texts."""
        return tuple([await self.of(each) for each in texts])

    async def call(self, watched: Watched, findings: tuple[Finding, ...]) -> ShownCall:
        """Mask a call and its answer."""
        call, answer = watched.call, watched.answer
        shape = await aside(len(answer.body), lambda: shape_of(answer)) if answer else ()
        return ShownCall(
            call.name,
            call.method,
            await self.of(call.url),
            answer.status if answer else None,
            watched.error,
            watched.milliseconds,
            await self.all_of(*shape),
            await self.findings(findings),
        )

    async def findings(self, findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
        """Mask findings: a word in them may be a key."""
        return tuple([Finding(f.variable, await self.of(f.found), f.is_wrong) for f in findings])

    async def suggestions(self, suggestions: Iterable[Suggestion]) -> tuple[Suggestion, ...]:
        """Suggestions, masked."""
        return tuple(
            [
                Suggestion(each.variable, await self.of(each.value), await self.of(each.grounds))
                for each in suggestions
            ]
        )

    async def request(self, planned: PlannedCall) -> ShownRequest:
        """Mask a call that would be sent."""
        headers = [(name, await self.of(value)) for name, value in planned.headers]
        url, body = await self.of(planned.url), await self.of(planned.body)
        return ShownRequest(planned.method, url, tuple(headers), body)
