import inspect

import httpx
import pytest

from connect_ext import errors
from connect_ext.cause import Cause
from connect_ext.errors import (
    CancellationError,
    Conflict,
    Later,
    Never,
    NotConfigured,
    NotDone,
    OutcomeUnknown,
    Outdated,
    Refused,
    UnknownId,
)

TREE = {
    CancellationError: Exception,
    Later: CancellationError,
    NotDone: Later,
    Conflict: NotDone,
    Outdated: NotDone,
    OutcomeUnknown: Later,
    NotConfigured: Later,
    Never: CancellationError,
    Refused: Never,
    UnknownId: Never,
}


def test_the_tree_matches_the_modules_drawing():
    classes = [c for _, c in inspect.getmembers(errors, inspect.isclass) if c is not Cause]
    assert {error: error.__bases__ for error in classes} == {
        error: (base,) for error, base in TREE.items()
    }
    assert all(error.__name__ in errors.__doc__ for error in TREE)


def test_no_error_is_both_for_later_and_for_never():
    for error in TREE:
        assert not (issubclass(error, Later) and issubclass(error, Never))


@pytest.mark.parametrize("error", [OSError, TimeoutError, httpx.HTTPError, ValueError])
def test_no_error_is_caught_with_an_error_of_python_or_httpx(error):
    assert not any(issubclass(ours, error) or issubclass(error, ours) for ours in TREE)


@pytest.mark.parametrize("error", [NotDone, Conflict, Outdated, OutcomeUnknown, NotConfigured])
def test_an_error_that_may_pass_says_when_to_come_back(error):
    assert error("Busy.").retry_after is None
    assert error("Busy.", 7).retry_after == 7
    assert error("Busy.").message == str(error("Busy.")) == "Busy."


def test_a_refusal_does_not_show_the_vendors_words_by_itself():
    refusal = Refused("Jane Doe has an open invoice.", hint="Look there.")
    assert refusal.reason == refusal.vendor_text == "Jane Doe has an open invoice."
    assert refusal.hint == "Look there."
    conflict = Conflict("Not now.", vendor_text="Jane Doe has a lock.")
    assert "Jane" not in f"{refusal} {refusal!r} {refusal.message} {conflict} {conflict!r}"


def test_every_error_has_a_cause_and_may_have_a_better_one():
    causes = [error("Busy.").cause for error in (NotDone, Conflict, OutcomeUnknown, NotConfigured)]
    assert causes == [Cause.UNREACHABLE, Cause.CONFLICT, Cause.SENT, Cause.CONFIGURATION]
    assert (Refused().cause, UnknownId().cause) == (Cause.REFUSED, Cause.UNKNOWN_ID)
    assert NotDone("Busy.", cause=Cause.BUSY).cause is Cause.BUSY


def test_every_error_raised_without_words_has_a_default_text():
    assert str(UnknownId()).endswith(".")
    assert str(Refused()).endswith(".")
