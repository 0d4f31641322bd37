"""A vendor's answer that was saved in a file, in place of the vendor."""

from __future__ import annotations

import re
from pathlib import Path

import httpx

from connect_ext.errors import NotConfigured
from connect_ext.http.client import Answer
from connect_ext.vendors.base import (
    Accepted,
    Advice,
    Cancellation,
    Plan,
    Plans,
    Subscription,
    Vendor,
)
from connect_ext.vendors.explaining import Explains, Finding

_HEAD = re.compile(rb"HTTP/[0-9.]+ ([0-9]{3})[^\n]*\n(.*?)\r?\n\r?\n", re.DOTALL)


class NotExplainedError(Exception):
    """The vendor does not explain answers."""

    def __init__(self, vendor: str = "") -> None:
        super().__init__(
            f"VENDOR {vendor} cannot be explained by an answer; rest and its presets can."
        )


def saved_answer(path: Path) -> Answer:
    """The answer in a file: its body alone, or with the head before it (``curl -i``).

    Raises ``OSError``. A body alone counts as the answer of HTTP 200.
    """
    whole = path.read_bytes()
    head = _HEAD.match(whole)
    if head is None:
        return Answer(200, httpx.Headers(), whole)
    return Answer(int(head[1]), httpx.Headers(), whole[head.end() :])


class SavedAnswer:
    """A vendor that is asked nothing: the answer to the look is there, and nothing is sent."""

    can_be_asked = True

    def __init__(self, vendor: Vendor, answer: Answer) -> None:
        """``vendor`` must be one that explains answers."""
        if not isinstance(vendor, Explains):
            raise NotExplainedError
        self._vendor, self._explains, self._answer = vendor, vendor, answer

    @property
    def is_repeatable(self) -> bool:
        """As the vendor itself."""
        return self._vendor.is_repeatable

    @property
    def advice(self) -> Advice:
        """As the vendor itself."""
        return self._vendor.advice

    async def look_up(self, cancellation: Cancellation) -> Subscription:
        """The subscription in the answer."""
        return self._explains.read(self._answer, cancellation)

    async def cancel(
        self,
        cancellation: Cancellation,  # noqa: ARG002 - nothing is sent
        subscription: Subscription | None,  # noqa: ARG002
    ) -> Accepted:
        """Never sent."""
        raise NotConfigured("A saved answer cannot be cancelled.")

    async def plan(self, cancellation: Cancellation, subscription: Subscription | None) -> Plan:
        """What would be sent, as by the vendor itself."""
        if not isinstance(self._vendor, Plans):
            return Plan(())
        return await self._vendor.plan(cancellation, subscription)

    def findings(self, subscription_id: str) -> tuple[Finding, ...]:
        """What the variables find in the answer."""
        return self._explains.explain(self._explains.look_name, self._answer, subscription_id)
