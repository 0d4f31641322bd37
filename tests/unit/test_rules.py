"""The rules as a table, and properties for any evidence."""

from dataclasses import replace
from datetime import timedelta, timezone
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect_ext.cancelling.conflicts import believes_conflict
from connect_ext.cancelling.evidence import (
    IdNotKnown,
    NoMarkKept,
    NotNow,
    NotOurTurn,
    NotTried,
    Refusal,
    Sent,
)
from connect_ext.cancelling.marks import History, State
from connect_ext.cancelling.request import BlankParameter, NoParameter, NotAnId
from connect_ext.cancelling.rules import (
    decide,
    second_look_seconds,
)
from connect_ext.cancelling.steps import (
    Approve,
    Cancel,
    Hold,
    Lack,
    Learn,
    Reject,
    Schedule,
    Wait,
)
from connect_ext.cause import Cause
from connect_ext.portal.policy import (
    CancellationDate,
    OnNoTermEnd,
    OnNotFound,
    OnRefusal,
    Policy,
    WhenEffectiveLater,
)
from connect_ext.vendors.base import SubscriptionStatus
from tests.unit.builders import DAY, NOW
from tests.unit.evidence import (
    ACCEPTED,
    ACTIVE,
    BLOCKS_FOR,
    BROKEN,
    CANCELLED,
    CANCELLING,
    FORBIDDEN,
    LEFT,
    LONG_CONFLICT,
    MAYBE,
    NOT_STARTED,
    NOTHING,
    ORDERS,
    REFUSED,
    SENDING,
    SENT_A_MINUTE_AGO,
    SETTLE,
    SHOWN,
    STALE,
    SUSPENDED,
    TAKEN,
    UNFINISHED,
    UNKNOWN,
    UNSEEN,
    ago,
    approve,
    bare,
    history,
    hold,
    known,
    mark,
    mute,
    reject,
    wait,
    words,
)

HOLD_REFUSALS = Policy(on_refusal=OnRefusal.HOLD)
REJECT_UNKNOWN, APPROVE_UNKNOWN, HOLD_UNKNOWN = (
    Policy(on_not_found=choice)
    for choice in (OnNotFound.REJECT, OnNotFound.APPROVE, OnNotFound.HOLD)
)
LATER = Policy(when_effective_later=WhenEffectiveLater.SCHEDULE)
TERM, INVOICED = CancellationDate.END_OF_TERM, CancellationDate.END_OF_INVOICED_PERIOD
AT_TERM_OR_HOLD, AT_TERM_OR_NOW, AT_TERM_OR_REJECT = (
    Policy(cancellation_date=TERM, on_no_term_end=choice)
    for choice in (OnNoTermEnd.HOLD, OnNoTermEnd.IMMEDIATE, OnNoTermEnd.REJECT)
)
EVERGREEN, ENDS = replace(ACTIVE, is_evergreen=True), replace(CANCELLED, ends_at=NOW + DAY)


def ends_in(seconds: float, policy: Policy = LATER):
    """The evidence for a subscription that we cancelled and that ends then."""
    ends_at = NOW + timedelta(seconds=seconds)
    return known(replace(CANCELLED, ends_at=ends_at), ACCEPTED, NOTHING, policy=policy)


