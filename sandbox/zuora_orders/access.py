"""OAuth clients and their tokens."""

from __future__ import annotations

import secrets
import time
import uuid
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from aiohttp import web

from sandbox.zuora_orders.errors import Json

CLIENT_ID = "5a9d6c0e-31f4-4c53-9d0b-2f7e8a1b6c40"
# Must be URL-encoded when sent.
CLIENT_SECRET = "sandbox+orders/secret=27182818284&%3D"  # noqa: S105 - invented
_FORM = {"client_id", "client_secret", "grant_type"}


@dataclass
class Tokens:
    """Access tokens; `issued` counts them, and `all` keeps them for tests that search for leaks."""

    expires_in: float = 3598
    all: set[str] = field(default_factory=set)
    issued: int = 0
    _valid_until: dict[str, float] = field(default_factory=dict)
    _names: dict[str, str] = field(default_factory=dict)

    def issue(self, client_name: str) -> str:
        """A new token of a client."""
        token = secrets.token_hex(16)
        self.issued += 1
        self.all.add(token)
        self._names[token] = client_name
        self._valid_until[token] = time.monotonic() + self.expires_in
        return token

    def valid(self, token: str) -> bool:
        """Whether the token is known and neither expired nor revoked."""
        return self._valid_until.get(token, 0.0) > time.monotonic()

    def client_name(self, token: str) -> str | None:
        """The client whose token it is or was."""
        return self._names.get(token)

    def revoke(self, token: str) -> None:
        """End one token early, if it exists."""
        self._valid_until.pop(token, None)

    def expire_all(self, client_name: str | None = None) -> None:
        """End every token, or every one of a client."""
        for token in list(self._valid_until):
            if client_name in (None, self._names[token]):
                self.revoke(token)


@dataclass(frozen=True)
class Client:
    """An OAuth client and its name."""

    name: str
    client_id: str
    client_secret: str = field(repr=False)


class Access:
    """The tenant's OAuth clients and its token endpoint."""

    def __init__(self, expires_in: float) -> None:
        self.tokens = Tokens(expires_in)
        self._clients = {CLIENT_ID: Client("sandbox", CLIENT_ID, CLIENT_SECRET)}

    def add_client(self, name: str, secret: str = "") -> tuple[str, str]:
        """Add a client, with this secret or a new one; returns its id and its secret."""
        secret = secret or secrets.token_urlsafe(30)[:40] + "="
        client = Client(name, str(uuid.uuid4()), secret)
        self._clients[client.client_id] = client
        return client.client_id, client.client_secret

    def remove_client(self, client_id: str) -> None:
        """Delete a client. Its tokens end at once; Zuora does not document this."""
        self.tokens.expire_all(self._clients.pop(client_id).name)

    def client_named_in(self, body: bytes) -> str | None:
        """The name of the client that a token request identifies."""
        form = dict(parse_qsl(body.decode("utf-8", "replace")))
        client = self._clients.get(form.get("client_id", ""))
        return client.name if client else None

    def answer(self, request: web.Request, body: bytes) -> web.Response:
        """The answer to a request for a token."""
        pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
        problem = _problem(request, pairs)
        if problem is not None:
            return web.json_response({"error": problem}, status=400)
        form = dict(pairs)
        client = self._clients.get(form["client_id"])
        if client is None or client.client_secret != form["client_secret"]:
            return web.json_response({"error": "invalid_client"}, status=401)
        return web.json_response(self._granted(client))

    def _granted(self, client: Client) -> Json:
        return {
            "access_token": self.tokens.issue(client.name),
            "token_type": "bearer",
            "expires_in": self.tokens.expires_in,
            "scope": f"entity.{uuid.UUID(int=11)} platform.write tenant.12270 user.{'2c' * 16}",
            "jti": secrets.token_hex(16),
        }


def _problem(request: web.Request, pairs: list[tuple[str, str]]) -> str | None:
    """The OAuth error in the form of a token request, if any."""
    entity, form = request.headers.get("Zuora-Entity-Ids"), dict(pairs)
    usual = (
        request.content_type == "application/x-www-form-urlencoded"
        and "Authorization" not in request.headers
        and not request.query_string
        and sorted(name for name, _ in pairs) == sorted(_FORM)
        and all(form.values())
        and (entity is None or _is_uuid(entity))
    )
    if not usual or len(form["client_id"]) != 36 or len(form["client_secret"]) > 42:
        return "invalid_request"
    return None if form["grant_type"] == "client_credentials" else "unsupported_grant_type"


def _is_uuid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False
