"""The variables that the extension declares to Connect, and how their texts are read."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from ipaddress import ip_address
from typing import Any, TypeVar
from urllib.parse import urlsplit

import jmespath
from jmespath.exceptions import JMESPathError

REST, ZUORA_SOAP = "rest", "zuora-soap"


@dataclass(frozen=True)
class Variable:
    """A variable that the extension declares to Connect."""

    name: str
    initial_value: str
    takes: str
    """What it takes, as the end of a sentence that begins with 'takes'."""
    secure: bool = False


VARIABLES = (
    Variable("VENDOR", REST, "rest, zuora-soap, or the name of a registered vendor"),
    Variable(
        "SUBSCRIPTION_ID_PARAMETER",
        "subscription_id",
        "the id of a parameter, up to 128 letters, digits, _, - and ., and never a key",
    ),
    Variable("APPROVAL_TEMPLATE_ID", "", "a template id such as TL-123-456-789, or nothing"),
    Variable("CANCELLATION_DATE", "immediate", "immediate"),
    Variable("ON_REFUSAL", "reject", "reject or hold"),
    Variable("ON_NOT_FOUND", "hold", "reject, approve or hold"),
    Variable("DRY_RUN", "false", "true or false"),
    Variable("NOTES", "private", "private, message or off"),
    Variable("ESCALATE_AFTER_HOURS", "24", "a number from 1 to 8760"),
    Variable("VENDOR_TIMEOUT_SECONDS", "30", "a number from 1 to 100"),
    Variable("VENDOR_MAX_CONCURRENCY", "20", "a whole number from 1 to 500"),
    Variable("PRODUCT_OVERRIDES", "{}", "a JSON object of products, each an object of variables"),
    Variable("REST_API_URL", "changeme", "the vendor's base URL, https, or http on loopback"),
    Variable("REST_AUTH", "bearer", "bearer, header:NAME, basic, oauth2 or none"),
    Variable("REST_API_KEY", "changeme", "the token (user:password for basic)", secure=True),
    Variable("REST_OAUTH_TOKEN_URL", "", "a URL, https, or http on loopback"),
    Variable("REST_OAUTH_CLIENT_ID", "", "the client's id"),
    Variable("REST_OAUTH_CLIENT_SECRET", "", "the client's secret", secure=True),
    Variable("REST_OAUTH_SCOPE", "", "scopes, separated by blanks, or nothing"),
    Variable(
        "REST_STATUS_REQUEST",
        "GET /subscriptions/{subscription_id}",
        "GET /path or POST /path with {subscription_id} in it, or nothing",
    ),
    Variable("REST_STATUS_PATH", "status", "a JMESPath expression"),
    Variable("REST_ACTIVE_VALUES", "active,trialing,past_due", "words separated by commas"),
    Variable(
        "REST_CANCELLED_VALUES",
        "cancelled,canceled,terminated,expired",
        "words separated by commas",
    ),
    Variable("REST_DRAFT_VALUES", "draft", "words separated by commas"),
    Variable(
        "REST_REASON_PATH",
        "error.message || message || error || reason || detail",
        "a JMESPath expression",
    ),
    Variable("REST_REPEATABLE", "false", "true or false"),
    Variable("REST_END_DATE_PATH", "", "a JMESPath expression, or nothing"),
    Variable(
        "REST_CANCEL_REQUEST",
        "POST /subscriptions/{subscription_id}/cancel",
        "METHOD /path",
    ),
    Variable("REST_CANCEL_BODY", "{}", "a JSON object"),
    Variable("REST_BODY_FORMAT", "json", "json or form"),
    Variable("REST_HEADERS", "{}", "a JSON object of header names and texts"),
    Variable(
        "ZUORA_SOAP_URL", "changeme", "https://HOST/apps/services/a/VERSION, VERSION such as 91.0"
    ),
    Variable("ZUORA_USERNAME", "changeme", "the name of an API user"),
    Variable("ZUORA_PASSWORD", "changeme", "the API user's password", secure=True),
    Variable("ZUORA_GENERATE_INVOICE", "false", "true or false"),
    Variable("ZUORA_PROCESS_PAYMENTS", "false", "true or false"),
    Variable("ZUORA_PREVIEW", "true", "true or false"),
)

_BY_NAME = {variable.name: variable for variable in VARIABLES}

PLACEHOLDERS = frozenset({"subscription_id", "request_id", "asset_id", "effective_date"})
_IN_BRACES = [f"{{{name}}}" for name in sorted(PLACEHOLDERS)]
_FILLED_IN = re.compile("|".join(map(re.escape, _IN_BRACES)))
_MISSPELT = re.compile(r"\{[\w-]|[\w-]\}")

_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_REQUEST = re.compile(r"([A-Za-z]+)\s+(/(?!/)[!-~]*)")
# A misspelt word or a number; what mixes letters and digits could be a token in the wrong place.
_SHOWABLE = re.compile(r"[A-Za-z_-]{1,20}|[0-9.,-]{1,8}")
_PARAMETER_ID = re.compile(r"[A-Za-z0-9_.-]{1,128}")
# Ids are short or in lower case; what is long and mixes everything is a key in the wrong place.
_KEY = re.compile(r"(?=.*[A-Z])(?=.*[a-z])(?=.*[0-9]).{24,}")
_PRODUCT_ID = re.compile(r"PRD(-[0-9]{1,9}){1,9}")
_PLACEHOLDER = re.compile(r"changeme|<.*>", re.IGNORECASE)

Choice = TypeVar("Choice", bound=Enum)


def initial_variables() -> list[dict[str, str | bool]]:
    """The variables in the form that Connect's ``@variables`` decorator takes."""
    return [
        {"name": v.name, "initial_value": v.initial_value, "secure": v.secure} for v in VARIABLES
    ]


