"""The interface of a vendor, with its value types; nothing of Connect."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, runtime_checkable

from connect_ext.portal.policy import CancellationDate
from connect_ext.portal.secret import kept_nowhere

if TYPE_CHECKING:
    from connect_ext.http.client import Answer, HttpClient
    from connect_ext.portal.reader import VariableReader
    from connect_ext.portal.variable import Variable
    from connect_ext.vendors.explaining import Suggestion

Value = TypeVar("Value")


class Act(Enum):
    """What is done at a vendor for a request: two operations, with marks and keys of their own."""

    CANCEL = "cancel"
    UNDO = "undo"
    """A cancellation that has not taken effect yet is taken back."""


class SubscriptionStatus(Enum):
    """A vendor's word about a subscription, in this project's words."""

    ACTIVE = "active"
    CANCELLING = "cancelling"
    """A cancellation is under way: nothing is sent, nothing is rejected."""
    CANCELLED = "cancelled"
    NOT_STARTED = "not started"
    """A draft, or not yet active: there is nothing to cancel."""
    SUSPENDED = "suspended"
    """Somebody has to resume it before it can be cancelled."""
    UNFINISHED = "unfinished"
    """Our order to cancel it lies at the vendor, which does not carry it out by itself."""
    UNKNOWN_ID = "unknown id"

    @property
    def goes_on(self) -> bool:
        """Whether nothing has ended the subscription, or is about to."""
        return self not in (
            SubscriptionStatus.CANCELLING,
            SubscriptionStatus.CANCELLED,
            SubscriptionStatus.UNKNOWN_ID,
        )


PLAIN_WORD = re.compile(r"[A-Za-z_ -]{1,30}")
"""What of a vendor's words is shown; any other text could be a name or a key."""


def named_status(status: str) -> str:
    """A vendor's own status for a message, if it is a plain word."""
    known = PLAIN_WORD.fullmatch(status)
    return f"the status '{status}'" if known else "a status without a name"


@dataclass(frozen=True)
class SubscriptionId:
    """The vendor's id of a subscription: never blank, never without a use in a URL."""

    text: str


@dataclass(frozen=True)
class Subscription:
    """A subscription as the vendor shows it now."""

    status: SubscriptionStatus
    ends_at: datetime | None = None
    """When a cancelled subscription ends, with a time zone; None where the vendor does not say."""
    version_id: str = field(default="", repr=False)
    """The vendor's own key of this reading, where a cancellation must name it (Zuora)."""
    detail: str = field(default="", kw_only=True)
    """Sentences on what a person must see to, such as the order that is unfinished; they are shown
    as they are, so that nothing of the vendor's own text may be in them."""
    orders_unseen: bool = field(default=False, kw_only=True)
    """Whether the vendor does not let us see what earlier attempts have left."""
    is_evergreen: bool = field(default=False, kw_only=True)
    """Whether it has no term that could end."""
    doubt: str = field(default="", kw_only=True)
    """What may be wrong in the variables instead of that."""


@dataclass(frozen=True)
class Cancellation:
    """The order to cancel, or to take that back, for one cancel request."""

    subscription_id: SubscriptionId
    request_id: str
    asset_id: str
    asked_at: datetime
    """Now, with a time zone: the moment that an immediate cancellation means."""
    when: CancellationDate = CancellationDate.IMMEDIATE
    act: Act = Act.CANCEL
    definite_answers: int = 0
    """How often the vendor has definitely said no to this request's cancellation before."""
    attempt: str = ""
    """Another one for each time that it is sent; only a repeat within one call has the same."""
    may_have_been_sent: bool = False
    """Whether an earlier attempt stands: then a look also goes for what that has left."""
    parameters: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """The ids and the texts of the request's fulfillment parameters."""

    @property
    def idempotency_key(self) -> str:
        """The same after an unknown outcome, another one after a definite answer.

        Vendors store their answers for a day and repeat them, refusals too.
        """
        key = self.request_id if self.act is Act.CANCEL else f"{self.request_id}-{self.act.value}"
        return f"{key}-{self.definite_answers}" if self.definite_answers else key

    def parameter(self, parameter_id: str) -> str:
        """The text of a fulfillment parameter; empty for none, and for several that differ."""
        values = {value for found, value in self.parameters if found == parameter_id}
        return values.pop() if len(values) == 1 else ""


@dataclass(frozen=True)
class Accepted:
    """The vendor has taken the cancellation, or has taken it back."""

    subscription: Subscription | None = None
    """The subscription after it, where the answer says so; None means: look again."""
    remarks: tuple[str, ...] = ()
    """Sentences for the note on the request."""
    amounts: str = ""
    """What the vendor's preview says that the cancellation bills, as a sentence; partners need not
    see it."""


@dataclass(frozen=True)
class PlannedCall:
    """A call as it would be sent."""

    method: str
    url: str = field(repr=False)
    body: str = field(default="", repr=False)
    """Empty for none."""
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """With a mask for the credentials; empty where the vendor does not say."""


