"""Access to the vendor: every kind of credentials, and OAuth2 tokens."""

from __future__ import annotations

import base64
import time
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

API_KEY = "sandbox-vendor-key-31415926535"
BASIC_CREDENTIALS = "sandbox-user:sandbox-password-27182818"
CLIENT_ID = "sandbox-client"
CLIENT_SECRET = "sandbox-client-secret-16180339"  # noqa: S105 - invented


@dataclass
class Tokens:
    """The access tokens of the vendor's OAuth2 server (client credentials)."""

    expires_in: int = 3600
    issued: int = 0
    prefix: str = "sandbox-token-"
    """What every token begins with."""
    _valid_until: dict[str, float] = field(default_factory=dict)

    def issue(self) -> dict[str, Any]:
        """A new token, as the token endpoint returns it."""
        self.issued += 1
        token = f"{self.prefix}{self.issued}-{self.issued * 7919}"
        self._valid_until[token] = time.monotonic() + self.expires_in
        return {"access_token": token, "token_type": "Bearer", "expires_in": self.expires_in}

    def revoke_all(self) -> None:
        """Invalidate every token early."""
        self._valid_until.clear()

    def valid(self, token: str) -> bool:
        """Whether the token was issued here and is neither expired nor revoked."""
        return self._valid_until.get(token, 0.0) > time.monotonic()


class Credentials:
    """The one valid set of credentials; `auth` is its kind."""

    def __init__(self, auth: str, api_key: str | None, expires_in: int) -> None:
        self.auth = auth
        self.api_key = api_key or (BASIC_CREDENTIALS if auth == "basic" else API_KEY)
        self.client_id, self.client_secret = CLIENT_ID, CLIENT_SECRET
        self.tokens = Tokens(expires_in=expires_in)

    def known(self, request: web.Request) -> bool:
        """Whether a call brings them."""
        scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
        if self.auth == "none":
            return True
        if self.auth.startswith("header:"):
            return request.headers.get(self.auth.partition(":")[2]) == self.api_key
        if self.auth == "basic":
            return scheme.lower() == "basic" and _decoded(credentials) == self.api_key
        if self.auth == "oauth2":
            return scheme.lower() == "bearer" and self.tokens.valid(credentials)
        return scheme.lower() == "bearer" and credentials == self.api_key

    async def answer_token(self, request: web.Request) -> web.StreamResponse:
        """POST /oauth/token, with the client's credentials in the header or in the body."""
        form = await request.post()
        scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
        in_body = ":".join(str(form.get(name, "")) for name in ("client_id", "client_secret"))
        given = _decoded(credentials) if scheme.lower() == "basic" else in_body
        if form.get("grant_type") != "client_credentials":
            return web.json_response({"error": "unsupported_grant_type"}, status=400)
        if given != f"{self.client_id}:{self.client_secret}":
            return web.json_response({"error": "invalid_client"}, status=401)
        return web.json_response(self.tokens.issue())


def _decoded(credentials: str) -> str:
    try:
        return base64.b64decode(credentials, validate=True).decode()
    except ValueError:
        return ""
