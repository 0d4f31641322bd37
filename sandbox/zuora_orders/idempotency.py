"""Answers that are kept by Idempotency-Key and sent again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from aiohttp import web
from multidict import CIMultiDict

KEPT_FOR = timedelta(hours=24)
# These come from the layers in front of the store.
NOT_KEPT = (401, 429)


@dataclass
class _Kept:
    method: str
    target: str
    since: datetime
    status: int = 0
    headers: CIMultiDict[str] | None = None
    body: bytes = b""


class KeptAnswers:
    """The first answer for each key, whatever it was; `replays` counts those sent again.

    Only the key decides: a different body with a known key gets the old answer.
    """

    def __init__(self) -> None:
        self.replays = 0
        self._kept: dict[str, _Kept] = {}

    def begin(self, key: str, request: web.Request, now: datetime) -> web.Response | int | None:
        """The kept answer, a status (409: in progress, 422: another call had this key), or None if
        the call is the first.
        """
        kept = self._kept.get(key)
        if kept is None or now - kept.since >= KEPT_FOR:
            self._kept[key] = _Kept(request.method, request.path_qs, now)
            return None
        if (kept.method, kept.target) != (request.method, request.path_qs):
            return 422
        if kept.headers is None:
            return 409
        self.replays += 1
        return web.Response(status=kept.status, headers=kept.headers, body=kept.body)

    def keep(self, key: str, response: web.StreamResponse) -> None:
        """Keep the answer, unless it is of a kind that is not kept."""
        if response.status in NOT_KEPT or not isinstance(response, web.Response):
            self.forget(key)
            return
        kept = self._kept[key]
        kept.body = response.body if isinstance(response.body, bytes) else b""
        kept.status, kept.headers = response.status, response.headers.copy()

    def forget(self, key: str) -> None:
        """Note that the call with this key got no answer."""
        self._kept.pop(key, None)
