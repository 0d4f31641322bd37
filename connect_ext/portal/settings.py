"""The portal's variables, turned into one typed, validated, immutable ``Settings``.

All values are strings and can change between two tasks. Every mistake is collected, so one message
names them all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from connect_ext.cause import Cause
from connect_ext.errors import NotConfigured
from connect_ext.portal.patterns import problem_of_pattern
from connect_ext.portal.policy import (
    CancellationDate,
    MetricsFormat,
    Notes,
    OnNoTermEnd,
    OnNotFound,
    OnRefusal,
    Policy,
    WhenEffectiveLater,
)
from connect_ext.portal.reader import Origin, VariableReader
from connect_ext.portal.variable import Variable

if TYPE_CHECKING:
    from connect_ext.vendors.base import VendorDefinition

Definitions = Mapping[str, "VendorDefinition"]
"""The vendors that can be chosen, by the name that ``VENDOR`` takes."""

COMMON_VARIABLES = (
    Variable("VENDOR", "rest", "the name of a vendor"),
    Variable(
        "SUBSCRIPTION_ID_PARAMETER",
        "subscription_id",
        "the id of a parameter, up to 128 letters, digits, _, - and ., and never a key",
    ),
    Variable(
        "SUBSCRIPTION_ID_PATTERN",
        "[A-Za-z0-9][A-Za-z0-9._:@=+~-]{0,254}",
        "a regular expression of sets, repeats, plain groups and alternatives, with at most three"
        " repeats of no fixed length",
    ),
    Variable("APPROVAL_TEMPLATE_ID", "", "a template id such as TL-123-456-789, or nothing"),
    Variable("ON_REFUSAL", "reject", "reject or hold"),
    Variable("ON_NOT_FOUND", "hold", "reject, approve or hold"),
    Variable("CANCELLATION_DATE", "immediate", "immediate, end_of_term or end_of_invoiced_period"),
    Variable("WHEN_EFFECTIVE_LATER", "approve", "approve or schedule"),
    Variable("ON_NO_TERM_END", "hold", "immediate, reject or hold"),
    Variable("SETTLE_MINUTES", "60", "a number from 0.05 to 10080"),
    Variable(
        "VENDOR_TIME_ZONE", "", "the IANA name of a time zone, such as Europe/Berlin, or nothing"
    ),
    Variable("DRY_RUN", "false", "true or false"),
    Variable("NOTES", "private", "private, message or off"),
    Variable("AMOUNTS_IN_MESSAGES", "false", "true or false"),
    Variable("ESCALATE_AFTER_HOURS", "24", "a number from 1 to 8760"),
    Variable("VENDOR_TIMEOUT_SECONDS", "30", "a number from 1 to 100"),
    Variable("VENDOR_MAX_CONCURRENCY", "20", "a whole number from 1 to 500"),
    Variable("METRICS_FORMAT", "text", "text or json"),
    Variable("PRODUCT_OVERRIDES", "{}", "a JSON object of products, each an object of variables"),
)

_OF_ALL_PRODUCTS = {"METRICS_FORMAT", "PRODUCT_OVERRIDES"}

_PARAMETER_ID = re.compile(r"[A-Za-z0-9_.-]{1,128}")
# Ids are short or in lower case; a long mix of characters is a key in the wrong place.
_KEY = re.compile(r"(?=.*[A-Z])(?=.*[a-z])(?=.*[0-9]).{24,}")
_PRODUCT_ID = re.compile(r"PRD(-[0-9]{1,9}){1,9}")


@dataclass(frozen=True)
class VendorSettings:
    """Everything a vendor is made from; equal settings share a vendor and its pool."""

    name: str
    timeout_seconds: float
    max_concurrency: int
    own: Hashable = field(repr=False)
    """The settings that the vendor's own package reads."""
    longest_call: float = 0.0
    """Seconds; longer than ``timeout_seconds`` where one of the vendor's calls takes longer."""
    least_to_settle: float = 0.0
    """The least number of seconds to wait for a cancellation whose answer was lost."""
    leaves_orders: bool = False
    """Whether a look can tell the result of a cancellation whose answer was lost."""

    @property
    def call_seconds(self) -> float:
        """The longest time that one call may take."""
        return max(self.timeout_seconds, self.longest_call)


