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
    """What a vendor's name stands for."""

    name: str
    """As ``VENDOR`` takes it."""
    values: Mapping[str, str]
    """What every cancellation at the vendor has in common."""
    dates: Mapping[CancellationDate, Mapping[str, str]]
    """The values for each ``CANCELLATION_DATE`` that the vendor can do; others are mistakes."""
    key_needs: str
    """What the credentials must be allowed to do, as a sentence."""

    @property
    def definition(self) -> VendorDefinition:
        """The vendor as the registry takes it."""
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
            what = f"is {when.value}, which {self.name} cannot do; for it use {known}"
            read.report("CANCELLATION_DATE", what)
        return {**self.values, **self.dates.get(when, {})}


def _read(read: VariableReader) -> RestSettings:
    own = (Origin.PORTAL, Origin.OVERRIDE)
    is_own = any(read.origin(f"REST_CANCEL_{part}") in own for part in ("REQUEST", "BODY"))
    return replace(read_settings(read), follows_date=not is_own)
