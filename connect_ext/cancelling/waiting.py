"""How long a request waits for its next look. Pure: the jitter is an argument."""

from __future__ import annotations

import math

MIN_SECONDS, MAX_SECONDS = 30.0, 1800.0
MIN_SECONDS_FOR_A_PERSON = 300.0
MAX_SECONDS_UNTIL_A_MOMENT = 86_400.0


def wait_seconds(age_seconds: float, jitter: float, retry_after: float | None = None) -> int:
    """Seconds until the next look: a quarter of ``age_seconds``, within 30 s and 30 min.

    ``age_seconds``: since the request was made, or since the last progress. ``jitter``, from 0 to
    1, spreads requests by a fifth either way, so requests that began to wait together do not come
    back together. The next look is never before the other side's ``retry_after``.
    """
    quarter = min(max(age_seconds / 4, MIN_SECONDS), MAX_SECONDS)
    spread = quarter * (0.8 + 0.4 * jitter)
    wait = min(max(spread, MIN_SECONDS), MAX_SECONDS)
    # Rounded up: a second too early would be before the Retry-After.
    return max(round(wait), math.ceil(retry_after or 0.0))


def wait_seconds_until(left_seconds: float) -> int:
    """Seconds until the next look if its moment is known: a day at most."""
    return math.ceil(min(max(left_seconds, MIN_SECONDS), MAX_SECONDS_UNTIL_A_MOMENT))


def wait_seconds_for_a_person(age_seconds: float, jitter: float) -> int:
    """Seconds until the next look if somebody has to fix something first: 5 to 30 min."""
    return max(wait_seconds(age_seconds, jitter), int(MIN_SECONDS_FOR_A_PERSON))
