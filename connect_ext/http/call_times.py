"""How many calls were made, and how long their answers took, in little memory."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Calls:
    """The calls of some time."""

    count: int = 0
    unanswered: int = 0
    """Those of the count that got no answer that can be used."""
    milliseconds: Counter[float] = field(default_factory=Counter)
    """How many answers took so long, to two digits."""

    def percentile(self, percent: int) -> float | None:
        """Milliseconds within which so many percent of the answers came; None without answers."""
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
    """Notes the calls to one side.

    Times are kept to two digits: a few hundred different ones, however many calls there are.
    """

    def __init__(self) -> None:
        self._count = self._unanswered = 0
        self._milliseconds: Counter[float] = Counter()

    @property
    def has_any(self) -> bool:
        """Whether a call has ended since the last were taken."""
        return self._count > 0

    def note(self, seconds: float, *, is_answered: bool) -> None:
        """Note a call that has ended."""
        self._count += 1
        if is_answered:
            self._milliseconds[float(f"{1000 * seconds:.1e}")] += 1
        else:
            self._unanswered += 1

    def taken(self) -> Calls:
        """The calls since the last were taken."""
        calls = Calls(self._count, self._unanswered, self._milliseconds)
        self._count = self._unanswered = 0
        self._milliseconds = Counter()
        return calls
