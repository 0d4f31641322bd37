"""The list of waiting requests as a schedule in the portal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connect_ext.connect.api import ConnectApi
from connect_ext.connect.listing import Environment
from connect_ext.connect.object_id import is_object_id
from connect_ext.scheduled_result import ScheduledResult
from connect_ext.shared_state import SharedState
from connect_ext.waiting.gathering import Order, gather
from connect_ext.waiting.showing import in_short, shown

_EXPECTED = (
    'The schedule\'s parameter may have "products", a list of ids such as PRD-123-456-789; this'
    " one does not match."
)


async def list_for(
    schedule: Any,
    variables: Mapping[str, str],
    connect: ConnectApi,
    environment: Environment | None,
    shared: SharedState,
    *,
    most_characters: int,
) -> ScheduledResult:
    """List the waiting requests for the products in the schedule's parameter."""
    given = schedule.get("parameter") if isinstance(schedule, dict) else None
    given = {} if given is None else given
    products = given.get("products", []) if isinstance(given, dict) else None
    if (
        not isinstance(products, list)
        or not all(map(is_object_id, products))
        or (given.keys() - {"products"})
    ):
        return ScheduledResult(False, _EXPECTED, _EXPECTED)
    overview = await gather(variables, Order(tuple(products)), connect, environment, shared)
    is_fine = overview.is_whole and not overview.needing_person
    return ScheduledResult(is_fine, shown(overview, most_characters), in_short(overview))
