"""Searches for the answers that keep us busiest: ``python -m tools.worst_answers``.

``--seconds`` sets the duration for each side, and ``--seed`` chooses the changes to try; since
timings differ, no two searches are the same. The worst answers are then given to all calls at once,
with a heartbeat in the event loop; exit status 0 if it was never more than 0.4 seconds late.
``--known`` measures the known answers (``tests/hostile/answers.py``) instead. ``--side`` chooses
one or more sides instead of all.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
from collections.abc import Collection, Iterator

from tests.hostile.answers import (
    FOUND,
    OF_CONNECT,
    OF_ORDERS,
    OF_REST,
    OF_UNDO,
    OF_ZUORA,
    xml_answer,
)
from tests.hostile.heartbeat import MOST_LATE_SECONDS
from tests.hostile.search import lateness, search
from tests.hostile.sides import ALL_SIDES, SIDES

TRIED_ON_ALL = 5
SECONDS = 150.0


async def hunt(name: str, seconds: float, seed: int) -> float:
    """Search on one side and show the results; return the loop's longest delay."""
    found = await search(name, seconds, sys.maxsize, random.Random(f"{name} {seed}"))
    latest = []
    for cpu_seconds, recipe in found.worst[:TRIED_ON_ALL]:
        latest.append(await lateness(name, recipe.said()))
        if latest[-1] > MOST_LATE_SECONDS or len(latest) == 1:
            print(f"  {cpu_seconds:.3f} s of CPU, {latest[-1]:.3f} s late: {recipe}")
    print(
        f"{name}: {found.tries} answers tried; reading the worst took {found.worst[0][0]:.3f} s of"
        f" CPU; said to {ALL_SIDES[name].calls_at_once} calls at once, the worst {len(latest)} made"
        f" the loop late by {max(latest):.3f} s at most",
        flush=True,
    )
    return max(latest)


def known() -> Iterator[tuple[str, str, bytes]]:
    """The known answers: side, name, and exchange."""
    for side in ("look-up", "cancellation"):
        yield from ((side, name, make()) for name, make in OF_REST.items())
    yield from (("Zuora", name, xml_answer(make())) for name, make in OF_ZUORA.items())
    yield from (("Zuora orders", name, make()) for name, make in OF_ORDERS.items())
    yield from (("Connect", name, make()) for name, make in OF_CONNECT.items())
    yield from ((side, "to an undo", make()) for side, make in OF_UNDO)
    yield from ((side, "found by search", recipe.said()) for side, recipe in FOUND)


async def measure_known(sides: Collection[str]) -> float:
    """Measure the known answers of these sides; return the loop's longest delay."""
    latest = []
    for side, name, saying in (each for each in known() if each[0] in sides):
        latest.append(await lateness(side, saying))
        print(f"| {side} | {name} | {1000 * latest[-1]:.0f} ms |", flush=True)
    return max(latest)


async def hunts(sides: Collection[str], seconds: float, seed: int) -> float:
    """Search on one side after another; return the loop's longest delay."""
    return max([await hunt(name, seconds, seed) for name in sides])


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**9))
    parser.add_argument("--known", action="store_true")
    parser.add_argument("--side", action="append", choices=ALL_SIDES)
    options = parser.parse_args()
    if options.known:
        late = asyncio.run(measure_known(options.side or list(ALL_SIDES)))
        return 0 if late <= MOST_LATE_SECONDS else 1
    sides = options.side or list(SIDES)
    print(f"the worst answers, {options.seconds:g} s a side, --seed {options.seed}", flush=True)
    late = asyncio.run(hunts(sides, options.seconds, options.seed))
    return 0 if late <= MOST_LATE_SECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
