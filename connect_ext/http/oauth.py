"""Access tokens by OAuth 2.0's client-credentials grant (RFC 6749, 4.4)."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote_plus, urlencode

from connect_ext.cause import Cause
from connect_ext.errors import NotConfigured, NotDone
from connect_ext.http.aside import aside
from connect_ext.http.client import BUSY, Answer, Call, HttpClient, unreadable
from connect_ext.portal.secret import Secret, kept_nowhere
from connect_ext.single_flight import SingleFlight

Fields = dict[str, Any]
"""The members of an answer; empty if it is not a JSON object."""

DEFAULT_LIFETIME_SECONDS = 300.0
MAX_TOKEN_CHARACTERS = 16 * 1024

_ERROR_CODES = frozenset(
    {
        "invalid_request",
        "invalid_client",
        "invalid_grant",
        "unauthorized_client",
        "unsupported_grant_type",
        "invalid_scope",
    }
)
"""The codes of RFC 6749, 5.2; any other word could mean anything."""

_ABOUT_THE_CLIENT = frozenset({"invalid_client", "unauthorized_client", "invalid_grant"})
_CREDENTIALS_WERE_READ = frozenset({"unsupported_grant_type", "invalid_scope"})


@dataclass(frozen=True)
class OAuthClient:
    """A client as the vendor's authorization server knows it."""

    token_url: str
    client_id: str
    client_secret: Secret
    scope: str = ""
    """Scopes separated by blanks, or an empty text."""
    only_in_body: bool = False
    """Whether the credentials are never sent in a header (Zuora)."""
    extra: tuple[tuple[str, str], ...] = ()
    """Further fields of the request, such as the audience."""


@dataclass(frozen=True)
class NamedVariables:
    """The variables that describe the token request, as messages about it name them."""

    address: str
    credentials: str
    others: str = ""
    """Other parts of the request, such as scopes."""

    def to_check(self, status: int, code: str) -> str:
        """The variables to check after an answer with this status and standard code."""
        if code in _ABOUT_THE_CLIENT or (status == 401 and not code):
            return f"{self.credentials}, and that {self.address} is the right address for them"
        if status in (403, 400, 422) or code:
            return f"{self.others or self.credentials}, and that {self.address} is right"
        return self.address


@dataclass
class KeptToken:
    """One client's token, shared by every source with the same client."""

    token: str = field(default="", repr=False)
    good_until: float = 0.0
    fetching: SingleFlight[str, str] = field(default_factory=SingleFlight)


class TokenSource:
    """Keeps one token and fetches the next one before it expires, once for all callers."""

    def __init__(
        self,
        client: OAuthClient,
        http: HttpClient,
        variables: NamedVariables,
        name: str = "the token request",
        clock: Callable[[], float] = time.monotonic,
        *,
        keep_secret: Callable[[str], None] = kept_nowhere,
        kept: KeptToken | None = None,
    ) -> None:
        """``name``: the name of the token request in messages."""
        self._client, self._http, self._clock = client, http, clock
        self._keep_secret = keep_secret
        self._variables, self._name = variables, name
        self._kept = kept or KeptToken()
        self._in_body = client.only_in_body

    async def token(self) -> str:
        """A valid token; raises ``NotDone`` or ``NotConfigured`` if there is none."""
        token = self._kept.token
        if not token or self._clock() >= self._kept.good_until:
            token = await self._kept.fetching.run("token", self._fetch)
        # Another source may have fetched it.
        self._keep_secret(token)
        return token

    def forget(self, token: str) -> None:
        """Never use this token again, because the vendor refuses it; a newer one is kept."""
        if token == self._kept.token:
            self._kept.token = ""

    async def send(
        self, call: Call, is_refused: Callable[[Answer], bool] = lambda answer: answer.status == 401
    ) -> Answer:
        """Send a call with a token; if the token is refused, get a new one and send once more.

        A vendor does nothing for a token that it does not know, so repeating the call is safe.
        """
        token = await self.token()
        answer = await self._http.send(_with_token(call, token))
        if not is_refused(answer):
            return answer
        self.forget(token)
        return await self._http.send(_with_token(call, await self.token()))

    async def _fetch(self) -> str:
        answer, fields = await self._ask()
        # A server must accept the credentials in a header; some accept them only in the body.
        if (
            answer.status in (400, 401)
            and not self._in_body
            and _error_code(fields) not in _CREDENTIALS_WERE_READ
        ):
            self._in_body = True
            answer, fields = await self._ask()
        if 300 <= answer.status < 500 and answer.status not in BUSY:
            self._in_body = self._client.only_in_body
            raise self._refused(answer, fields)
        if not 200 <= answer.status < 300:
            cause = Cause.BUSY if answer.status in BUSY else Cause.VENDOR_ERROR
            message = f"The vendor answers HTTP {answer.status} to {self._name}."
            raise NotDone(message, answer.retry_after, cause=cause)
        return self._keep(fields)

    def _refused(self, answer: Answer, fields: Fields) -> NotConfigured:
        code = _error_code(fields)
        shown = f"HTTP {answer.status}, {code}" if code else f"HTTP {answer.status}"
        check = self._variables.to_check(answer.status, code)
        message = f"The vendor answers {shown} to {self._name}: check {check}."
        return NotConfigured(message, cause=Cause.CREDENTIALS)

    async def _ask(self) -> tuple[Answer, Fields]:
        answer = await self._http.send(self._call())
        data = await aside(len(answer.body), answer.json)
        return answer, data if isinstance(data, dict) else {}

    def _call(self) -> Call:
        client_id, secret = self._client.client_id, self._client.client_secret.reveal()
        form = {"grant_type": "client_credentials", **dict(self._client.extra)}
        headers = [
            ("Content-Type", "application/x-www-form-urlencoded"),
            ("Accept", "application/json"),
        ]
        if self._client.scope:
            form["scope"] = self._client.scope
        if self._in_body:
            form |= {"client_id": client_id, "client_secret": secret}
        else:
            pair = f"{quote_plus(client_id)}:{quote_plus(secret)}"
            headers.append(("Authorization", f"Basic {base64.b64encode(pair.encode()).decode()}"))
        content = urlencode(form).encode()
        url, variable = self._client.token_url, self._variables.address
        return Call(self._name, "POST", url, tuple(headers), content, address=variable)

    def _keep(self, fields: Fields) -> str:
        token, lifetime = self._read(fields)
        # A tenth of its lifetime, at most a minute, is reserved for calls that are sent with it
        # shortly before it expires.
        self._kept.good_until = self._clock() + lifetime - min(60.0, lifetime / 10)
        self._kept.token = token
        return token

    def _read(self, fields: Fields) -> tuple[str, float]:
        found = fields.get("access_token")
        token = found.strip() if isinstance(found, str) else ""
        is_long = len(token) > MAX_TOKEN_CHARACTERS
        if not token or is_long or not (token.isascii() and token.isprintable()):
            raise unreadable(Call(self._name, "", ""), "has no access_token that can be sent")
        try:
            lifetime = float(fields["expires_in"])
        except (KeyError, TypeError, ValueError, OverflowError):
            lifetime = DEFAULT_LIFETIME_SECONDS
        # Every comparison with NaN is false.
        return token, lifetime if 0 < lifetime < 1e9 else DEFAULT_LIFETIME_SECONDS


def _with_token(call: Call, token: str) -> Call:
    return replace(call, headers=(("Authorization", f"Bearer {token}"), *call.headers))


def _error_code(fields: Fields) -> str:
    """The standard code of a refusal, or an empty text."""
    code = fields.get("error")
    return code if isinstance(code, str) and code in _ERROR_CODES else ""
