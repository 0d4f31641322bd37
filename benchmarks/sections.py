"""The sections that need runners, by their names on the command line."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from benchmarks.bench import Bench
from benchmarks.figures import Section
from benchmarks.rates import instances, latency_50, latency_200, lone, throughput
from benchmarks.troubles import faults, memory, sick

SECTIONS: dict[str, Callable[[Bench], Awaitable[Section]]] = {
    "throughput": throughput,
    "latency-50": latency_50,
    "latency-200": latency_200,
    "lone": lone,
    "faults": faults,
    "sick": sick,
    "memory": memory,
    "instances": instances,
}
