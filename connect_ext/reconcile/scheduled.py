"""The run as a schedule in the portal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connect_ext.connect.api import ConnectApi
from connect_ext.connect.listing import Environment
from connect_ext.connect.object_id import is_object_id
from connect_ext.http.pace import LEAST_CALLS_PER_MINUTE, MOST_CALLS_PER_MINUTE
from connect_ext.reconcile.reconciling import MOST_DAYS, MOST_SUBSCRIPTIONS, Order, reconcile
from connect_ext.reconcile.showing import in_short, shown
from connect_ext.scheduled_result import ScheduledResult, WrongParameterError, as_result
from connect_ext.shared_state import SharedState

_NUMBERS = {
    "days": (0, MOST_DAYS),
    "subscriptions": (0, MOST_SUBSCRIPTIONS),
    "calls_per_minute": (LEAST_CALLS_PER_MINUTE, MOST_CALLS_PER_MINUTE),
}


async def reconcile_for(
    schedule: Any,
    variables: Mapping[str, str],
    connect: ConnectApi,
    environment: Environment | None,
    shared: SharedState,
    *,
    most_characters: int,
) -> ScheduledResult:
    """Make the run that the schedule's parameter describes."""
    try:
        order = order_of(schedule)
    except WrongParameterError as error:
        return as_result(error)
    report = await reconcile(variables, order, connect, environment, shared)
    is_fine = report.is_whole and not report.needs_person
    return ScheduledResult(is_fine, shown(report, most_characters), in_short(report))


def order_of(schedule: Any) -> Order:
    """Read the order in a schedule's parameter; raises ``WrongParameterError``."""
    given = schedule.get("parameter") if isinstance(schedule, dict) else None
    given = {} if given is None else given
    if not isinstance(given, dict) or given.keys() - {*_NUMBERS, "products"}:
        raise WrongParameterError(
            'The schedule\'s parameter may have "days", "products", "subscriptions" and'
            ' "calls_per_minute"; this one does not match.'
        )
    products = given.get("products", [])
    if not isinstance(products, list) or not all(map(is_object_id, products)):
        raise WrongParameterError('"products" must be a list of ids such as PRD-123-456-789.')
    numbers = {name: _number(name, given[name]) for name in _NUMBERS if name in given}
    return Order(products=tuple(products), **numbers)


def _number(name: str, value: Any) -> int:
    least, most = _NUMBERS[name]
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise WrongParameterError(f'"{name}" must be a whole number from {least} to {most}.')
    return value
