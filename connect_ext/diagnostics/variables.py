"""The portal's variables: names, lengths and origins, but never a value."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from connect_ext.check.variables import read_variables
from connect_ext.diagnostics.ids import PRODUCT_ID
from connect_ext.diagnostics.plain_words import PlainWords
from connect_ext.diagnostics.sections import Facts
from connect_ext.http.aside import aside
from connect_ext.portal.reader import Origin
from connect_ext.portal.settings import Described, all_secrets, declared_variables
from connect_ext.portal.shapes import parsed_json
from connect_ext.redaction.looks import looks_like_a_credential
from connect_ext.vendors.registry import definitions
from connect_ext.vendors.words import is_known_name

OVERRIDES = "PRODUCT_OVERRIDES"
_NAME = re.compile(r"[A-Z][A-Z0-9_]{1,63}")
_ORIGINS = {
    Origin.PORTAL: "set",
    Origin.OVERRIDE: "set for the product",
    Origin.PRESET: "from the preset",
    Origin.INITIAL: "initial value",
}

Overrides = dict[str, dict[str, str]]


def size_of(variables: Mapping[str, str]) -> int:
    """The number of characters in all values."""
    return sum(map(len, variables.values()))


async def plain_words(variables: Mapping[str, str], also_secret: str = "") -> PlainWords:
    """Make the filter for sentences about these variables; ``also_secret`` is masked, too."""
    secrets = await aside(size_of(variables), lambda: all_secrets(variables, definitions()))
    more = {also_secret} if also_secret.strip() else set()
    return PlainWords(declared_variables(definitions()), secrets | more)


async def described(variables: Mapping[str, str], product_id: str) -> Facts:
    """Describe the variables, for a product if one is named."""
    report, _ = await aside(size_of(variables), lambda: read_variables(variables, product_id))
    words = await plain_words(variables)
    known = [variable.name for variable in declared_variables(definitions())]
    overrides = _overrides(variables.get(OVERRIDES, ""), known)
    own = overrides.get(product_id, {})
    return {
        "vendor": report.vendor if report.vendor in definitions() else "not one that is installed",
        "mistakes": await words.of_all(report.mistakes),
        "unknown names": [_shown_name(name, known) for name in report.unknown_names],
        "each": {
            **{each.variable.name: _in_words(each, variables, own) for each in report.variables},
            **{
                name: f"set, {_length(variables[name])}, without effect: another vendor's"
                for name in report.unused_names
            },
        },
        "set for products": {product: sorted(names) for product, names in overrides.items()},
    }


def _in_words(each: Described, variables: Mapping[str, str], own: Mapping[str, str]) -> str:
    name, facts = each.variable.name, [_ORIGINS[each.origin]]
    if each.origin in (Origin.PORTAL, Origin.OVERRIDE):
        facts.append(_length(own.get(name, variables.get(name, ""))))
    if each.variable.secure:
        facts.append("secure")
    return ", ".join(facts)


def _length(value: str) -> str:
    length = len(value.strip())
    return "1 character" if length == 1 else f"{length} characters"


def _overrides(text: str, known: Iterable[str]) -> Overrides:
    """The variables set for each product; anything else is reported elsewhere as a mistake."""
    parsed = parsed_json(text)
    return {
        product: {name: str(value) for name, value in values.items() if name in known}
        for product, values in (parsed.items() if isinstance(parsed, dict) else ())
        if PRODUCT_ID.fullmatch(product) and isinstance(values, dict)
    }


def _shown_name(name: str, known: Iterable[str]) -> str:
    """Show an undeclared name only if it resembles ours: it may be a pasted key."""
    hidden = f"a name of {len(name)} characters"
    if not _NAME.fullmatch(name) or looks_like_a_credential(name):
        return hidden
    if similar := get_close_matches(name, known, n=1, cutoff=0.8):
        return f"{name}: did you mean {similar[0]}?"
    return name if is_known_name(name) else hidden