TABLE = {
    "a vendor that can be asked is looked at first": (known(), Learn(Lack.LOOK)),
    "active, nothing tried": (known(ACTIVE), Cancel()),
    "active, another attempt's mark stands": (
        known(ACTIVE, NotOurTurn(), history(SENDING)),
        SENT_A_MINUTE_AGO,
    ),
    "active, two marks stand: the younger one counts for the wait": (
        known(ACTIVE, NotOurTurn(), history(STALE, mark(State.SENDING, 60, "bbbbbbbb"))),
        SENT_A_MINUTE_AGO,
    ),
    "active, no mark is kept": (known(ACTIVE, NoMarkKept()), wait(Cause.SENT)),
    "active, accepted": (known(ACTIVE, ACCEPTED, history(SENDING)), SENT_A_MINUTE_AGO),
    "active, the answer was lost": (
        known(ACTIVE, Sent(accepted=False, retry_after=90.0), NOTHING),
        wait(Cause.SENT, retry_after=90.0),
    ),
    "active, but the cancellation does not find the id": (
        known(ACTIVE, IdNotKnown(), NOTHING),
        wait(Cause.CONFIGURATION, needs_person=True),
    ),
    "on its way": (known(CANCELLING), wait(Cause.ON_ITS_WAY)),
    "on its way, although the vendor refused": (
        known(CANCELLING, Refusal("No."), NOTHING),
        wait(Cause.ON_ITS_WAY),
    ),
    # Cancelled.
    "cancelled: the marks say whether by us": (known(CANCELLED), Learn(Lack.MARKS)),
    "cancelled, no mark": (known(CANCELLED, None, NOTHING), approve(Cause.ALREADY_CANCELLED)),
    "cancelled, the notes cannot be read": (
        known(CANCELLED, None, FORBIDDEN),
        approve(Cause.ALREADY_CANCELLED),
    ),
    "cancelled, a mark": (known(CANCELLED, None, history(STALE)), approve(Cause.CANCELLED)),
    "cancelled, sent": (known(CANCELLED, MAYBE, NOTHING), approve(Cause.CANCELLED)),
    "cancelled, sent without a mark": (known(CANCELLED, ACCEPTED), approve(Cause.CANCELLED)),
    "cancelled, although the vendor refused": (
        known(CANCELLED, Refusal("No."), NOTHING),
        approve(Cause.ALREADY_CANCELLED),
    ),
    "cancelled, says a vendor that cannot be asked": (
        known(CANCELLED, can_be_asked=False),
        approve(Cause.CANCELLED),
    ),
    "cancelled and ended": (
        known(replace(CANCELLED, ends_at=NOW - DAY), ACCEPTED),
        approve(Cause.CANCELLED, NOW - DAY),
    ),
    "cancelled and ends this very moment": (
        known(replace(CANCELLED, ends_at=NOW), ACCEPTED),
        approve(Cause.CANCELLED, NOW),
    ),
    "cancelled and ends later": (
        known(replace(CANCELLED, ends_at=NOW + DAY), ACCEPTED),
        approve(Cause.CANCELLED),
    ),
    "cancelled and ends later: schedule": (
        ends_in(86400),
        Schedule(Cause.SCHEDULED, NOW + DAY),
    ),
    "cancelled and ends later, in a quarter of an hour": (
        ends_in(900),
        Schedule(Cause.SCHEDULED, NOW + timedelta(seconds=900)),
    ),
    "cancelled and ends as soon as clocks can tell": (
        ends_in(5),
        approve(Cause.CANCELLED, NOW + timedelta(seconds=5)),
    ),
    "cancelled and ends a moment later": (ends_in(6), wait(Cause.ENDS_LATER, retry_after=6.0)),
    "cancelled and ends as soon as clocks can tell, a slow call ago": (
        ends_in(65).later(NOW + timedelta(minutes=1), 60.0),
        approve(Cause.CANCELLED, NOW + timedelta(seconds=65)),
    ),
    "cancelled and ends as this machine says after a slow call, and not as Connect says": (
        ends_in(65).later(NOW + timedelta(minutes=1), 58.0),
        wait(Cause.ENDS_LATER, retry_after=7.0),
    ),
    "cancelled and about to end": (ends_in(899), wait(Cause.ENDS_LATER, retry_after=899.0)),
    "cancelled and about to end, where nothing is scheduled": (
        ends_in(899, Policy()),
        approve(Cause.CANCELLED),
    ),
    "cancelled and ended on its day": (ends_in(0), approve(Cause.CANCELLED, NOW)),
    "cancelled and ended, by a clock that may be fast": (
        replace(ends_in(0), history=None),
        wait(Cause.ENDS_LATER, retry_after=1800.0),
    ),
    "cancelled without an end: nothing to schedule": (
        known(CANCELLED, ACCEPTED, policy=LATER),
        approve(Cause.CANCELLED),
    ),
    "cancelled and ends later: the marks are read before it is scheduled": (
        known(ENDS, policy=LATER),
        Learn(Lack.MARKS),
    ),
    "cancelled by somebody else, ends later: schedule": (
        known(ENDS, None, NOTHING, policy=LATER),
        Schedule(Cause.SCHEDULED, NOW + DAY),
    ),
    # The date.
    "at the end of the term": (known(ACTIVE, policy=AT_TERM_OR_HOLD), Cancel(when=TERM)),
    "at the end of what is invoiced, without a term": (
        known(EVERGREEN, policy=Policy(cancellation_date=INVOICED)),
        Cancel(when=INVOICED),
    ),
    "at once, without a term": (known(EVERGREEN), Cancel()),
    "no term to end: at once": (known(EVERGREEN, policy=AT_TERM_OR_NOW), Cancel()),
    "no term to end: the marks are read": (
        known(EVERGREEN, policy=AT_TERM_OR_HOLD),
        Learn(Lack.MARKS),
    ),
    "no term to end, the notes cannot be read": (
        known(EVERGREEN, None, BROKEN, policy=AT_TERM_OR_REJECT),
        wait(Cause.CONNECT),
    ),
    "no term to end: hold": (
        known(EVERGREEN, None, NOTHING, policy=AT_TERM_OR_HOLD),
        hold(Cause.NO_TERM_END),
    ),
    "no term to end: reject": (
        known(EVERGREEN, None, NOTHING, policy=AT_TERM_OR_REJECT),
        reject(Cause.NO_TERM_END),
    ),
    "no term to end, under a mark of late": (
        known(EVERGREEN, None, history(SENDING), policy=AT_TERM_OR_REJECT),
        SENT_A_MINUTE_AGO,
    ),
    "no term to end, under an old mark: a person decides": (
        known(EVERGREEN, None, history(STALE), policy=AT_TERM_OR_REJECT),
        hold(Cause.NO_TERM_END),
    ),
    "no term to end, and refused with a key that was answered before": (
        known(EVERGREEN, Refusal("No."), history(REFUSED), policy=AT_TERM_OR_NOW),
        Cancel(),
    ),
    "refused at the end of the term with a key that was answered before": (
        known(ACTIVE, Refusal("No."), history(REFUSED), policy=AT_TERM_OR_HOLD),
        Cancel(when=TERM),
    ),
    # Not started.
    "not started: the marks are read": (known(NOT_STARTED), Learn(Lack.MARKS)),
    "not started": (known(NOT_STARTED, None, NOTHING), reject(Cause.NOT_STARTED)),
    "not started, a mark stands": (
        known(NOT_STARTED, None, history(SENDING)),
        SENT_A_MINUTE_AGO,
    ),
    "not started, sent": (known(NOT_STARTED, MAYBE, NOTHING), wait(Cause.SENT)),
    "not started, our own mark is void": (
        known(NOT_STARTED, None, history(SENDING), void_attempt="aaaaaaaa"),
        reject(Cause.NOT_STARTED),
    ),
    "not started, the notes cannot be read": (
        known(NOT_STARTED, None, FORBIDDEN),
        wait(Cause.CONFIGURATION, needs_person=True),
    ),
    # Suspended.
    "suspended: the marks are read": (known(SUSPENDED), Learn(Lack.MARKS)),
    "suspended": (known(SUSPENDED, None, NOTHING), hold(Cause.SUSPENDED)),
    "suspended, the notes cannot be read": (known(SUSPENDED, None, BROKEN), wait(Cause.CONNECT)),
    "suspended, sent": (known(SUSPENDED, MAYBE, NOTHING), wait(Cause.SENT)),
    "suspended under a mark of late": (known(SUSPENDED, None, history(SENDING)), SENT_A_MINUTE_AGO),
    "suspended under an old mark": (
        known(SUSPENDED, None, history(STALE)),
        hold(Cause.SUSPENDED),
    ),
    "suspended, the vendor refused": (
        known(SUSPENDED, Refusal("No."), history(SENDING), void_attempt="aaaaaaaa"),
        hold(Cause.SUSPENDED),
    ),
    # An order that an attempt has left at the vendor.
    "active, another attempt's mark stands, and its order can be found": (
        known(ACTIVE, NotOurTurn(), history(SENDING), **ORDERS),
        Learn(Lack.ORDER),
    ),
    "active, and no order was found": (
        known(ACTIVE, NotOurTurn(), history(SENDING), **ORDERS, was_looked_for=True),
        SENT_A_MINUTE_AGO,
    ),
    "active, not our turn and no mark stands": (
        known(ACTIVE, NotOurTurn(), NOTHING, **ORDERS),
        wait(Cause.SENT),
    ),
    "unfinished": (known(UNFINISHED, NotOurTurn(), history(SENDING)), hold(Cause.UNFINISHED)),
    "unfinished, and just accepted": (known(UNFINISHED, ACCEPTED), hold(Cause.UNFINISHED)),
    "unfinished, as its mark tells, and unseen": (
        known(UNSEEN, NotOurTurn(), history(LEFT), **ORDERS, was_looked_for=True),
        hold(Cause.UNFINISHED),
    ),
    "unfinished, as its mark tells, and gone": (
        known(ACTIVE, NotOurTurn(), history(LEFT), **ORDERS, was_looked_for=True),
        SENT_A_MINUTE_AGO,
    ),
    "orders are unseen, and none was left as far as is known": (
        known(UNSEEN, NotOurTurn(), history(SENDING), **ORDERS, was_looked_for=True),
        SENT_A_MINUTE_AGO,
    ),
    "unknown after an order was left": (
        known(UNKNOWN, None, history(LEFT), policy=REJECT_UNKNOWN),
        wait(Cause.SENT, since=ago(60)),
    ),
    # An unknown id.
    "unknown, one look": (known(UNKNOWN, looks=1), Learn(Lack.SECOND_LOOK)),
    "unknown, two looks: the marks are read": (known(UNKNOWN), Learn(Lack.MARKS)),
    "unknown, the notes cannot be read": (known(UNKNOWN, None, BROKEN), wait(Cause.CONNECT)),
    "unknown, reject": (
        known(UNKNOWN, None, NOTHING, policy=REJECT_UNKNOWN),
        reject(Cause.UNKNOWN_ID),
    ),
    "unknown, approve": (
        known(UNKNOWN, None, NOTHING, policy=APPROVE_UNKNOWN),
        approve(Cause.GONE),
    ),
    "unknown, hold": (
        known(UNKNOWN, None, NOTHING, policy=HOLD_UNKNOWN),
        hold(Cause.UNKNOWN_ID),
    ),
    "unknown after an accepted cancellation": (
        known(UNKNOWN, None, history(TAKEN), policy=REJECT_UNKNOWN),
        approve(Cause.GONE),
    ),
    "unknown after a cancellation that showed": (
        known(UNKNOWN, None, history(SHOWN), policy=REJECT_UNKNOWN),
        approve(Cause.GONE),
    ),
    "unknown after our own accepted cancellation": (
        known(UNKNOWN, ACCEPTED, NOTHING, policy=REJECT_UNKNOWN),
        approve(Cause.GONE),
    ),
    "unknown after a lost answer": (
        known(UNKNOWN, MAYBE, NOTHING, policy=APPROVE_UNKNOWN),
        wait(Cause.SENT),
    ),
    "unknown under a mark of late": (
        known(UNKNOWN, None, history(mark(State.SENDING, BLOCKS_FOR)), policy=APPROVE_UNKNOWN),
        wait(Cause.SENT, since=ago(BLOCKS_FOR)),
    ),
    "unknown under an old mark, reject": (
        known(UNKNOWN, None, history(STALE), policy=REJECT_UNKNOWN),
        hold(Cause.UNKNOWN_ID),
    ),
    "unknown under an old mark, approve": (
        known(UNKNOWN, None, history(STALE), policy=APPROVE_UNKNOWN),
        approve(Cause.GONE),
    ),
    "unknown to a vendor that answers the same key again": (
        known(UNKNOWN, None, NOTHING, is_repeatable=True, policy=REJECT_UNKNOWN),
        Cancel(),
    ),
    "unknown to both": (
        known(UNKNOWN, IdNotKnown(), NOTHING, is_repeatable=True, policy=REJECT_UNKNOWN),
        reject(Cause.UNKNOWN_ID),
    ),
    # A refusal.
    "refused": (known(ACTIVE, Refusal("No."), NOTHING), reject(Cause.REFUSED)),
    "refused, hold": (
        known(ACTIVE, Refusal("No."), NOTHING, policy=HOLD_REFUSALS),
        hold(Cause.REFUSED),
    ),
    "refused: the marks are read": (known(ACTIVE, Refusal("No.")), Learn(Lack.MARKS)),
    "refused, the notes cannot be read now": (
        known(ACTIVE, Refusal("No."), BROKEN),
        wait(Cause.CONNECT),
    ),
    "refused, the notes may not be read": (
        known(ACTIVE, Refusal("No."), FORBIDDEN),
        wait(Cause.CONFIGURATION, needs_person=True),
    ),
    "refused while an older attempt's mark stands": (
        known(ACTIVE, Refusal("No."), history(STALE), policy=HOLD_REFUSALS),
        wait(Cause.REFUSED_LATER, needs_person=True),
    ),
    "refused, and only our own mark is there": (
        known(ACTIVE, Refusal("No."), history(SENDING), void_attempt="aaaaaaaa"),
        reject(Cause.REFUSED),
    ),
    "refused with a key that was answered before": (
        known(ACTIVE, Refusal("No."), history(REFUSED)),
        Cancel(),
    ),
    "refused with a key of its own": (
        known(ACTIVE, Refusal("No."), history(REFUSED), definite_answers=1),
        reject(Cause.REFUSED),
    ),
    # A conflict.
    "conflict": (
        known(ACTIVE, NotNow("Busy."), NOTHING),
        wait(Cause.CONFLICT, retry_after=SETTLE / 12),
    ),
    "conflict with a Retry-After": (
        known(ACTIVE, NotNow("Busy.", 101.0), NOTHING),
        wait(Cause.CONFLICT, retry_after=101.0),
    ),
    "conflict at a quick vendor": (
        known(ACTIVE, NotNow(), NOTHING, settle_seconds=6.0),
        wait(Cause.CONFLICT, retry_after=0.5),
    ),
    "conflict: the marks are read": (known(ACTIVE, NotNow()), Learn(Lack.MARKS)),
    "conflict, the notes cannot be read": (known(ACTIVE, NotNow(), BROKEN), wait(Cause.CONNECT)),
    "conflict for long": (known(ACTIVE, NotNow(), LONG_CONFLICT), reject(Cause.REFUSED)),
    "conflict for long, hold": (
        known(ACTIVE, NotNow(), LONG_CONFLICT, policy=HOLD_REFUSALS),
        hold(Cause.REFUSED),
    ),
    "conflict for long under an older attempt's mark": (
        known(ACTIVE, NotNow(), replace(LONG_CONFLICT, marks=(STALE,))),
        wait(Cause.REFUSED_LATER, needs_person=True),
    ),
    "conflict for long about a key whose first call may be under way": (
        known(ACTIVE, NotNow(), LONG_CONFLICT, repeats_answers=True),
        wait(Cause.CONFLICT, needs_person=True, retry_after=SETTLE / 12),
    ),
    # A product without any approved cancellation.
    "a refusal looks for a precedent": (
        known(ACTIVE, Refusal("No."), NOTHING, is_proven=None),
        Learn(Lack.PRECEDENT),
    ),
    "unproven: refused": (
        known(ACTIVE, Refusal("No."), NOTHING, is_proven=False),
        hold(Cause.UNPROVEN),
    ),
    "unproven: not started": (
        known(NOT_STARTED, None, NOTHING, is_proven=False),
        hold(Cause.UNPROVEN),
    ),
    "unproven: no term to end": (
        known(EVERGREEN, None, NOTHING, is_proven=False, policy=AT_TERM_OR_REJECT),
        hold(Cause.UNPROVEN),
    ),
    "unproven: an unknown id": (
        known(UNKNOWN, None, NOTHING, is_proven=False, policy=REJECT_UNKNOWN),
        hold(Cause.UNPROVEN),
    ),
    "unproven: a blank parameter": (
        known(parameter=BlankParameter(), is_proven=False),
        hold(Cause.UNPROVEN),
    ),
    "an unproven product's cancelled subscription is approved": (
        known(CANCELLED, None, NOTHING, is_proven=False),
        approve(Cause.ALREADY_CANCELLED),
    ),
    # The parameter.
    "blank": (known(parameter=BlankParameter()), reject(Cause.BLANK_PARAMETER)),
    "blank: a precedent is looked for": (
        known(parameter=BlankParameter(), is_proven=None),
        Learn(Lack.PRECEDENT),
    ),
    "no parameter": (
        known(parameter=NoParameter()),
        wait(Cause.CONFIGURATION, needs_person=True),
    ),
    "not an id": (known(parameter=NotAnId()), hold(Cause.ID_PATTERN)),
    "not an id: an unproven product": (
        known(parameter=NotAnId(), is_proven=False),
        hold(Cause.ID_PATTERN),
    ),
    # A vendor that cannot be asked.
    "mute: nothing tried": (mute(), Cancel()),
    "mute: no mark is kept": (mute(NoMarkKept()), hold(Cause.NO_MARK)),
    "mute: a mark of another": (mute(NotOurTurn(), history(SENDING)), SENT_A_MINUTE_AGO),
    "mute: a mark whose call may be under way": (
        mute(NotOurTurn(), history(mark(State.SENDING, BLOCKS_FOR))),
        wait(Cause.SENT, since=ago(BLOCKS_FOR)),
    ),
    "mute: a mark whose call is over": (
        mute(NotOurTurn(), history(STALE)),
        hold(Cause.SENT),
    ),
    "mute: an old mark and a young one": (
        mute(NotOurTurn(), history(STALE, mark(State.SENDING, 60, "bbbbbbbb"))),
        SENT_A_MINUTE_AGO,
    ),
    "mute: a mark that is gone again": (mute(NotOurTurn(), NOTHING), wait(Cause.SENT)),
    "mute: a mark of an accepted cancellation": (
        mute(NotOurTurn(), history(TAKEN)),
        hold(Cause.SENT),
    ),
    "mute: a mark of a cancellation that showed": (
        mute(NotOurTurn(), history(TAKEN, SHOWN)),
        approve(Cause.CANCELLED),
    ),
    "mute: accepted": (mute(ACCEPTED), hold(Cause.SENT)),
    "mute: accepted, repeatable": (mute(ACCEPTED, is_repeatable=True), hold(Cause.SENT)),
    "mute: a lost answer": (mute(MAYBE), hold(Cause.SENT)),
    "mute: a lost answer, repeatable": (
        mute(Sent(accepted=False, retry_after=90.0), is_repeatable=True),
        wait(Cause.SENT, retry_after=90.0),
    ),
    "mute: refused": (mute(Refusal("No."), NOTHING), reject(Cause.REFUSED)),
    "mute: conflict": (
        mute(NotNow(), NOTHING),
        wait(Cause.CONFLICT, retry_after=SETTLE / 12),
    ),
    "mute: unknown once": (mute(IdNotKnown()), Cancel(120.0)),
    "mute: unknown twice": (mute(IdNotKnown(2)), Learn(Lack.MARKS)),
    "mute: unknown twice, reject": (
        mute(IdNotKnown(2), NOTHING, policy=REJECT_UNKNOWN),
        reject(Cause.UNKNOWN_ID),
    ),
    "mute: unknown twice, under another's mark": (
        mute(IdNotKnown(2), history(SENDING), policy=REJECT_UNKNOWN),
        hold(Cause.UNKNOWN_ID),
    ),
    "mute: unknown twice, repeatable, reject": (
        mute(IdNotKnown(2), NOTHING, policy=REJECT_UNKNOWN, is_repeatable=True),
        hold(Cause.UNKNOWN_ID),
    ),
    "mute: unknown twice, repeatable": (
        mute(IdNotKnown(2), NOTHING, policy=APPROVE_UNKNOWN, is_repeatable=True),
        approve(Cause.GONE),
    ),
}


