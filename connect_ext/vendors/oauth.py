"""Access tokens by OAuth 2.0's client-credentials grant (RFC 6749, 4.4)."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from urllib.parse import quote_plus, urlencode

from connect_ext.errors import NotConfigured, NotDone
from connect_ext.settings import RestAuth
from connect_ext.single_flight import SingleFlight
from connect_ext.vendors.http_client import BUSY, Answer, Call, HttpClient, unreadable

DEFAULT_LIFETIME_SECONDS = 300.0
_NAME = "the token request (REST_OAUTH_TOKEN_URL)"


class TokenSource:
    """Keeps one token and fetches the next before the vendor lets it expire, once for all."""

    def __init__(
        self, auth: RestAuth, http: HttpClient, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._auth, self._http, self._clock = auth, http, clock
        self._token = ""
        self._good_until = 0.0
        self._in_body = False
        self._fetching: SingleFlight[str, str] = SingleFlight()

    async def token(self) -> str:
        """A token that is good now; raise ``NotDone`` or ``NotConfigured`` if none can be had."""
        if self._token and self._clock() < self._good_until:
            return self._token
        return await self._fetching.run("token", self._fetch)

    def forget(self, token: str) -> None:
        """Never use this token again: the vendor refuses it. A newer one stays."""
        if token == self._token:
            self._token = ""

    async def _fetch(self) -> str:
        answer = await self._ask()
        # A server must take the credentials in a header; some take them only in the body.
        if answer.status in (400, 401) and not self._in_body:
            self._in_body = True
            answer = await self._ask()
        if 300 <= answer.status < 500 and answer.status not in BUSY:
            self._in_body = False
            raise NotConfigured(
                f"The vendor refuses the client's credentials (HTTP {answer.status}): check"
                " REST_OAUTH_TOKEN_URL, REST_OAUTH_CLIENT_ID, REST_OAUTH_CLIENT_SECRET and"
                " REST_OAUTH_SCOPE."
            )
        if not 200 <= answer.status < 300:
            raise NotDone(
                f"The vendor answers HTTP {answer.status} to {_NAME}.", answer.retry_after
            )
        return self._keep(answer)

    async def _ask(self) -> Answer:
        return await self._http.send(self._call())

    def _call(self) -> Call:
        client_id, secret = self._auth.client_id, self._auth.client_secret.reveal()
        form = {"grant_type": "client_credentials"}
        headers = [
            ("Content-Type", "application/x-www-form-urlencoded"),
            ("Accept", "application/json"),
        ]
        if self._auth.scope:
            form["scope"] = self._auth.scope
        if self._in_body:
            form |= {"client_id": client_id, "client_secret": secret}
        else:
            pair = f"{quote_plus(client_id)}:{quote_plus(secret)}"
            headers.append(("Authorization", f"Basic {base64.b64encode(pair.encode()).decode()}"))
        content = urlencode(form).encode()
        return Call(_NAME, "POST", self._auth.token_url, tuple(headers), content)

    def _keep(self, answer: Answer) -> str:
        token, lifetime = _read(answer)
        # A tenth of its life, at most a minute, is kept for the calls that the token still has
        # to travel with.
        self._good_until = self._clock() + lifetime - min(60.0, lifetime / 10)
        self._token = token
        return token


def _read(answer: Answer) -> tuple[str, float]:
    data = answer.json()
    token = data.get("access_token") if isinstance(data, dict) else None
    if not isinstance(token, str) or not token or not (token.isascii() and token.isprintable()):
        raise unreadable(Call(_NAME, "", ""), "holds no access_token")
    try:
        lifetime = float(data["expires_in"])
    except (KeyError, TypeError, ValueError, OverflowError):
        lifetime = DEFAULT_LIFETIME_SECONDS
    # NaN compares false with everything.
    return token, lifetime if 0 < lifetime < 1e9 else DEFAULT_LIFETIME_SECONDS
