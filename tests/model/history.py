"""What can happen, as data: a history is dealt from a seed, and can be cut down to its core."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from enum import Enum
from random import Random


class Fate(Enum):
    """What becomes of one call, to the vendor or to Connect."""

    FINE = "fine"
    NOT_SENT = "the connection cannot be made"
    LOST_BEFORE = "the connection is lost before the work"
    LOST_AFTER = "the connection is lost after the work"
    ERROR_BEFORE = "HTTP 503 without the work"
    ERROR_AFTER = "HTTP 502 after the work"
    ERROR_AND_WAIT = "HTTP 503 without the work, with Retry-After"
    BUSY = "HTTP 429 with Retry-After"
    SLOW = "no answer in time, and the work is done later"
    GARBAGE = "an answer after the work that cannot be read"
    REDIRECT_AFTER = "a redirect after the work"
    DENIED = "HTTP 403"
    UNKNOWN = "HTTP 404 although it is there"
    BAD = "HTTP 400 for no reason of its own"
    FORGOTTEN = "HTTP 202, and nothing is ever done"
    CRASH_BEFORE = "the process dies before the work"
    CRASH_AFTER = "the process dies after the work"


class Asking(Enum):
    """What kind of vendor it is."""

    ASKABLE = "can be asked"
    ASKABLE_WITH_KEY = "can be asked, and honours the idempotency key"
    KEY_ONLY = "cannot be asked, and honours the idempotency key"
    NEITHER = "can neither be asked nor sent the same twice"
    ZUORA_TWO_STEPS = "Zuora up to 24.0: a draft, then its completion"
    ZUORA_ONE_CREATE = "Zuora up to 27.0: one create, then a look"
    ZUORA_AMEND = "Zuora from 28.0 on: amend, after a preview"


ZUORA = (Asking.ZUORA_TWO_STEPS, Asking.ZUORA_ONE_CREATE, Asking.ZUORA_AMEND)
ASKABLE = (Asking.ASKABLE, Asking.ASKABLE_WITH_KEY, *ZUORA)


@dataclass(frozen=True)
class Setting:
    """How it all begins."""

    asking: Asking = Asking.ASKABLE
    status: str = "active"
    works_for: float = 0.0
    """Seconds for which the vendor works on a cancellation that it has accepted."""
    shows_status: bool = True
    """Whether the answer to a cancellation carries the status."""
    removes: bool = False
    """Whether a cancelled subscription is gone at the vendor."""
    ends_after: float = 0.0
    """Seconds until a cancelled subscription ends."""
    on_refusal: str = "reject"
    on_not_found: str = "hold"
    blank_parameter: bool = False
    seed: int = 0


@dataclass(frozen=True)
class Deliver:
    """The request is delivered to the process that runs."""

    fates: tuple[Fate, ...] = ()
    stale: bool = False
    """With the request as it was in the beginning, pending."""


@dataclass(frozen=True)
class DeliverTwice:
    """Two deliveries at once, to one process."""

    fates: tuple[Fate, ...] = ()
    apart: float = 0.0


@dataclass(frozen=True)
class DeliverToTwo:
    """Two deliveries at once, to two processes."""

    fates: tuple[Fate, ...] = ()
    others: tuple[Fate, ...] = ()
    apart: float = 0.0


@dataclass(frozen=True)
class Pass:
    """Time passes; None: as much as the last answer asked for."""

    seconds: float | None = None


@dataclass(frozen=True)
class Restart:
    """A new process takes the place of the one that runs."""


@dataclass(frozen=True)
class AtTheVendor:
    """Somebody does something at the vendor."""

    what: str
    """``cancel``, ``reactivate``, ``refuse`` or ``accept``."""


@dataclass(frozen=True)
class InThePortal:
    """An agent does something in the portal."""

    what: str
    """``approve`` or ``fail``."""


@dataclass(frozen=True)
class SetVariable:
    """A variable is changed."""

    name: str
    value: str


@dataclass(frozen=True)
class CreateAgain:
    """The hub makes a new request for the subscription, if the last one has failed."""


Step = (
    Deliver
    | DeliverTwice
    | DeliverToTwo
    | Pass
    | Restart
    | AtTheVendor
    | InThePortal
    | SetVariable
    | CreateAgain
)


@dataclass(frozen=True)
class History:
    """A beginning and what happens then."""

    setting: Setting
    steps: tuple[Step, ...]

    def __str__(self) -> str:
        return "\n".join(["History(", f"    {self.setting},", *self._lines(), ")"])

    def _lines(self) -> Iterator[str]:
        yield "    ("
        yield from (f"        {step}," for step in self.steps)
        yield "    ),"


_FAULTS = [fate for fate in Fate if fate is not Fate.FINE]
_VARIABLES = (
    ("ON_REFUSAL", "reject"),
    ("ON_REFUSAL", "hold"),
    ("ON_NOT_FOUND", "hold"),
    ("ON_NOT_FOUND", "reject"),
    ("ON_NOT_FOUND", "approve"),
    ("DRY_RUN", "true"),
    ("DRY_RUN", "false"),
    ("DRY_RUN", "flase"),
    ("NOTES", "loud"),
    ("NOTES", "private"),
    ("SUBSCRIPTION_ID_PARAMETER", "subscripton_id"),
    ("SUBSCRIPTION_ID_PARAMETER", "subscription_id"),
)
_PAUSES = (1.0, 20.0, 61.0, 600.0, 4000.0, 90000.0)


def dealt(seed: int) -> History:
    """The history of a seed: the same one each time."""
    dice = Random(seed)
    setting = _setting(dice, seed)
    return History(setting, tuple(_step(dice) for _ in range(dice.randint(2, 9))))


def _setting(dice: Random, seed: int) -> Setting:
    return Setting(
        asking=dice.choice(list(Asking)),
        status=dice.choice(["active"] * 16 + ["cancelled", "draft", "unknown", "unknown"]),
        works_for=dice.choice([0.0] * 6 + [5.0, 45.0, 300.0, 3000.0]),
        shows_status=dice.random() < 0.6,
        removes=dice.random() < 0.15,
        ends_after=dice.choice([0.0, 0.0, 0.0, 86400.0 * 20]),
        on_refusal=dice.choice(["reject", "reject", "hold"]),
        on_not_found=dice.choice(["hold", "reject", "approve"]),
        blank_parameter=dice.random() < 0.02,
        seed=seed,
    )


def _fates(dice: Random) -> tuple[Fate, ...]:
    """Runs of the same fault between calls that go well."""
    fates: list[Fate] = []
    while len(fates) < 12 and dice.random() < 0.6:
        fates += [Fate.FINE] * dice.choice((0, 0, 1, 1, 2, 3, 4))
        fates += [dice.choice(_FAULTS)] * dice.choice((1, 1, 1, 2, 4))
    return tuple(fates)


def _step(dice: Random) -> Step:
    number = dice.random()
    if number < 0.40:
        return Deliver(_fates(dice), stale=dice.random() < 0.1)
    if number < 0.47:
        return DeliverTwice(_fates(dice), dice.choice((0.0, 0.3, 10.0)))
    if number < 0.56:
        return DeliverToTwo(_fates(dice), _fates(dice), dice.choice((0.0, 0.3, 3.0, 30.0)))
    if number < 0.76:
        return Pass(dice.choice((None, None, *_PAUSES)))
    if number < 0.82:
        return Restart()
    if number < 0.91:
        return AtTheVendor(dice.choice(("cancel", "reactivate", "refuse", "refuse", "accept")))
    if number < 0.93:
        return InThePortal(dice.choice(("approve", "fail")))
    if number < 0.98:
        return SetVariable(*dice.choice(_VARIABLES))
    return CreateAgain()


def cut_down(history: History, fails: Callable[[History], bool]) -> History:
    """The smallest history found that still fails: fewer steps, fewer faults, a plainer setting."""
    progress = True
    while progress:
        progress = False
        for smaller in _smaller(history):
            if fails(smaller):
                history, progress = smaller, True
                break
    return history


def _smaller(history: History) -> Iterator[History]:
    setting, steps = history.setting, history.steps
    for index, step in enumerate(steps):
        before, after = steps[:index], steps[index + 1 :]
        yield History(setting, before + after)
        for plainer in _plainer(step):
            yield History(setting, (*before, plainer, *after))
    for field in fields(Setting):
        if field.name != "seed" and getattr(setting, field.name) != field.default:
            yield History(replace(setting, **{field.name: field.default}), steps)


def _plainer(step: Step) -> Iterator[Step]:
    if isinstance(step, DeliverToTwo):
        yield Deliver(step.fates)
        yield Deliver(step.others)
        for others in _fewer(step.others):
            yield replace(step, others=others)
    if isinstance(step, DeliverTwice):
        yield Deliver(step.fates)
    if isinstance(step, (Deliver, DeliverTwice, DeliverToTwo)):
        for fates in _fewer(step.fates):
            yield replace(step, fates=fates)
    if isinstance(step, Deliver) and step.stale:
        yield replace(step, stale=False)


def _fewer(fates: tuple[Fate, ...]) -> Iterator[tuple[Fate, ...]]:
    for index, fate in enumerate(fates):
        yield fates[:index] + fates[index + 1 :]
        if fate is not Fate.FINE:
            yield (*fates[:index], Fate.FINE, *fates[index + 1 :])
