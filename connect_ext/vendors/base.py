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
    """The operations at a vendor; each has its own marks and idempotency keys."""

    CANCEL = "cancel"
    UNDO = "undo"
    """Takes back a cancellation that has not taken effect yet."""


class SubscriptionStatus(Enum):
    """The status of a subscription at the vendor, in this project's terms."""

    ACTIVE = "active"
    CANCELLING = "cancelling"
    """A cancellation is under way: nothing is sent and nothing is rejected."""
    CANCELLED = "cancelled"
    NOT_STARTED = "not started"
    """A draft, or not yet active: there is nothing to cancel."""
    SUSPENDED = "suspended"
    """Somebody has to resume it before it can be cancelled."""
    UNFINISHED = "unfinished"
    """The vendor has our order to cancel it, but will not carry it out on its own."""
    UNKNOWN_ID = "unknown id"

    @property
    def goes_on(self) -> bool:
        """Whether the subscription has not ended and is not about to."""
        return self not in (
            SubscriptionStatus.CANCELLING,
            SubscriptionStatus.CANCELLED,
            SubscriptionStatus.UNKNOWN_ID,
        )


PLAIN_WORD = re.compile(r"[A-Za-z_ -]{1,30}")
"""Only a status of this form is shown; any other text could be a name or a key."""


def named_status(status: str) -> str:
    """The vendor's own status, for a message; its text only if it is a plain word."""
    known = PLAIN_WORD.fullmatch(status)
    return f"the status '{status}'" if known else "a status that is not shown here"


@dataclass(frozen=True)
class SubscriptionId:
    """The vendor's id of a subscription: never blank, always usable in a URL."""

    text: str


@dataclass(frozen=True)
class Subscription:
    """A subscription as the vendor shows it now."""

    status: SubscriptionStatus
    ends_at: datetime | None = None
    """When a cancelled subscription ends, with a time zone; None if the vendor does not say."""
    version_id: str = field(default="", repr=False)
    """The vendor's id of this version, where a cancellation must name it (Zuora)."""
    detail: str = field(default="", kw_only=True)
    """What a person must deal with, such as an unfinished order, in sentences. They are shown
    unmasked and must not quote the vendor."""
    orders_unseen: bool = field(default=False, kw_only=True)
    """Whether the vendor does not let us see the orders of earlier attempts."""
    is_evergreen: bool = field(default=False, kw_only=True)
    """Whether it has no fixed term."""
    doubt: str = field(default="", kw_only=True)
    """A mistake in the variables that would also explain ``is_evergreen``."""


@dataclass(frozen=True)
class Cancellation:
    """Everything needed to cancel, or to take that back, for one cancel request."""

    subscription_id: SubscriptionId
    request_id: str
    asset_id: str
    asked_at: datetime
    """Now, with a time zone: the moment at which an immediate cancellation takes effect."""
    when: CancellationDate = CancellationDate.IMMEDIATE
    act: Act = Act.CANCEL
    definite_answers: int = 0
    """How many times the vendor has definitely turned down this request's cancellation."""
    attempt: str = ""
    """Different each time it is sent; only a repeat within one call has the same."""
    may_have_been_sent: bool = False
    """Whether an earlier attempt stands: then a look also reads what that attempt left."""
    parameters: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """The ids and texts of the request's fulfillment parameters."""

    @property
    def idempotency_key(self) -> str:
        """The key: the same after an unknown outcome, a new one after a definite answer.

        Vendors store their answers, including refusals, for a day and repeat them.
        """
        key = self.request_id if self.act is Act.CANCEL else f"{self.request_id}-{self.act.value}"
        return f"{key}-{self.definite_answers}" if self.definite_answers else key

    def parameter(self, parameter_id: str) -> str:
        """The text of a fulfillment parameter; empty if there is none, or several that differ."""
        values = {value for found, value in self.parameters if found == parameter_id}
        return values.pop() if len(values) == 1 else ""


@dataclass(frozen=True)
class Accepted:
    """The vendor has taken the cancellation, or has taken it back."""

    subscription: Subscription | None = None
    """The subscription afterwards, if the answer shows it; None means: look again."""
    remarks: tuple[str, ...] = ()
    """Sentences for the note on the request."""
    amounts: str = ""
    """The amounts of the vendor's preview, as a sentence; partners need not see it."""


@dataclass(frozen=True)
class PlannedCall:
    """A call as it would be sent."""

    method: str
    url: str = field(repr=False)
    body: str = field(default="", repr=False)
    """Empty if there is none."""
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """With the credentials masked; empty if the vendor does not say."""


@dataclass(frozen=True)
class Plan:
    """The calls that would be sent to the vendor."""

    calls: tuple[PlannedCall, ...]
    takes_effect: date | None = None
    """The first day without service, in the vendor's time zone; None if only the vendor knows."""
    remarks: tuple[str, ...] = ()
    amounts: str = ""


