"""A log of the calls to one of the sandbox's servers, for counting."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timezone

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware


@dataclass(frozen=True)
class Call:
    """One call; `task_id` is set if an extension's handler made it."""

    at: datetime
    method: str
    path: str
    query: str
    status: int
    key: str | None
    task_id: str | None


class CallLog:
    """All calls, in the order they were answered."""

    def __init__(self) -> None:
        self.calls: list[Call] = []

    def matching(self, method: str = "*", path: str = "") -> list[Call]:
        """The calls of a method (`*`: any) whose path matches the pattern."""
        return [
            call
            for call in self.calls
            if method in ("*", call.method) and re.search(path, call.path)
        ]

    def clear(self) -> None:
        """Forget all calls."""
        self.calls.clear()

    def middleware(self) -> Middleware:
        """The log as aiohttp middleware, outside everything that can go wrong."""

        @web.middleware
        async def log(request: web.Request, handler: Handler) -> web.StreamResponse:
            status = 500
            try:
                response = await handler(request)
                status = response.status
                return response
            except web.HTTPException as error:
                status = error.status
                raise
            finally:
                self._add(request, status)

        return log

    def _add(self, request: web.Request, status: int) -> None:
        self.calls.append(
            Call(
                at=datetime.now(timezone.utc),
                method=request.method,
                path=request.path,
                query=request.query_string,
                status=status,
                key=request.headers.get("Authorization"),
                task_id=request.headers.get("EAAS_TASK_ID"),
            )
        )
