"""The credentials and headers of calls to a REST vendor."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum

from connect_ext.portal.reader import VariableReader
from connect_ext.portal.secret import Secret
from connect_ext.vendors.rest.templates import (
    IDEMPOTENCY_KEYS,
    OF_THE_REQUEST,
    check_placeholders,
    placeholders_in,
)

_RESERVED_HEADERS = (
    "host",
    "accept-encoding",
    "content-length",
    "transfer-encoding",
    "connection",
    "upgrade",
    "te",
    "trailer",
    "expect",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
)
"""Headers that control the exchange itself: other values would break or redirect it."""

_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_NO_SECRET = Secret("")

_OF_THE_GRANT = ("grant_type", "client_id", "client_secret", "scope")

_OF_EACH_CALL = ("accept", "content-type")
"""Only REST_HEADERS may set them: if sent twice, both would apply, or neither."""

Headers = tuple[tuple[str, str], ...]


class AuthKind(Enum):
    """The first word of ``REST_AUTH``"""

    BEARER = "bearer"
    HEADER = "header"
    BASIC = "basic"
    OAUTH2 = "oauth2"
    NONE = "none"


_VARIABLES_OF = {
    AuthKind.OAUTH2: "REST_OAUTH_CLIENT_ID, REST_OAUTH_CLIENT_SECRET, REST_OAUTH_SCOPE and"
    " REST_OAUTH_EXTRA",
    AuthKind.NONE: "REST_AUTH, which is none",
}


@dataclass(frozen=True)
class RestAuth:
    """The credentials for a REST vendor."""

    kind: AuthKind
    header: str = ""
    key: Secret = _NO_SECRET
    token_url: str = ""
    client_id: str = ""
    client_secret: Secret = _NO_SECRET
    scope: str = ""
    extra: Headers = ()
    """Further fields of the token request."""

    @property
    def variables(self) -> str:
        """The variables to check if the vendor refuses the credentials."""
        return _VARIABLES_OF.get(self.kind, "REST_AUTH and REST_API_KEY")


def read_headers(
    read: VariableReader, auth: RestAuth, idempotency: str, names: Collection[str]
) -> Headers:
    """Read ``REST_HEADERS`` and ``REST_SECRET_HEADERS``; no header may be in both.

    ``names`` are the placeholders' names; ``idempotency`` is the header for the idempotency key.
    """
    taken = dict.fromkeys(_RESERVED_HEADERS, "the extension sets itself")
    taken |= {idempotency.lower(): "REST_IDEMPOTENCY_HEADER sets"}
    taken |= {_header_of(auth): "REST_AUTH sets"}
    headers = _read_headers(read, "REST_HEADERS", taken, names)
    secret = _read_headers(read, "REST_SECRET_HEADERS", taken, names)
    if {key.lower() for key, _ in headers} & {key.lower() for key, _ in secret}:
        read.report("REST_SECRET_HEADERS", "names a header that is also in REST_HEADERS")
    return (*headers, *secret)


def _read_headers(
    read: VariableReader, name: str, taken: Mapping[str, str], placeholders: Collection[str]
) -> Headers:
    parsed = read.json_object(name)
    pairs = [(key, text.strip()) for key, text in parsed.items() if isinstance(text, str)]
    if len(pairs) != len(parsed):
        read.report(name, "is not a JSON object of texts")
    if not all(_can_be_sent(*pair) for pair in pairs):
        read.report(name, "has a header that cannot be sent")
    names = {key.lower() for key, _ in pairs}
    if len(names) < len(pairs):
        read.report(name, "names a header twice")
    for header, who in taken.items():
        if header in names:
            read.report(name, f"names {header}, which {who}")
    check_placeholders(read, name, placeholders, *(text for _, text in pairs))
    return tuple(pairs)


def _can_be_sent(header: str, value: str) -> bool:
    return bool(_HEADER_NAME.fullmatch(header)) and value.isascii() and value.isprintable()


def _header_of(auth: RestAuth) -> str:
    """The header that carries the credentials, in lower case; empty if there is none."""
    if auth.kind is AuthKind.NONE:
        return ""
    return auth.header.lower() or "authorization"


def read_idempotency_header(read: VariableReader) -> tuple[str, str] | None:
    """Read the header's name and text; None if no key is sent."""
    name = "REST_IDEMPOTENCY_HEADER"
    header, colon, text = (part.strip() for part in read.text(name).partition(":"))
    if not (header or colon):
        return None
    taken = header.lower() in (*_RESERVED_HEADERS, *_OF_EACH_CALL, "authorization")
    if not colon or not _can_be_sent(header, text) or taken:
        read.report(name, "is not NAME: value with a header that can be set")
    elif not IDEMPOTENCY_KEYS & placeholders_in([text]):
        read.report(name, "has neither {request_id} nor {request_uuid}")
    else:
        check_placeholders(read, name, OF_THE_REQUEST, text, parameters=False)
    return header, text


def read_auth(read: VariableReader, idempotency: str) -> RestAuth:
    """Read ``REST_AUTH`` and the variables that it needs.

    ``idempotency`` is the header for the idempotency key.
    """
    word, colon, more = (part.strip() for part in read.text("REST_AUTH").partition(":"))
    kinds = {kind.value: kind for kind in AuthKind}
    kind = kinds.get(word.lower())
    takes_more = kind in (AuthKind.HEADER, AuthKind.BASIC)
    if kind is None or (colon and not takes_more) or (kind is AuthKind.HEADER and not more):
        read.report("REST_AUTH")
        return RestAuth(AuthKind.NONE)
    if kind is AuthKind.NONE:
        return RestAuth(kind)
    if kind is AuthKind.OAUTH2:
        return RestAuth(
            kind,
            token_url=read.url("REST_OAUTH_TOKEN_URL"),
            client_id=read.required("REST_OAUTH_CLIENT_ID"),
            client_secret=read.secret("REST_OAUTH_CLIENT_SECRET"),
            scope=read.text("REST_OAUTH_SCOPE"),
            extra=_read_extra(read),
        )
    key = read.secret("REST_API_KEY")
    if kind is AuthKind.BASIC:
        return RestAuth(kind, key=_user_and_password(read, key, more if colon else None))
    if more and not _HEADER_NAME.fullmatch(more):
        read.report("REST_AUTH", "does not name a header")
    if more and more.lower() in (*_RESERVED_HEADERS, *_OF_EACH_CALL, idempotency.lower()):
        read.report("REST_AUTH", f"names {more.lower()}, which the extension sets itself")
    return RestAuth(kind, header=more, key=key)


def _user_and_password(read: VariableReader, key: Secret, password: str | None) -> Secret:
    """The key as given, or followed by the fixed password that some vendors want."""
    if not key or ":" in key.reveal():
        return key
    if password is None:
        read.report("REST_API_KEY", "is not user:password, which REST_AUTH basic needs")
        return key
    return Secret(f"{key.reveal()}:{password}")


def _read_extra(read: VariableReader) -> Headers:
    name = "REST_OAUTH_EXTRA"
    parsed = read.json_object(name)
    pairs = tuple((key, text) for key, text in parsed.items() if isinstance(text, str))
    if len(pairs) != len(parsed):
        read.report(name, "is not a JSON object of texts")
    for field in _OF_THE_GRANT:
        if field in parsed:
            read.report(name, f"names {field}, which the extension sets itself")
    return pairs
