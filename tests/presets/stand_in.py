"""What the stand-ins of the vendors have in common: small, stateful, and strict about requests."""

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
"""From now to the end of the term of every subscription."""


class Trouble(Enum):
    """What goes wrong with the next cancellation of one subscription."""

    REFUSES = "refuses, for good"
    IS_BUSY = "is busy, twice"
    LOSES_ANSWER = "carries it out, and the answer is lost"


@dataclass
class Held:
    """A subscription at the vendor."""

    id: str
    word: str = ""
    """The vendor's own status while it is not cancelled, where it is not the usual one."""
    cancelled: bool = False
    ends_at: datetime | None = None
    """When one that is cancelled has ended, or one that is to be cancelled will end."""
    cancellations: int = 0
    """How often a cancellation has had an effect, even if that was undone."""
    undone: int = 0
    trouble: Trouble | None = None
    busy_answers: int = 2

    @property
    def ends_later(self) -> bool:
        """Whether it is to be cancelled and goes on until then."""
        return not self.cancelled and self.ends_at is not None


class NotTaken(Exception):  # noqa: N818 - the vendor's answer, not a fault of the stand-in
    """What a handler raises in order to answer with an error."""

    def __init__(self, status: int, body: object, **headers: str) -> None:
        super().__init__(status)
        self.response = web.json_response(body, status=status, headers=headers)


@dataclass(frozen=True)
class Seen:
    """A request that the vendor got, and its answer."""

    method: str
    path: str
    """With the query."""
    about: str
    """The id in the path, even one that the vendor does not know; empty for none."""
    headers: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    status: int
    answer: bytes = field(repr=False)
    answer_type: str = ""
    """The media type of the answer."""


class StandIn(ABC):
    """A billing system on the loopback, as its own documentation describes it.

    A subclass answers the requests; what it does not know it answers as the vendor would, and
    what the vendor does not take (a field, a missing header) it refuses.
    """

    vendor: ClassVar[str]
    """As `VENDOR` takes it."""
    refusal: ClassVar[str]
    """The vendor's reason where it refuses: a part of what the request is rejected with."""
    later_dates: ClassVar[tuple[str, ...]] = ("end_of_term", "end_of_invoiced_period")
    """Of `CANCELLATION_DATE`, what the vendor can do besides `immediate`."""
    takes_back: ClassVar[bool] = True
    """Whether it takes back a cancellation that has not taken effect."""

    def __init__(self) -> None:
        self.subscriptions: dict[str, Held] = {}
        self.seen: list[Seen] = []
        self._numbers: Iterator[int] = count(1)
        self._server = HttpServer(self._application)

    @abstractmethod
    def new_id(self, number: int) -> str:
        """An id as the vendor makes them."""

    @abstractmethod
    def routes(self) -> list[web.RouteDef]:
        """The end points; all of them check the credentials."""

    @abstractmethod
    def variables(self) -> dict[str, str]:
        """What a user sets in the portal: `VENDOR`, the address here, and the key."""

    def wrong_credentials(self) -> dict[str, str]:
        """The same with credentials that the vendor does not take."""
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
        """One more subscription; `fields` are those of `Held`."""
        held = Held(self.new_id(next(self._numbers)), **fields)
        self.subscriptions[held.id] = held
        return held

    def changes(self, subscription_id: str) -> list[Seen]:
        """The requests about one subscription that were more than questions."""
        return [s for s in self.seen if s.about == subscription_id and s.method != "GET"]

    def cancel(self, held: Held, *, at_end: bool) -> None:
        """The cancellation's effect."""
        held.cancellations += 1
        now = datetime.now(timezone.utc)
        held.cancelled, held.ends_at = not at_end, now + TERM if at_end else now

    def undo(self, held: Held) -> None:
        """A cancellation that has not taken effect is taken back."""
        held.undone += 1
        held.ends_at = None

    def is_busy(self, held: Held) -> bool:
        """Whether this call is to be answered with the vendor's 'not now'."""
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
