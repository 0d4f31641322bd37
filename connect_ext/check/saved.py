"""A vendor's answer that was saved in a file, in place of the vendor."""

from __future__ import annotations

import re
from pathlib import Path

import httpx

from connect_ext.check.as_the_vendor import AsTheVendor
from connect_ext.errors import NotConfigured
from connect_ext.http.bodies import MAX_ANSWER_BYTES
from connect_ext.http.client import Answer
from connect_ext.vendors.base import Accepted, Cancellation, Subscription, Vendor
from connect_ext.vendors.explaining import Explains

_STATUS_LINE = re.compile(rb"HTTP/[0-9.]+ ([0-9]{3})(?![0-9])[^\n]*\n")
_END_OF_HEAD = re.compile(rb"\r?\n\r?\n")


class NotAnAnswerError(Exception):
    """The file cannot be read as an answer; the text says why."""


class NotExplainedError(Exception):
    """The vendor does not explain answers."""

    def __init__(self, vendor: str) -> None:
        super().__init__(
            f"VENDOR {vendor} cannot explain an answer, nor propose variables by it; rest can, and"
            " so can its presets."
        )


def saved_answer(path: Path) -> Answer:
    """The answer in a file: its body alone, or with the heads before it (``curl -i``).

    Raises ``NotAnAnswerError``. A body alone counts as the answer of HTTP 200.
    """
    try:
        with path.open("rb") as file:
            left = file.read(2 * MAX_ANSWER_BYTES)
    except OSError as error:
        raise NotAnAnswerError(f"{path} cannot be read: {error.strerror}.") from None
    status = 200
    # A proxy's head, and those of redirects, come before the last one.
    while head := _STATUS_LINE.match(left):
        status = int(head[1])
        end = _END_OF_HEAD.search(left, head.end() - 2)
        left = left[end.end() :] if end else b""
    if len(left) > MAX_ANSWER_BYTES:
        raise NotAnAnswerError(
            f"{path} is longer than {MAX_ANSWER_BYTES} bytes: no answer of that size is read."
        )
    return Answer(status, httpx.Headers(), left)


class SavedAnswer(AsTheVendor):
    """A vendor that is asked nothing: the answer to the look is there, and nothing is sent."""

    can_be_asked = True

    def __init__(self, vendor: Vendor, answer: Answer, name: str) -> None:
        """Raises ``NotExplainedError`` unless the vendor explains answers."""
        if not isinstance(vendor, Explains):
            raise NotExplainedError(name)
        super().__init__(vendor)
        self._explains, self._answer = vendor, answer

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