@dataclass(frozen=True)
class Advice:
    """A vendor's own advice on what to check; it may name the vendor's variables."""

    address_of_cancellation: str = "Check the address of the cancellation."
    """The vendor shows the subscription, but does not know its id when asked to cancel it."""
    cannot_be_asked: str = "The vendor cannot be asked."
    """Why the subscription cannot be looked up."""
    no_status_in_answer: str = "The vendor's answer does not show a cancelled subscription."
    """The vendor accepted the cancellation, but cannot be asked for the result."""
    refusal: str = "Check the variables that describe the cancellation."
    """The vendor refuses the very first cancellation."""
    suspended: str = "Resume it at the vendor."
    """The subscription is suspended."""
    cannot_take_back: str = "The vendor cannot take a cancellation back."
    """Why the vendor cannot do it."""
    address_of_undo: str = "Check the address for taking a cancellation back."
    """The vendor shows the cancelled subscription, but does not know its id for the undo."""
    no_end: str = "Check the subscription at the vendor."
    """The vendor shows no end date for a cancellation that was to take effect later."""
    unknown_id: str = "Check the id in the parameter and the vendor's address in the variables."
    """The vendor does not know the subscription."""


@dataclass(frozen=True)
class Traits:
    """Properties of a vendor beyond its calls."""

    longest_call: float = 0.0
    """Seconds; the limit for a call that may take longer than ``VENDOR_TIMEOUT_SECONDS``. A whole
    walk, including everything before the call, has 240."""
    least_to_settle: float = 0.0
    """Seconds for which it may still work on a cancellation after its answer was lost."""
    leaves_orders: bool = False
    """Whether ``look_up`` can tell the result of a cancellation whose answer was lost."""


class Vendor(Protocol):
    """A billing system in which subscriptions can be looked up and cancelled.

    Both calls raise ``NotDone``, ``OutcomeUnknown`` (``cancel`` only) and ``NotConfigured``.
    A vendor holds no state of any request: it serves all tasks of a process.
    """

    @property
    def can_be_asked(self) -> bool:
        """Whether ``look_up`` works at all."""
        ...

    @property
    def is_repeatable(self) -> bool:
        """Whether sending the same cancellation twice has no second effect.

        This must hold even while the first one is still under way.
        """
        ...

    @property
    def advice(self) -> Advice:
        """The vendor's own advice on what to check."""
        ...

    async def look_up(self, cancellation: Cancellation) -> Subscription:
        """Read the subscription; an unknown id is a status, not an error."""
        ...

    async def cancel(
        self, cancellation: Cancellation, subscription: Subscription | None
    ) -> Accepted:
        """Cancel the subscription that ``look_up`` has shown (None if it cannot be asked).

        Also raises ``Refused``, ``Conflict``, ``Outdated`` and ``UnknownId``.
        """
        ...


@runtime_checkable
class TakesBack(Protocol):
    """A vendor that can take a cancellation back before it takes effect."""

    @property
    def can_take_back(self) -> bool:
        """Whether it can with these settings."""
        ...

    async def take_back(
        self, cancellation: Cancellation, subscription: Subscription | None
    ) -> Accepted:
        """Take back this request's cancellation of the subscription that ``look_up`` has shown.

        Raises the errors of ``cancel``. An answer is believed only once a look shows the result.
        """
        ...


@runtime_checkable
class Plans(Protocol):
    """A vendor that can show its calls before they are sent."""

    async def plan(self, cancellation: Cancellation, subscription: Subscription | None) -> Plan:
        """Give the calls that ``cancel`` or ``take_back`` would send; change nothing.

        Raises ``NotDone``, ``NotConfigured``, and ``Refused`` if nothing would be sent.
        """
        ...


def no_preset(_read: VariableReader) -> Mapping[str, str]:
    """Return no values: for vendors without presets."""
    return {}


class SharedValues(Protocol):
    """Values that the vendors of a process share, such as sessions; made on first use."""

    def __call__(self, key: Hashable, make: Callable[[], Value]) -> Value: ...


@dataclass(frozen=True)
class VendorContext:
    """Passed to a vendor when it is made: its own HTTP client, and shared values."""

    http: HttpClient
    shared: SharedValues
    keep_secret: Callable[[str], None] = kept_nowhere
    """Receives every token that the vendor is given, to keep it out of all output."""


@dataclass(frozen=True)
class VendorDefinition:
    """A vendor adapter as one value; entry points of ``connect_ext.vendors`` name one.

    ``read`` turns the variables into the vendor's settings, which must be hashable, and
    reports every mistake to the reader. ``create`` makes the vendor; it opens no connection yet.
    ``preset`` gives values that replace the variables' initial ones.
    """

    variables: tuple[Variable, ...]
    read: Callable[[VariableReader], Hashable]
    create: Callable[[Any, VendorContext], Vendor]
    traits: Traits = field(default_factory=Traits)
    preset: Callable[[VariableReader], Mapping[str, str]] = no_preset
    key_needs: str = ""
    """The permissions that the credentials need, as a sentence."""
    suggest: Callable[[Answer, str], tuple[Suggestion, ...]] | None = None
    """Proposes variables from an answer to ``look_up`` for the id."""
