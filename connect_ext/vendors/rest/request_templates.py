"""The requests to a REST vendor from the variables: method, path and body."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from dataclasses import dataclass, field

from connect_ext.portal.reader import VariableReader
from connect_ext.portal.shapes import parsed_json, texts_within
from connect_ext.vendors.rest.templates import PLACEHOLDERS, check_placeholders, placeholders_in

_METHODS_THAT_ASK = frozenset({"GET", "POST"})
"""Some vendors search by POST; all other methods change something or return no body."""

# No '..' steps: the address that they leave might not contain the id.
_REQUEST = re.compile(r"([A-Za-z]+)\s+(?![^?]*/\.\.?(?:[/?]|$))(/(?!/)[!-~]*)")

_ID = "subscription_id"


@dataclass(frozen=True)
class RequestTemplate:
    """``METHOD /path`` with placeholders such as ``{subscription_id}`` in the path."""

    method: str
    path: str = field(repr=False)
    body: str = field(default="{}", repr=False)
    """JSON text; placeholders are filled in after parsing."""

    @property
    def placeholders(self) -> frozenset[str]:
        """The names of the placeholders in the path and the body."""
        return placeholders_in((self.path, *texts_within(parsed_json(self.body))))


@dataclass(frozen=True)
class RequestTemplates:
    """The three requests to a vendor; None for one that is not used."""

    status: RequestTemplate | None
    cancel: RequestTemplate
    undo: RequestTemplate | None


def read_requests(read: VariableReader, looked_up: Collection[str]) -> RequestTemplates:
    """Read the requests; ``looked_up`` are the names in ``REST_LOOKED_UP``."""
    names = PLACEHOLDERS | {*looked_up}
    status = _read_request(read, "REST_STATUS_REQUEST", PLACEHOLDERS, _METHODS_THAT_ASK)
    cancel = _read_request(read, "REST_CANCEL_REQUEST", names, body="REST_CANCEL_BODY")
    undo = _read_request(read, "REST_UNDO_REQUEST", names, body="REST_UNDO_BODY")
    if status and _ID not in status.placeholders:
        read.report("REST_STATUS_REQUEST", "has no {subscription_id}")
    if not read.text("REST_CANCEL_REQUEST"):
        read.report("REST_CANCEL_REQUEST", "is empty")
    for name, body, request in (
        ("REST_CANCEL_REQUEST", "REST_CANCEL_BODY", cancel),
        ("REST_UNDO_REQUEST", "REST_UNDO_BODY", undo),
    ):
        if request and _ID not in request.placeholders:
            read.report(name, f"has no {{subscription_id}}, and neither has {body}")
    _check_differences(read, status, cancel, undo)
    return RequestTemplates(status, cancel or RequestTemplate("POST", "/"), undo)


def _check_differences(
    read: VariableReader,
    status: RequestTemplate | None,
    cancel: RequestTemplate | None,
    undo: RequestTemplate | None,
) -> None:
    if status and _is_at(status, cancel):
        # Every look would cancel, even under DRY_RUN.
        read.report("REST_STATUS_REQUEST", "is the same as REST_CANCEL_REQUEST")
    if undo and _is_at(undo, status):
        read.report("REST_UNDO_REQUEST", "is the same as REST_STATUS_REQUEST")
    if undo and cancel and _is_at(undo, cancel) and _is_same_json(undo.body, cancel.body):
        read.report("REST_UNDO_REQUEST", "does the same as REST_CANCEL_REQUEST")


def _is_at(one: RequestTemplate, other: RequestTemplate | None) -> bool:
    if other is None or one.method != other.method:
        return False
    # Most servers ignore a slash at the end.
    return one.path.rstrip("/") == other.path.rstrip("/")


def _is_same_json(one: str, other: str) -> bool:
    return bool(json.loads(one) == json.loads(other))


def _read_request(
    read: VariableReader,
    name: str,
    names: Collection[str],
    methods: frozenset[str] | None = None,
    body: str = "",
) -> RequestTemplate | None:
    """Read ``METHOD /path``; None if empty. Without ``methods``, any method is allowed."""
    text = _read_body(read, body, names) if body else "{}"
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
    check_placeholders(read, name, names, path)
    return RequestTemplate(method, path, text)


def _read_body(read: VariableReader, name: str, names: Collection[str]) -> str:
    """Read the JSON text of an object, or of a single placeholder for the whole body."""
    text = read.text(name) or "{}"
    whole = parsed_json(text)
    if isinstance(whole, str) and whole in {f"{{{each}}}" for each in {*names} - PLACEHOLDERS}:
        return text
    parsed = read.json_object(name)
    check_placeholders(read, name, names, *texts_within(parsed))
    return text if parsed else "{}"
