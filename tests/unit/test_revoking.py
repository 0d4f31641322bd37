"""The rules for a revoked request as a table, and properties for any evidence."""

from dataclasses import replace
from itertools import product

import pytest

from connect_ext.cancelling.evidence import (
    IdNotKnown,
    NoMarkKept,
    NotNow,
    NotOurTurn,
    NotTried,
    Refusal,
    Sent,
)
from connect_ext.cancelling.marks import State
from connect_ext.cancelling.request import BlankParameter, NoParameter, NotAnId
from connect_ext.cancelling.revoking import decide
from connect_ext.cancelling.steps import Confirm, Hold, Lack, Learn, Undo, Wait
from connect_ext.cause import Cause
from tests.unit.builders import DAY, NOW
from tests.unit.evidence import (
    ACCEPTED,
    ACTIVE,
    BLOCKS_FOR,
    BROKEN,
    CANCELLED,
    CANCELLING,
    FORBIDDEN,
    MAYBE,
    NOT_STARTED,
    SENT_A_MINUTE_AGO,
    SETTLE,
    SUSPENDED,
    UNFINISHED,
    UNKNOWN,
    ago,
    bare,
    history,
    hold,
    known,
    mark,
    wait,
    words,
)

ENDS, ENDED = replace(CANCELLED, ends_at=NOW + DAY), replace(CANCELLED, ends_at=NOW)
OURS = (mark(State.CANCELLED, 9 * 86400.0, "cccccccc"),)
UNDOING, REFUSED = mark(State.SENDING), mark(State.REFUSED, attempt="eeeeeeee")
OLD_UNDO = mark(State.SENDING, BLOCKS_FOR + 1)


def undoing(*marks, cancelling=OURS, conflicts=()):
    """The history of an undo, after a cancellation of ours."""
    return replace(history(*marks, conflicts=conflicts), cancelling=cancelling)


def late(state: State, age_seconds: float = 60.0):
    """The history of an undo after a recent cancellation."""
    return undoing(cancelling=(mark(state, age_seconds, "cccccccc"),))


def revoked(shown=ENDS, attempt=None, notes=None, **fields):
    """The evidence for a revoked request at a vendor that can undo."""
    notes = undoing() if notes is None else notes
    return known(shown, attempt, notes, **{"can_take_back": True, **fields})


LONG = undoing(conflicts=(SETTLE + 1, 500, 1))
CONFIRM, NOT_BACK = Confirm(Cause.REVOKED), hold(Cause.NOT_TAKEN_BACK)

