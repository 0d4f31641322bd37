"""What a schedule of the portal has led to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ScheduledResult:
    """The result of one execution of a schedule."""

    is_fine: bool
    """Whether nobody needs to do anything."""
    output: str
    """For the schedule's output in Connect."""
    in_short: str
    """For the log: numbers, ids and words of our own."""


class WrongParameterError(Exception):
    """The schedule's parameter cannot be used; the text says what is expected."""


def as_result(error: WrongParameterError) -> ScheduledResult:
    """The result of a schedule whose parameter cannot be used."""
    return ScheduledResult(False, str(error), str(error))
