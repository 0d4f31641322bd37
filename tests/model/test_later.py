"""Promises about later ends and undone cancellations, as histories."""

from dataclasses import replace
from itertools import cycle

import pytest

from tests.model import broken_later
from tests.model.history import (
    Asking,
    AtTheVendor,
    Deliver,
    Fate,
    History,
    InThePortal,
    Pass,
    Restart,
    Second,
    Setting,
    SetVariable,
    Visit,
)
from tests.model.later import Confirming, Later
from tests.model.world import play

DAY = 86400.0
KINDS = (Asking.ASKABLE, Asking.ASKABLE_WITH_KEY, Asking.ZUORA_ORDERS)
LATER = Setting(ends_after=20 * DAY, later=Later(schedules=True))
DATES = ("immediate", "end_of_term", "end_of_invoiced_period")

each_kind = pytest.mark.parametrize("asking", KINDS, ids=lambda asking: asking.name)


def setting(asking: Asking = Asking.ASKABLE, **later: object) -> Setting:
    """A setting in which requests are scheduled."""
    when = "end_of_term" if asking is Asking.ZUORA_ORDERS else "immediate"
    return replace(LATER, asking=asking, later=replace(LATER.later, **{"when": when, **later}))


@each_kind
@pytest.mark.parametrize("when", DATES)
def test_a_request_is_scheduled_and_approved_on_its_day(asking, when):
    for late in (0.0, 300.0, DAY):
        played = play(History(setting(asking, when=when, late=late), (Deliver(),)))
        assert (played.broken, played.status) == ([], "approved")


@each_kind
def test_if_connect_does_not_schedule_the_request_waits_until_the_day(asking):
    played = play(History(setting(asking, takes_schedules=False), (Deliver(),)))
    assert (played.broken, played.status) == ([], "approved")


@each_kind
def test_a_customer_who_stays_gets_the_subscription_back(asking):
    for share in (0.0, 0.5, 0.9):
        played = play(History(setting(asking, revoked_at=share), (Deliver(),)))
        assert (played.broken, played.status) == ([], "revoked")


@each_kind
@pytest.mark.parametrize("position", range(8))
def test_one_fault_anywhere_does_not_keep_a_revocation_from_its_end(asking, position):
    """Before and after every effect of a walk."""
    for fate, second in zip(Fate, cycle(Second)):
        visit = Visit(fates=(Fate.FINE,) * position + (fate,))
        steps = (Deliver(), InThePortal("revoke"), Deliver((visit,)), Restart())
        played = play(History(replace(setting(asking), second=second), steps))
        assert (played.broken, played.status) == ([], "revoked"), (fate, second)


@each_kind
def test_two_processes_undo_a_cancellation_once(asking):
    for second in Second:
        for works_for in (0.0, 1200.0):
            for apart in (0.0, 0.1, 0.3):
                both = Deliver((Visit(0), Visit(1, after=apart)))
                begins = replace(setting(asking, undo_works_for=works_for), second=second)
                played = play(History(begins, (Deliver(), InThePortal("revoke"), both)))
                assert (played.broken, played.status) == ([], "revoked")


@pytest.mark.parametrize("confirming", [Confirming.REFUSED, Confirming.IGNORED])
def test_a_revocation_that_cannot_be_confirmed_is_held_until_somebody_confirms_it(confirming):
    played = play(History(setting(confirming=confirming, revoked_at=0.5), (Deliver(),)))
    assert (played.broken, played.status, played.end) == ([], "revoked", "Hold")


def test_a_cancellation_that_cannot_be_undone_is_held():
    can_not = (
        setting(has_undo=False, revoked_at=0.5),
        setting(Asking.ZUORA_ORDERS, is_invoiced=True, revoked_at=0.5),
    )
    for begins in can_not:
        # The operator of an odd history does nothing about it.
        played = play(History(replace(begins, seed=1), (Deliver(),)))
        assert (played.broken, played.status, played.end) == ([], "revoking", "Hold")
        played = play(History(begins, (Deliver(),)))
        assert (played.broken, played.status) == ([], "revoked")