@dataclass(frozen=True)
class Settings:
    """All settings of one product."""

    subscription_id_parameter: str
    subscription_id_pattern: str
    """Matches a whole id, and is fast on any text."""
    approval_template_id: str
    policy: Policy
    dry_run: bool
    notes: Notes
    amounts_in_messages: bool
    """Whether partners may see the amounts of a preview as well."""
    escalate_after_hours: float
    settle_seconds: float
    """How long the vendor may take to show a cancellation that it has accepted."""
    vendor: VendorSettings
    secrets: frozenset[str] = field(repr=False)
    """Texts that must never leave: every secure value, and parts of them."""

    @property
    def settles_within(self) -> float:
        """The longest time in seconds until the vendor shows what it has accepted."""
        return max(self.settle_seconds, self.vendor.least_to_settle)


@dataclass(frozen=True)
class Configuration:
    """The settings of all products."""

    default: Settings
    overrides: Mapping[str, Settings]
    metrics_format: MetricsFormat = MetricsFormat.TEXT

    def for_product(self, product_id: str) -> Settings:
        """The product's settings: the portal's variables with the product's overrides."""
        return self.overrides.get(product_id, self.default)


@dataclass(frozen=True)
class Described:
    """A variable, with as much of its value as may be shown."""

    variable: Variable
    shown: str
    origin: Origin


def declared_variables(definitions: Definitions) -> tuple[Variable, ...]:
    """The common variables, then those of all vendors; each name once."""
    names = ", ".join(definitions)
    of_vendors = (v for definition in definitions.values() for v in definition.variables)
    by_name: dict[str, Variable] = {}
    for variable in (*COMMON_VARIABLES, *of_vendors):
        by_name.setdefault(variable.name, variable)
    by_name["VENDOR"] = replace(by_name["VENDOR"], takes=f"one of: {names}")
    return tuple(by_name.values())


def initial_variables(definitions: Definitions) -> list[dict[str, str | bool]]:
    """The variables in the form that Connect's ``@variables`` decorator takes."""
    return [
        {"name": v.name, "initial_value": v.initial_value, "secure": v.secure}
        for v in declared_variables(definitions)
    ]


def read_configuration(variables: Mapping[str, str], definitions: Definitions) -> Configuration:
    """Turn the portal's variables into settings.

    Raises ``NotConfigured`` with a message that names every mistake.
    """
    known = declared_variables(definitions)
    reader = VariableReader(known, variables)
    overrides = _read_overrides(reader, known)
    default = _read_settings(reader, definitions)
    metrics_format = reader.choice("METRICS_FORMAT", MetricsFormat)
    products, mistakes = {}, list(reader.mistakes)
    for product_id, values in overrides.items():
        of_product = VariableReader(known, variables, product_id, values)
        products[product_id] = _read_settings(of_product, definitions)
        mistakes += of_product.mistakes
    if mistakes:
        # A product repeats the mistakes in variables that it does not override.
        raise NotConfigured(_message(list(dict.fromkeys(mistakes))), cause=Cause.VARIABLES)
    # A vendor may show one product another's keys: they may share a host and a user.
    secrets = default.secrets.union(*(settings.secrets for settings in products.values()))
    shared = {name: replace(settings, secrets=secrets) for name, settings in products.items()}
    return Configuration(replace(default, secrets=secrets), shared, metrics_format)


def described_variables(
    variables: Mapping[str, str], definitions: Definitions, product_id: str = ""
) -> tuple[Described, ...]:
    """The common variables and those of the product's vendor, each with its origin."""
    known = declared_variables(definitions)
    overrides = _read_overrides(VariableReader(known, variables), known)
    read = VariableReader(known, variables, product_id, overrides.get(product_id))
    definition = definitions.get(_name_of_vendor(read, definitions))
    own = {variable.name for variable in definition.variables} if definition else set()
    names = {variable.name for variable in COMMON_VARIABLES} | own
    read = read.with_preset(definition.preset(read)) if definition else read
    # It may contain keys under any name.
    hidden = {"PRODUCT_OVERRIDES": ", ".join(sorted(overrides))}
    return tuple(
        Described(v, hidden.get(v.name, read.shown(v)), read.origin(v.name))
        for v in known
        if v.name in names
    )


def all_secrets(variables: Mapping[str, str], definitions: Definitions) -> frozenset[str]:
    """All products' texts that must never leave, even if their variables have mistakes."""
    known = declared_variables(definitions)
    read = VariableReader(known, variables)
    products = _read_overrides(read, known).items()
    of_products = (VariableReader(known, variables, *each).secrets for each in products)
    return read.secrets.union(*of_products)