TABLE = {
    "the vendor is looked at first": (revoked(None), Learn(Lack.LOOK)),
    "then the marks are read": (known(ENDS, can_take_back=True), Learn(Lack.MARKS)),
    "the notes cannot be read now": (revoked(notes=BROKEN), wait(Cause.CONNECT)),
    "the notes may not be read": (
        revoked(ACTIVE, notes=FORBIDDEN),
        wait(Cause.CONFIGURATION, needs_person=True),
    ),
    "ends later, and ours": (revoked(), Undo()),
    "ends later, ours, and the cancellation's outcome was never known": (
        revoked(notes=late(State.SENDING, BLOCKS_FOR + 1)),
        Undo(),
    ),
    "ends later, not ours": (revoked(notes=undoing(cancelling=())), NOT_BACK),
    "ends later, and ours was refused": (revoked(notes=late(State.REFUSED, 1e6)), NOT_BACK),
    "ends later, and cannot be taken back": (revoked(can_take_back=False), NOT_BACK),
    "ended": (revoked(ENDED), NOT_BACK),
    "cancelled without an end": (revoked(CANCELLED), NOT_BACK),
    "ended while it is being taken back": (
        revoked(ENDED, None, undoing(UNDOING)),
        SENT_A_MINUTE_AGO,
    ),
    "ended after it was taken back": (revoked(ENDED, ACCEPTED), wait(Cause.SENT)),
    "ended, and an old attempt is without a result": (
        revoked(ENDED, None, undoing(OLD_UNDO)),
        NOT_BACK,
    ),
    # A cancellation that may still arrive.
    "ends later, and a cancellation of late has no other result than that": (
        revoked(notes=late(State.SENDING)),
        Undo(),
    ),
    "ends later, and another cancellation of late may still arrive": (
        revoked(notes=undoing(cancelling=(*OURS, mark(State.SENDING, attempt="dddddddd")))),
        Undo(),
    ),
    "active, and the vendor's answer was ahead of what it shows": (
        revoked(ACTIVE, notes=late(State.CANCELLED)),
        wait(Cause.SENT),
    ),
    "active, and an order may lie there": (
        revoked(ACTIVE, leaves_orders=True),
        Learn(Lack.ORDER),
    ),
    "active, and no order lies there": (
        revoked(ACTIVE, leaves_orders=True, was_looked_for=True),
        CONFIRM,
    ),
    "active, an order was left lying, and none can be seen": (
        revoked(
            replace(ACTIVE, orders_unseen=True),
            notes=late(State.UNFINISHED, 1e6),
            leaves_orders=True,
            was_looked_for=True,
        ),
        hold(Cause.UNFINISHED),
    ),
    "about to end, and called on its way": (
        revoked(replace(CANCELLING, ends_at=NOW + DAY)),
        Undo(),
    ),
    "active, and a cancellation of late may still arrive": (
        revoked(ACTIVE, notes=late(State.SENDING, BLOCKS_FOR)),
        wait(Cause.SENT),
    ),
    "active, and an accepted cancellation does not show yet": (
        revoked(ACTIVE, notes=late(State.ACCEPTED)),
        wait(Cause.SENT),
    ),
    "ends later, as the vendor has accepted a while ago": (
        revoked(notes=late(State.ACCEPTED)),
        Undo(),
    ),
    "ends later, as the vendor's answer has shown a while ago": (
        revoked(notes=late(State.CANCELLED)),
        Undo(),
    ),
    "active, and the vendor has refused a while ago": (
        revoked(ACTIVE, notes=late(State.REFUSED)),
        CONFIRM,
    ),
    # The vendor's word.
    "active, one look": (revoked(ACTIVE, looks=1), Learn(Lack.SECOND_LOOK)),
    "active, two looks": (revoked(ACTIVE), CONFIRM),
    "active, two looks, and never ours": (revoked(ACTIVE, notes=undoing(cancelling=())), CONFIRM),
    "active after a standing attempt": (
        revoked(ACTIVE, None, replace(late(State.CANCELLED), marks=(UNDOING,)), looks=1),
        Learn(Lack.SECOND_LOOK),
    ),
    "active twice after a standing attempt": (
        revoked(ACTIVE, None, replace(late(State.CANCELLED), marks=(UNDOING,))),
        CONFIRM,
    ),
    "active after an attempt that was accepted": (
        revoked(ACTIVE, None, replace(late(State.CANCELLED), marks=(mark(State.ACCEPTED),))),
        CONFIRM,
    ),
    "active after our own attempt, and another cancellation may still arrive": (
        revoked(ACTIVE, ACCEPTED, late(State.SENDING)),
        wait(Cause.SENT),
    ),
    "active after our own attempt": (revoked(ACTIVE, ACCEPTED, looks=1), CONFIRM),
    "active after a lost answer": (revoked(ACTIVE, MAYBE, looks=1), Learn(Lack.SECOND_LOOK)),
    "active, although the vendor refused": (
        revoked(ACTIVE, Refusal("No."), undoing(UNDOING), void_attempt="aaaaaaaa", looks=1),
        Learn(Lack.SECOND_LOOK),
    ),
    "unknown, one look": (revoked(UNKNOWN, looks=1), Learn(Lack.SECOND_LOOK)),
    "unknown, one look, after a standing attempt": (
        revoked(UNKNOWN, None, undoing(UNDOING), looks=1),
        Learn(Lack.SECOND_LOOK),
    ),
    "unknown, two looks": (revoked(UNKNOWN), NOT_BACK),
    "on its way": (revoked(CANCELLING), wait(Cause.ON_ITS_WAY)),
    "suspended": (revoked(SUSPENDED), NOT_BACK),
    "not started": (revoked(NOT_STARTED), NOT_BACK),
    "unfinished": (revoked(UNFINISHED), hold(Cause.UNFINISHED)),
    # The attempt to undo it.
    "another attempt's turn": (revoked(ENDS, NotOurTurn(), undoing(UNDOING)), SENT_A_MINUTE_AGO),
    "no mark is kept": (revoked(ENDS, NoMarkKept()), wait(Cause.SENT)),
    "accepted": (revoked(ENDS, ACCEPTED, undoing(UNDOING)), SENT_A_MINUTE_AGO),
    "a lost answer": (revoked(ENDS, Sent(False, "", 90.0)), wait(Cause.SENT, retry_after=90.0)),
    "it is under way, and can no longer be taken back": (
        revoked(ENDS, None, undoing(UNDOING), can_take_back=False),
        SENT_A_MINUTE_AGO,
    ),
    "an old attempt is without a result": (revoked(ENDS, None, undoing(OLD_UNDO)), Undo()),
    "refused": (revoked(ENDS, Refusal("No.")), NOT_BACK),
    "refused, and only our own mark is there": (
        revoked(ENDS, Refusal("No."), undoing(UNDOING), void_attempt="aaaaaaaa"),
        NOT_BACK,
    ),
    "refused while an older attempt's mark stands": (
        revoked(ENDS, Refusal("No."), undoing(OLD_UNDO)),
        wait(Cause.REFUSED_LATER, needs_person=True),
    ),
    "refused with a key that was answered before": (
        revoked(ENDS, Refusal("No."), undoing(REFUSED)),
        Undo(),
    ),
    "refused with a key of its own": (
        revoked(ENDS, Refusal("No."), undoing(REFUSED), definite_answers=1),
        NOT_BACK,
    ),
    "conflict": (revoked(ENDS, NotNow("Busy.")), wait(Cause.CONFLICT, retry_after=SETTLE / 12)),
    "conflict with a Retry-After": (
        revoked(ENDS, NotNow("Busy.", 101.0)),
        wait(Cause.CONFLICT, retry_after=101.0),
    ),
    "conflict for long": (revoked(ENDS, NotNow("Busy."), LONG), NOT_BACK),
    "conflict for long under an older attempt's mark": (
        revoked(ENDS, NotNow("Busy."), replace(LONG, marks=(OLD_UNDO,))),
        wait(Cause.REFUSED_LATER, needs_person=True),
    ),
    "does not find the id": (
        revoked(ENDS, IdNotKnown()),
        wait(Cause.CONFIGURATION, needs_person=True),
    ),
    # Vendors that cannot be asked.
    "a vendor that cannot be asked": (revoked(None, can_be_asked=False), NOT_BACK),
    **{
        f"the parameter: {type(each).__name__}": (revoked(None, parameter=each), NOT_BACK)
        for each in (NoParameter(), BlankParameter(), NotAnId())
    },
}