@pytest.mark.parametrize("word", ["revoke", "forward"])
def test_people_in_the_portal_may_be_early(word):
    begins, then = setting(), (Deliver(), InThePortal(word), Deliver())
    played = play(History(begins, then))
    assert (played.broken, played.status) == ([], "revoked" if word == "revoke" else "approved")


def test_a_delivery_that_shared_a_long_walk_begins_no_other_that_the_runner_would_cut():
    conflict = (Fate.FINE,) * 4 + (Fate.CONFLICT, Fate.FINE)
    dies = (Fate.FINE,) * 7 + (Fate.CRASH_BEFORE,)
    begins = replace(setting(Asking.ZUORA_ORDERS), ends_after=7200.0)
    played = play(History(begins, (Deliver((Visit(0, conflict), Visit(0, dies))),)))
    assert (played.broken, played.status) == ([], "approved")


def test_without_notes_a_fast_clock_approves_nothing_before_its_end():
    for skew in (240.0, 1200.0):
        begins = replace(setting(takes_schedules=False), keeps_notes=False, skew=skew)
        played = play(History(begins, (Deliver(),)))
        assert (played.broken, played.status) == ([], "approved")


def test_an_undo_under_way_is_awaited_even_if_the_variable_is_emptied():
    emptied = (SetVariable("REST_UNDO_REQUEST", ""), Restart())
    steps = (Deliver(), InThePortal("revoke"), Deliver(), *emptied, Deliver())
    played = play(History(setting(undo_works_for=3000.0), steps))
    assert (played.broken, played.status) == ([], "revoked")


def test_two_404s_of_a_gateway_reject_nothing_if_no_mark_shows_other_processes():
    """The other process's cancellation is accepted meanwhile, and nobody can see it."""
    unknown = Visit(0, (Fate.FINE, Fate.UNKNOWN, Fate.UNKNOWN))
    begins = Setting(Asking.KEY_ONLY, works_for=45.0, settle=3.0, on_not_found="reject")
    played = play(History(begins, (Deliver((unknown, Visit(1))),)))
    assert (played.broken, played.status, played.end) == ([], "pending", "Hold")


def slow(calls_before: int, meanwhile: str, after: float) -> Deliver:
    """A call is carried out 45 seconds after it was sent; meanwhile somebody acts at the vendor."""
    visit = Visit(0, (Fate.FINE,) * calls_before + (Fate.SLOW,))
    return Deliver((visit,), AtTheVendor(meanwhile), after)


QUICK = replace(setting(), settle=3.0)
REVOKE = InThePortal("revoke")
SPECIAL = {
    "a revoking delivery shares the walk of a pending one": (
        broken_later.SHARES_WALKS,
        History(
            LATER,
            (
                Deliver(
                    (Visit(0, (Fate.FINE, Fate.TARDY)), Visit(1), Visit(0, after=5.0)), REVOKE, 3.0
                ),
            ),
        ),
    ),
    "a cancellation that may still arrive is ignored": (
        broken_later.IGNORES_A_CANCELLATION,
        History(
            QUICK,
            (slow(4, "cancel", 10.0), REVOKE, AtTheVendor("reactivate"), Deliver(), Pass(60.0)),
        ),
    ),
    "a mark under which nothing was sent is left": (
        broken_later.LEAVES_A_MARK,
        History(
            setting(revoked_at=0.5),
            (
                Deliver((Visit(0, (Fate.FINE,) * 3 + (Fate.BUSY,)),)),
                *(AtTheVendor("cancel"), Deliver()),
            ),
        ),
    ),
}


@pytest.mark.parametrize("name", SPECIAL)
def test_a_history_that_shows_a_seeded_bug_passes_without_it(name):
    variant, history = SPECIAL[name]
    assert play(history).broken == []
    assert variant.play(history).broken != []
