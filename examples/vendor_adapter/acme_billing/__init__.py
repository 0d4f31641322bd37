"""Acme Billing as a vendor: finds contracts by number and terminates them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acme_billing.settings import VARIABLES, AcmeSettings, read_settings
from connect_ext.vendors.base import VendorContext, VendorDefinition

if TYPE_CHECKING:
    from acme_billing.vendor import AcmeVendor

__all__ = ["DEFINITION", "create"]


def create(settings: AcmeSettings, context: VendorContext) -> AcmeVendor:
    """Make the vendor; only a process that chooses it imports its calls."""
    from acme_billing.vendor import AcmeVendor  # noqa: PLC0415

    return AcmeVendor(settings, context)


DEFINITION = VendorDefinition(
    VARIABLES,
    read_settings,
    create,
    key_needs="ACME_API_KEY must be allowed to list, terminate and resume contracts.",
)
