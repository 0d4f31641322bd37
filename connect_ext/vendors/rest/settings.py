"""The ``REST_*`` variables as one typed, immutable value."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum

from connect_ext.portal.policy import CancellationDate, WhenEffectiveLater
from connect_ext.portal.reader import VariableReader
from connect_ext.portal.secret import Secret
from connect_ext.portal.shapes import texts_within
from connect_ext.portal.time_zone import read_time_zone
from connect_ext.vendors.rest.templates import IN_BRACES, has_misspelt_placeholder

_METHODS_THAT_ASK = frozenset({"GET", "POST"})
"""Some vendors search by POST; every other method changes something or has no answer to read."""

_STATUS_LISTS = (
    "REST_ACTIVE_VALUES",
    "REST_CANCELLING_VALUES",
    "REST_CANCELLED_VALUES",
    "REST_DRAFT_VALUES",
)
_RESERVED_HEADERS = (
    "idempotency-key",
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
"""What the exchange itself is made of: another value would break it, or lead it elsewhere."""

_PATH_OF_DATE = {
    CancellationDate.END_OF_TERM: "REST_TERM_END_PATH",
    CancellationDate.END_OF_INVOICED_PERIOD: "REST_CHARGED_THROUGH_PATH",
}

_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
# Without steps up: what they would leave of an address need not have the id in it.
_REQUEST = re.compile(r"([A-Za-z]+)\s+(?![^?]*/\.\.?(?:[/?]|$))(/(?!/)[!-~]*)")
_NO_SECRET = Secret("")


class BodyFormat(Enum):
    """``REST_BODY_FORMAT``"""

    JSON = "json"
    FORM = "form"


class AuthKind(Enum):
    """The first word of ``REST_AUTH``"""

    BEARER = "bearer"
    HEADER = "header"
    BASIC = "basic"
    OAUTH2 = "oauth2"
    NONE = "none"


@dataclass(frozen=True)
class RestAuth:
    """The credentials with which we call a REST vendor."""

    kind: AuthKind
    header: str = ""
    key: Secret = _NO_SECRET
    token_url: str = ""
    client_id: str = ""
    client_secret: Secret = _NO_SECRET
    scope: str = ""


@dataclass(frozen=True)
class RequestTemplate:
    """``METHOD /path`` with placeholders such as ``{subscription_id}`` in the path."""

    method: str
    path: str = field(repr=False)


@dataclass(frozen=True)
class RestSettings:
    """A REST vendor, described by the ``REST_*`` variables."""

    api_url: str
    auth: RestAuth
    status_request: RequestTemplate | None
    status_path: str
    active_values: frozenset[str]
    cancelling_values: frozenset[str]
    cancelled_values: frozenset[str]
    draft_values: frozenset[str]
    reason_path: str
    busy_when: str
    id_path: str
    """Where an answer names the subscription that it is about, or nothing."""
    repeatable: bool
    end_date_path: str
    cancel_request: RequestTemplate
    cancel_body: str = field(repr=False)
    """JSON text of an object; its placeholders are filled in after it is parsed."""
    undo_request: RequestTemplate | None
    undo_body: str = field(repr=False)
    term_end_path: str
    charged_through_path: str
    sends_date: bool
    """Whether the cancellation names the day on which it takes effect."""
    body_format: BodyFormat
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    time_zone: str
    """In which a day is today."""


def read_settings(read: VariableReader) -> RestSettings:
    """Read all ``REST_*`` variables, and report every mistake."""
    auth = _read_auth(read)
    status_request = _read_request(read, "REST_STATUS_REQUEST", _METHODS_THAT_ASK)
    cancel_request = _read_request(read, "REST_CANCEL_REQUEST")
    undo_request = _read_request(read, "REST_UNDO_REQUEST")
    _check_requests(read, status_request, cancel_request)
    _check_undo(read, undo_request, status_request, cancel_request)
    sends_date = _sends_date(read, cancel_request)
    _check_dates(read, status_request, sends_date=sends_date)
    _check_words(read)
    return RestSettings(
        api_url=read.url("REST_API_URL"),
        auth=auth,
        status_request=status_request,
        status_path=_read_jmespath(read, "REST_STATUS_PATH", required=True),
        active_values=read.words("REST_ACTIVE_VALUES"),
        cancelling_values=read.words("REST_CANCELLING_VALUES", may_be_empty=True),
        cancelled_values=read.words("REST_CANCELLED_VALUES"),
        draft_values=read.words("REST_DRAFT_VALUES", may_be_empty=True),
        reason_path=_read_jmespath(read, "REST_REASON_PATH"),
        busy_when=_read_jmespath(read, "REST_BUSY_WHEN"),
        id_path=_read_jmespath(read, "REST_ID_PATH"),
        repeatable=read.flag("REST_REPEATABLE"),
        end_date_path=_read_jmespath(read, "REST_END_DATE_PATH"),
        cancel_request=cancel_request or RequestTemplate("POST", "/"),
        cancel_body=read.text("REST_CANCEL_BODY") or "{}",
        undo_request=undo_request,
        undo_body=read.text("REST_UNDO_BODY") or "{}",
        term_end_path=_read_jmespath(read, "REST_TERM_END_PATH"),
        charged_through_path=_read_jmespath(read, "REST_CHARGED_THROUGH_PATH"),
        sends_date=sends_date,
        body_format=read.choice("REST_BODY_FORMAT", BodyFormat),
        headers=_read_all_headers(read, auth),
        time_zone=read_time_zone(read, "UTC"),
    )


def _read_request(
    read: VariableReader, name: str, methods: frozenset[str] | None = None
) -> RequestTemplate | None:
    """``METHOD /path``, or None for nothing; without ``methods`` every method is allowed."""
    value = read.text(name)
    if not value:
        return None
    match = _REQUEST.fullmatch(value)
    if not match or "#" in value:
        read.report(name, "is not METHOD /path")
        return None
    method, path = match[1].upper(), match[2]
    if methods is not None and method not in methods:
        read.report(name, f"has the method {read.quoted(match[1])}")
        return None
    _check_braces(read, name, path)
    return RequestTemplate(method, path)


def _check_requests(
    read: VariableReader, status: RequestTemplate | None, cancel: RequestTemplate | None
) -> None:
    texts = list(texts_within(read.json_object("REST_CANCEL_BODY")))
    _check_braces(read, "REST_CANCEL_BODY", *texts)
    if status and "{subscription_id}" not in status.path:
        read.report("REST_STATUS_REQUEST", "has no {subscription_id}")
    if status and status == cancel:
        # Every look would cancel, even under DRY_RUN.
        read.report("REST_STATUS_REQUEST", "is the same as REST_CANCEL_REQUEST")
    if not read.text("REST_CANCEL_REQUEST"):
        read.report("REST_CANCEL_REQUEST", "is empty")
    elif cancel and not any("{subscription_id}" in text for text in (cancel.path, *texts)):
        read.report("REST_CANCEL_REQUEST", "has no {subscription_id}, nor has REST_CANCEL_BODY")


def _check_undo(
    read: VariableReader, undo: RequestTemplate | None, *others: RequestTemplate | None
) -> None:
    texts = list(texts_within(read.json_object("REST_UNDO_BODY")))
    _check_braces(read, "REST_UNDO_BODY", *texts)
    if undo and not any("{subscription_id}" in text for text in (undo.path, *texts)):
        read.report("REST_UNDO_REQUEST", "has no {subscription_id}, nor has REST_UNDO_BODY")
    status, cancel = others
    if undo and undo == status:
        read.report("REST_UNDO_REQUEST", "is the same as REST_STATUS_REQUEST")
    bodies = [read.json_object(name) for name in ("REST_UNDO_BODY", "REST_CANCEL_BODY")]
    if undo and undo == cancel and bodies[0] == bodies[1]:
        read.report("REST_UNDO_REQUEST", "does the same as REST_CANCEL_REQUEST")


def _sends_date(read: VariableReader, cancel: RequestTemplate | None) -> bool:
    texts = texts_within(read.json_object("REST_CANCEL_BODY"))
    path = cancel.path if cancel else ""
    return any("{effective_date}" in text for text in (path, *texts))


def _check_dates(read: VariableReader, status: RequestTemplate | None, *, sends_date: bool) -> None:
    """What a date is read from must be there: it would be today's, or nothing, unseen."""
    when = read.choice("CANCELLATION_DATE", CancellationDate)
    needed = _PATH_OF_DATE.get(when, "")
    because = f"CANCELLATION_DATE {when.value} needs it for {{effective_date}}"
    if sends_date and needed:
        _check_needed(read, needed, because, has_status=status is not None)
    if read.choice("WHEN_EFFECTIVE_LATER", WhenEffectiveLater) is WhenEffectiveLater.SCHEDULE:
        because = "WHEN_EFFECTIVE_LATER schedule needs it"
        _check_needed(read, "REST_END_DATE_PATH", because, has_status=status is not None)