@pytest.mark.parametrize(("evidence", "step"), TABLE.values(), ids=TABLE)
def test_the_table_of_rules(evidence, step):
    assert bare(decide(evidence)) == step


@pytest.mark.parametrize(
    ("evidence", "says"),
    [
        (revoked(None, parameter=NotAnId()), ["'subscription_id' holds no", "Then resubmit"]),
        (revoked(None, can_be_asked=False), ["has not been taken back. It is mute. Take the"]),
        (revoked(notes=undoing(cancelling=())), ["to come from this request. Take", "resubmit"]),
        (revoked(can_take_back=False), ["not been taken back. It cannot go back. Take the"]),
        (revoked(ENDED), ["ended on 2026-03-02 at the vendor. Agree with"]),
        (revoked(CANCELLED), ["is cancelled, with no end date, at the vendor."]),
        (revoked(UNKNOWN), ["no longer knows the subscription id. Agree with"]),
        (revoked(SUSPENDED), ["is suspended at the vendor, not active."]),
        (revoked(UNFINISHED), ["order from this request that it has not carried out"]),
        (revoked(ENDS, Refusal("It is leased.")), ["The vendor refuses: It is leased. Take the"]),
        (revoked(ENDS, Refusal(hint="The answer has: a.")), ["refuses. The answer has: a. Take"]),
        (revoked(ENDS, Refusal()), ["The vendor refuses. Take"]),
        (revoked(ENDS, NotNow("Busy."), LONG), ["The vendor refuses: Busy. Take"]),
        (revoked(ENDS, NotNow("Busy.")), ["take the cancellation back at the moment. Busy."]),
        (revoked(ENDS, IdNotKnown()), ["did not know the id. Mend the way back."]),
        (revoked(ENDS, MAYBE), ["may have received the call that takes the", "back. Lost. The"]),
        (revoked(ACTIVE, notes=late(State.SENDING)), ["was sent, and may still take effect"]),
        (revoked(ENDS, Refusal("No."), undoing(OLD_UNDO)), ["refuses another one. Check", "No."]),
    ],
)  # fmt: skip
def test_a_step_says_what_helps(evidence, says):
    said = words(decide(evidence))
    assert all(part in said for part in says), said
    assert said[:1].isupper()
    assert not any(slip in said for slip in ("  ", "None", ".."))