@pytest.mark.parametrize(("evidence", "step"), TABLE.values(), ids=TABLE)
def test_the_table_of_rules(evidence, step):
    assert bare(decide(evidence)) == step


OPEN = Refusal("An invoice is open.")


@pytest.mark.parametrize(
    ("evidence", "says"),
    [
        (known(parameter=BlankParameter()), ["its parameter 'subscription_id', which", "blank"]),
        (known(parameter=NotAnId()), ["parameter 'subscription_id'", "SUBSCRIPTION_ID_PATTERN"]),
        (
            known(parameter=NoParameter()),
            ["no fulfillment parameter 'subscription_id'", "two different ones", "ID_PARAMETER"],
        ),
        (
            known(CANCELLED, None, NOTHING),
            ["was already cancelled at the vendor."],
        ),
        (known(replace(CANCELLED, ends_at=NOW - DAY), ACCEPTED), []),
        (
            known(replace(CANCELLED, ends_at=NOW + DAY), None, NOTHING),
            ["was already cancelled at the vendor. It ends at the vendor on 2026-03-03."],
        ),
        (ends_in(86400), []),
        (known(ENDS, None, NOTHING, policy=LATER), ["was already cancelled at the vendor."]),
        (ends_in(60), ["is about to end."]),
        (
            known(EVERGREEN, None, NOTHING, policy=AT_TERM_OR_HOLD),
            ["at the end of its term: it has none.", "or set ON_NO_TERM_END; then resubmit"],
        ),
        (
            known(EVERGREEN, None, NOTHING, is_proven=False, policy=AT_TERM_OR_REJECT),
            ["it has none.", "Check the variables CANCELLATION_DATE and ON_NO_TERM_END."],
        ),
        (
            known(ACTIVE, ACCEPTED),
            ["has accepted the cancellation. The vendor does not"],
        ),
        (known(ACTIVE, MAYBE), ["received the cancellation. Lost. The vendor does not show"]),
        (known(ACTIVE, IdNotKnown()), ["did not know the id. Mend the address."]),
        (known(NOT_STARTED, None, NOTHING), ["cannot be cancelled", "draft or not yet active"]),
        (known(ACTIVE, OPEN, NOTHING), ["refuses to cancel the subscription: An invoice is open."]),
        (
            known(ACTIVE, OPEN, history(STALE)),
            ["refuses another one. Check", "request. An invoice is open."],
        ),
        (known(ACTIVE, Refusal(hint="The answer has: a."), NOTHING), ["tion. The answer has: a."]),
        (known(ACTIVE, NotNow("Busy."), NOTHING), ["at the moment. Busy."]),
        (
            known(ACTIVE, NotNow("Busy."), LONG_CONFLICT, repeats_answers=True),
            ["It has said so", "vendor. Busy."],
        ),
        (known(ACTIVE, NotNow("Busy."), LONG_CONFLICT), ["refuses to cancel", ": Busy."]),
        (
            known(ACTIVE, OPEN, NOTHING, is_proven=False),
            [": An invoice is open.", "Mend the body."],
        ),
        (known(NOT_STARTED, None, NOTHING, is_proven=False), ["draft", "Mend the body."]),
        (
            known(UNKNOWN, None, NOTHING, is_proven=False, policy=REJECT_UNKNOWN),
            ["does not know its id", "Mend the body."],
        ),
        (
            known(parameter=BlankParameter(), is_proven=False),
            ["'subscription_id'", "Check the variable SUBSCRIPTION_ID_PARAMETER"],
        ),
        (known(UNKNOWN, None, BROKEN), ["Connect is down."]),
        (known(UNKNOWN, None, history(TAKEN)), ["removed the subscription after the cancellation"]),
        (known(UNKNOWN, None, NOTHING, policy=APPROVE_UNKNOWN), ["does not know the subscription"]),
        (known(SUSPENDED, None, NOTHING), ["suspended", "while it is. Resume it. Then resubmit"]),
        (known(UNFINISHED), ["The order O-1 lies there."]),
        (known(replace(UNFINISHED, detail="")), ["has an order from this request"]),
        (mute(NoMarkKept()), ["Connect keeps no note", "It is mute."]),
        (mute(ACCEPTED), ["The vendor has accepted it. It says nothing."]),
        (mute(NotOurTurn(), history(TAKEN)), ["The vendor has accepted it. It says nothing."]),
        (mute(MAYBE), ["Its outcome is unknown. It is mute."]),
        (mute(NotOurTurn(), history(STALE)), ["Its outcome is unknown. It is mute."]),
        (mute(MAYBE, is_repeatable=True), ["it is sent again. Lost."]),
    ],
)
def test_a_step_says_what_helps(evidence, says):
    said = words(decide(evidence))
    assert all(part in said for part in says), said
    assert says or not said


