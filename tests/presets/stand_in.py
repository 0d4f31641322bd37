"""The common part of the vendors' stand-ins: small, stateful, and strict about requests."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from enum import Enum
from itertools import count
from typing import ClassVar

from aiohttp import web

from sandbox.http_server import HttpServer

TERM = timedelta(days=20)
"""From now to the end of every subscription's term."""


class Trouble(Enum):
    """The fault of the next cancellation of one subscription."""

    REFUSES = "refuses, for good"
    IS_BUSY = "is busy, twice"
    LOSES_ANSWER = "carries it out, and the answer is lost"


@dataclass
class Held:
    """A subscription at the vendor."""

    id: str
    word: str = ""
    """The vendor's own status while it is not cancelled, if not the usual one."""
    cancelled: bool = False
    ends_at: datetime | None = None
    """When a cancelled subscription ended, or one with a scheduled cancellation will end."""
    cancellations: int = 0
    """How many cancellations took effect, undone ones included."""
    undone: int = 0
    trouble: Trouble | None = None
    busy_answers: int = 2

    @property
    def ends_later(self) -> bool:
        """Whether a cancellation is scheduled and it runs until then."""
        return not self.cancelled and self.ends_at is not None


class NotTaken(Exception):  # noqa: N818 - the vendor's answer, not a fault of the stand-in
    """Raised by a handler to answer with an error."""

    def __init__(self, status: int, body: object, **headers: str) -> None:
        super().__init__(status)
        self.response = web.json_response(body, status=status, headers=headers)


@dataclass(frozen=True)
class Seen:
    """A request that the vendor received, and its answer."""

    method: str
    path: str
    """With the query."""
    about: str
    """The id in the path, known or not; empty for none."""
    headers: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    status: int
    answer: bytes = field(repr=False)
    answer_type: str = ""
    """The media type of the answer."""


class StandIn(ABC):
    """A billing system on the loopback interface, as its own documentation describes it.

    A subclass answers the requests. It answers unknown calls as the vendor would, and refuses what
    the vendor refuses (an unknown field, a missing header).
    """

    vendor: ClassVar[str]
    """The value of `VENDOR`."""
    refusal: ClassVar[str]
    """The vendor's reason when it refuses: part of the request's reject reason."""
    later_dates: ClassVar[tuple[str, ...]] = ("end_of_term", "end_of_invoiced_period")
    """The values of `CANCELLATION_DATE` that the vendor supports besides `immediate`."""
    takes_back: ClassVar[bool] = True
    """Whether it can undo a cancellation that has not taken effect."""

    def __init__(self) -> None:
        self.subscriptions: dict[str, Held] = {}
        self.seen: list[Seen] = []
        self._numbers: Iterator[int] = count(1)
        self._server = HttpServer(self._application)

    @abstractmethod
    def new_id(self, number: int) -> str:
        """An id in the vendor's form."""

    @abstractmethod
    def routes(self) -> list[web.RouteDef]:
        """The endpoints; all of them check the credentials."""

    @abstractmethod
    def variables(self) -> dict[str, str]:
        """The variables that a user sets in the portal: `VENDOR`, the address here, and the key."""

    def wrong_credentials(self) -> dict[str, str]:
        """The same with credentials that the vendor rejects."""
        return {**self.variables(), "REST_API_KEY": "key-that-nobody-has"}

    @property
    def url(self) -> str:
        """The base URL."""
        return self._server.url

    async def start(self) -> None:
        """Serve."""
        await self._server.start()

    async def stop(self) -> None:
        """Close everything."""
        await self._server.stop()

    def add(self, **fields: object) -> Held:
        """Add a subscription; `fields` are fields of `Held`."""
        held = Held(self.new_id(next(self._numbers)), **fields)
        self.subscriptions[held.id] = held
        return held

    def changes(self, subscription_id: str) -> list[Seen]:
        """The requests that tried to change one subscription."""
        return [s for s in self.seen if s.about == subscription_id and s.method != "GET"]

    def cancel(self, held: Held, *, at_end: bool) -> None:
        """Let the cancellation take effect."""
        held.cancellations += 1
        now = datetime.now(timezone.utc)
        held.cancelled, held.ends_at = not at_end, now + TERM if at_end else now

    def undo(self, held: Held) -> None:
        """Undo a cancellation that has not taken effect."""
        held.undone += 1
        held.ends_at = None

    def is_busy(self, held: Held) -> bool:
        """Whether this call gets the vendor's 'not now'."""
        if held.trouble is not Trouble.IS_BUSY or not held.busy_answers:
            return False
        held.busy_answers -= 1
        return True

    def _application(self) -> web.Application:
        application = web.Application(middlewares=[self._recorded])
        application.add_routes(self.routes())
        return application

    @web.middleware
    async def _recorded(self, request: web.Request, handler: object) -> web.StreamResponse:
        body = await request.read()
        try:
            response = await handler(request)
        except NotTaken as error:
            response = error.response
        except web.HTTPException as error:
            response = web.Response(status=error.status, text=error.text)
        self.seen.append(
            Seen(
                request.method,
                request.path_qs,
                request.match_info.get("id", ""),
                dict(request.headers),
                body,
                response.status,
                bytes(response.body or b""),
                response.headers.get("Content-Type", "").partition(";")[0],
            )
        )
        held = self._subject(request)
        changes = request.method != "GET" and response.status < 300
        if held and changes and held.trouble is Trouble.LOSES_ANSWER and request.transport:
            held.trouble = None
            request.transport.close()
        return response

    def _subject(self, request: web.Request) -> Held | None:
        return self.subscriptions.get(request.match_info.get("id", ""))
