"""Reads bodies and queries strictly, by the tables of the official description."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from sandbox.zuora_orders.errors import Json, ZuoraError
from sandbox.zuora_orders.fields import Field

_KINDS: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "date": str,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
    "array": list,
    "object": dict,
}


def read_body(raw: bytes, content_type: str, fields: Iterable[Field]) -> Json:
    """The body of a call. Raises ZuoraError if it is not as described."""
    if content_type != "application/json":
        raise ZuoraError(45, "media type", status=415, media_type=content_type)
    try:
        body = json.loads(raw)
    except ValueError as error:
        raise ZuoraError(90, "malformed") from error
    if not isinstance(body, dict):
        raise ZuoraError(90, "malformed")
    _check_object(body, fields)
    return body


def check_query(query: Mapping[str, str], fields: Iterable[Field]) -> None:
    """Check a call's parameters. Raises ZuoraError for unknown or invalid ones."""
    known = {field.name: field for field in fields}
    for name, text in query.items():
        if name not in known or not _is_parameter(known[name], text):
            raise ZuoraError(23, "bad query", field=name)


def day(text: str) -> date | None:
    """A day as Zuora writes it; None if the text is not one."""
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _is_parameter(field: Field, text: str) -> bool:
    if field.kind == "boolean":
        return text in ("true", "false")
    if field.kind == "integer":
        return re.fullmatch(r"\d{1,9}", text, re.ASCII) is not None and _in_range(field, int(text))
    if field.kind == "date":
        return day(text) is not None
    return not field.enum or text in field.enum


def _check_object(body: Json, fields: Iterable[Field]) -> None:
    known = {field.name: field for field in fields}
    for name in body:
        if name not in known:
            raise ZuoraError(21, "unknown field", field=name)
    for field in known.values():
        if field.required and field.name not in body:
            raise ZuoraError(22, "missing field", field=field.name)
    for name, value in body.items():
        _check_value(known[name], value)


def _check_value(field: Field, value: Any) -> None:
    _check_kind(field, field.kind, value)
    if field.opaque:
        raise ZuoraError(20, "unsupported", what=field.name)
    if field.kind == "array":
        for each in value:
            _check_kind(field, field.item, each)
    inside = value if field.kind == "array" else [value]
    for each in inside:
        if field.fields is not None:
            _check_object(each, field.fields)
        _check_limits(field, each)


def _check_kind(field: Field, kind: str, value: Any) -> None:
    wrong = isinstance(value, bool) and kind != "boolean"
    no_day = kind == "date" and isinstance(value, str) and day(value) is None
    if wrong or no_day or not isinstance(value, _KINDS[kind]):
        raise ZuoraError(20, "invalid value", field=field.name, value=value)


def _check_limits(field: Field, value: Any) -> None:
    if field.enum and value not in field.enum:
        raise ZuoraError(20, "one of", field=field.name, values=", ".join(field.enum))
    if field.max_length is not None and len(value) > field.max_length:
        raise ZuoraError(20, "too long", field=field.name, limit=field.max_length)
    if field.kind == "integer" and not _in_range(field, value):
        raise ZuoraError(20, "invalid value", field=field.name, value=value)


def _in_range(field: Field, value: int) -> bool:
    above = field.minimum is None or value >= field.minimum
    return above and (field.maximum is None or value <= field.maximum)
