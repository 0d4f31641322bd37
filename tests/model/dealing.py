"""Deals a random history from a seed, always the same one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random

from tests.model import dealing_later
from tests.model.history import (
    SOAP,
    Asking,
    AtTheVendor,
    CreateAgain,
    Deliver,
    Fate,
    Forge,
    History,
    InThePortal,
    Pass,
    Restart,
    Second,
    Setting,
    SetVariable,
    Step,
    Visit,
)
from tests.model.later import Later
from tests.model.orders import OPEN

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0

_FAULTS = [fate for fate in Fate if fate not in (Fate.FINE, Fate.STALE)]
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
    ("REST_STATUS_REQUEST", ""),
    ("REST_STATUS_REQUEST", ""),
    ("REST_STATUS_REQUEST", "GET /subscriptions/{subscription_id}"),
    ("REST_STATUS_REQUEST", "GET /subscriptions/{subscription_id}"),
)
_WORK = [0.0] * 5 + [5.0, 45.0, 2 * MINUTE, 5 * MINUTE, 50 * MINUTE, 50 * MINUTE, 12 * HOUR]
_MORE = [Asking.ZUORA_ORDERS] * 3
"""Gives it a quarter of all histories, since it has the most behaviour."""
_PAUSES = (1.0, 20.0, 61.0, 10 * MINUTE, 20 * MINUTE, 70 * MINUTE, 25 * HOUR)
_APART = (0.0, 0.0, 0.05, 0.15, 0.3, 0.5, 0.7, 1.0, 3.0, 10.0, 30.0, 100.0)
_STATES = ("sending", "not-sent", "refused", "accepted", "cancelled", "conflict")
_AUTHORS = ("stranger", "message", "state_change", "quoting")
_AT_THE_VENDOR = ("cancel", "reactivate", "refuse", "refuse", "accept", "lock", "lock")
_ABOUT_ORDERS = ("suspend", "resume", "complete-order", "complete-order", "delete-order")
_WITH_ORDERS = (*_AT_THE_VENDOR, *_ABOUT_ORDERS, "cancel-order")
_ORDER_STATUSES = ["Completed"] * 4 + list(OPEN)
MOST_ORDER_SECONDS = 20 * MINUTE
"""Zuora documents that it continues for some minutes, but not that it stops then."""


def dealt(seed: int) -> History:
    """The history of a seed."""
    dice = Random(seed)
    setting = sane(_setting(dice, seed))
    words = _WITH_ORDERS if setting.has_orders else _AT_THE_VENDOR
    history = History(setting, tuple(_step(dice, words) for _ in range(dice.randint(2, 9))))
    return dealing_later.made_later(history, seed) if seed % 3 == 0 else history


def sane(setting: Setting) -> Setting:
    """The setting, corrected to a possible one for which the design makes promises."""
    setting = _sane_orders(setting)
    if setting.asking in SOAP:
        setting = replace(
            setting,
            works_for=0.0,
            shows_work=False,
            removes=False,
            ends_after=0.0,
            second=Second.REFUSED,
            refuses_with=422,
            misspelt_body=False,
            knows_busy=False,
        )
    setting = dealing_later.sane(setting)
    if not setting.takes_notes and setting.second is Second.TAKEN:
        # Without marks, nothing can protect a vendor that takes a second order.
        setting = replace(setting, second=Second.CONFLICT)
    return setting


def _sane_orders(setting: Setting) -> Setting:
    if not setting.has_orders:
        return replace(
            setting,
            status="active" if setting.status == "suspended" else setting.status,
            order_status="Completed",
            takes_numbers=True,
            unique_numbers=True,
            frees_numbers=True,
        )
    return replace(
        setting,
        works_for=min(setting.works_for, MOST_ORDER_SECONDS),
        removes=False,
        ends_after=setting.ends_after if setting.later != Later() else 0.0,
        key_conflict=False,
        stores_locks=False,
        refuses_with=422,
        misspelt_body=False,
        knows_busy=False,
    )


def _setting(dice: Random, seed: int) -> Setting:
    asking = dice.choice([*Asking, Asking.ASKABLE, Asking.ASKABLE, Asking.NEITHER, *_MORE])
    return Setting(
        asking=asking,
        second=dice.choice(list(Second)),
        status=dice.choice(
            ["active"] * 20 + ["cancelled", "draft", "unknown", "unknown", "suspended"]
        ),
        works_for=dice.choice(_WORK),
        shows_work=dice.random() < 0.25,
        shows_status=dice.random() < 0.6,
        removes=dice.random() < 0.15,
        ends_after=dice.choice([0.0, 0.0, 0.0, 20 * DAY]),
        key_conflict=dice.random() < 0.5,
        stores_locks=dice.random() < 0.3,
        refuses_with=dice.choice([422, 422, 409]),
        knows_busy=dice.random() < 0.3,
        order_status=dice.choice(_ORDER_STATUSES),
        takes_numbers=dice.random() < 0.85,
        unique_numbers=dice.random() < 0.6,
        frees_numbers=dice.random() < 0.7,
        settle=dice.choice([3.0, 3 * MINUTE, 10 * MINUTE, HOUR, HOUR, 6 * HOUR]),
        on_refusal=dice.choice(["reject", "reject", "hold"]),
        on_not_found=dice.choice(["hold", "reject", "approve"]),
        proven=dice.random() < 0.85,
        misspelt_body=dice.random() < 0.03,
        blank_parameter=dice.random() < 0.02,
        by_instance_id=dice.random() < 0.9,
        keeps_notes=dice.random() < 0.97,
        is_closed=dice.random() < 0.06,
        filters=dice.random() < 0.5,
        earlier_messages=1000 if dice.random() < 0.01 else 0,
        skew=dice.choice([0.0, 0.0, 240.0, -240.0, 1200.0, -1200.0]),
        seed=seed,
    )


def _fates(dice: Random) -> tuple[Fate, ...]:
    """Runs of the same fault between calls without faults."""
    fates: list[Fate] = []
    while len(fates) < 12 and dice.random() < 0.6:
        fates += [Fate.FINE] * dice.choice((0, 0, 1, 1, 2, 3, 4))
        fates += [dice.choice(_FAULTS)] * dice.choice((1, 1, 1, 2, 4))
    return tuple(fates)


def _step(dice: Random, words: Sequence[str]) -> Step:
    number = dice.random()
    if number < 0.54:
        return _delivery(dice, words)
    if number < 0.76:
        return Pass(dice.choice((None, None, None, *_PAUSES)))
    if number < 0.80:
        return Restart()
    if number < 0.93:
        return _act(dice, words)
    if number < 0.98:
        return SetVariable(*dice.choice(_VARIABLES))
    return CreateAgain()


def _act(dice: Random, words: Sequence[str]) -> AtTheVendor | InThePortal | Forge:
    number = dice.random()
    if number < 0.6:
        return AtTheVendor(dice.choice(words))
    if number < 0.8:
        return Forge(dice.choice(_STATES), dice.choice(_AUTHORS))
    return InThePortal(dice.choice(("approve", "fail")))


def _delivery(dice: Random, words: Sequence[str]) -> Deliver:
    visits = [_visit(dice, dice.choice((0, 0, 0, 1)), 0.0)]
    visits += [
        _visit(dice, dice.choice((0, 1, 1, 2)), dice.choice(_APART))
        for _ in range(dice.choice((0, 0, 0, 1, 1, 2)))
    ]
    meanwhile = _act(dice, words) if dice.random() < 0.1 else None
    return Deliver(tuple(visits), meanwhile, dice.choice(_APART) if meanwhile else 0.0)


def _visit(dice: Random, process: int, after: float) -> Visit:
    dies_after = round(dice.choice((1.0, 2.0, 150.0)) * dice.random(), 2)
    return Visit(process, _fates(dice), after, dies_after if dice.random() < 0.07 else None)
