"""A vendor in front of another one, which it is like in all that it does not do itself."""

from __future__ import annotations

from connect_ext.vendors.base import Advice, Cancellation, Plan, Plans, Subscription, Vendor


class AsTheVendor:
    """What a vendor says of itself, and what it would send."""

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
        """As the vendor itself, or no calls where it does not say."""
        if not isinstance(self._vendor, Plans):
            return Plan(())
        return await self._vendor.plan(cancellation, subscription)