@pytest.mark.parametrize(
    "evidence",
    [
        known(ACTIVE, NotNow("Busy."), NOTHING),
        known(ACTIVE, NotNow("Busy."), LONG_CONFLICT, repeats_answers=True),
        known(ACTIVE, Refusal("Busy."), history(STALE)),
        known(ACTIVE, Refusal(hint="Busy."), history(STALE)),
    ],
)
def test_the_vendors_words_are_separate_when_a_wait_is_logged(evidence):
    step = decide(evidence)
    assert step.vendor_says == "Busy."
    assert "Busy" not in step.why


def test_a_refusal_without_a_reason_is_a_whole_sentence():
    step = decide(known(ACTIVE, Refusal(), NOTHING))
    assert step.reason == "The vendor refuses to cancel the subscription."
    assert decide(known(ACTIVE, NotNow(), NOTHING)).why.endswith("at the moment.")


@given(st.datetimes(timezones=st.just(timezone.utc)), st.integers(-14, 14))
def test_end_dates_of_all_zones_compare_as_moments(ends_at, hours):
    ends_at = ends_at.replace(tzinfo=timezone(timedelta(hours=hours)))
    step = decide(known(replace(CANCELLED, ends_at=ends_at), ACCEPTED))
    assert step.effective_date == (ends_at if ends_at <= NOW else None)


