"""The portal's variables, turned into one typed, validated, immutable ``Settings``.

All values come as strings and can change between two tasks. Every mistake is collected, so that
one message names them all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from connect_ext.errors import NotConfigured
from connect_ext.variables import REST, ZUORA_SOAP, Secret, VariableReader, texts_within


class OnRefusal(Enum):
    """``ON_REFUSAL``"""

    REJECT = "reject"
    HOLD = "hold"


class OnNotFound(Enum):
    """``ON_NOT_FOUND``"""

    REJECT = "reject"
    APPROVE = "approve"
    HOLD = "hold"


class Notes(Enum):
    """``NOTES``"""

    PRIVATE = "private"
    MESSAGE = "message"
    OFF = "off"


class CancellationDate(Enum):
    """``CANCELLATION_DATE``"""

    IMMEDIATE = "immediate"


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


_NO_SECRET = Secret("")


@dataclass(frozen=True)
class RestAuth:
    """How a REST vendor knows us."""

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
    path: str


@dataclass(frozen=True)
class RestSettings:
    """A REST vendor, described by the ``REST_*`` variables."""

    api_url: str
    auth: RestAuth
    status_request: RequestTemplate | None
    status_path: str
    active_values: frozenset[str]
    cancelled_values: frozenset[str]
    draft_values: frozenset[str]
    reason_path: str
    repeatable: bool
    end_date_path: str
    cancel_request: RequestTemplate
    cancel_body: str
    """JSON text of an object; its placeholders are filled in after it is parsed."""
    body_format: BodyFormat
    headers: tuple[tuple[str, str], ...] = field(repr=False)


@dataclass(frozen=True)
class ZuoraSettings:
    """A tenant of Zuora's SOAP API, described by the ``ZUORA_*`` variables."""

    url: str
    version: float
    """The WSDL version at the end of the URL; it picks the generation."""
    username: Secret
    password: Secret
    generate_invoice: bool
    process_payments: bool
    preview: bool


@dataclass(frozen=True)
class Policy:
    """What the operator wants in the cases that are the operator's to decide."""

    on_refusal: OnRefusal = OnRefusal.REJECT
    on_not_found: OnNotFound = OnNotFound.HOLD
    cancellation_date: CancellationDate = CancellationDate.IMMEDIATE


