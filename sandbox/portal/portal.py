"""The server of the page, and what its parts share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.typedefs import Handler

from sandbox.connect.refusals import Refusal
from sandbox.http_server import HttpServer
from sandbox.portal.chronicle import Chronicle
from sandbox.portal.guard import add_headers, refuse_strangers
from sandbox.portal.instances import Instances
from sandbox.portal.opinion import Opinions
from sandbox.portal.rendering import HERE, Rendering
from sandbox.portal.requests import RequestPages
from sandbox.portal.runners import RunnerPages
from sandbox.portal.stream import Stream
from sandbox.portal.subscriptions import SubscriptionPages
from sandbox.portal.switches import Switches
from sandbox.portal.variables import VariablePages
from sandbox.portal.vendor import VendorPages
from sandbox.runner import Runner
from sandbox.runner_log import RunnerLogs
from sandbox.sandbox import Sandbox


class Portal:
    """The sandbox in a browser, on plain HTTP at this machine alone.

    `start_runner` starts one more instance as `serve` has started the first.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        logs: RunnerLogs,
        start_runner: Callable[[], Awaitable[Runner]],
        *,
        port: int = 0,
    ) -> None:
        self.sandbox, self.logs = sandbox, logs
        self.stream = Stream()
        self.chronicle = Chronicle(sandbox.connect, logs, self.stream.tell)
        self.rendering = Rendering(own_vendor=sandbox.own_vendor)
        self.switches = Switches(sandbox.vendor)
        self.opinions = Opinions(sandbox.connect, self.stream.tell)
        self.instances = Instances(sandbox.connect, start_runner, self.stream.tell)
        self._server = HttpServer(self._application, port=port)

    @property
    def url(self) -> str:
        """The page's address."""
        return f"{self._server.url}/"

    async def start(self) -> None:
        """Serve."""
        await self._server.start()
        self.opinions.start()

    async def stop(self) -> None:
        """Close everything."""
        await self._server.stop()
        await self.instances.close()
        await self.opinions.stop()

    def _application(self) -> web.Application:
        application = web.Application(middlewares=[refuse_strangers, self._show_refusals])
        application.on_response_prepare.append(add_headers)
        application.add_routes(
            [
                web.get("/", _home),
                web.get("/events", self.stream.serve),
                web.static("/static", HERE / "static"),
                *SubscriptionPages(self).routes(),
                *RequestPages(self).routes(),
                *VendorPages(self).routes(),
                *VariablePages(self).routes(),
                *RunnerPages(self).routes(),
            ]
        )
        return application

    @web.middleware
    async def _show_refusals(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """What Connect refuses becomes a page that says why."""
        try:
            return await handler(request)
        except Refusal as refusal:
            status, reasons = refusal.status, refusal.errors
        except web.HTTPNotFound:
            status, reasons = 404, ("There is no such page.",)
        return self.rendering.page(request, "refused.html", status, reasons=reasons)


async def _home(_: web.Request) -> web.StreamResponse:
    raise web.HTTPFound("/subscriptions")