# For any evidence.


@pytest.fixture(scope="module")
def cases_of():
    """Each combination of evidence, with its step, by the kind of step."""
    views = [None, ACTIVE, CANCELLING, NOT_STARTED, SUSPENDED, UNFINISHED, UNKNOWN, CANCELLED]
    views += [UNSEEN, EVERGREEN, ENDS, replace(CANCELLED, ends_at=NOW - DAY)]
    attempts = [NotTried(), NotOurTurn(), NoMarkKept(), ACCEPTED, MAYBE, Refusal("No."), Refusal()]
    attempts += [Sent(accepted=False), NotNow(), IdNotKnown(), IdNotKnown(2)]
    pasts = [None, BROKEN, FORBIDDEN, NOTHING, LONG_CONFLICT, history(REFUSED)]
    pasts += [history(each) for each in (SENDING, TAKEN, SHOWN, STALE, LEFT)]
    flags, policies = (False, True), [HOLD_REFUSALS, REJECT_UNKNOWN, APPROVE_UNKNOWN]
    policies += [replace(AT_TERM_OR_REJECT, when_effective_later=WhenEffectiveLater.SCHEDULE)]
    names = ("policy", "can_be_asked", "is_repeatable", "is_proven", "looks")
    names += ("leaves_orders", "was_looked_for")
    found = []
    for seen in product(views, attempts, pasts):
        orders = flags if seen[1] == NotOurTurn() and seen[0] in (ACTIVE, UNSEEN) else (False,)
        for values in product(policies, flags, flags, (None, *flags), (1, 2), orders, orders):
            evidence = known(*seen, **dict(zip(names, values, strict=True)))
            found.append((evidence, decide(evidence)))
    return lambda *kinds: [case for case in found if isinstance(case[1], kinds)]


