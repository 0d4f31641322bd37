"""Runs the tests that generate their input, each time with new input: ``python -m tools.fuzz``.

``--seconds`` sets the duration; the current round is always finished. Exit status 1 at the first
failure, which shows the input.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SECONDS = 600.0
EXAMPLES = 1000
"""The number of examples for each test in a round."""


def passes(seed: int) -> bool:
    """One round."""
    options = ("-q", "--no-header", "-p", "no:cacheprovider", "--timeout=600", "-m", "hypothesis")
    command = [sys.executable, "-m", "pytest", *options, f"--hypothesis-seed={seed}"]
    environment = {**os.environ, "FUZZ_EXAMPLES": str(EXAMPLES)}
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode == 0


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=SECONDS)
    options = parser.parse_args()
    began, rounds = time.monotonic(), 0
    while time.monotonic() - began < options.seconds:
        rounds += 1
        if not passes(time.time_ns()):
            return 1
    seconds = time.monotonic() - began
    print(f"{rounds} rounds of {EXAMPLES} examples a test in {seconds:.0f} s: nothing found")
    return 0


if __name__ == "__main__":
    sys.exit(main())