@dataclass(frozen=True)
class Plan:
    """What would be sent to the vendor."""

    calls: tuple[PlannedCall, ...]
    takes_effect: date | None = None
    """The first day without service, in the vendor's time zone; None if only the vendor knows."""
    remarks: tuple[str, ...] = ()
    amounts: str = ""


@dataclass(frozen=True)
class Advice:
    """A vendor's own sentences on what to check; they may name its variables."""

    address_of_cancellation: str = "Check the address of the cancellation."
    """The vendor shows the subscription, and does not know its id when asked to cancel it."""
    cannot_be_asked: str = "The vendor cannot be asked."
    """Why nobody can look."""
    no_status_in_answer: str = "The vendor's answer does not show a cancelled subscription."
    """The vendor accepted the cancellation and cannot be asked for the result."""
    refusal: str = "Check the variables that describe the cancellation."
    """The vendor refuses the first cancellation of all."""
    suspended: str = "Resume it at the vendor."
    """The subscription is suspended."""
    cannot_take_back: str = "The vendor cannot take a cancellation back."
    """Why nobody can."""
    address_of_undo: str = "Check the address for taking a cancellation back."
    """The vendor shows the cancelled subscription, and does not know its id when asked for it."""
    no_end: str = "Check the subscription at the vendor."
    """The vendor shows no end of a cancelled subscription, and a later one was asked for."""
    unknown_id: str = "Check the id in the parameter and the vendor's address in the variables."
    """The vendor does not know the subscription."""


@dataclass(frozen=True)
class Traits:
    """What a vendor is like, beyond its calls."""

    longest_call: float = 0.0
    """Seconds; a call that may take longer than ``VENDOR_TIMEOUT_SECONDS`` ends by then. A walk has
    240, with all that comes before the call."""
    least_to_settle: float = 0.0
    """Seconds for which it may go on with a cancellation after its answer was lost."""
    leaves_orders: bool = False
    """Whether ``look_up`` can tell what became of a cancellation whose answer was lost."""


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
        """Whether the same cancellation may be sent twice without a second effect.

        Also while the first one is still under way.
        """
        ...

    @property
    def advice(self) -> Advice:
        """What to check, in the vendor's own words."""
        ...

    async def look_up(self, cancellation: Cancellation) -> Subscription:
        """Read the subscription; an id that the vendor does not know is a status, not an error."""
        ...

    async def cancel(
        self, cancellation: Cancellation, subscription: Subscription | None
    ) -> Accepted:
        """Cancel the subscription that ``look_up`` has shown (None if it cannot be asked).

        Raises ``Refused``, ``Conflict``, ``Outdated`` and ``UnknownId`` besides.
        """
        ...


@runtime_checkable
class TakesBack(Protocol):
    """A vendor that can take a cancellation back before it takes effect."""

    @property
    def can_take_back(self) -> bool:
        """Whether it can, with these settings."""
        ...

    async def take_back(
        self, cancellation: Cancellation, subscription: Subscription | None
    ) -> Accepted:
        """Take back this request's cancellation of the subscription that ``look_up`` has shown.

        Raises what ``cancel`` raises. An answer is only believed once a look shows the result.
        """
        ...


@runtime_checkable
class Plans(Protocol):
    """A vendor that says beforehand what it would be sent."""

    async def plan(self, cancellation: Cancellation, subscription: Subscription | None) -> Plan:
        """What ``cancel`` or ``take_back`` would send; nothing is changed.

        Raises ``NotDone`` and ``NotConfigured``, and ``Refused`` where nothing would be sent.
        """
        ...


def no_preset(_read: VariableReader) -> Mapping[str, str]:
    """For vendors whose variables have initial values that are as good for all."""
    return {}


class SharedValues(Protocol):
    """Values that the vendors of one process share, such as sessions; made when first asked for."""

    def __call__(self, key: Hashable, make: Callable[[], Value]) -> Value: ...


@dataclass(frozen=True)
class VendorContext:
    """The means that a vendor is given: a client of its own, and values to share."""

    http: HttpClient
    shared: SharedValues
    keep_secret: Callable[[str], None] = kept_nowhere
    """Told every token that the vendor is given, so that none is ever shown."""


@dataclass(frozen=True)
class VendorDefinition:
    """A vendor's package in one value; entry points of ``connect_ext.vendors`` name one.

    ``read`` turns the variables into the vendor's settings, which are compared and kept, and
    reports every mistake to the reader. ``create`` makes the vendor; it opens no connection yet.
    ``preset`` gives the values that take the place of the variables' initial ones.
    """

    variables: tuple[Variable, ...]
    read: Callable[[VariableReader], Hashable]
    create: Callable[[Any, VendorContext], Vendor]
    traits: Traits = field(default_factory=Traits)
    preset: Callable[[VariableReader], Mapping[str, str]] = no_preset
    key_needs: str = ""
    """What the credentials must be allowed to do, as a sentence."""
    suggest: Callable[[Answer, str], tuple[Suggestion, ...]] | None = None
    """Proposes variables from an answer to ``look_up``'s question about the id."""
