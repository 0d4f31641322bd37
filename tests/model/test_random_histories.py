"""Thousands of random histories break no promise; ``make soak`` plays more.

A history that breaks one is reduced to its core, which the failure shows.
"""

from itertools import product

import pytest

from tests.model import broken
from tests.model.cutting import cut_down
from tests.model.dealing import dealt
from tests.model.history import (
    ASKABLE,
    ZUORA,
    Asking,
    AtTheVendor,
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
from tests.model.world import play

pytestmark = pytest.mark.timeout(600)

BATCHES, BATCH = 5, 330
HALF_A_DAY = 12 * 3600.0
AT_ONCE = (Visit(0), Visit(1))


def assert_holds(history: History) -> None:
    """Play a history; if it breaks a promise, fail with its core."""
    if play(history).broken:
        core = cut_down(history, lambda smaller: bool(play(smaller).broken))
        pytest.fail(f"{play(core).broken}\n{core}")


@pytest.mark.parametrize("batch", range(BATCHES))
def test_no_random_history_breaks_a_promise(batch):
    for seed in range(batch * BATCH, (batch + 1) * BATCH):
        assert_holds(dealt(seed))


def test_a_seed_always_deals_the_same_history_with_the_same_end():
    for seed in range(20):
        assert dealt(seed) == dealt(seed)
        assert play(dealt(seed)) == play(dealt(seed))


def test_a_failing_history_is_reduced_to_its_core():
    variant = broken.VARIANTS["an accepted cancellation counts as done"]
    long = (seed for seed in range(1000) if len(dealt(seed).steps) > 5)
    seed = next(seed for seed in long if variant.play(dealt(seed)).broken)
    core = cut_down(dealt(seed), lambda history: bool(variant.play(history).broken))
    # A delivery to a vendor that does nothing, or not at once, and perhaps one step before it.
    assert len(core.steps) <= 2 < len(dealt(seed).steps)


@pytest.mark.parametrize("asking", Asking, ids=lambda asking: asking.name)
def test_without_faults_one_delivery_approves(asking):
    played = play(History(Setting(asking), (Deliver(),)))
    assert (played.broken, played.status) == ([], "approved")
    assert played.deliveries_to_settle == 0


@pytest.mark.parametrize("asking", Asking, ids=lambda asking: asking.name)
def test_a_refusal_rejects(asking):
    played = play(History(Setting(asking), (AtTheVendor("refuse"), Deliver())))
    assert (played.broken, played.status) == ([], "failed")


def places(asking: Asking) -> range:
    """The number of calls in a walk, plus one."""
    return range(10 if asking is Asking.ZUORA_ORDERS else 8)


@pytest.mark.parametrize(
    ("asking", "position"),
    [(asking, position) for asking in ASKABLE for position in places(asking)],
    ids=lambda each: each.name if isinstance(each, Asking) else None,
)
def test_one_fault_anywhere_does_not_keep_a_cancellation_from_its_end(asking, position):
    """Before and after every effect of a walk."""
    for fate, second in product(Fate, Second):
        visit = Visit(fates=(Fate.FINE,) * position + (fate,))
        history = History(Setting(asking, second), (Deliver((visit,)), Restart()))
        played = play(history)
        # A vendor that refuses is believed, even without a reason.
        refused = asking not in ZUORA and fate is Fate.BAD and played.status == "failed"
        assert refused or (played.broken, played.status) == ([], "approved"), history


def once(*fates: Fate, before: int = 4) -> Deliver:
    """A delivery whose first calls succeed, up to the read-back or the preview."""
    return Deliver((Visit(0, (Fate.FINE,) * before + fates),))


def with_mark(*fates: Fate, before: int = 2, after: float) -> Deliver:
    """Another delivery arrives while the mark is being left."""
    return Deliver((Visit(0, (Fate.FINE,) * before + fates), Visit(1, after=after)))


BEFORE_THE_ORDER = {
    "a 504 with Retry-After after the work": (Fate.ERROR_AFTER_AND_WAIT, (Restart(),)),
    "a redirect after the work": (Fate.REDIRECT_AFTER, (Restart(), Deliver())),
    "a redirect that cannot be parsed": (Fate.BAD_LOCATION, (Restart(), Deliver())),
    "a call that arrives late": (Fate.SLOW, (Deliver((Visit(1),)),)),
}


def ordered_once(mark: int, sending: int) -> dict[str, tuple[Step, ...]]:
    """Histories by subject, for these numbers of calls before the mark and the cancellation."""
    killed = Visit(0, dies_after=0.2 * sending + 0.15)
    return {
        "after a restart": (Deliver(), Restart(), Pass(20.0), Deliver()),
        "an hour later": (Deliver(), Pass(4000.0), Deliver()),
        "two processes at once": (Deliver(AT_ONCE),),
        "three at once": (Deliver((Visit(0), Visit(1, after=0.05), Visit(2, after=0.1))),),
        **{
            name: (once(fate, before=sending), *then)
            for name, (fate, then) in BEFORE_THE_ORDER.items()
        },
        "a kill between the mark and the answer": (Deliver((killed,)), Deliver((Visit(1),))),
        "a mark that becomes visible late": (with_mark(Fate.TARDY, before=mark, after=1.0),),
        "a mark that is stored after its owner has given up": (
            with_mark(Fate.SLOW, before=mark, after=10.0),
        ),
    }


ORDERED_ONCE = ordered_once(2, 4)


@pytest.mark.parametrize("name", ORDERED_ONCE)
def test_a_vendor_gets_one_order_and_the_request_is_approved(name):
    for second, works_for in product(Second, (0.0, 30.0, HALF_A_DAY)):
        played = play(History(Setting(second=second, works_for=works_for), ORDERED_ONCE[name]))
        assert (played.broken, played.status) == ([], "approved")


def test_a_subscription_reactivated_during_the_approval_was_cancelled_by_the_vendors_word():
    for asking in (Asking.ZUORA_TWO_STEPS, Asking.ZUORA_AMEND, Asking.ZUORA_ORDERS):
        for tenths in range(30):
            history = History(
                Setting(asking), (Deliver((Visit(),), AtTheVendor("reactivate"), tenths / 10),)
            )
            played = play(history)
            assert (played.broken, played.status) == ([], "approved"), history


def test_a_task_held_while_another_process_dies_is_delivered_again():
    """The vendor repeats a refusal to both; one tries again with another key and dies."""
    lost = Visit(1, (Fate.FINE, Fate.FINE, Fate.BAD, Fate.LOST_AFTER))
    dies = Visit(1, (Fate.FINE,) * 3 + (Fate.LOST_AFTER,) + (Fate.FINE,) * 3 + (Fate.CRASH_LATER,))
    setting = Setting(Asking.ASKABLE_WITH_KEY, proven=False, seed=30004983)
    played = play(History(setting, (Deliver((lost,)), Deliver((Visit(0), dies)))))
    assert (played.broken, played.status) == ([], "approved")


def test_a_vendor_that_can_only_be_asked_later_gets_one_order():
    ask = SetVariable("REST_STATUS_REQUEST", "GET /subscriptions/{subscription_id}")
    lost = Deliver((Visit(fates=(Fate.FINE,) * 3 + (Fate.LOST_AFTER,)),))
    for second in Second:
        setting = Setting(Asking.NEITHER, second, works_for=300.0)
        played = play(History(setting, (lost, ask, Deliver((Visit(1),)))))
        assert (played.broken, played.status) == ([], "approved")


def test_a_lock_of_half_an_hour_rejects_nobody():
    for asking in (
        Asking.ASKABLE,
        Asking.ASKABLE_WITH_KEY,
        Asking.NEITHER,
        Asking.ZUORA_ORDERS,
    ):
        played = play(History(Setting(asking), (AtTheVendor("lock"), Deliver())))
        assert (played.broken, played.status) == ([], "approved")


def test_one_404_of_a_gateway_decides_nothing():
    for policy in ("approve", "reject", "hold"):
        one = Deliver((Visit(fates=(Fate.FINE, Fate.UNKNOWN)),))
        played = play(History(Setting(on_not_found=policy), (one,)))
        assert (played.broken, played.status, played.deliveries_to_settle) == ([], "approved", 0)


def test_a_vanished_subscription_is_not_rejected_on_older_marks():
    """Another process's cancellation is accepted between the two looks."""
    conflict = (Fate.FINE,) * 4 + (Fate.CONFLICT, Fate.FINE, Fate.TARDY)
    setting = Setting(works_for=5.0, removes=True, on_not_found="reject")
    played = play(History(setting, (Deliver((Visit(0, conflict), Visit(2, after=0.7))),)))
    assert (played.broken, played.status) == ([], "approved")


def test_a_misspelt_body_rejects_nobody_before_a_cancellation_was_approved():
    played = play(History(Setting(misspelt_body=True, proven=False), (Deliver(),)))
    # In the end, somebody reads the note and corrects the body.
    assert (played.broken, played.status) == ([], "approved")


def test_a_request_rejected_in_the_portal_meanwhile_is_not_cancelled():
    slow = Visit(fates=(Fate.FINE, Fate.LOST_BEFORE, Fate.TARDY, Fate.TARDY))
    for after in (0.0, 0.5, 3.0):
        for fates in (slow.fates, (Fate.TARDY,) * 2):
            history = History(
                Setting(), (Deliver((Visit(fates=fates),), InThePortal("fail"), after),)
            )
            assert play(history).broken == []


@pytest.mark.parametrize("state", ["sending", "not-sent", "refused", "accepted", "cancelled"])
@pytest.mark.parametrize("by", ["stranger", "message", "state_change", "quoting"])
def test_a_forged_tag_changes_nothing(state, by):
    lost = once(Fate.LOST_AFTER)
    for filters in (True, False):
        setting = Setting(second=Second.TAKEN, works_for=300.0, filters=filters)
        before = play(History(setting, (Forge(state, by), Deliver())))
        after = play(History(setting, (lost, Forge(state, by), Deliver((Visit(1),)))))
        for played in (before, after):
            assert (played.broken, played.status) == ([], "approved")


def test_a_thousand_earlier_messages_hide_no_mark():
    setting = Setting(second=Second.TAKEN, works_for=300.0, earlier_messages=1000)
    played = play(History(setting, (Deliver(), Deliver((Visit(1),)))))
    assert (played.broken, played.status) == ([], "approved")


def test_a_wrong_clock_sends_nothing_twice():
    for skew in (1200.0, -1200.0):
        setting = Setting(second=Second.TAKEN, works_for=300.0, settle=600.0, skew=skew)
        played = play(History(setting, (Deliver(AT_ONCE), Pass(300.0), Deliver(AT_ONCE))))
        assert (played.broken, played.status) == ([], "approved")


def test_the_answer_of_a_vendor_that_cannot_be_asked_is_final():
    """It said that the subscription is cancelled; nobody can learn of a reactivation."""
    approval_fails = once(Fate.ERROR_AND_WAIT, Fate.ERROR_AND_WAIT)
    steps = (approval_fails, AtTheVendor("reactivate"), Restart())
    unseen, seen = (play(History(Setting(a), steps)) for a in (Asking.NEITHER, Asking.ASKABLE))
    assert (unseen.broken, unseen.status) == ([], "approved")
    assert (seen.broken, seen.status) == ([], "approved")


def test_two_deliveries_to_one_process_share_one_walk():
    for apart in (0.0, 0.15, 0.4):
        visits = (Visit(), Visit(after=apart))
        played = play(History(Setting(works_for=45.0), (Deliver(visits),)))
        assert (played.broken, played.status) == ([], "approved")


def test_an_accepted_cancellation_of_a_vanished_subscription_is_approved_even_if_reactivated():
    """A vendor that does not know the id cannot show the reactivation."""
    unknown = Visit(fates=(Fate.UNKNOWN, Fate.UNKNOWN))
    again = Deliver((unknown,), AtTheVendor("reactivate"), 50.0)
    played = play(History(Setting(works_for=HALF_A_DAY), (Deliver(), Pass(20.0), again)))
    assert (played.broken, played.status) == ([], "approved")