class Secret:
    """A text that never shows itself, neither in a log nor in an exception."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The text itself, for the one call that needs it."""
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __repr__(self) -> str:
        return "Secret(...)"


class VariableReader:
    """Reads texts as what they mean, and collects every mistake instead of raising the first.

    After a mistake each method returns a stand-in of the right type: whoever reads must look at
    ``mistakes`` before using anything.
    """

    def __init__(
        self,
        variables: Mapping[str, str],
        product_id: str = "",
        overrides: Mapping[str, str] | None = None,
    ) -> None:
        self.mistakes: list[str] = []
        self._product_id = product_id
        self._overrides = overrides or {}
        self._variables = {**variables, **self._overrides}

    def mistake(self, name: str, what: str = "") -> None:
        """Note that a variable is wrong; ``what`` completes '<name> …' and tells what it got."""
        variable = _BY_NAME[name]
        place = f"PRODUCT_OVERRIDES, {self._product_id}, " if name in self._overrides else ""
        got = what or f"got {self._shown(variable)}"
        self.mistakes.append(f"{place}{name} {got}; it takes {variable.takes}.")

    def _shown(self, variable: Variable) -> str:
        """What a variable got, unless it is secret or looks as if a secret were pasted into it."""
        value = self._raw(variable.name)
        if not value or _PLACEHOLDER.fullmatch(value):
            return "nothing" if not value else "a placeholder"
        return self._quoted(value, secure=variable.secure)

    def _quoted(self, value: str, *, secure: bool = False) -> str:
        if secure or not _SHOWABLE.fullmatch(value) or self._holds_secret(value):
            return f"a text of {len(value)} characters"
        return f"'{value}'"

    def _holds_secret(self, value: str) -> bool:
        return any(secret in value for secret in self.secrets())

    def _raw(self, name: str) -> str:
        # An environment made by an older version lacks the newer variables.
        value = self._variables.get(name)
        return _BY_NAME[name].initial_value if value is None else str(value).strip()

    def text(self, name: str) -> str:
        """The text without blanks around it; a placeholder counts as nothing."""
        value = self._raw(name)
        return "" if _PLACEHOLDER.fullmatch(value) else value

    def required(self, name: str) -> str:
        """A text that must be there."""
        value = self.text(name)
        if not value:
            self.mistake(name)
        return value

    def secret(self, name: str) -> Secret:
        """A text that must be there and must never be shown."""
        value = self.required(name)
        if not value.isascii() or not value.isprintable():
            self.mistake(name, "has characters that cannot be sent")
        return Secret(value)

    def secrets(self) -> frozenset[str]:
        """Everything that must never leave: secure values, their halves, and further headers."""
        texts = [self.text(v.name) for v in VARIABLES if v.secure]
        texts += [half for text in texts for half in text.split(":", 1)]
        texts += [value for _, value in _pairs(_parsed(self.text("REST_HEADERS")))]
        return frozenset(text for text in texts if len(text) >= MIN_SECRET_LENGTH)

    def choice(self, name: str, choices: type[Choice]) -> Choice:
        """One of the values of an enumeration, compared without case."""
        value = self.text(name).lower()
        for choice in choices:
            if choice.value == value:
                return choice
        self.mistake(name)
        return next(iter(choices))

    def flag(self, name: str) -> bool:
        """``true`` or ``false``."""
        value = self.text(name).lower()
        if value not in ("true", "false"):
            self.mistake(name)
        return value == "true"

    def number(self, name: str, least: float, most: float, *, whole: bool = False) -> float:
        """A plain decimal number from ``least`` to ``most``."""
        value = self.text(name)
        if re.fullmatch(r"[0-9]{1,6}" if whole else r"[0-9]{1,6}(\.[0-9]{1,6})?", value):
            number = float(value)
            if least <= number <= most:
                return number
        self.mistake(name)
        return least

    def words(self, name: str, *, may_be_empty: bool = False) -> frozenset[str]:
        """Words separated by commas, in the form in which words are compared without case."""
        words = frozenset(word.strip().casefold() for word in self.text(name).split(","))
        words -= {""}
        if not words and not may_be_empty:
            self.mistake(name)
        return words

    def parameter_id(self, name: str) -> str:
        """A parameter's id; logs and notes quote it, so that it must not be a key."""
        value = self.required(name)
        is_key = value in self.secrets() or _KEY.fullmatch(value)
        if value and (is_key or not _PARAMETER_ID.fullmatch(value)):
            self.mistake(name)
        return value

    def template_id(self, name: str) -> str:
        """A template's id, or nothing."""
        value = self.text(name)
        if value and not re.fullmatch(r"TL(-\d+)+", value):
            self.mistake(name)
        return value

    def jmespath(self, name: str, *, required: bool = False) -> str:
        """A JMESPath expression, or nothing."""
        value = self.required(name) if required else self.text(name)
        try:
            if value:
                jmespath.compile(value)
        # Thousands of brackets exhaust the parser's stack, thousands of digits an index.
        except (JMESPathError, ValueError, RecursionError):
            self.mistake(name, "is not a JMESPath expression")
        return value

    def url(self, name: str) -> str:
        """A base URL without a slash at its end."""
        value = self.required(name)
        problem = value and _problem_of_url(value)
        if problem:
            self.mistake(name, problem)
        return value.rstrip("/")

    def request(self, name: str, methods: frozenset[str] | None = None) -> tuple[str, str] | None:
        """``METHOD /path`` as its two parts, or None for nothing; None allows every method."""
        value = self.text(name)
        if not value:
            return None
        match = _REQUEST.fullmatch(value)
        if not match or "#" in value:
            self.mistake(name, "is not METHOD /path")
            return None
        method, path = match[1].upper(), match[2]
        if methods is not None and method not in methods:
            self.mistake(name, f"has the method {self._quoted(match[1])}")
            return None
        self._check_braces(name, path)
        return method, path

    def json_object(self, name: str) -> str:
        """The text of a JSON object; its texts may hold placeholders."""
        value = self.text(name) or "{}"
        parsed = _parsed(value)
        if not isinstance(parsed, dict):
            self.mistake(name, "is not a JSON object")
            return "{}"
        self._check_braces(name, *_texts(parsed))
        return value

    def _check_braces(self, name: str, *texts: str) -> None:
        """A misspelt placeholder would be sent as it is; a brace that stands alone is none."""
        if any(_MISSPELT.search(_FILLED_IN.sub("x", text)) for text in texts):
            known = ", ".join(_IN_BRACES)
            self.mistake(name, f"has a brace beside a word, and that is none of {known}")

    def headers(self, name: str) -> tuple[tuple[str, str], ...]:
        """Header names and values from a JSON object of texts."""
        parsed = _parsed(self.text(name) or "{}")
        pairs = _pairs(parsed)
        if not isinstance(parsed, dict) or len(pairs) != len(parsed):
            self.mistake(name, "is not a JSON object of texts")
        for header, value in pairs:
            if not _HEADER_NAME.fullmatch(header) or not (value.isascii() and value.isprintable()):
                self.mistake(name, "has a header that cannot be sent")
                break
        return tuple(pairs)

    def header_name(self, name: str, value: str) -> str:
        """A header's name (or nothing) that was found within the variable ``name``."""
        if value and not _HEADER_NAME.fullmatch(value):
            self.mistake(name, "does not name a header")
        return value

    def overrides(self, name: str) -> dict[str, dict[str, str]]:
        """Variables by product id."""
        parsed = _parsed(self.text(name) or "{}")
        if not isinstance(parsed, dict) or not all(isinstance(v, dict) for v in parsed.values()):
            self.mistake(name, "is not a JSON object of objects")
            return {}
        products = {key: values for key, values in parsed.items() if _PRODUCT_ID.fullmatch(key)}
        if len(products) < len(parsed):
            self.mistake(name, "has a key that is not a product id such as PRD-123-456-789")
        for product_id, values in products.items():
            for variable in sorted(set(values) - (set(_BY_NAME) - {name})):
                known = variable if re.fullmatch(r"[A-Z_]{1,40}", variable) else "another name"
                self.mistake(name, f"sets {known} for {product_id}, which is no such variable")
        return {
            product_id: {k: _as_text(v) for k, v in values.items() if k in _BY_NAME}
            for product_id, values in products.items()
        }

    def everything(self) -> tuple[tuple[str, Secret], ...]:
        """All variables as they are, for a registered vendor."""
        names = sorted({*self._variables, *_BY_NAME})
        return tuple(
            (n, Secret(self.text(n) if n in _BY_NAME else str(self._variables[n]))) for n in names
        )


