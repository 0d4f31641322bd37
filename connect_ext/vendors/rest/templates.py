"""Templates of paths, bodies and headers, with placeholders such as ``{subscription_id}``."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5

from connect_ext.errors import NotConfigured
from connect_ext.portal.patterns import MAX_TEXT_CHARACTERS
from connect_ext.portal.reader import VariableReader
from connect_ext.portal.segments import leads_up
from connect_ext.vendors.base import Cancellation
from connect_ext.vendors.rest.looked_up import can_be_sent

OF_THE_REQUEST = frozenset({"subscription_id", "request_id", "request_uuid", "asset_id"})
"""Placeholders whose values are the same each time a request is sent."""

IDEMPOTENCY_KEYS = frozenset({"request_id", "request_uuid"})
"""Placeholders that stand for the key in its header."""

PLACEHOLDERS = OF_THE_REQUEST | {"effective_date"}
PARAMETER = "parameter:"

_PLACEHOLDER = re.compile(r"\{(parameter:[A-Za-z0-9_.-]{1,128}|\w+)\}", re.ASCII)
_MISSPELT = re.compile(r"\{[\w-]|[\w-]\}")


def placeholders_in(texts: Iterable[str]) -> frozenset[str]:
    """The names in braces."""
    return frozenset(name for text in texts for name in _PLACEHOLDER.findall(text))


def check_placeholders(
    read: VariableReader, name: str, known: Collection[str], *texts: str, parameters: bool = True
) -> None:
    """Report braces next to a word that is not a known placeholder.

    They would be sent literally. A brace on its own is not a placeholder.
    """

    def without(found: re.Match[str]) -> str:
        is_known = found[1] in known or (parameters and found[1].startswith(PARAMETER))
        return "x" if is_known else found[0]

    if any(_MISSPELT.search(_PLACEHOLDER.sub(without, text)) for text in texts):
        shown = [f"{{{each}}}" for each in sorted(known)]
        shown += ["{parameter:ID}"] if parameters else []
        what = "has a brace next to a word that is not a placeholder"
        read.report(name, f"{what} ({', '.join(shown)})")


@dataclass(frozen=True)
class Placeholders:
    """The values of the placeholders in one call."""

    cancellation: Cancellation
    effective: date
    looked_up: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def to_be_shown(self) -> Placeholders:
        """Return a copy with names in place of the values from the vendor.

        Those may be personal data, and we cannot know what to mask in them.
        """
        return replace(self, looked_up={name: f"REST_LOOKED_UP.{name}" for name in self.looked_up})

    def path(self, template: str) -> str:
        """Fill in a path; each value is percent-encoded to stay within one segment.

        Raises ``NotConfigured``, as the other methods do, if a value is missing or unsuitable.
        """
        return _PLACEHOLDER.sub(lambda found: quote(self._segment(found[1]), safe=""), template)

    def header(self, template: str) -> str:
        """Fill in a header; no value is blank or can begin another header."""
        return _PLACEHOLDER.sub(lambda found: self._in_header(found[1]), template)

    def key(self, template: str) -> str:
        """Fill in the idempotency header; there, the request's id stands for the key."""
        key = self.cancellation.idempotency_key
        return self.header(template.replace("{request_id}", key))

    def body(self, template: Any, *, as_texts: bool = False) -> Any:
        """Fill in a body that is already parsed, so that no value can alter the JSON.

        A text that is a single placeholder becomes its value, of any type; with ``as_texts``
        (forms), the value must be a text, a number or a flag.
        """
        if isinstance(template, str):
            alone = None if as_texts else _PLACEHOLDER.fullmatch(template)
            if alone:
                return self._value(alone[1])
            return _PLACEHOLDER.sub(lambda found: self._text(found[1]), template)
        if isinstance(template, list):
            return [self.body(item, as_texts=as_texts) for item in template]
        if isinstance(template, dict):
            return {key: self.body(item, as_texts=as_texts) for key, item in template.items()}
        return template

    def _value(self, name: str) -> Any:
        if name.startswith(PARAMETER):
            return self._parameter(name.removeprefix(PARAMETER))
        match name:
            case "subscription_id":
                return self.cancellation.subscription_id.text
            case "request_id":
                return self.cancellation.request_id
            case "request_uuid":
                return str(uuid5(NAMESPACE_URL, self.cancellation.idempotency_key))
            case "asset_id":
                return self.cancellation.asset_id
            case "effective_date":
                return self.effective.isoformat()
        value = self.looked_up.get(name)
        if value is None:
            raise _unusable(name, "has no value for it that can be sent")
        return value

    def _parameter(self, parameter_id: str) -> str:
        value = self.cancellation.parameter(parameter_id)
        if not value or not can_be_sent(value):
            raise NotConfigured(
                f"The request has no fulfillment parameter '{parameter_id}' with a text, or two"
                f" that differ: check {{parameter:{parameter_id}}} in the REST_ variables and the"
                " product's parameters."
            )
        return value

    def _text(self, name: str) -> str:
        value = self._value(name)
        if isinstance(value, str):
            return value
        if isinstance(value, (bool, int, float)):
            return json.dumps(value)
        raise _unusable(name, "has an object or a list for it, but it is part of a text")

    def _in_header(self, name: str) -> str:
        text = self._text(name)
        if not (text.strip() and text.isascii() and text.isprintable()):
            raise NotConfigured(
                f"The value of the placeholder {{{name}}} cannot be part of a header: it is blank,"
                " or has a character that headers cannot have."
            )
        return text

    def _segment(self, name: str) -> str:
        """A value in a path; an id was checked when it was read."""
        text = self._text(name)
        if name in PLACEHOLDERS:
            return text
        is_long = len(text) > MAX_TEXT_CHARACTERS
        if not text.strip() or is_long or not text.isprintable() or leads_up(text):
            raise NotConfigured(
                f"The value of the placeholder {{{name}}} cannot be part of a path: it is blank,"
                " too long, or has '..' or an invisible character in it."
            )
        return text


def _unusable(name: str, what: str) -> NotConfigured:
    return NotConfigured(
        f"The placeholder {{{name}}} cannot be filled in, since the vendor's answer {what}: check"
        " its path in REST_LOOKED_UP."
    )


def form_fields(body: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """The fields of a form; a field in an object is named ``outer[inner]``, as Stripe does."""
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
