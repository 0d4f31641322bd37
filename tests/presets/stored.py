"""The idempotency of several vendors: the first answer to a key is stored and repeated."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from tests.presets.stand_in import NotTaken


@dataclass(frozen=True)
class _Kept:
    """An answer, with the request that it answered."""

    request: tuple[str, str, bytes]
    status: int
    body: bytes


class FirstAnswers:
    """The first answer to each key."""

    def __init__(self, replayed: str, reuse: Callable[[str], NotTaken]) -> None:
        """`replayed` is a repeated answer's header; `reuse` makes the answer to another request."""
        self._replayed, self._reuse = replayed, reuse
        self._kept: dict[str, _Kept] = {}

    async def answer(
        self, key: str, request: web.Request, first: Callable[[], Awaitable[web.Response]]
    ) -> web.Response:
        """The stored answer for the key, or the first one; an empty key stands for none.

        Errors that `first` raises are not stored.
        """
        asked = (request.method, request.path_qs, await request.read())
        kept = self._kept.get(key)
        if kept is None:
            response = await first()
            if key:
                self._kept[key] = _Kept(asked, response.status, bytes(response.body or b""))
            return response
        if kept.request != asked:
            raise self._reuse(key)
        return web.Response(
            status=kept.status,
            body=kept.body,
            content_type="application/json",
            headers={self._replayed: "true"},
        )