def _message(mistakes: list[str]) -> str:
    count = "1 mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
    head = f"{count} in the extension's variables; requests wait until this is fixed in the portal."
    return "\n".join([head, *(f"  {mistake}" for mistake in mistakes)])


def _read_settings(read: VariableReader, definitions: Definitions) -> Settings:
    return Settings(
        subscription_id_parameter=_read_parameter_id(read),
        subscription_id_pattern=_read_pattern(read),
        approval_template_id=_read_template_id(read),
        policy=Policy(
            on_refusal=read.choice("ON_REFUSAL", OnRefusal),
            on_not_found=read.choice("ON_NOT_FOUND", OnNotFound),
            cancellation_date=read.choice("CANCELLATION_DATE", CancellationDate),
            when_effective_later=read.choice("WHEN_EFFECTIVE_LATER", WhenEffectiveLater),
            on_no_term_end=read.choice("ON_NO_TERM_END", OnNoTermEnd),
        ),
        dry_run=read.flag("DRY_RUN"),
        notes=read.choice("NOTES", Notes),
        amounts_in_messages=read.flag("AMOUNTS_IN_MESSAGES"),
        escalate_after_hours=read.number("ESCALATE_AFTER_HOURS", 1, 8760),
        settle_seconds=60 * read.number("SETTLE_MINUTES", 0.05, 10080),
        vendor=_read_vendor(read, definitions),
        secrets=read.secrets,
    )


def _read_vendor(read: VariableReader, definitions: Definitions) -> VendorSettings:
    name = _name_of_vendor(read, definitions)
    settings = VendorSettings(
        name=name,
        timeout_seconds=read.number("VENDOR_TIMEOUT_SECONDS", 1, 100),
        max_concurrency=int(read.number("VENDOR_MAX_CONCURRENCY", 1, 500, whole=True)),
        own=None,
    )
    if name not in definitions:
        read.report("VENDOR")
        return settings
    definition = definitions[name]
    read = read.with_preset(definition.preset(read))
    return replace(settings, own=definition.read(read), **vars(definition.traits))


def _name_of_vendor(read: VariableReader, definitions: Definitions) -> str:
    """The vendor's name in any case: a registered name may have capitals."""
    typed = read.text("VENDOR")
    return typed if typed in definitions else typed.lower()


def _read_parameter_id(read: VariableReader) -> str:
    """A parameter's id; logs and notes quote it, so it must not be a key."""
    name = "SUBSCRIPTION_ID_PARAMETER"
    value = read.required(name)
    is_key = value in read.secrets or _KEY.fullmatch(value)
    if value and (is_key or not _PARAMETER_ID.fullmatch(value)):
        read.report(name)
    return value


def _read_pattern(read: VariableReader) -> str:
    name = "SUBSCRIPTION_ID_PATTERN"
    value = read.required(name)
    problem = value and problem_of_pattern(value)
    if problem:
        read.report(name, problem)
    return value


def _read_template_id(read: VariableReader) -> str:
    value = read.text("APPROVAL_TEMPLATE_ID")
    if value and not re.fullmatch(r"TL(-\d+)+", value):
        read.report("APPROVAL_TEMPLATE_ID")
    return value


def _read_overrides(read: VariableReader, known: Iterable[Variable]) -> dict[str, dict[str, str]]:
    """The overrides by product id, with every value as a text."""
    name = "PRODUCT_OVERRIDES"
    parsed = read.json_object(name)
    if not all(isinstance(values, dict) for values in parsed.values()):
        read.report(name, "is not a JSON object of objects")
        return {}
    products = {key: values for key, values in parsed.items() if _PRODUCT_ID.fullmatch(key)}
    if len(products) < len(parsed):
        read.report(name, "has a key that is not a product id such as PRD-123-456-789")
    names = {variable.name for variable in known} - _OF_ALL_PRODUCTS
    for product_id, values in products.items():
        for other in sorted(set(values) - names):
            shown = other if re.fullmatch(r"[A-Z_]{1,40}", other) else "another name"
            read.report(name, f"sets {shown} for {product_id}, which a product cannot override")
    return {
        product_id: {key: _as_text(value) for key, value in values.items() if key in names}
        for product_id, values in products.items()
    }


def _as_text(value: Any) -> str:
    """A variable's text for a JSON value: ``true`` for true, JSON for a nested object."""
    return value if isinstance(value, str) else json.dumps(value)
