"""A billing API that no variable was designed for: a PATCH terminates its contracts."""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote_plus

from aiohttp import web

from sandbox.http_server import HttpServer

AUDIENCE = "https://billing.example/api"
CLIENT_ID, CLIENT_SECRET = "connect", "crane-lantern-orbit-58"
TERMINATES = {"data": {"attributes": {"lifecycle": {"state": "TERMINATED"}}}}


@dataclass
class Contract:
    """A contract; after the PATCH, this many looks show it as terminating, for some seconds."""

    id: str
    state: str = "ACTIVE"
    looks_to_terminate: int = 2
    refusal: str = ""
    terminations: int = 0

    def look(self) -> dict[str, Any]:
        if self.terminations and not self.looks_to_terminate:
            self.state = "TERMINATED"
        elif self.terminations:
            self.looks_to_terminate -= 1
        return self.shown()

    def shown(self) -> dict[str, Any]:
        attributes = {
            "lifecycle": {"state": self.state, "since": "2026-01-01T00:00:00Z"},
            "term": {"ends_on": "2031-01-01"},
            "billing": {"state": "current", "customer": "Blauwal GmbH"},
        }
        return {"data": {"type": "contract", "id": self.id, "attributes": attributes}}


class Unseen:
    """The API, with an OAuth2 server that requires an audience."""

    def __init__(self) -> None:
        self.contracts: dict[str, Contract] = {}
        self.seen: list[tuple[str, str]] = []
        self._tokens: set[str] = set()
        self._server = HttpServer(self._application)

    @property
    def url(self) -> str:
        return self._server.url

    async def start(self) -> None:
        await self._server.start()

    async def stop(self) -> None:
        await self._server.stop()

    def add(self, contract_id: str, **fields: Any) -> Contract:
        return self.contracts.setdefault(contract_id, Contract(contract_id, **fields))

    def variables(self) -> dict[str, str]:
        """The address and the credentials, but nothing about the API's answers."""
        return {
            "REST_API_URL": self.url,
            "REST_AUTH": "oauth2",
            "REST_OAUTH_TOKEN_URL": f"{self.url}/oauth/token",
            "REST_OAUTH_CLIENT_ID": CLIENT_ID,
            "REST_OAUTH_CLIENT_SECRET": CLIENT_SECRET,
            "REST_OAUTH_EXTRA": f'{{"audience": "{AUDIENCE}"}}',
        }

    def _application(self) -> web.Application:
        application = web.Application(middlewares=[self._guarded])
        application.add_routes(
            [
                web.post("/oauth/token", self._token),
                web.get("/v2/contracts/{id}", self._look),
                web.patch("/v2/contracts/{id}", self._change),
            ]
        )
        return application

    @web.middleware
    async def _guarded(self, request: web.Request, handler: Any) -> web.StreamResponse:
        self.seen.append((request.method, request.path))
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if request.path != "/oauth/token" and token not in self._tokens:
            return _error(401, "token_invalid", "The access token is not known.")
        try:
            answer: web.StreamResponse = await handler(request)
        except web.HTTPNotFound:
            return _error(404, "no_route", "There is nothing at this address.")
        return answer

    async def _token(self, request: web.Request) -> web.StreamResponse:
        form = parse_qs(await request.text())
        pair = base64.b64decode(request.headers.get("Authorization", "").removeprefix("Basic "))
        if [*map(unquote_plus, pair.decode().split(":"))] != [CLIENT_ID, CLIENT_SECRET]:
            return web.json_response({"error": "invalid_client"}, status=401)
        if form.get("audience") != [AUDIENCE]:
            return web.json_response({"error": "access_denied"}, status=403)
        token = f"tok-{secrets.token_urlsafe(24)}"
        self._tokens.add(token)
        return web.json_response({"access_token": token, "expires_in": 600})

    async def _look(self, request: web.Request) -> web.StreamResponse:
        contract = self.contracts.get(request.match_info["id"])
        if contract is None:
            return _error(404, "contract_unknown", "There is no contract with this id.")
        return web.json_response(contract.look())

    async def _change(self, request: web.Request) -> web.StreamResponse:
        contract = self.contracts.get(request.match_info["id"])
        if contract is None:
            return _error(404, "contract_unknown", "There is no contract with this id.")
        if await request.json() != TERMINATES:
            return _error(400, "change_unknown", "Only the lifecycle's state can be changed.")
        if contract.refusal:
            return _error(422, "contract_locked", contract.refusal)
        if contract.state != "ACTIVE":
            return _error(409, "contract_ending", "The contract is not active.")
        contract.terminations += 1
        contract.state = "TERMINATING"
        return web.json_response(contract.shown(), status=202)


def _error(status: int, code: str, detail: str) -> web.Response:
    return web.json_response({"errors": [{"code": code, "detail": detail}]}, status=status)
