"""Turns a dealt history into one with cancellations that take effect later."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random

from tests.model.history import (
    Asking,
    AtTheVendor,
    CreateAgain,
    Deliver,
    Fate,
    History,
    InThePortal,
    Pass,
    Restart,
    Setting,
    SetVariable,
    Step,
    Visit,
)
from tests.model.later import Confirming, Later

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
MOST_ORDER_SECONDS = 20 * MINUTE
"""Zuora documents that it continues for some minutes, but not that it stops then."""

REST = (Asking.ASKABLE, Asking.ASKABLE_WITH_KEY)
_WORK = [0.0] * 5 + [5.0, 45.0, 5 * MINUTE, 50 * MINUTE, 12 * HOUR]
_BY_HAND = ("reactivate", "reactivate", "cancel", "refuse-undo", "accept-undo", "lock", "follow")
_IN_THE_PORTAL = ("forward", "revoke", "revoke", "revoke", "confirm")
_UNDO = "POST /subscriptions/{subscription_id}/uncancel"
_FAULTS = [fate for fate in Fate if fate is not Fate.FINE]


def sane(setting: Setting) -> Setting:
    """The settings for later ends, corrected to possible ones."""
    later = setting.later
    if later == Later():
        return setting
    if setting.asking not in (*REST, Asking.ZUORA_ORDERS):
        return replace(setting, later=Later())
    if setting.has_orders:
        work = min(later.undo_works_for, MOST_ORDER_SECONDS)
        return replace(setting, later=replace(later, undo_works_for=work))
    return replace(setting, removes=False, later=replace(later, is_invoiced=False))


def made_later(history: History, seed: int) -> History:
    """The history with later ends, changes of mind, and their faults."""
    dice = Random(f"later {seed}")
    setting = history.setting
    if not setting.has_orders:
        setting = replace(setting, asking=dice.choice((REST[0], *REST)))
    status = setting.status if dice.random() < 0.3 else "active"
    later = _later(dice)
    ends = (10 * MINUTE, 2 * HOUR, DAY, 20 * DAY)
    # If Connect does not schedule, the request is delivered repeatedly until then.
    ends_after = dice.choice(ends if later.takes_schedules else ends[:3])
    setting = replace(setting, status=status, ends_after=ends_after, later=later)
    setting = sane(replace(setting, is_closed=setting.is_closed and dice.random() < 0.3))
    steps = [step for step in _with_more(dice, history.steps, setting) if step != CreateAgain()]
    return History(setting, (*steps, *_another_round(dice)))


def _later(dice: Random) -> Later:
    return Later(
        schedules=dice.random() < 0.85,
        when=dice.choice(("immediate", "end_of_term", "end_of_term", "end_of_invoiced_period")),
        is_evergreen=dice.random() < 0.1,
        on_no_term_end=dice.choice(("hold", "immediate", "reject")),
        answers_end=dice.random() < 0.7,
        takes_schedules=dice.random() < 0.9,
        late=dice.choice((0.0, 0.0, 5 * MINUTE, DAY)),
        revoked_at=round(dice.random(), 3) if dice.random() < 0.5 else None,
        confirming=dice.choice([Confirming.REVOKES] * 8 + list(Confirming)),
        has_undo=dice.random() < 0.9,
        undo_works_for=dice.choice(_WORK),
        is_invoiced=dice.random() < 0.15,
    )


def _with_more(dice: Random, steps: tuple[Step, ...], setting: Setting) -> Iterator[Step]:
    for step in steps:
        yield step
        if dice.random() < 0.35:
            yield _more(dice, setting)


def _more(dice: Random, setting: Setting) -> Step:
    number = dice.random()
    if number < 0.6:
        return InThePortal(dice.choice(_IN_THE_PORTAL))
    if number < 0.9:
        return AtTheVendor(dice.choice(_BY_HAND))
    if number < 0.95 or setting.asking is Asking.ASKABLE_WITH_KEY:
        return SetVariable("REST_UNDO_REQUEST", dice.choice(("", _UNDO)))
    return SetVariable("WHEN_EFFECTIVE_LATER", dice.choice(("approve", "schedule")))


def _another_round(dice: Random) -> Iterator[Step]:
    """It is revoked with a fault on the way, perhaps confirmed by hand, and cancelled again."""
    if dice.random() < 0.4:
        yield from (Deliver(), InThePortal("revoke"))
        yield from (Deliver((_faulty(dice, 0), *_others(dice))), Pass(dice.choice((1.0, HOUR))))
        if dice.random() < 0.3:
            yield Restart()
        if dice.random() < 0.3:
            yield AtTheVendor(dice.choice(("reactivate", "cancel", "lock")))
        yield Deliver((_faulty(dice, 1), *_others(dice)))
        yield from (CreateAgain(), Deliver())


def _faulty(dice: Random, process: int) -> Visit:
    if dice.random() < 0.3:
        return Visit(process, (Fate.STALE,))
    places = (Fate.FINE,) * dice.randrange(9)
    return Visit(process, (*places, dice.choice(_FAULTS)))


def _others(dice: Random) -> tuple[Visit, ...]:
    if dice.random() < 0.7:
        return ()
    return (Visit(dice.choice((0, 1)), after=dice.choice((0.0, 0.1, 0.3, 1.0, 10.0))),)
