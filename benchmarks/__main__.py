"""`python -m benchmarks [--quick] [--rounds N] [SECTION ...]`"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Callable

from benchmarks.bench import Bench
from benchmarks.figures import Section
from benchmarks.machine import machine, packages
from benchmarks.processor_time import envelope_time, import_time
from benchmarks.report import markdown
from benchmarks.results import Results
from benchmarks.sections import SECTIONS

WITHOUT_RUNNER: dict[str, Callable[[], Section]] = {
    "imports": import_time,
    "envelopes": envelope_time,
}
QUICK_SCALE = 0.1


async def measured(names: list[str], bench: Bench) -> list[Section]:
    """Measure the sections one after another."""
    found = []
    async with bench.open():
        for name in names:
            print(f"measuring {name} ...", file=sys.stderr, flush=True)
            began = time.monotonic()
            if name in WITHOUT_RUNNER:
                found.append(WITHOUT_RUNNER[name]())
            else:
                found.append(await SECTIONS[name](bench))
            print(f"  {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    return found


def main() -> int:
    """Measure, print and write the results; return 1 if a required figure was missed."""
    names = [*WITHOUT_RUNNER, *SECTIONS]
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=", ".join(names))
    parser.add_argument("--rounds", type=int, default=3, help="rounds of each row (3)")
    parser.add_argument(
        "--quick", action="store_true", help="one round of short loads, as a quick look"
    )
    options = parser.parse_args()
    unknown = set(options.sections) - set(names)
    if unknown:
        parser.error(f"there is no section {', '.join(sorted(unknown))}")
    bench = Bench(1, QUICK_SCALE) if options.quick else Bench(max(1, options.rounds))
    chosen = [name for name in names if name in options.sections or not options.sections]
    sections = asyncio.run(measured(chosen, bench))
    results = Results.of(sections, bench.rounds, machine(), packages())
    print(markdown(results))
    # The file contains only complete measurements.
    if not options.quick and not options.sections and bench.rounds >= 3:
        results.write()
    missed = [v for section in sections for v in section.verdicts if not v.holds]
    for verdict in missed:
        print(f"MISSED: {verdict.what}: {verdict.found}", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
