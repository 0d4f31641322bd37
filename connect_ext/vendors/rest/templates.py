"""Templates of a path and a body, with placeholders such as ``{subscription_id}``."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any
from urllib.parse import quote

from connect_ext.vendors.base import Cancellation

PLACEHOLDERS = frozenset({"subscription_id", "request_id", "asset_id", "effective_date"})
IN_BRACES = tuple(f"{{{name}}}" for name in sorted(PLACEHOLDERS))

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_KNOWN = re.compile("|".join(map(re.escape, IN_BRACES)))
_MISSPELT = re.compile(r"\{[\w-]|[\w-]\}")


def has_misspelt_placeholder(text: str) -> bool:
    """Whether a brace stands beside a word outside of the placeholders.

    It would be sent as it is. A brace that stands alone is not a placeholder.
    """
    return _MISSPELT.search(_KNOWN.sub("x", text)) is not None


def placeholder_values(cancellation: Cancellation, effective: date) -> Mapping[str, str]:
    """The value of each placeholder."""
    return {
        "subscription_id": cancellation.subscription_id.text,
        "request_id": cancellation.request_id,
        "asset_id": cancellation.asset_id,
        "effective_date": effective.isoformat(),
    }


def filled_path(path: str, values: Mapping[str, str]) -> str:
    """Every value is percent-encoded whole, so that none can be more than one segment."""
    return _PLACEHOLDER.sub(lambda found: quote(values[found[1]], safe=""), path)


def filled(body: Any, values: Mapping[str, str]) -> Any:
    """Values are put into texts that are parsed already: none can become part of the JSON."""
    if isinstance(body, str):
        return _PLACEHOLDER.sub(lambda found: values[found[1]], body)
    if isinstance(body, list):
        return [filled(item, values) for item in body]
    if isinstance(body, dict):
        return {key: filled(item, values) for key, item in body.items()}
    return body


def form_fields(body: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Fields of a form; a field within an object is named ``outer[inner]``, as Stripe does."""
    if isinstance(body, dict):
        for key, item in body.items():
            yield from form_fields(item, f"{name}[{key}]" if name else key)
    elif isinstance(body, list):
        for index, item in enumerate(body):
            yield from form_fields(item, f"{name}[{index}]")
    elif isinstance(body, str):
        yield name, body
    else:
        yield name, json.dumps(body)
