"""The variables of a check: values, where they come from, and mistakes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from difflib import get_close_matches

from connect_ext.check.report import Report
from connect_ext.errors import NotConfigured
from connect_ext.portal.settings import (
    Configuration,
    Described,
    all_secrets,
    declared_variables,
    described_variables,
    read_configuration,
)
from connect_ext.redaction import without_secrets
from connect_ext.vendors.registry import definitions


def read_variables(
    variables: Mapping[str, str], product_id: str
) -> tuple[Report, Configuration | None]:
    """Start a report from the variables; the configuration is None if they have mistakes."""
    configuration, mistakes = _read(variables)
    known = {variable.name: variable for variable in declared_variables(definitions())}
    described = described_variables(variables, definitions(), product_id)
    names = {each.variable.name for each in described}
    unknown = sorted({*variables} - {*known})
    unused = [
        name
        for name, value in variables.items()
        if name in known and name not in names and value.strip() != known[name].initial_value
    ]
    report = Report(
        next(each.shown for each in described if each.variable.name == "VENDOR"),
        product_id,
        _masked(variables, described),
        tuple(unknown),
        tuple(unused),
        mistakes,
        look_at=tuple(_about(name, known) for name in unknown),
    )
    return report, configuration


def _read(variables: Mapping[str, str]) -> tuple[Configuration | None, tuple[str, ...]]:
    try:
        return read_configuration(variables, definitions()), ()
    except NotConfigured as error:
        _, *mistakes = error.message.split("\n")
        return None, tuple(line.strip() for line in mistakes)


def _masked(variables: Mapping[str, str], described: Iterable[Described]) -> tuple[Described, ...]:
    """Mask values: a key from one variable may appear in another, in any spelling."""
    secrets = all_secrets(variables, definitions())
    return tuple(replace(each, shown=without_secrets(each.shown, secrets)) for each in described)


def _about(name: str, known: Iterable[str]) -> str:
    similar = get_close_matches(name, known, n=1, cutoff=0.8)
    hint = f": did you mean {similar[0]}?" if similar else "."
    return f"{name} is not a variable of the extension{hint}"
