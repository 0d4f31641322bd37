"""A history as data: a beginning, and the steps that follow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from tests.model.later import Later

TIMEOUT_SECONDS, ORDER_SECONDS = 30.0, 130.0
"""The time-outs of a call, and of an order to a Zuora with orders."""

MORE_SECONDS = 15.0
"""How long after its caller gave up a call may be carried out."""

LATER_SECONDS = TIMEOUT_SECONDS + MORE_SECONDS
"""The same, counted from the call's beginning."""

LEAST_TO_SETTLE = 300.0
"""The extension's minimum for a Zuora with orders, whatever ``SETTLE_MINUTES`` says."""


class Fate(Enum):
    """How one call to the vendor or to Connect ends."""

    FINE = "fine"
    TARDY = "a good answer after twelve seconds"
    NOT_SENT = "the connection cannot be made"
    LOST_BEFORE = "the connection is lost before the work"
    LOST_AFTER = "the connection is lost after the work"
    BAD_LOCATION = "a redirect after the work, to an address that cannot be parsed"
    REDIRECT_AFTER = "a redirect after the work"
    ERROR_BEFORE = "HTTP 503 without the work"
    ERROR_AFTER = "HTTP 502 after the work"
    ERROR_AND_WAIT = "HTTP 503 without the work, with Retry-After"
    ERROR_AFTER_AND_WAIT = "HTTP 504 after the work, with Retry-After"
    BUSY = "HTTP 429 with Retry-After"
    SLOW = "no answer in time, and the work is done later"
    GARBAGE = "an unreadable answer after the work"
    DENIED = "HTTP 403"
    UNKNOWN = "HTTP 404 although it is there"
    BAD = "HTTP 400 for no reason of its own"
    CONFLICT = "HTTP 409 for no reason of its own"
    FORGOTTEN = "HTTP 202, and nothing is ever done"
    STALE = "the subscription as it was before the cancellation, if no undo was sent"
    """Only for the look of a revoking request; any other call succeeds."""
    CRASH_BEFORE = "the process dies before the work"
    CRASH_AFTER = "the process dies after the work"
    CRASH_LATER = "the process dies, and the work is done later"


class Asking(Enum):
    """The kinds of vendor."""

    ASKABLE = "can be asked"
    ASKABLE_WITH_KEY = "can be asked, and honours the idempotency key"
    KEY_ONLY = "cannot be asked, and honours the idempotency key"
    NEITHER = "can neither be asked nor sent the same twice"
    ZUORA_TWO_STEPS = "Zuora up to 24.0: a draft, then its completion"
    ZUORA_ONE_CREATE = "Zuora up to 27.0: one create, then a look"
    ZUORA_AMEND = "Zuora from 28.0 on: amend, after a preview"
    ZUORA_ORDERS = "Zuora with orders: GET, preview, POST of an order"


SOAP = (Asking.ZUORA_TWO_STEPS, Asking.ZUORA_ONE_CREATE, Asking.ZUORA_AMEND)
ZUORA = (*SOAP, Asking.ZUORA_ORDERS)
ASKABLE = (Asking.ASKABLE, Asking.ASKABLE_WITH_KEY, *ZUORA)
WITH_KEY = (Asking.ASKABLE_WITH_KEY, Asking.KEY_ONLY)


class Second(Enum):
    """A vendor's answer to a second cancellation while one is under way, or done."""

    CONFLICT = 409
    REFUSED = 422
    TAKEN = 202
    """It takes a second order, which must never happen."""


