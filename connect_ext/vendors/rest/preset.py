"""A preset: one billing system as values of the ``REST_*`` variables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from connect_ext.portal.policy import CancellationDate
from connect_ext.portal.reader import Origin, VariableReader
from connect_ext.vendors.base import VendorDefinition
from connect_ext.vendors.rest import create, suggest
from connect_ext.vendors.rest.settings import RestSettings, read_settings
from connect_ext.vendors.rest.variables import VARIABLES


@dataclass(frozen=True)
class Preset:
    """The values behind a vendor's name."""

    name: str
    """The name for ``VENDOR``."""
    values: Mapping[str, str]
    """The values that do not depend on ``CANCELLATION_DATE``."""
    dates: Mapping[CancellationDate, Mapping[str, str]]
    """The values for each ``CANCELLATION_DATE`` that the vendor supports."""
    key_needs: str
    """The permissions that the credentials need, as a sentence."""

    @property
    def definition(self) -> VendorDefinition:
        """The vendor, for the registry."""
        return VendorDefinition(
            VARIABLES,
            _read,
            create,
            preset=self._values,
            key_needs=self.key_needs,
            suggest=suggest,
        )

    def _values(self, read: VariableReader) -> Mapping[str, str]:
        when = read.choice("CANCELLATION_DATE", CancellationDate)
        if when not in self.dates:
            known = " or ".join(each.value for each in self.dates)
            what = f"is {when.value}, which {self.name} does not support (use {known})"
            read.report("CANCELLATION_DATE", what)
        return {**self.values, **self.dates.get(when, {})}


def _read(read: VariableReader) -> RestSettings:
    own = (Origin.PORTAL, Origin.OVERRIDE)
    is_own = any(read.origin(f"REST_CANCEL_{part}") in own for part in ("REQUEST", "BODY"))
    return replace(read_settings(read), follows_date=not is_own)
