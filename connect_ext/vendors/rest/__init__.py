"""Any REST vendor, described by the ``REST_*`` variables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connect_ext.vendors.base import VendorContext, VendorDefinition
from connect_ext.vendors.rest.settings import RestSettings, read_settings
from connect_ext.vendors.rest.variables import VARIABLES

if TYPE_CHECKING:
    from connect_ext.http.client import Answer
    from connect_ext.vendors.explaining import Suggestion
    from connect_ext.vendors.rest.vendor import RestVendor

__all__ = ["DEFINITION", "create", "suggest"]


def create(settings: RestSettings, context: VendorContext) -> RestVendor:
    """Make the vendor; only a process that chooses it imports its calls."""
    from connect_ext.vendors.rest.vendor import RestVendor  # noqa: PLC0415

    return RestVendor(settings, context)


def suggest(answer: Answer, subscription_id: str) -> tuple[Suggestion, ...]:
    """Propose variables; the modules for it are imported only on demand."""
    from connect_ext.vendors.rest.suggesting import suggestions  # noqa: PLC0415

    return suggestions(answer.status, answer.json(), subscription_id)


DEFINITION = VendorDefinition(VARIABLES, read_settings, create, suggest=suggest)