def test_each_outcome_for_people_is_in_whole_sentences(cases_of):
    for said in {words(step) for _, step in cases_of(Approve, Schedule, Reject, Hold, Wait)} - {""}:
        assert said[:1].isupper()
        assert said.endswith(".")
        assert not any(slip in said for slip in ("  ", "XX", "None", ".."))


def test_nothing_is_learnt_twice_so_every_walk_ends(cases_of):
    for evidence, step in cases_of(Learn):
        assert {
            Lack.LOOK: evidence.shown is None and evidence.can_be_asked,
            Lack.ORDER: evidence.leaves_orders and not evidence.was_looked_for,
            Lack.SECOND_LOOK: evidence.looks < 2,
            Lack.MARKS: evidence.history is None,
            Lack.PRECEDENT: evidence.is_proven is None,
        }[step.lack]


def test_nothing_is_sent_twice_by_a_walk_or_unless_the_vendor_shows_active(
    cases_of,
):
    for evidence, _ in cases_of(Cancel):
        unseen = evidence.shown is None and not evidence.can_be_asked
        gone = evidence.shown == UNKNOWN and evidence.is_repeatable
        assert unseen or gone or evidence.shown in (ACTIVE, EVERGREEN, UNSEEN)
        assert not isinstance(evidence.attempt, (Sent, NotOurTurn, NoMarkKept, NotNow))


