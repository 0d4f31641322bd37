"""Counts calls and the times of their answers, in little memory."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Calls:
    """The calls made in some period."""

    count: int = 0
    unanswered: int = 0
    """How many of them got no usable answer."""
    milliseconds: Counter[float] = field(default_factory=Counter)
    """The number of answers by their time, to two digits."""

    def percentile(self, percent: int) -> float | None:
        """Milliseconds within which ``percent`` of the answers came; None without answers."""
        left = -(-percent * self.milliseconds.total() // 100)
        for milliseconds in sorted(self.milliseconds):
            left -= self.milliseconds[milliseconds]
            if left <= 0:
                return milliseconds
        return None

    def __add__(self, other: Calls) -> Calls:
        return Calls(
            self.count + other.count,
            self.unanswered + other.unanswered,
            self.milliseconds + other.milliseconds,
        )


class CallTimes:
    """Records the calls to one side.

    Times are kept to two digits: a few hundred distinct ones, however many calls there are.
    """

    def __init__(self) -> None:
        self._count = self._unanswered = 0
        self._milliseconds: Counter[float] = Counter()

    @property
    def has_any(self) -> bool:
        """Whether any call has ended since calls were last taken."""
        return self._count > 0

    def note(self, seconds: float, *, is_answered: bool) -> None:
        """Record a call that has ended."""
        self._count += 1
        if is_answered:
            self._milliseconds[float(f"{1000 * seconds:.1e}")] += 1
        else:
            self._unanswered += 1

    def taken(self) -> Calls:
        """Take the calls that have ended since calls were last taken."""
        calls = Calls(self._count, self._unanswered, self._milliseconds)
        self._count = self._unanswered = 0
        self._milliseconds = Counter()
        return calls
