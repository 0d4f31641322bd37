"""The day on which a cancellation takes effect, from the body of the call."""

from __future__ import annotations

import re
from datetime import date

from sandbox.vendor.answers import Json, VendorError

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def end_date(body: Json, today: date, term_ends: str | None) -> date | None:
    """The day on which the subscription should end; None if the body does not say.

    Raises VendorError (422) if it is not a date, has passed, or is after the term's end.
    """
    at_period_end = body.get("at_period_end") in (True, "true")
    if "effective_date" not in body:
        return _end_of_term(today, term_ends) if at_period_end else None
    if at_period_end:
        raise VendorError(422, "give either effective_date or at_period_end")
    day = _day(body["effective_date"])
    if day < today:
        raise VendorError(422, f"effective_date: {day} is before today, {today}")
    if term_ends is not None and day > date.fromisoformat(term_ends):
        raise VendorError(422, f"effective_date: {day} is after the end of the term, {term_ends}")
    return day


def _end_of_term(today: date, term_ends: str | None) -> date:
    if term_ends is None:
        raise VendorError(422, "at_period_end: the subscription has no term that ends")
    day = date.fromisoformat(term_ends)
    if day < today:
        raise VendorError(422, f"at_period_end: the term ended on {day}")
    return day


def _day(value: object) -> date:
    if isinstance(value, str) and _DATE.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise VendorError(422, "effective_date: expected a date, YYYY-MM-DD")
