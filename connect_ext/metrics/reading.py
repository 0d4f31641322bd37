"""One reading of the metrics as a value, and its two forms in the log."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from connect_ext.http.call_times import Calls
from connect_ext.http.circuit_breaker import Standing, State
from connect_ext.metrics.waiting import WaitingRequest
from connect_ext.outcome_log import OUTCOMES


@dataclass(frozen=True)
class VendorUse:
    """The calls to all vendors of one name, and the worst state among their breakers."""

    calls: Calls = field(default_factory=Calls)
    breaker: Standing = field(default_factory=Standing)

    def __add__(self, other: VendorUse) -> VendorUse:
        return VendorUse(self.calls + other.calls, max(self.breaker, other.breaker))


@dataclass(frozen=True)
class Reading:
    """Everything counted since the last reading."""

    seconds: float
    is_last: bool
    """Whether the process is ending."""
    ended: Mapping[tuple[str, str], int]
    """The number of tasks by outcome and cause."""
    vendors: Mapping[str, VendorUse]
    connect: Calls
    waiting: int
    longest: tuple[WaitingRequest, ...]

    def causes_of(self, outcome: str) -> dict[str, int]:
        """The number of tasks with this outcome by their cause."""
        return {cause: n for (each, cause), n in sorted(self.ended.items()) if each == outcome}


def as_json(reading: Reading) -> str:
    """The reading as a JSON object on one line."""
    causes = {outcome: reading.causes_of(outcome) for outcome in OUTCOMES}
    metrics = {
        "seconds": round(reading.seconds),
        "last": reading.is_last,
        "tasks": sum(reading.ended.values()),
        "outcomes": {outcome: sum(found.values()) for outcome, found in causes.items()},
        "causes": {outcome: found for outcome, found in causes.items() if found},
        "vendors": {name: _vendor(use) for name, use in sorted(reading.vendors.items())},
        "connect": _calls(reading.connect),
        "waiting": reading.waiting,
        "longest": [
            {"request": each.request_id, "since": _moment(each), "cause": each.cause}
            for each in reading.longest
        ],
    }
    return json.dumps({"metrics": metrics})


def as_text(reading: Reading) -> str:
    """The reading as ``name=value``, one part after the other."""
    ended = [f"tasks={sum(reading.ended.values())}"]
    for outcome in OUTCOMES:
        causes = reading.causes_of(outcome)
        by_cause = " ".join(f"{cause}={number}" for cause, number in causes.items())
        ended.append(f"{outcome}={sum(causes.values())}" + (f" ({by_cause})" if causes else ""))
    parts = [" ".join(ended)]
    parts += [
        f"vendor {name}: {_pairs(_vendor(use))}" for name, use in sorted(reading.vendors.items())
    ]
    parts += [f"Connect: {_pairs(_calls(reading.connect))}", f"waiting={reading.waiting}"]
    parts += [f"{each.request_id} since {_moment(each)} {each.cause}" for each in reading.longest]
    last = ", the last" if reading.is_last else ""
    return f"Metrics of {reading.seconds:.0f} s{last}: {'; '.join(parts)}"


def _vendor(use: VendorUse) -> dict[str, Any]:
    is_paused = use.breaker.state is State.PAUSED
    return {
        **_calls(use.calls),
        "breaker": use.breaker.state.name.lower(),
        # Even a fraction of a second is a pause.
        "paused_s": max(1, round(use.breaker.seconds)) if is_paused else 0,
    }


def _calls(calls: Calls) -> dict[str, Any]:
    return {
        "calls": calls.count,
        "unanswered": calls.unanswered,
        "median_ms": calls.percentile(50),
        "p99_ms": calls.percentile(99),
    }


def _pairs(values: Mapping[str, Any]) -> str:
    return " ".join(f"{name}={_shown(value)}" for name, value in values.items())


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    return "-" if value is None else str(value)


def _moment(request: WaitingRequest) -> str:
    return request.since.isoformat(timespec="seconds")
