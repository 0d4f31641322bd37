"""Thousands of random histories, none of which breaks a promise; ``make soak`` plays more.

A history that breaks one is cut down to its core, and the failure shows that.
"""

import pytest

from connect_ext.processing import process
from tests.model.broken import VARIANTS
from tests.model.history import (
    ASKABLE,
    ZUORA,
    Asking,
    AtTheVendor,
    Deliver,
    DeliverToTwo,
    DeliverTwice,
    Fate,
    History,
    Pass,
    Restart,
    Setting,
    cut_down,
    dealt,
)
from tests.model.world import MOST_DELIVERIES, Walking, play

BATCHES, BATCH = 8, 500
HISTORIES_FOR_A_BUG = 4000


def assert_holds(history: History, walking: Walking = process) -> None:
    """Play a history; if it breaks something, fail with the core of it."""
    if play(history, walking).broken:
        core = cut_down(history, lambda smaller: bool(play(smaller, walking).broken))
        pytest.fail(f"{play(core, walking).broken}\n{core}")


@pytest.mark.parametrize("batch", range(BATCHES))
def test_no_random_history_breaks_a_promise(batch):
    for seed in range(batch * BATCH, (batch + 1) * BATCH):
        assert_holds(dealt(seed))


@pytest.mark.parametrize("name", VARIANTS)
def test_the_model_finds_a_seeded_bug(name):
    seeds = range(HISTORIES_FOR_A_BUG)
    found = next((s for s in seeds if play(dealt(s), VARIANTS[name]).broken), None)
    assert found is not None, f"no history of {HISTORIES_FOR_A_BUG} shows that {name}"


def test_a_seed_deals_the_same_history_and_the_same_end_each_time():
    for seed in range(20):
        assert dealt(seed) == dealt(seed)
        assert play(dealt(seed)) == play(dealt(seed))


def test_a_history_that_fails_is_cut_down_to_its_core():
    variant = VARIANTS["An accepted cancellation counts as a cancelled subscription"]
    long = (seed for seed in range(1000) if len(dealt(seed).steps) > 5)
    seed = next(seed for seed in long if play(dealt(seed), variant).broken)
    core = cut_down(dealt(seed), lambda history: bool(play(history, variant).broken))
    # A delivery to a vendor that does nothing, or not at once, and perhaps a call before that.
    assert len(core.steps) <= 2 < len(dealt(seed).steps)


@pytest.mark.parametrize("asking", Asking, ids=lambda asking: asking.name)
def test_without_faults_one_delivery_approves(asking):
    played = play(History(Setting(asking), (Deliver(),)))
    assert (played.status, played.deliveries_to_settle) == ("approved", 0)


@pytest.mark.parametrize("asking", Asking, ids=lambda asking: asking.name)
def test_a_refusal_rejects(asking):
    played = play(History(Setting(asking), (AtTheVendor("refuse"), Deliver())))
    assert (played.broken, played.status) == ([], "failed")


@pytest.mark.parametrize("asking", ASKABLE, ids=lambda asking: asking.name)
@pytest.mark.parametrize("fate", Fate, ids=lambda fate: fate.name)
@pytest.mark.parametrize("position", range(7))
def test_one_fault_anywhere_does_not_keep_a_cancellation_from_its_end(asking, fate, position):
    """At every effect of a walk, before and after it."""
    fates = (Fate.FINE,) * position + (fate,)
    # The word of a vendor that says "no" or "gone" is taken, though it is not true.
    if asking not in ZUORA and fate in (Fate.UNKNOWN, Fate.BAD):
        return
    played = play(History(Setting(asking), (Deliver(fates), Restart())), strict=True)
    assert (played.broken, played.status) == ([], "approved")


def test_what_is_settled_is_settled_in_so_many_deliveries():
    slowest = max(play(dealt(seed)).deliveries_to_settle for seed in range(500))
    assert 1 <= slowest <= MOST_DELIVERIES


@pytest.mark.parametrize(
    "history",
    [
        History(Setting(works_for=45.0), (Deliver(), Restart(), Pass(20.0), Deliver())),
        History(Setting(Asking.NEITHER, shows_status=False), (DeliverToTwo(),)),
    ],
    ids=["at work on it after a restart", "two at once that cannot be asked"],
)
def test_a_refusal_that_is_due_to_the_first_of_two_cancellations_rejects_nobody(history):
    assert play(history, strict=True).broken == []


def test_two_deliveries_to_one_process_share_one_walk():
    for apart in (0.0, 0.15, 0.4):
        played = play(History(Setting(works_for=45.0), (DeliverTwice((), apart),)), strict=True)
        assert (played.broken, played.status) == ([], "approved")
