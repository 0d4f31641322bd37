"""A vendor's answer saved in a file, used in place of the vendor."""

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
            f"VENDOR {vendor} cannot explain an answer or propose variables from it; rest and its"
            " presets can."
        )


def saved_answer(path: Path) -> Answer:
    """Read the answer in a file: only a body, or a body after HTTP headers (``curl -i``).

    Raises ``NotAnAnswerError``. A body without headers counts as an answer with HTTP 200.
    """
    try:
        with path.open("rb") as file:
            left = file.read(2 * MAX_ANSWER_BYTES)
    except OSError as error:
        raise NotAnAnswerError(f"{path} cannot be read: {error.strerror}.") from None
    status = 200
    # The headers of a proxy and of redirects come before the last ones.
    while head := _STATUS_LINE.match(left):
        status = int(head[1])
        end = _END_OF_HEAD.search(left, head.end() - 2)
        left = left[end.end() :] if end else b""
    if len(left) > MAX_ANSWER_BYTES:
        raise NotAnAnswerError(
            f"{path} is longer than {MAX_ANSWER_BYTES} bytes: such long answers are not read."
        )
    return Answer(status, httpx.Headers(), left)


class SavedAnswer(AsTheVendor):
    """Gives the saved answer to each look; sends nothing."""

    can_be_asked = True

    def __init__(self, vendor: Vendor, answer: Answer, name: str) -> None:
        """Raises ``NotExplainedError`` unless the vendor explains answers."""
        if not isinstance(vendor, Explains):
            raise NotExplainedError(name)
        super().__init__(vendor)
        self._explains, self._answer = vendor, answer

    async def look_up(self, cancellation: Cancellation) -> Subscription:
        """Read the subscription in the answer."""
        return self._explains.read(self._answer, cancellation)

    async def cancel(
        self,
        cancellation: Cancellation,  # noqa: ARG002 - nothing is sent
        subscription: Subscription | None,  # noqa: ARG002
    ) -> Accepted:
        """Never sent."""
        raise NotConfigured("A saved answer cannot be cancelled.")
