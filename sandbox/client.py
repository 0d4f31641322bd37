"""A command's calls to the sandbox that another process serves."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from collections.abc import AsyncIterator, Callable, Collection
from typing import Any

import aiohttp

from sandbox.address import Address
from sandbox.complaint import Complaint
from sandbox.connect.requests import SETTLED

POLL_SECONDS = 0.3
PATIENCE_SECONDS = 600.0

Json = dict[str, Any]


@contextlib.asynccontextmanager
async def connected(address: Address, key: str) -> AsyncIterator[aiohttp.ClientSession]:
    """A session with the sandbox for the key's account."""
    context = ssl.create_default_context(cafile=address.ca_bundle)
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=context),
        headers={"Authorization": key},
        timeout=aiohttp.ClientTimeout(total=30),
    ) as session:
        yield session


async def call(
    session: aiohttp.ClientSession, method: str, url: str, payload: Json | None = None
) -> Any:
    """The answer to a call. Raises Complaint if the call is refused."""
    try:
        async with session.request(method, url, json=payload) as response:
            body = await response.json()
    except aiohttp.ClientConnectionError as error:
        raise Complaint("the sandbox is no longer running") from error
    if response.status >= 400:
        raise Complaint(f"{response.status} {body['error_code']}: {' '.join(body['errors'])}")
    return body


async def follow_request(session: aiohttp.ClientSession, url: str) -> None:
    """Print every status of a request until it is settled."""
    await follow(session, url, SETTLED, _detail)


async def follow(
    session: aiohttp.ClientSession,
    url: str,
    settled: Collection[str],
    detail: Callable[[Json], str] = lambda _: "",
) -> Json:
    """Print every status of a request or a task until it reaches a settled one."""
    deadline, shown = time.monotonic() + PATIENCE_SECONDS, None
    while time.monotonic() < deadline:
        found: Json = await call(session, "GET", url)
        if found["status"] != shown:
            shown = found["status"]
            print(f"{found['id']}  {shown}  {detail(found)}".rstrip(), flush=True)
        if shown in settled:
            return found
        await asyncio.sleep(POLL_SECONDS)
    raise Complaint(f"still {shown} after {PATIENCE_SECONDS:g} s; see the log of the runner")


def _detail(request: Json) -> str:
    moment = request["planned_date" if request["status"] == "scheduled" else "effective_date"]
    return f"subscription {request['asset']['status']}  {request['reason'] or moment}"
