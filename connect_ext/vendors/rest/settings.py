"""The ``REST_*`` variables as one typed, immutable value."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum

from connect_ext.portal.policy import CancellationDate, WhenEffectiveLater
from connect_ext.portal.reader import VariableReader
from connect_ext.portal.shapes import parsed_json
from connect_ext.portal.time_zone import read_time_zone
from connect_ext.vendors.rest.credentials import (
    Headers,
    RestAuth,
    read_auth,
    read_headers,
    read_idempotency_header,
)
from connect_ext.vendors.rest.request_templates import (
    RequestTemplate,
    RequestTemplates,
    read_requests,
)
from connect_ext.vendors.rest.templates import PLACEHOLDERS

STATUS_LISTS = (
    "REST_ACTIVE_VALUES",
    "REST_CANCELLING_VALUES",
    "REST_CANCELLED_VALUES",
    "REST_DRAFT_VALUES",
)

_PATH_OF_DATE = {
    CancellationDate.END_OF_TERM: "REST_TERM_END_PATH",
    CancellationDate.END_OF_INVOICED_PERIOD: "REST_CHARGED_THROUGH_PATH",
}

_LOOKED_UP_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,40}")
MOST_LOOKED_UP = 20


class BodyFormat(Enum):
    """``REST_BODY_FORMAT``"""

    JSON = "json"
    FORM = "form"


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
    """Where an answer names its subscription; empty if unknown."""
    repeatable: bool
    end_date_path: str
    cancel_request: RequestTemplate
    undo_request: RequestTemplate | None
    term_end_path: str
    charged_through_path: str
    sends_date: bool
    """Whether the cancellation states the day on which it takes effect."""
    body_format: BodyFormat
    headers: Headers = field(repr=False)
    idempotency_header: tuple[str, str] | None
    looked_up: tuple[tuple[str, str], ...]
    """Names of placeholders, each with the path to its value in the answer to a look."""
    time_zone: str
    """The zone in which today is determined."""
    varies: bool = False
    """Whether the cancellation depends on the day or on the answer to a look."""
    follows_date: bool = False
    """Whether ``CANCELLATION_DATE`` selected the request itself (presets)."""


def read_settings(read: VariableReader) -> RestSettings:
    """Read all ``REST_*`` variables and report every mistake."""
    looked_up = _read_looked_up(read)
    names = [name for name, _ in looked_up]
    requests = read_requests(read, names)
    idempotency_header = read_idempotency_header(read)
    header = idempotency_header[0] if idempotency_header else ""
    auth = read_auth(read, header)
    headers = read_headers(read, auth, header, PLACEHOLDERS.union(names))
    sends_date = _sends_date(requests.cancel, headers)
    _check_dates(read, requests.status, sends_date=sends_date)
    _check_words(read)
    return RestSettings(
        api_url=read.url("REST_API_URL"),
        auth=auth,
        status_request=requests.status,
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
        cancel_request=requests.cancel,
        undo_request=requests.undo,
        term_end_path=_read_jmespath(read, "REST_TERM_END_PATH"),
        charged_through_path=_read_jmespath(read, "REST_CHARGED_THROUGH_PATH"),
        sends_date=sends_date,
        body_format=_read_body_format(read, requests),
        headers=headers,
        idempotency_header=idempotency_header,
        looked_up=looked_up,
        varies=sends_date or bool(requests.cancel.placeholders.intersection(names)),
        time_zone=read_time_zone(read, "UTC"),
    )


def _read_looked_up(read: VariableReader) -> tuple[tuple[str, str], ...]:
    """Read ``REST_LOOKED_UP``: names of placeholders, each with its JMESPath expression."""
    name = "REST_LOOKED_UP"
    parsed = read.json_object(name)
    if len(parsed) > MOST_LOOKED_UP:
        read.report(name, f"has more than {MOST_LOOKED_UP} names")
    if not all(isinstance(path, str) and path for path in parsed.values()):
        read.report(name, "is not a JSON object of texts")
    pairs = tuple((key, path) for key, path in parsed.items() if isinstance(path, str) and path)
    for key, path in pairs:
        if not _LOOKED_UP_NAME.fullmatch(key) or key in PLACEHOLDERS:
            read.report(name, "has a name that is not a word, or is already a placeholder")
        if not _is_jmespath(path):
            read.report(name, f"has no JMESPath expression for {read.quoted(key)}")
    if pairs and not read.text("REST_STATUS_REQUEST"):
        read.report("REST_STATUS_REQUEST", f"is empty, but {name} needs it")
    return pairs


def _sends_date(cancel: RequestTemplate, headers: Headers) -> bool:
    in_headers = any("{effective_date}" in text for _, text in headers)
    return in_headers or "effective_date" in cancel.placeholders


def _check_dates(read: VariableReader, status: RequestTemplate | None, *, sends_date: bool) -> None:
    """Require the paths to dates: without them, today would silently be used, or no date."""
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
        read.report(name, f"is empty, but {because}")
    if not has_status:
        read.report("REST_STATUS_REQUEST", f"is empty, but {because}")


def _read_body_format(read: VariableReader, requests: RequestTemplates) -> BodyFormat:
    body_format = read.choice("REST_BODY_FORMAT", BodyFormat)
    bodies = {"REST_CANCEL_BODY": requests.cancel, "REST_UNDO_BODY": requests.undo}
    for name, request in bodies.items():
        is_one_value = request is not None and isinstance(parsed_json(request.body), str)
        if body_format is BodyFormat.FORM and is_one_value:
            read.report(name, "is a single placeholder, which has no fields for a form")
    return body_format


def _check_words(read: VariableReader) -> None:
    """A status must be in one list only: otherwise the list read first would silently win."""
    for position, name in enumerate(STATUS_LISTS):
        for other in STATUS_LISTS[:position]:
            if read.words(name, may_be_empty=True) & read.words(other, may_be_empty=True):
                read.report(name, f"has a word that is also in {other}")


def _read_jmespath(read: VariableReader, name: str, *, required: bool = False) -> str:
    """Read a JMESPath expression, or nothing."""
    value = read.required(name) if required else read.text(name)
    if value and not _is_jmespath(value):
        read.report(name, "is not a JMESPath expression")
    return value


def _is_jmespath(text: str) -> bool:
    # Only a process that cancels at a REST vendor loads it.
    import jmespath  # noqa: PLC0415
    from jmespath.exceptions import JMESPathError  # noqa: PLC0415

    try:
        jmespath.compile(text)
    # Thousands of brackets exhaust the parser's stack, thousands of digits an index.
    except (JMESPathError, ValueError, RecursionError):
        return False
    return True