MIN_SECRET_LENGTH = 4
"""Shorter texts are no secrets, and taking them out of sentences would only garble these."""


def texts_within(json_text: str) -> list[str]:
    """Every text within a JSON value, where placeholders are filled in; keys are not among them."""
    return list(_texts(_parsed(json_text)))


def _texts(parsed: Any) -> Iterator[str]:
    left = [parsed]
    while left:
        value = left.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            left += value.values()
        elif isinstance(value, list):
            left += value


def _parsed(text: str) -> Any:
    try:
        return json.loads(text, parse_float=_finite, parse_constant=_finite)
    # A text of brackets alone can exhaust the parser's stack.
    except (ValueError, RecursionError):
        return None


def _finite(text: str) -> float:
    """Python reads NaN, Infinity and 1e999, and would write what is no JSON."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError
    return number


def _pairs(parsed: Any) -> list[tuple[str, str]]:
    if not isinstance(parsed, dict):
        return []
    return [(name, value.strip()) for name, value in parsed.items() if isinstance(value, str)]


def _as_text(value: Any) -> str:
    """A variable's text for a JSON value: ``true`` for true, JSON for a nested object."""
    return value if isinstance(value, str) else json.dumps(value)


def _problem_of_url(value: str) -> str:
    """What is wrong with a base URL, or an empty text; never the URL, which may hold a password."""
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "is not a URL"
    if not host or not value.isascii() or not value.isprintable() or " " in value:
        return "is not a URL"
    if parts.username is not None or parts.password is not None:
        return "has a user or a password in it"
    if "?" in value or "#" in value:
        return "has a ? or # in it"
    if parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host)):
        return ""
    return f"is a URL of the scheme '{parts.scheme[:8]}'"


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
