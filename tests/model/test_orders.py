"""Promises about a Zuora with orders, as histories."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import pytest

from tests.model import broken_orders
from tests.model.broken import ORDERED_TWICE
from tests.model.history import (
    ASKABLE,
    Asking,
    AtTheVendor,
    Deliver,
    Fate,
    History,
    Pass,
    Restart,
    Second,
    Setting,
    Visit,
)
from tests.model.orders import OPEN
from tests.model.test_random_histories import ordered_once, places
from tests.model.world import play

ORDERED_ONCE = ordered_once(3, 6)


@pytest.mark.parametrize("status", ["Completed", "Pending"])
@pytest.mark.parametrize("name", ORDERED_ONCE)
def test_a_zuora_with_orders_gets_one_order_and_the_request_is_approved(name, status):
    """Even if it takes longer than documented, or leaves the order to an operator."""
    different = product(Second, (0.0, 30.0, 300.0, 1200.0), (True, False), (True, False))
    for second, works_for, unique, shown in different:
        setting = Setting(
            Asking.ZUORA_ORDERS,
            second,
            works_for=works_for,
            shows_work=shown,
            order_status=status,
            unique_numbers=unique,
        )
        played = play(History(setting, ORDERED_ONCE[name]))
        assert (played.broken, played.status) == ([], "approved"), setting


def later_faults(second: Second, first: Visit = Visit()) -> Iterator[History]:  # noqa: B008 - frozen
    """One fault at each call of a walk, long after an order was left waiting."""
    setting = Setting(Asking.ZUORA_ORDERS, second, order_status="Pending", unique_numbers=False)
    setting = replace(setting, settle=3.0)
    for fate, position in product(Fate, range(10)):
        later = Visit(fates=(Fate.FINE,) * position + (fate,))
        yield History(setting, (Deliver((first,)), Pass(1200.0), Deliver((later,))))


ANSWER_LOST = Visit(fates=(Fate.FINE,) * 6 + (Fate.LOST_AFTER,))
"""Nobody heard that the order was left waiting, so no mark records it."""


@pytest.mark.parametrize("first", [Visit(), ANSWER_LOST], ids=["heard", "lost"])
@pytest.mark.parametrize("second", Second)
def test_one_fault_anywhere_sends_no_second_order_while_one_waits_at_the_vendor(second, first):
    for history in later_faults(second, first):
        played = play(history)
        assert (played.broken, played.status) == ([], "approved"), history


def test_believing_a_gateway_about_readable_orders_would_be_found():
    variant = broken_orders.BELIEVES_A_GATEWAY
    for second, symptom in ((Second.TAKEN, ORDERED_TWICE), (Second.CONFLICT, "another order")):
        plays = [variant.play(history).broken for history in later_faults(second, ANSWER_LOST)]
        assert any(symptom in breach for each in plays for breach in each)


@pytest.mark.parametrize("word", ["complete-order", "delete-order", "cancel-order"])
@pytest.mark.parametrize("status", OPEN)
def test_an_order_left_waiting_is_held_until_somebody_has_acted(status, word):
    again = (Restart(), Pass(1200.0), Deliver())
    for second, unique, keeps in product(Second, (True, False), (True, False)):
        setting = Setting(Asking.ZUORA_ORDERS, second, order_status=status, unique_numbers=unique)
        for then in ((AtTheVendor(word),), again, (*again, AtTheVendor(word), *again)):
            history = History(replace(setting, keeps_notes=keeps), (Deliver(), *then))
            played = play(history)
            assert (played.broken, played.status) == ([], "approved"), history


def test_without_notes_an_order_still_gets_its_time():
    setting = Setting(Asking.ZUORA_ORDERS, keeps_notes=False)
    played = play(History(setting, (Deliver(),)))
    assert (played.broken, played.status, played.deliveries_to_settle) == ([], "approved", 0)


@pytest.mark.parametrize("second", [Second.CONFLICT, Second.REFUSED])
@pytest.mark.parametrize("asking", ASKABLE, ids=lambda asking: asking.name)
def test_in_a_closed_conversation_a_second_cancellation_is_no_refusal(asking, second):
    for works_for in (0.0, 300.0, 1200.0):
        setting = Setting(asking, second, works_for=works_for, is_closed=True)
        dies = Visit(fates=(Fate.FINE,) * places(asking)[-3], dies_after=170.0)
        for first in (Visit(), dies, Visit(fates=(Fate.LOST_AFTER,) * 12)):
            played = play(History(setting, (Deliver((first,)), Restart(), Deliver())))
            assert (played.broken, played.status) == ([], "approved")


def test_a_suspended_subscription_is_held_until_somebody_has_resumed_it():
    for steps in ((Deliver(),), (AtTheVendor("resume"), Deliver())):
        played = play(History(Setting(Asking.ZUORA_ORDERS, status="suspended"), steps))
        assert (played.broken, played.status) == ([], "approved")
