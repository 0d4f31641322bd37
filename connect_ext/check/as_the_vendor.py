"""A base for vendors that wrap another and pass on whatever they do not change."""

from __future__ import annotations

from connect_ext.vendors.base import Advice, Cancellation, Plan, Plans, Subscription, Vendor


class AsTheVendor:
    """Passes on the vendor's properties and plans."""

    def __init__(self, vendor: Vendor) -> None:
        self._vendor = vendor

    @property
    def can_be_asked(self) -> bool:
        """As the vendor itself."""
        return self._vendor.can_be_asked

    @property
    def is_repeatable(self) -> bool:
        """As the vendor itself."""
        return self._vendor.is_repeatable

    @property
    def advice(self) -> Advice:
        """As the vendor itself."""
        return self._vendor.advice

    async def plan(self, cancellation: Cancellation, subscription: Subscription | None) -> Plan:
        """As the vendor itself; no calls if it has no plans."""
        if not isinstance(self._vendor, Plans):
            return Plan(())
        return await self._vendor.plan(cancellation, subscription)
