"""Speaks the protocol of the official runner's worker over a websocket, by hand."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import aiohttp

from sandbox import LocalConnect
from sandbox.connect.environment import ENVIRONMENT_ID
from sandbox.connect.tasks import CANCEL_EVENT

PATIENCE = 5.0
VARIABLES = [
    {"name": "MODE", "initial_value": "rest", "secure": False},
    {"name": "KEY", "initial_value": "changeme", "secure": True},
]


class Worker:
    """A worker that only sends what a test tells it to."""

    def __init__(self, socket: Any) -> None:
        self.socket = socket

    async def receive(self) -> Any:
        return await asyncio.wait_for(self.socket.receive_json(), PATIENCE)

    async def set_up(self, schedulables: Any = None) -> Any:
        data = {
            "model_type": "setup_request",
            "event_subscriptions": {CANCEL_EVENT: ["pending"]},
            "variables": VARIABLES,
            "schedulables": schedulables,
        }
        await self.socket.send_json({"version": 2, "message_type": "setup_request", "data": data})
        return await self.receive()

    async def answer(self, task: Any, result: str, countdown: int = 0, message: str = "") -> None:
        output = {
            "result": result,
            "data": None,
            "countdown": countdown,
            "runtime": 0.1,
            "message": message or None,
        }
        data = {**task["data"], "output": output}
        await self.socket.send_json({"version": 2, "message_type": "task", "data": data})

    async def receives_nothing(self) -> bool:
        try:
            await asyncio.wait_for(self.socket.receive(), 0.1)
        except asyncio.TimeoutError:
            return True
        return False


@contextlib.asynccontextmanager
async def connected(
    session: aiohttp.ClientSession, connect: LocalConnect, instance_id: str = "INS-1"
) -> AsyncIterator[Worker]:
    url = f"{connect.url}/devops/ws/{ENVIRONMENT_ID}/{instance_id}"
    query = {"running_tasks": "0", "runner_type": "background"}
    async with session.ws_connect(url, params=query) as socket:
        yield Worker(socket)
