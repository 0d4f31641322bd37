"""The result of a schedule that was made in the portal."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ScheduledResult:
    """The result of one execution of a schedule."""

    is_fine: bool
    """False if somebody needs to do something."""
    output: str
    """For the schedule's output in Connect."""
    in_short: str
    """For the log: numbers, ids and words of our own."""


class WrongParameterError(Exception):
    """The schedule's parameter cannot be used; the text says what is expected."""


def as_result(error: WrongParameterError) -> ScheduledResult:
    """The result of a schedule whose parameter cannot be used."""
    return ScheduledResult(False, str(error), str(error))
