import inspect

import httpx
import pytest

from connect_ext import errors
from connect_ext.errors import (
    CancellationError,
    Later,
    Never,
    NotConfigured,
    NotDone,
    OutcomeUnknown,
    Refused,
    UnknownId,
)

TREE = {
    CancellationError: Exception,
    Later: CancellationError,
    NotDone: Later,
    OutcomeUnknown: Later,
    NotConfigured: Later,
    Never: CancellationError,
    Refused: Never,
    UnknownId: Never,
}


def test_the_tree_is_the_one_that_the_module_draws():
    classes = inspect.getmembers(errors, inspect.isclass)
    assert {error: error.__bases__ for _, error in classes} == {
        error: (base,) for error, base in TREE.items()
    }
    assert all(error.__name__ in errors.__doc__ for error in TREE)


def test_no_error_is_both_for_later_and_for_never():
    for error in TREE:
        assert not (issubclass(error, Later) and issubclass(error, Never))


@pytest.mark.parametrize("error", [OSError, TimeoutError, httpx.HTTPError, ValueError])
def test_none_is_caught_with_an_error_of_python_or_httpx(error):
    assert not any(issubclass(ours, error) or issubclass(error, ours) for ours in TREE)


@pytest.mark.parametrize("error", [NotDone, OutcomeUnknown, NotConfigured])
def test_an_error_that_may_pass_tells_when_to_come_back(error):
    assert error("Busy.").retry_after is None
    assert error("Busy.", 7).retry_after == 7
    assert error("Busy.").message == str(error("Busy.")) == "Busy."


def test_a_refusal_does_not_show_the_vendors_words_by_itself():
    refusal = Refused("Jane Doe has an open invoice.", conflict=True)
    assert (refusal.reason, refusal.conflict) == ("Jane Doe has an open invoice.", True)
    assert "Jane" not in f"{refusal} {refusal!r} {refusal.message}"


def test_every_error_raised_without_words_has_some():
    assert str(UnknownId()).endswith(".")
    assert str(Refused()).endswith(".")
