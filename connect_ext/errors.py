"""The errors of a call, as a tree of two.

::

    CancellationError
    ├── Later                 the request waits and is looked at again
    │   ├── NotDone           nothing was changed: not reached, busy, rate-limited
    │   │   ├── Conflict      the vendor says "not now"
    │   │   └── Outdated      the subscription has changed since the call was prepared
    │   ├── OutcomeUnknown    it was sent, and its effect is not known
    │   └── NotConfigured     a variable, a credential or the product's set-up is wrong
    └── Never                 the vendor has answered, and will answer the same again
        ├── Refused           the vendor refuses the cancellation for a business reason
        └── UnknownId         the vendor does not know the subscription id

Only ``Never`` may lead to a rejected request. A transport error is always a ``Later``, so catching
one can never catch the other.

Every message is a sentence for an operator: it names the variable, the parameter or the call, and
never holds a body, a header, an address, a variable's value or a customer's name.
"""

from __future__ import annotations

from typing import ClassVar

from connect_ext.cause import Cause


class CancellationError(Exception):
    """The step could not be done.

    ``cause`` is one word for the log. ``vendor_text`` is the vendor's own text about it; it may
    contain anything, and is cleaned before anybody sees it.
    """

    default_cause: ClassVar[Cause] = Cause.BUG

    def __init__(self, message: str, *, cause: Cause | None = None, vendor_text: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.cause = cause or self.default_cause
        self.vendor_text = vendor_text


class Later(CancellationError):
    """The step may succeed later; nothing may be rejected because of it."""

    def __init__(
        self,
        message: str,
        retry_after: float | None = None,
        *,
        cause: Cause | None = None,
        vendor_text: str = "",
    ) -> None:
        """``retry_after``: seconds before which the other side does not want to be called."""
        super().__init__(message, cause=cause, vendor_text=vendor_text)
        self.retry_after = retry_after


class NotDone(Later):
    """Nothing was changed, so the same call may be made again."""

    default_cause = Cause.UNREACHABLE


class Conflict(NotDone):
    """The vendor says "not now": a lock, or a cancellation of the same subscription under way.

    ``vendor_text`` holds the vendor's reason.
    """

    default_cause = Cause.CONFLICT


class Outdated(NotDone):
    """Nothing was done, because the subscription has changed since it was looked at.

    The next call differs, so it needs another idempotency key.
    """

    default_cause = Cause.CONFLICT


class OutcomeUnknown(Later):
    """The call was sent and its effect is not known; look before sending anything again."""

    default_cause = Cause.SENT


class NotConfigured(Later):
    """Somebody has to fix a variable, a credential or the product's set-up; nothing was sent."""

    default_cause = Cause.CONFIGURATION


class Never(CancellationError):
    """The vendor has answered, and the answer will not change by asking again."""


class Refused(Never):
    """The vendor refuses the cancellation.

    ``reason`` is the vendor's own text, or empty; then ``hint`` says what to check.
    """

    default_cause = Cause.REFUSED

    def __init__(self, reason: str = "", *, hint: str = "") -> None:
        super().__init__("The vendor refuses the cancellation.", vendor_text=reason)
        self.reason = reason
        self.hint = hint


class UnknownId(Never):
    """The vendor does not know the subscription id."""

    default_cause = Cause.UNKNOWN_ID

    def __init__(self) -> None:
        super().__init__("The vendor does not know the subscription id.")