# For any evidence.


def everything():
    """Each combination of evidence, with its step."""
    views = [None, ACTIVE, CANCELLING, NOT_STARTED, SUSPENDED, UNFINISHED, UNKNOWN, CANCELLED]
    attempts = [NotTried(), NotOurTurn(), NoMarkKept(), ACCEPTED, MAYBE, Refusal("No."), NotNow()]
    pasts = [BROKEN, LONG, undoing(), undoing(cancelling=()), undoing(UNDOING), undoing(OLD_UNDO)]
    pasts += [late(State.SENDING), late(State.ACCEPTED), undoing(REFUSED)]
    flags = (False, True)
    for shown, attempt, notes in product([*views, ENDS, ENDED], [*attempts, IdNotKnown()], pasts):
        for asked, back, looks in product(flags, flags, (1, 2)):
            fields = {"can_be_asked": asked, "can_take_back": back, "looks": looks}
            evidence = revoked(shown, attempt, notes, **fields)
            yield evidence, decide(evidence)


def test_a_revocation_is_never_approved_rejected_scheduled_or_cancelled():
    assert {type(step) for _, step in everything()} == {Learn, Undo, Confirm, Hold, Wait}


def test_it_is_confirmed_only_if_the_vendor_shows_the_subscription_as_active():
    for evidence, step in everything():
        if isinstance(step, Confirm):
            assert evidence.shown is ACTIVE
            assert not evidence.may_still_cancel()
            assert evidence.attempt is ACCEPTED or evidence.looks == 2


def test_only_our_own_cancellation_before_its_end_is_undone_once_in_a_walk():
    for evidence, step in everything():
        if isinstance(step, Undo):
            assert evidence.shown is ENDS
            again = isinstance(evidence.attempt, Refusal)
            assert again or (evidence.cancelling() and evidence.can_take_back)
            assert isinstance(evidence.attempt, (NotTried, Refusal))


def test_a_wait_for_a_sent_call_counts_from_the_mark():
    step = decide(
        revoked(ENDS, NotOurTurn(), undoing(OLD_UNDO, mark(State.SENDING, 9, "bbbbbbbb")))
    )
    assert step.since == ago(9)
