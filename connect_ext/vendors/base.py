"""What a vendor is: the interface, its value types, and nothing of Connect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from connect_ext.vendors.http_client import HttpClient


class SubscriptionStatus(Enum):
    """What the vendor says about a subscription, in this project's words."""

    ACTIVE = "active"
    CANCELLED = "cancelled"
    NOT_STARTED = "not started"
    """A draft, or not yet active: there is nothing to cancel."""
    UNKNOWN_ID = "unknown id"


@dataclass(frozen=True)
class Subscription:
    """A subscription as the vendor shows it now."""

    status: SubscriptionStatus
    ends_at: datetime | None = None
    """When a cancelled subscription ends, with a time zone; None where the vendor does not say."""
    version_id: str = field(default="", repr=False)
    """The vendor's own key of what was read, where a cancellation must name it (Zuora)."""


@dataclass(frozen=True)
class Cancellation:
    """What is asked of the vendor for one cancel request."""

    subscription_id: str
    request_id: str
    asset_id: str
    asked_at: datetime
    """Now, with a time zone: the moment that an immediate cancellation means."""


@dataclass(frozen=True)
class Accepted:
    """The vendor has taken the cancellation."""

    subscription: Subscription | None = None
    """The subscription after it, where the answer says so; None means: look again."""
    remarks: tuple[str, ...] = ()
    """Sentences for the note on the request, such as the amounts of a preview."""


class Vendor(Protocol):
    """A system in which subscriptions can be looked up and cancelled.

    Both calls raise ``NotDone``, ``OutcomeUnknown`` (``cancel`` only) and ``NotConfigured``.
    They hold no state of a single request: one vendor serves all tasks of a process.
    """

    @property
    def can_be_asked(self) -> bool:
        """Whether ``look_up`` works at all."""
        ...

    @property
    def is_repeatable(self) -> bool:
        """Whether the same cancellation may be sent twice without a second effect."""
        ...

    async def look_up(self, cancellation: Cancellation) -> Subscription:
        """Read the subscription; an id that the vendor does not know is a status, not an error."""
        ...

    async def cancel(
        self, cancellation: Cancellation, subscription: Subscription | None
    ) -> Accepted:
        """Cancel the subscription that ``look_up`` has shown (None if it cannot be asked).

        Raises ``Refused`` and ``UnknownId`` besides.
        """
        ...


@dataclass(frozen=True)
class VendorContext:
    """What a vendor is made from."""

    http: HttpClient
    variables: Mapping[str, str] = field(repr=False)
    """The portal's variables after ``PRODUCT_OVERRIDES``; secrets are among them."""


class VendorFactory(Protocol):
    """What an entry point of the group ``connect_ext.vendors`` names.

    Raises ``NotConfigured`` with one message that names every wrong variable.
    """

    def __call__(self, context: VendorContext) -> Vendor: ...
