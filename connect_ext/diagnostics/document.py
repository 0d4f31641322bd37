"""The content of the file, section by section."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from connect_ext.check.checking import Order
from connect_ext.command_line.connection import NoConnectionError, connection
from connect_ext.connect.api import ConnectApi
from connect_ext.diagnostics.asked import Asked
from connect_ext.diagnostics.checked import checked
from connect_ext.diagnostics.connect_side import IS_LET_IN, connect_answers
from connect_ext.diagnostics.in_short import PROMISE
from connect_ext.diagnostics.installed import adapters, installed
from connect_ext.diagnostics.newest_requests import newest_requests
from connect_ext.diagnostics.process_environment import process_environment, time_here
from connect_ext.diagnostics.sections import PROBLEM, Facts, section
from connect_ext.diagnostics.variables import described
from connect_ext.shared_state import SharedState

SECONDS_HERE, SECONDS_TO_CONNECT = 10.0, 10.0
SECONDS_FOR_REQUESTS, SECONDS_FOR_CHECK = 25.0, 45.0
"""Both run at the same time, so the whole ends within a minute."""


async def document(asked: Asked) -> Facts:
    """Make the sections by name; none of them raises or takes long."""
    shared = SharedState()
    try:
        return {
            "about": f"Diagnostics of the extension that cancels subscriptions. {PROMISE}",
            "time": time_here(),
            "versions": await section(installed(), SECONDS_HERE),
            "vendor adapters of other packages": await section(adapters(), SECONDS_HERE),
            "process environment": process_environment(asked.environment),
            **await _of_variables(asked),
            **await _of_others(asked, shared),
        }
    finally:
        await shared.aclose()


async def _of_variables(asked: Asked) -> Facts:
    if asked.variables is None:
        return {"variables": {PROBLEM: asked.problem}}
    work = described(asked.variables, asked.product_id)
    return {"variables": await section(work, SECONDS_HERE)}


async def _of_others(asked: Asked, shared: SharedState) -> Facts:
    answers, connect = await _of_connect(asked.environment, shared)
    requests, check = await asyncio.gather(_of_requests(connect), _of_check(asked, connect))
    return {"Connect": answers, "cancel requests": requests, "check": check}


async def _of_connect(
    environment: Mapping[str, str], shared: SharedState
) -> tuple[Facts, ConnectApi | None]:
    """Describe how Connect answers; also return it, if it answers and accepts the token."""
    try:
        found = connection(environment)
    except NoConnectionError as error:
        return {PROBLEM: f"Connect is not asked. {error}"}, None
    work = connect_answers(found, shared.connect_session)
    answers = await section(work, SECONDS_TO_CONNECT)
    return answers, found.api(shared) if answers.get(IS_LET_IN) else None


async def _of_requests(connect: ConnectApi | None) -> Facts:
    if connect is None:
        return {PROBLEM: "They are not read: Connect does not answer, or does not let us in."}
    return await section(newest_requests(connect), SECONDS_FOR_REQUESTS)


async def _of_check(asked: Asked, connect: ConnectApi | None) -> Facts:
    if asked.variables is None:
        return {PROBLEM: "Nothing is checked, as the variables cannot be read."}
    order = Order(asked.subscription_id, asked.product_id)
    return await section(checked(asked.variables, order, connect), SECONDS_FOR_CHECK)
