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
"""What stays the same for a request, whenever it is sent."""

IDEMPOTENCY_KEYS = frozenset({"request_id", "request_uuid"})
"""What in a header for it stands for the key."""

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
    """Report a brace that stands beside a word outside of the known placeholders.

    It would be sent as it is. A brace that stands alone is not a placeholder.
    """

    def without(found: re.Match[str]) -> str:
        is_known = found[1] in known or (parameters and found[1].startswith(PARAMETER))
        return "x" if is_known else found[0]

    if any(_MISSPELT.search(_PLACEHOLDER.sub(without, text)) for text in texts):
        shown = [f"{{{each}}}" for each in sorted(known)]
        shown += ["{parameter:ID}"] if parameters else []
        what = "has a brace beside a word that is not a placeholder"
        read.report(name, f"{what} ({', '.join(shown)})")


@dataclass(frozen=True)
class Placeholders:
    """What the placeholders stand for in one call."""

    cancellation: Cancellation
    effective: date
    looked_up: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def to_be_shown(self) -> Placeholders:
        """The same, with a name in the place of whatever the vendor has written.

        That may be anybody's data, and nobody knows what to mask in it.
        """
        return replace(self, looked_up={name: f"REST_LOOKED_UP.{name}" for name in self.looked_up})

    def path(self, template: str) -> str:
        """Every value is percent-encoded whole, so that none can be more than one segment.

        Raises ``NotConfigured``, as the other methods do, where a value is missing or cannot stand
        there.
        """
        return _PLACEHOLDER.sub(lambda found: quote(self._segment(found[1]), safe=""), template)

    def header(self, template: str) -> str:
        """The text of a header; no value in it is blank, or begins another header."""
        return _PLACEHOLDER.sub(lambda found: self._in_header(found[1]), template)

    def key(self, template: str) -> str:
        """The text of the header for the idempotency key, which the request's id stands for."""
        key = self.cancellation.idempotency_key
        return self.header(template.replace("{request_id}", key))

    def body(self, template: Any, *, as_texts: bool = False) -> Any:
        """Values are put into texts that are parsed already: none can become part of the JSON.

        A text that is one placeholder alone becomes what that stands for, which may be no text;
        with ``as_texts`` (forms) it must be one, or a number.
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
            raise _unusable(name, "has nothing for it that can be sent")
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
        raise _unusable(name, "has an object or a list for it, and it stands in a text")

    def _in_header(self, name: str) -> str:
        text = self._text(name)
        if not (text.strip() and text.isascii() and text.isprintable()):
            raise NotConfigured(
                f"What the placeholder {{{name}}} stands for cannot be a part of a header: it is"
                " blank, or has a character in it that no header has."
            )
        return text

    def _segment(self, name: str) -> str:
        """A value in a path; an id was looked through when it was read."""
        text = self._text(name)
        if name in PLACEHOLDERS:
            return text
        is_long = len(text) > MAX_TEXT_CHARACTERS
        if not text.strip() or is_long or not text.isprintable() or leads_up(text):
            raise NotConfigured(
                f"What the placeholder {{{name}}} stands for cannot be a part of a path: it is"
                " blank, too long, or has '..' or an invisible character in it."
            )
        return text


def _unusable(name: str, what: str) -> NotConfigured:
    return NotConfigured(
        f"The placeholder {{{name}}} cannot be filled in, since the vendor's answer {what}: check"
        " its path in REST_LOOKED_UP."
    )


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