def test_no_possibly_cancelled_or_unproven_request_is_rejected(cases_of):
    for evidence, _ in cases_of(Reject):
        assert evidence.is_proven
        assert isinstance(evidence.history, History)
        assert not evidence.standing()
        assert not isinstance(evidence.attempt, Sent)
        assert evidence.shown in (None, ACTIVE, EVERGREEN, UNSEEN, NOT_STARTED, UNKNOWN)


def test_only_cancelled_or_vanished_subscriptions_are_approved(cases_of):
    for evidence, step in cases_of(Approve):
        accepted = evidence.attempt == ACCEPTED or evidence.standing() in ((TAKEN,), (SHOWN,))
        if step.cause is Cause.GONE:
            assert evidence.shown in (None, UNKNOWN)
            assert accepted or evidence.policy is APPROVE_UNKNOWN
        elif evidence.shown is None:
            assert evidence.standing() == (SHOWN,)
        else:
            assert evidence.shown.status is SubscriptionStatus.CANCELLED
        assert step.effective_date is None or step.effective_date <= NOW


def test_only_a_cancelled_subscription_that_ends_later_is_scheduled(cases_of):
    for evidence, step in cases_of(Schedule):
        assert evidence.shown == ENDS
        assert step.planned == ENDS.ends_at
        assert evidence.policy.schedules


