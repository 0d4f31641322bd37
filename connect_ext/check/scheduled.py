"""The check as a schedule of the portal runs it, with the secure variables in place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connect_ext.check.checking import Order, check
from connect_ext.check.showing import in_short, shown_without_values
from connect_ext.connect.api import ConnectApi


@dataclass(frozen=True)
class Checked:
    """What a scheduled check has led to."""

    would_be_approved: bool
    output: str
    """For the schedule's output."""
    in_short: str
    """For the log: nothing of a variable's value, and nothing of an answer."""


async def check_for(schedule: Any, variables: Mapping[str, str], connect: ConnectApi) -> Checked:
    """Check what the schedule's parameter names."""
    parameter = schedule.get("parameter") if isinstance(schedule, dict) else None
    given = parameter if isinstance(parameter, dict) else {}
    parameters = given.get("parameters")
    pairs = parameters.items() if isinstance(parameters, dict) else ()
    order = Order(
        _text(given.get("subscription_id")),
        _text(given.get("product_id")),
        tuple((str(name), _text(value)) for name, value in pairs),
    )
    report = await check(variables, order, connect)
    return Checked(report.would_be_approved, shown_without_values(report), in_short(report))


def _text(value: Any) -> str:
    return str(value).strip() if isinstance(value, (str, int)) else ""
