"""Makes one call to Connect, to check the network, the token and the clocks."""

from __future__ import annotations

import asyncio
import re
from datetime import datetime, timezone

import httpx

from connect_ext.command_line.connection import Connection
from connect_ext.connect.client import Session, date_of
from connect_ext.diagnostics.sections import PROBLEM, Facts
from connect_ext.http.transport import why_unreached

IS_LET_IN = "takes our token"

_VERSION = re.compile(r"[0-9.]{1,20}")
_TIMEOUT = {"connect": 5.0, "read": 30.0, "pool": 30.0}
_WITHOUT_ANSWER = (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError)


async def connect_answers(connection: Connection, session: Session) -> Facts:
    """Ask for the token's account."""
    client, clock = connection.client, asyncio.get_running_loop().time
    address = f"{client.endpoint}/accounts?limit=2&offset=0"
    began, before = clock(), datetime.now(timezone.utc)
    try:
        answer = await session.request(
            "get", address, headers={"Authorization": client.api_key}, timeout=_TIMEOUT
        )
    except _WITHOUT_ANSWER as error:
        return {"answers": False, PROBLEM: f"Connect could not be reached{why_unreached(error)}."}
    milliseconds = round((clock() - began) * 1000)
    return {
        "answers": True,
        "HTTP status": answer.status_code,
        IS_LET_IN: _is_list(answer),
        "milliseconds with connecting": milliseconds,
        "seconds that its clock is ahead of ours": _ahead(answer, before, milliseconds / 1000),
        "version": _version(answer),
    }


def _is_list(answer: httpx.Response) -> bool:
    """Whether it is a list from Connect, not a page from a proxy in between."""
    try:
        return answer.status_code == httpx.codes.OK and isinstance(answer.json(), list)
    except ValueError:
        return False


def _ahead(answer: httpx.Response, before: datetime, seconds: float) -> int | None:
    """The difference of the clocks; None if the answer has no date."""
    theirs = date_of(answer.headers)
    if theirs is None:
        return None
    # Dates have whole seconds: on average they are half a second late.
    return round((theirs - before).total_seconds() - seconds / 2 + 0.5)


def _version(answer: httpx.Response) -> str:
    found = answer.headers.get("connect-version", "")
    return found if _VERSION.fullmatch(found) else "not given: this may not be Connect"
