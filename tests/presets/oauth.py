"""The common part of stand-ins for vendors that give tokens to OAuth 2.0 clients."""

from __future__ import annotations

from itertools import count
from typing import ClassVar

from aiohttp import web

from tests.presets.stand_in import StandIn


class OAuthStandIn(StandIn):
    """A billing system with a token endpoint; a subclass answers there."""

    client: ClassVar[tuple[str, str]]
    """The client's id and its secret."""

    def __init__(self) -> None:
        super().__init__()
        self._tokens: set[str] = set()
        self._token_numbers = count(1)

    def variables_of_client(self, token_path: str) -> dict[str, str]:
        """The variables that a user sets for the credentials."""
        return {
            "REST_OAUTH_TOKEN_URL": f"{self.url}{token_path}",
            "REST_OAUTH_CLIENT_ID": self.client[0],
            "REST_OAUTH_CLIENT_SECRET": self.client[1],
        }

    def wrong_credentials(self) -> dict[str, str]:
        return {**self.variables(), "REST_OAUTH_CLIENT_SECRET": "secret-that-nobody-has"}

    def revoke_tokens(self) -> None:
        """Revoke every token."""
        self._tokens.clear()

    def new_token(self, beginning: str) -> str:
        """A new token, valid until it is revoked."""
        token = f"{beginning}{next(self._token_numbers):06d}"
        self._tokens.add(token)
        return token

    def has_good_token(self, request: web.Request) -> bool:
        """Whether a request carries a valid token."""
        return request.headers.get("Authorization", "").removeprefix("Bearer ") in self._tokens
