"""Products, their templates and their subscriptions."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count

from sandbox.connect import objects
from sandbox.connect.objects import Customer, Json, Parameter
from sandbox.connect.refusals import unknown


def _dashed(number: int, groups: int, width: int) -> str:
    digits = f"{number:0{groups * width}d}"
    return "-".join(digits[start : start + width] for start in range(0, len(digits), width))


class Catalogue:
    """All products, templates and subscriptions."""

    def __init__(self) -> None:
        self.products: dict[str, Json] = {}
        self.capabilities: dict[str, Json] = {}
        self.templates: dict[str, list[Json]] = {}
        self.assets: dict[str, Json] = {}
        self._numbers = count(1)
        self._past_numbers = count(1)

    def add_product(
        self, name: str, product_id: str | None = None, *, scheduling: bool = True
    ) -> str:
        """Add a product without templates; returns its id.

        `scheduling` is its capability `subscription.cancel.scheduling` (docs/facts.md, Connect 2).
        """
        product_id = product_id or f"PRD-{_dashed(100_000_000 + next(self._numbers), 3, 3)}"
        self.products[product_id] = objects.product(product_id, name)
        self.capabilities[product_id] = objects.capabilities(scheduling=scheduling)
        self.templates[product_id] = []
        return product_id

    def add_template(self, product_id: str, name: str, scope: str, type_: str | None) -> str:
        """Add a template after the product's others; returns its id."""
        template_id = f"TL-{_dashed(100_000_000 + next(self._numbers), 3, 3)}"
        position = 10_000 * (len(self.templates[product_id]) + 1)
        template = objects.template(template_id, name, scope, type_, position)
        self.templates[product_id].append(template)
        return template_id

    def add_asset(
        self,
        product_id: str,
        parameters: Iterable[Parameter],
        customer: Customer,
        connection_type: str,
        *,
        items: int = 1,
        is_past: bool = False,
    ) -> str:
        """Add an active subscription to a product; returns its id.

        One from the past is numbered separately.
        """
        number = next(self._past_numbers) if is_past else 10**11 + next(self._numbers)
        asset_id = f"AS-{_dashed(number, 3, 4)}"
        self.assets[asset_id] = objects.asset(
            asset_id,
            self.product(product_id),
            parameters,
            customer,
            connection_type,
            items=items,
        )
        return asset_id

    def product(self, product_id: str) -> Json:
        """The product with this id; raises the platform's refusal if there is none."""
        if product_id not in self.products:
            raise unknown(product_id)
        return self.products[product_id]

    def asset(self, asset_id: str) -> Json:
        """The subscription with this id; raises the platform's refusal if there is none."""
        if asset_id not in self.assets:
            raise unknown(asset_id)
        return self.assets[asset_id]

    def can_schedule(self, product_id: str) -> bool:
        """Whether a product's cancel requests can be scheduled."""
        scheduling: bool = self.capabilities[product_id]["subscription"]["cancel"]["scheduling"]
        return scheduling

    def activation_templates(self, product_id: str) -> list[Json]:
        """The templates that may approve a request (docs/facts.md, Connect 2.1)."""
        return [
            template
            for template in self.templates[product_id]
            if template["scope"] == "asset" and template["type"] == "fulfillment"
        ]