@dataclass(frozen=True)
class Setting:
    """The beginning. The defaults are the simplest one."""

    asking: Asking = Asking.ASKABLE
    second: Second = Second.CONFLICT
    status: str = "active"
    works_for: float = 0.0
    """Seconds that the vendor needs to carry out an accepted cancellation."""
    shows_work: bool = False
    """Whether a look shows the work as ``cancelling``, else as ``active``.

    For a Zuora with orders: whether the order is found, as Executing.
    """
    shows_status: bool = True
    """Whether the answer to a cancellation carries the status."""
    removes: bool = False
    """Whether the vendor removes a cancelled subscription."""
    ends_after: float = 0.0
    """Seconds until a cancelled subscription ends or, from the beginning, until its term does."""
    key_conflict: bool = False
    """Whether a key whose work is under way gets a 409 instead of a replay."""
    stores_locks: bool = False
    """Whether it also stores a "not now" for its key, and repeats it for ever."""
    refuses_with: int = 422
    """The HTTP status of a refusal for a business reason."""
    knows_busy: bool = False
    """Whether ``REST_BUSY_WHEN`` names the vendor's words for "not now"."""
    order_status: str = "Completed"
    """An order's final status; a ``Pending``, ``Draft`` or ``Scheduled`` order stays as it is."""
    takes_numbers: bool = True
    """Whether the tenant accepts the order's number, else it assigns its own."""
    unique_numbers: bool = True
    """Whether an order is refused if another order has its number."""
    frees_numbers: bool = True
    """Whether the number of a deleted order may be used again."""
    later: Later = Later()  # noqa: RUF009 - frozen
    """Cancellations that take effect later or are taken back."""
    settle: float = 3600.0
    """``SETTLE_MINUTES``, in seconds."""
    on_refusal: str = "reject"
    on_not_found: str = "hold"
    proven: bool = True
    """Whether a cancellation of the product was approved before."""
    misspelt_body: bool = False
    """Whether the cancellation's body has a misspelt key, which the vendor answers with 400."""
    blank_parameter: bool = False
    by_instance_id: bool = True
    """Whether Connect takes messages by the request's id."""
    keeps_notes: bool = True
    """Whether Connect lets the extension read and write messages at all."""
    is_closed: bool = False
    """Whether the conversation is closed: its messages can be read, but none can be added."""
    filters: bool = True
    """Whether Connect applies the filter for private messages."""
    earlier_messages: int = 0
    skew: float = 0.0
    """Seconds by which the first process's clock is fast and the second one's is slow."""
    seed: int = 0

    @property
    def takes_notes(self) -> bool:
        """Whether a note can be left at all."""
        return self.keeps_notes and not self.is_closed

    @property
    def has_orders(self) -> bool:
        """Whether the vendor is a Zuora with orders."""
        return self.asking is Asking.ZUORA_ORDERS

    @property
    def keeps_numbers(self) -> bool:
        """Whether a deleted order's number can never be used again."""
        return self.takes_numbers and self.unique_numbers and not self.frees_numbers

    @property
    def later_seconds(self) -> float:
        """The longest time from a call's beginning until it is carried out."""
        return ORDER_SECONDS + MORE_SECONDS if self.has_orders else LATER_SECONDS

    @property
    def settle_asked(self) -> float:
        """The variable's value: at least the time that the vendor needs, if that matters.

        It matters if a second order is taken, or if only a 409 to the same key, and no mark, shows
        that the first one is under way.
        """
        counts = self.second is Second.TAKEN or (self.asking in WITH_KEY and self.key_conflict)
        work = max(self.works_for, self.later.undo_works_for)
        needs = work + self.later_seconds if counts else 0.0
        return self.settle if needs <= self._least_to_settle else max(self.settle, needs)

    @property
    def settle_seconds(self) -> float:
        """How long the extension gives the vendor."""
        return max(self.settle_asked, self._least_to_settle)

    @property
    def _least_to_settle(self) -> float:
        return LEAST_TO_SETTLE if self.has_orders else 0.0


@dataclass(frozen=True)
class AtTheVendor:
    """Somebody acts at the vendor."""

    what: str
    """``cancel``, ``reactivate``, ``refuse``, ``accept``, or ``lock`` (for half an hour).

    With orders also ``suspend``, ``resume``, ``follow`` (another order comes after ours) and, for
    the waiting order, ``complete-order``, ``delete-order`` and ``cancel-order``. With cancellations
    that are taken back, also ``refuse-undo`` and ``accept-undo``.
    """


@dataclass(frozen=True)
class InThePortal:
    """An agent, or the buyer's side, acts in the portal."""

    what: str
    """``approve`` or ``fail``; for a scheduled request ``forward``, which brings it back at once,
    or ``revoke``; for a revoked one ``confirm``.
    """


@dataclass(frozen=True)
class Forge:
    """Somebody else writes a message that ends with a tag like ours."""

    state: str
    by: str
    """``stranger``: a private one of another account; ``message``, ``state_change``: of that type;
    ``quoting``: a private one of ours with the tag in its middle."""


@dataclass(frozen=True)
class SetVariable:
    """Somebody changes a variable."""

    name: str
    value: str


@dataclass(frozen=True)
class CreateAgain:
    """The hub makes a new request for the subscription if the last one failed or was revoked."""


@dataclass(frozen=True)
class Visit:
    """One delivery of the request to a process."""

    process: int = 0
    fates: tuple[Fate, ...] = ()
    after: float = 0.0
    """Seconds after the first delivery of several."""
    dies_after: float | None = None
    """Seconds after which the process is killed, whatever it waits for."""


@dataclass(frozen=True)
class Deliver:
    """The request is delivered, perhaps several times at once; other steps may happen meanwhile."""

    visits: tuple[Visit, ...] = (Visit(),)
    meanwhile: AtTheVendor | InThePortal | Forge | None = None
    meanwhile_after: float = 0.0


@dataclass(frozen=True)
class Pass:
    """Time passes; None: as much as the last outcome asked for."""

    seconds: float | None = None


@dataclass(frozen=True)
class Restart:
    """New processes replace the running ones."""


Step = Deliver | Pass | Restart | AtTheVendor | InThePortal | Forge | SetVariable | CreateAgain


@dataclass(frozen=True)
class History:
    """A beginning and the steps that follow."""

    setting: Setting
    steps: tuple[Step, ...]

    def __str__(self) -> str:
        return "\n".join(["History(", f"    {self.setting},", *self._lines(), ")"])

    def _lines(self) -> Iterator[str]:
        yield "    ("
        yield from (f"        {step}," for step in self.steps)
        yield "    ),"
