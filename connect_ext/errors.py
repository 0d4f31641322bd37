"""What can go wrong with a call, as a tree of two.

::

    CancellationError
    ├── Later                 the request waits and is looked at again
    │   ├── NotDone           nothing was changed: not reached, busy, rate-limited, locked
    │   ├── OutcomeUnknown    it was sent, and nobody can say what it did
    │   └── NotConfigured     a variable, a credential or the product's set-up is wrong
    └── Never                 the vendor has answered, and will answer the same again
        ├── Refused           the vendor refuses the cancellation for a reason of business
        └── UnknownId         the vendor does not know the subscription id

Only ``Never`` may lead to a rejected request. A transport error is always a ``Later``, so that
catching the one can never catch the other.

Every message is a sentence for an operator: it names the variable, the parameter or the call, and
never holds a body, a header, an address, a variable's value or a customer's name.
"""

from __future__ import annotations


class CancellationError(Exception):
    """The step could not be done."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Later(CancellationError):
    """The step may succeed later; nothing may be rejected because of it."""

    may_have_an_effect = False
    """Whether the call may have been carried out all the same."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        """``retry_after``: seconds before which the other side does not want to be called."""
        super().__init__(message)
        self.retry_after = retry_after


class NotDone(Later):
    """Nothing was changed, so that the same call may be made again."""


class OutcomeUnknown(Later):
    """The call was sent and its effect is not known; look before anything is sent again."""

    may_have_an_effect = True


class NotConfigured(Later):
    """Somebody has to mend a variable, a credential or the product's set-up first."""

    def __init__(
        self, message: str, retry_after: float | None = None, *, may_have_an_effect: bool = False
    ) -> None:
        """``may_have_an_effect``: a redirect may be what a vendor sends after the work."""
        super().__init__(message, retry_after)
        self.may_have_an_effect = may_have_an_effect


class Never(CancellationError):
    """The vendor has answered, and the answer will not change by asking again."""


class Refused(Never):
    """The vendor refuses the cancellation.

    ``reason`` is the vendor's own text, which may hold anything, or an empty string; ``conflict``
    says that the vendor called it a conflict (HTTP 409), which may also be another delivery's
    cancellation that is still under way.
    """

    def __init__(self, reason: str = "", *, conflict: bool = False) -> None:
        super().__init__("The vendor refuses the cancellation.")
        self.reason = reason
        self.conflict = conflict


class UnknownId(Never):
    """The vendor does not know the subscription id."""

    def __init__(self) -> None:
        super().__init__("The vendor does not know the subscription id.")