class TestAConflict:
    @pytest.mark.parametrize(
        ("conflicts", "is_believed"),
        [
            ((), False),
            ((1201, 1), False),
            ((1200, 500, 1), False),
            ((1201, 500, 1), True),
            ((1201, 1200, 1199), True),
            ((1201, 500, 1, 0), True),
            # A silence of an hour is not a break, but a longer one is.
            ((3602, 2, 1), True),
            ((3603, 2, 1), False),
            ((9000, 3700, 1300, 1), True),
            ((9000, 3700, 99, 1), False),
        ],
    )
    def test_a_conflict_is_believed_if_repeated_often_and_long_enough(self, conflicts, is_believed):
        assert believes_conflict(history(conflicts=conflicts), SETTLE) is is_believed

    def test_a_vendor_that_takes_days_may_be_silent_for_days(self):
        days = tuple(each * 86400.0 for each in (4.1, 2.1, 0.1))
        assert believes_conflict(history(conflicts=days), 2 * 86400.0)
        assert not believes_conflict(history(conflicts=days), 1.9 * 86400.0)


@pytest.mark.parametrize(("settle", "pause"), [(3.0, 3.0), (120.0, 120.0), (3600.0, 120.0)])
def test_two_looks_are_two_minutes_apart_or_less_for_a_quicker_vendor(settle, pause):
    assert second_look_seconds(settle) == pause
