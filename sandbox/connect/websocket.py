"""The runner's protocol over a websocket (docs/facts.md, Connect 5.2)."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable

from aiohttp import WSMsgType, web

from sandbox.connect.environment import Environment
from sandbox.connect.objects import Json
from sandbox.connect.tasks import Connection, TaskQueue

# The platform's own limit, as the runner sets it on its side.
MAX_MESSAGE_BYTES = 2**21


class Instances:
    """The websockets of every instance of the environment."""

    def __init__(
        self,
        environment: Environment,
        queue: TaskQueue,
        record: Callable[[str, str, str], None],
    ) -> None:
        self._environment = environment
        self._queue = queue
        self._record = record
        self._sockets: dict[Connection, web.WebSocketResponse] = {}
        self._transports: dict[Connection, asyncio.Transport | None] = {}
        # The HTTP status that refuses connections, such as 502 during maintenance.
        self.refuse_with: int | None = None

    def connected(self, instance_id: str | None = None) -> list[Connection]:
        """The connections that accept tasks."""
        return [
            each
            for each in self._queue.connections
            if each.takes_tasks and instance_id in (None, each.instance_id)
        ]

    def push_configuration(self) -> None:
        """Send the current variables to every instance."""
        for connection in self._sockets:
            connection.send(self._environment.setup_response())

    def drop(self, instance_id: str | None = None) -> None:
        """Abort an instance's connections, or all connections, without a closing handshake."""
        for connection, transport in self._transports.items():
            if transport is not None and instance_id in (None, connection.instance_id):
                transport.abort()

    async def close(self) -> None:
        """Close every connection properly."""
        for socket in list(self._sockets.values()):
            await socket.close(code=1001, message=b"the sandbox stops")

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """One websocket, from the handshake to its end."""
        socket = web.WebSocketResponse(max_msg_size=MAX_MESSAGE_BYTES)
        await socket.prepare(request)
        outbox: asyncio.Queue[Json] = asyncio.Queue()
        connection = Connection(
            instance_id=request.match_info["instance_id"],
            runner_type=request.query.get("runner_type", "webapp"),
            send=outbox.put_nowait,
        )
        self._sockets[connection] = socket
        self._transports[connection] = request.transport
        writer = asyncio.create_task(_write(outbox, socket))
        try:
            await self._read(connection, socket)
        finally:
            writer.cancel()
            self._forget(connection)
        return socket

    async def _read(self, connection: Connection, socket: web.WebSocketResponse) -> None:
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                self._process(connection, json.loads(message.data))

    def _process(self, connection: Connection, message: Json) -> None:
        kind, data = message["message_type"], message.get("data") or {}
        if kind == "setup_request":
            self._set_up(connection, data)
        elif kind == "task":
            self._queue.answer(connection, data)
        elif kind == "shutdown":
            connection.accepting = False
            self._record("instance", connection.instance_id, f"{connection.runner_type} stops")

    def _set_up(self, connection: Connection, data: Json) -> None:
        self._environment.declare(data.get("variables") or [])
        self._environment.subscribe(data.get("event_subscriptions") or {})
        # A web application has none to declare and sends None.
        if data.get("schedulables") is not None:
            self._environment.offer(data["schedulables"])
        connection.send(self._environment.setup_response())
        if connection not in self._queue.connections:
            self._queue.attach(connection)
        self._record("instance", connection.instance_id, f"{connection.runner_type} connected")

    def _forget(self, connection: Connection) -> None:
        del self._sockets[connection]
        del self._transports[connection]
        if connection in self._queue.connections:
            self._queue.detach(connection)
        self._record("instance", connection.instance_id, f"{connection.runner_type} disconnected")


async def _write(outbox: asyncio.Queue[Json], socket: web.WebSocketResponse) -> None:
    with contextlib.suppress(ConnectionError):
        while True:
            await socket.send_json(await outbox.get())
