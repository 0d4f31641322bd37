"""Plays many random histories and prints the seed: ``python -m tools.random_histories``.

``--seed`` plays the same histories again; ``--histories`` sets their number.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from random import SystemRandom

from tests.model.cutting import cut_down
from tests.model.dealing import dealt
from tests.model.world import play


def main() -> int:
    """Play the histories; return 1 if one breaks a promise, which is then minimized and shown."""
    options = _options()
    print(f"{options.histories} random histories, --seed {options.seed}", flush=True)
    began, ends, slowest = time.monotonic(), Counter[str](), 0
    for seed in range(options.seed, options.seed + options.histories):
        played = play(dealt(seed))
        if played.broken:
            print(f"history {seed} breaks a promise: {played.broken}", flush=True)
            core = cut_down(dealt(seed), lambda history: bool(play(history).broken))
            print(f"{core}\n{play(core).broken}")
            return 1
        is_open = played.status in ("pending", "revoking")
        ends[f"{played.status} ({played.end})" if is_open else played.status] += 1
        slowest = max(slowest, played.deliveries_to_settle)
    seconds = time.monotonic() - began
    print(f"no promise broken; {options.histories / seconds:.0f} histories a second")
    print("ends: " + ", ".join(f"{status} {number}" for status, number in ends.most_common()))
    print(f"once faults had stopped, at most {slowest} deliveries")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=SystemRandom().randrange(10**9))
    parser.add_argument("--histories", type=int, default=20_000)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