def _check_needed(read: VariableReader, name: str, because: str, *, has_status: bool) -> None:
    if not read.text(name):
        read.report(name, f"is empty, and {because}")
    if not has_status:
        read.report("REST_STATUS_REQUEST", f"is empty, and {because}")


def _check_braces(read: VariableReader, name: str, *texts: str) -> None:
    if any(map(has_misspelt_placeholder, texts)):
        known = ", ".join(IN_BRACES)
        read.report(name, f"has a brace beside a word that is not a placeholder ({known})")


def _check_words(read: VariableReader) -> None:
    """One status must not mean two things: the list that is read first would win unseen."""
    for position, name in enumerate(_STATUS_LISTS):
        for other in _STATUS_LISTS[:position]:
            if read.words(name, may_be_empty=True) & read.words(other, may_be_empty=True):
                read.report(name, f"has a word that {other} has as well")


def _read_jmespath(read: VariableReader, name: str, *, required: bool = False) -> str:
    """A JMESPath expression, or nothing."""
    # Only a process that cancels at such a vendor loads it.
    import jmespath  # noqa: PLC0415
    from jmespath.exceptions import JMESPathError  # noqa: PLC0415

    value = read.required(name) if required else read.text(name)
    try:
        if value:
            jmespath.compile(value)
    # Thousands of brackets exhaust the parser's stack, thousands of digits an index.
    except (JMESPathError, ValueError, RecursionError):
        read.report(name, "is not a JMESPath expression")
    return value