@dataclass(frozen=True)
class VendorSettings:
    """All that a vendor is made from; equal settings share one vendor, and with it one pool."""

    name: str
    timeout_seconds: float
    max_concurrency: int
    built_in: RestSettings | ZuoraSettings | None
    """None for a registered vendor, which reads ``variables`` itself."""
    variables: tuple[tuple[str, Secret], ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class Settings:
    """Everything that the portal says, for one product."""

    subscription_id_parameter: str
    approval_template_id: str
    policy: Policy
    dry_run: bool
    notes: Notes
    escalate_after_hours: float
    vendor: VendorSettings
    secrets: frozenset[str] = field(repr=False)
    """Texts that must never leave: every secure value, and parts of them."""


DEFAULT_ESCALATION_HOURS = 24.0
"""For requests that wait because the variables, this one among them, cannot be read."""


@dataclass(frozen=True)
class Configuration:
    """The settings of all products."""

    default: Settings
    overrides: Mapping[str, Settings]

    def for_product(self, product_id: str) -> Settings:
        """The product's settings: its overrides over the portal's variables."""
        return self.overrides.get(product_id, self.default)


IsRegistered = Callable[[str], bool]


def _none_is_registered(_name: str) -> bool:
    return False


def read_configuration(
    variables: Mapping[str, str], is_registered: IsRegistered = _none_is_registered
) -> Configuration:
    """Turn the portal's variables into settings.

    ``is_registered`` tells whether a vendor of that name is registered; it is asked only for names
    that are not built in. Raises ``NotConfigured``, whose message names every mistake.
    """
    reader = VariableReader(variables)
    overrides = reader.overrides("PRODUCT_OVERRIDES")
    default = _read_settings(reader, is_registered)
    products, mistakes = {}, list(reader.mistakes)
    for product_id, values in overrides.items():
        of_product = VariableReader(variables, product_id, values)
        products[product_id] = _read_settings(of_product, is_registered)
        mistakes += of_product.mistakes
    if mistakes:
        # A product repeats the mistakes of the variables that it does not override.
        raise NotConfigured(_message(list(dict.fromkeys(mistakes))))
    return Configuration(default, products)


def _message(mistakes: list[str]) -> str:
    what = "1 mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
    head = f"{what} in the extension's variables; requests wait until mended in the portal."
    return "\n".join([head, *(f"  {mistake}" for mistake in mistakes)])


def _read_settings(read: VariableReader, is_registered: IsRegistered) -> Settings:
    return Settings(
        subscription_id_parameter=read.parameter_id("SUBSCRIPTION_ID_PARAMETER"),
        approval_template_id=read.template_id("APPROVAL_TEMPLATE_ID"),
        policy=Policy(
            on_refusal=read.choice("ON_REFUSAL", OnRefusal),
            on_not_found=read.choice("ON_NOT_FOUND", OnNotFound),
            cancellation_date=read.choice("CANCELLATION_DATE", CancellationDate),
        ),
        dry_run=read.flag("DRY_RUN"),
        notes=read.choice("NOTES", Notes),
        escalate_after_hours=read.number("ESCALATE_AFTER_HOURS", 1, 8760),
        vendor=_read_vendor(read, is_registered),
        secrets=read.secrets(),
    )


def _read_vendor(read: VariableReader, is_registered: IsRegistered) -> VendorSettings:
    name = read.text("VENDOR").lower()
    variables: tuple[tuple[str, Secret], ...] = ()
    built_in: RestSettings | ZuoraSettings | None = None
    if name == REST:
        built_in = _read_rest(read)
    elif name == ZUORA_SOAP:
        built_in = _read_zuora(read)
    else:
        # The portal keeps the case of what was typed, and so do entry points.
        name = read.text("VENDOR")
        variables = read.everything()
        if not name or not is_registered(name):
            read.mistake("VENDOR")
    return VendorSettings(
        name=name,
        timeout_seconds=read.number("VENDOR_TIMEOUT_SECONDS", 1, 100),
        max_concurrency=int(read.number("VENDOR_MAX_CONCURRENCY", 1, 500, whole=True)),
        built_in=built_in,
        variables=variables,
    )


_METHODS_THAT_ASK = frozenset({"GET", "POST"})
"""Some vendors search by POST; every other method changes something or has no answer to read."""


def _read_rest(read: VariableReader) -> RestSettings:
    body_format = read.choice("REST_BODY_FORMAT", BodyFormat)
    status_request = read.request("REST_STATUS_REQUEST", _METHODS_THAT_ASK)
    cancel_request = read.request("REST_CANCEL_REQUEST")
    cancel_body = read.json_object("REST_CANCEL_BODY")
    auth = _read_rest_auth(read)
    if status_request and "{subscription_id}" not in status_request[1]:
        read.mistake("REST_STATUS_REQUEST", "has no {subscription_id}")
    if status_request and status_request == cancel_request:
        # Every look would cancel, even under DRY_RUN.
        read.mistake("REST_STATUS_REQUEST", "is the same as REST_CANCEL_REQUEST")
    _check_words(read)
    if not cancel_request:
        read.mistake("REST_CANCEL_REQUEST", "is empty")
    elif not any("{subscription_id}" in t for t in (cancel_request[1], *texts_within(cancel_body))):
        read.mistake("REST_CANCEL_REQUEST", "has no {subscription_id}, nor has REST_CANCEL_BODY")
    return RestSettings(
        api_url=read.url("REST_API_URL"),
        auth=auth,
        status_request=RequestTemplate(*status_request) if status_request else None,
        status_path=read.jmespath("REST_STATUS_PATH", required=True),
        active_values=read.words("REST_ACTIVE_VALUES"),
        cancelled_values=read.words("REST_CANCELLED_VALUES"),
        draft_values=read.words("REST_DRAFT_VALUES", may_be_empty=True),
        reason_path=read.jmespath("REST_REASON_PATH"),
        repeatable=read.flag("REST_REPEATABLE"),
        end_date_path=read.jmespath("REST_END_DATE_PATH"),
        cancel_request=RequestTemplate(*(cancel_request or ("POST", "/"))),
        cancel_body=cancel_body,
        body_format=body_format,
        headers=_read_rest_headers(read, auth),
    )


_RESERVED_HEADERS = (
    "idempotency-key",
    "host",
    "accept-encoding",
    "content-length",
    "transfer-encoding",
)


def _check_words(read: VariableReader) -> None:
    """One status must not mean two things: whichever came first would win unseen."""
    names = ("REST_ACTIVE_VALUES", "REST_CANCELLED_VALUES", "REST_DRAFT_VALUES")
    for position, name in enumerate(names):
        for other in names[:position]:
            if read.words(name, may_be_empty=True) & read.words(other, may_be_empty=True):
                read.mistake(name, f"has a word that {other} has as well")


def _read_rest_headers(read: VariableReader, auth: RestAuth) -> tuple[tuple[str, str], ...]:
    headers = read.headers("REST_HEADERS")
    names = [name.lower() for name, _ in headers]
    for reserved in _RESERVED_HEADERS:
        if reserved in names:
            read.mistake("REST_HEADERS", f"names {reserved}, which the extension sets itself")
    if _header_of(auth) in names:
        read.mistake("REST_HEADERS", f"names {_header_of(auth)}, which REST_AUTH sets")
    return headers


def _header_of(auth: RestAuth) -> str:
    """The header that carries the credentials, in small letters; empty for none."""
    if auth.kind is AuthKind.NONE:
        return ""
    return auth.header.lower() or "authorization"


def _read_rest_auth(read: VariableReader) -> RestAuth:
    word, _, header = read.text("REST_AUTH").partition(":")
    kinds = {kind.value: kind for kind in AuthKind}
    kind = kinds.get(word.strip().lower())
    if kind is None or (kind is AuthKind.HEADER) != bool(header.strip()):
        read.mistake("REST_AUTH")
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
    key = read.secret("REST_API_KEY")
    if kind is AuthKind.BASIC and key and ":" not in key.reveal():
        read.mistake("REST_API_KEY", "is not user:password, which REST_AUTH basic needs")
    return RestAuth(kind, header=read.header_name("REST_AUTH", header.strip()), key=key)


def _read_zuora(read: VariableReader) -> ZuoraSettings:
    url, version = read.url("ZUORA_SOAP_URL"), 0.0
    if url:
        last = url.rstrip("/").rpartition("/")[2]
        if re.fullmatch(r"\d{1,3}(\.\d)?", last):
            version = float(last)
        else:
            read.mistake("ZUORA_SOAP_URL", "does not end with a WSDL version")
    return ZuoraSettings(
        url=url.rstrip("/"),
        version=version,
        username=read.secret("ZUORA_USERNAME"),
        password=read.secret("ZUORA_PASSWORD"),
        generate_invoice=read.flag("ZUORA_GENERATE_INVOICE"),
        process_payments=read.flag("ZUORA_PROCESS_PAYMENTS"),
        preview=read.flag("ZUORA_PREVIEW"),
    )
