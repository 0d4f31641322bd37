"""The check as a schedule in the portal, where the secure variables are available."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connect_ext.check.checking import Order, check
from connect_ext.check.showing import in_short, shown_without_values
from connect_ext.connect.api import ConnectApi
from connect_ext.connect.object_id import is_object_id
from connect_ext.scheduled_result import ScheduledResult, WrongParameterError, as_result

_CUT = "\n(cut)"

_EXPECTED = (
    'The schedule\'s parameter must be {"subscription_id": "…"}, and may have "product_id"'
    ' (such as PRD-123-456-789) and "parameters" (an object of ids and texts); '
)


async def check_for(
    schedule: Any, variables: Mapping[str, str], connect: ConnectApi, *, most_characters: int
) -> ScheduledResult:
    """Check the subject of the schedule's parameter; output has at most ``most_characters``."""
    try:
        order = _order(schedule)
    except WrongParameterError as error:
        return as_result(error)
    report = await check(variables, order, connect)
    output = shown_without_values(report)
    if len(output) > most_characters:
        output = output[: most_characters - len(_CUT)] + _CUT
    return ScheduledResult(report.would_be_approved, output, in_short(report))


def _order(schedule: Any) -> Order:
    given = schedule.get("parameter") if isinstance(schedule, dict) else None
    given = {} if given is None else given
    if not isinstance(given, dict) or given.keys() - {
        "subscription_id",
        "product_id",
        "parameters",
    }:
        raise WrongParameterError(f"{_EXPECTED}this one does not match.")
    product_id, parameters = given.get("product_id", ""), given.get("parameters", {})
    if product_id != "" and not is_object_id(product_id):
        raise WrongParameterError(f'{_EXPECTED}"product_id" is not the id of a product.')
    if not isinstance(parameters, dict) or not all(map(_is_text, parameters.values())):
        raise WrongParameterError(f'{_EXPECTED}"parameters" is not an object of texts.')
    if "subscription_id" in given and not _is_text(given["subscription_id"]):
        raise WrongParameterError(f'{_EXPECTED}"subscription_id" is not a text.')
    subscription_id = str(given["subscription_id"]) if "subscription_id" in given else None
    pairs = ((name, str(value)) for name, value in parameters.items())
    return Order(subscription_id, product_id, tuple(pairs))


def _is_text(value: Any) -> bool:
    return isinstance(value, (str, int)) and not isinstance(value, bool)
