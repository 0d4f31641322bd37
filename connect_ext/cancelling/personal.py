"""The personal data in Connect's request, which must stay out of every text that leaves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

MIN_NAME_LENGTH, MIN_TEXT_LENGTH, MIN_NUMBER_LENGTH = 2, 3, 4
"""Shorter texts, such as a country code or a quantity, identify nobody."""

MOST_TEXTS, MOST_CHARACTERS, MOST_VALUES = 20_000, 200_000, 100_000
"""Searching for more would take too long; a customer has about fifty."""

MAX_DEPTH = 8

_LEGAL_FORMS = frozenset(
    {
        *("inc", "ltd", "llc", "llp", "plc", "corp", "co", "company", "corporation", "limited"),
        *("gmbh", "mbh", "ag", "kg", "ohg", "ug", "se", "sa", "sas", "sarl", "srl", "spa", "sl"),
        *("bv", "nv", "ab", "as", "oy", "aps", "pty", "kk", "incorporated", "&"),
    }
)


def personal_texts(asset: dict[str, Any]) -> frozenset[str] | None:
    """The customer's and resellers' data and the parameters' values; None if there are too many."""
    found: set[str] = set()
    characters = 0
    for count, text in enumerate(_texts(asset)):
        found.add(text)
        # A repeated text counts each time: it may be JSON, which is read each time.
        characters += len(text)
        if characters > MOST_CHARACTERS or len(found) > MOST_TEXTS or count > MOST_VALUES:
            return None
    return frozenset(filter(None, found))


def size_of(asset: dict[str, Any], most: int) -> int:
    """How many values and characters would be collected; counting stops at ``most``."""
    size = 0
    for text in _texts(asset):
        size += 1 + len(text)
        if size > most:
            break
    return size


def _texts(asset: dict[str, Any]) -> Iterator[str]:
    items = asset.get("items")
    owners = [asset, asset.get("configuration"), *(items if isinstance(items, list) else ())]
    for owner in owners:
        params = owner.get("params") if isinstance(owner, dict) else None
        for param in params if isinstance(params, list) else ():
            if isinstance(param, dict):
                # Addresses and telephone numbers are in the structured value, in parts.
                yield from _leaves([param.get("value"), param.get("structured_value")])
    tiers = asset.get("tiers")
    for tier in tiers.values() if isinstance(tiers, dict) else ():
        if isinstance(tier, dict):
            for key in ("name", "tax_id", "external_id", "external_uid", "contact_info"):
                yield from _leaves(tier.get(key), key)
            parent = tier.get("parent")
            yield from _leaves(parent.get("name") if isinstance(parent, dict) else None, "name")


def _leaves(value: Any, key: str = "", depth: int = MAX_DEPTH) -> Iterator[str]:
    """Every text and number within a value, down to a maximum depth.

    Any other value gives an empty text, so that it counts.
    """
    yield ""
    if isinstance(value, str):
        yield from _of_text(value, key, depth)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        text = f"{value:.15g}" if isinstance(value, float) else str(value)[:MOST_CHARACTERS]
        if len(text) >= MIN_NUMBER_LENGTH:
            yield text
    elif isinstance(value, list) and depth:
        for inner in value:
            yield from _leaves(inner, key, depth - 1)
    elif isinstance(value, dict) and depth:
        yield from _telephone_numbers(value)
        for name, inner in value.items():
            yield from _leaves(inner, str(name), depth - 1)


def _of_text(value: str, key: str, depth: int) -> Iterator[str]:
    """A text, and the texts within it if it is JSON."""
    text = value.strip()
    if len(text) >= (MIN_NAME_LENGTH if "name" in key else MIN_TEXT_LENGTH):
        yield text
        if "name" in key:
            yield _without_legal_form(text)
    if depth and text[:1] in ("{", "[") and len(text) < MOST_CHARACTERS:
        try:
            yield from _leaves(json.loads(text), key, depth - 1)
        except (ValueError, RecursionError):
            return


def _without_legal_form(name: str) -> str:
    """A company's name as vendors write it: ``Blauwal`` for ``Blauwal GmbH & Co. KG``."""
    words = name.split()
    while len(words) > 1 and words[-1].replace(".", "").strip(",").lower() in _LEGAL_FORMS:
        words.pop()
    return " ".join(words).rstrip(",")


def _telephone_numbers(parts: dict[str, Any]) -> Iterator[str]:
    """The digits of a telephone number in one piece: Connect splits them, a vendor may not."""
    country, area, number = (
        _digits(parts.get(part)) for part in ("country_code", "area_code", "phone_number")
    )
    if number:
        yield area + number
        if country:
            yield from (country + area + number, f"+{country}{area}{number}")


def _digits(value: Any) -> str:
    return "".join(filter(str.isdecimal, value)) if isinstance(value, str) else ""