def _read_all_headers(read: VariableReader, auth: RestAuth) -> tuple[tuple[str, str], ...]:
    """``REST_HEADERS`` and ``REST_SECRET_HEADERS``; none is in both."""
    headers = _read_headers(read, "REST_HEADERS", auth)
    secret = _read_headers(read, "REST_SECRET_HEADERS", auth)
    if {key.lower() for key, _ in headers} & {key.lower() for key, _ in secret}:
        read.report("REST_SECRET_HEADERS", "names a header that REST_HEADERS names as well")
    return (*headers, *secret)


def _read_headers(read: VariableReader, name: str, auth: RestAuth) -> tuple[tuple[str, str], ...]:
    parsed = read.json_object(name)
    pairs = [(key, text.strip()) for key, text in parsed.items() if isinstance(text, str)]
    if len(pairs) != len(parsed):
        read.report(name, "is not a JSON object of texts")
    if not all(_can_be_sent(*pair) for pair in pairs):
        read.report(name, "has a header that cannot be sent")
    names = {key.lower() for key, _ in pairs}
    if len(names) < len(pairs):
        read.report(name, "names a header twice")
    for reserved in _RESERVED_HEADERS:
        if reserved in names:
            read.report(name, f"names {reserved}, which the extension sets itself")
    if _header_of(auth) in names:
        read.report(name, f"names {_header_of(auth)}, which REST_AUTH sets")
    return tuple(pairs)


def _can_be_sent(header: str, value: str) -> bool:
    return bool(_HEADER_NAME.fullmatch(header)) and value.isascii() and value.isprintable()


def _header_of(auth: RestAuth) -> str:
    """The header that carries the credentials, in small letters; empty for none."""
    if auth.kind is AuthKind.NONE:
        return ""
    return auth.header.lower() or "authorization"


def _read_auth(read: VariableReader) -> RestAuth:
    word, _, header = (part.strip() for part in read.text("REST_AUTH").partition(":"))
    kinds = {kind.value: kind for kind in AuthKind}
    kind = kinds.get(word.lower())
    if kind is None or (kind is AuthKind.HEADER) != bool(header):
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
        )
    if header and not _HEADER_NAME.fullmatch(header):
        read.report("REST_AUTH", "does not name a header")
    if header.lower() in _RESERVED_HEADERS:
        read.report("REST_AUTH", f"names {header.lower()}, which the extension sets itself")
    key = read.secret("REST_API_KEY")
    if kind is AuthKind.BASIC and key and ":" not in key.reveal():
        read.report("REST_API_KEY", "is not user:password, which REST_AUTH basic needs")
    return RestAuth(kind, header=header, key=key)
