"""Connect's objects in the shapes of its API, for invented customers.

Shapes: docs/facts.md, Connect 1.4, and the official OpenAPI document. Empty scalars are empty
strings and quantities are strings, as in real requests.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sandbox.connect.moments import now, written

Json = dict[str, Any]

VENDOR: Json = {"id": "VA-100-200", "name": "Sandbox Vendor"}
DISTRIBUTOR: Json = {"id": "PA-100-300", "name": "Sandbox Distributor"}
EXTENSION_OWNER: Json = {"id": "VA-900-900", "name": "Sandbox Extension Owner"}
MARKETPLACE: Json = {"id": "MP-10001", "name": "Sandbox Marketplace", "icon": "/media/mp.png"}
CONTRACT: Json = {"id": "CRD-00000-00000-00000", "name": "None"}
AGENT: Json = {"id": "UR-100-100-100", "name": "Sandbox Agent"}


@dataclass(frozen=True)
class Customer:
    """An invented end customer whose data is easy to recognise anywhere."""

    name: str = "Blauwal Sandkasten GmbH"
    tax_id: str = "SANDBOX-TAX-7731"
    first_name: str = "Aurelia"
    last_name: str = "Testmannova"
    email: str = "aurelia.testmannova@blauwal.example"
    phone: str = "5550173042"
    address: str = "Wanderdüne 7"
    city: str = "Sankt Beispielen"
    id: str = "TA-0001-0001-0001"

    def personal_data(self) -> tuple[str, ...]:
        """Data that must never leave the platform, for tests that look for leaks."""
        return (self.last_name, self.email, self.phone, self.address, self.tax_id, self.name)


@dataclass(frozen=True)
class Parameter:
    """A parameter of a subscription; if `value` is None, the field is left out."""

    id: str
    value: str | None
    phase: str = "fulfillment"
    type: str = "text"
    structured_value: Json | None = None

    def json(self) -> Json:
        """The parameter as a request shows it."""
        body: Json = {
            "id": self.id,
            "name": self.id,
            "type": self.type,
            "phase": self.phase,
            "scope": "asset",
            "description": self.id.replace("_", " "),
            "value_error": "",
            "title": self.id.replace("_", " ").capitalize(),
            "constraints": {"required": False, "hidden": False, "unique": False},
        }
        if self.value is not None:
            body["value"] = self.value
        if self.structured_value is not None:
            body["structured_value"] = self.structured_value
        return body


def product(product_id: str, name: str) -> Json:
    """A published product."""
    icon = f"/media/{VENDOR['id']}/{product_id}/logo.png"
    return {"id": product_id, "icon": icon, "name": name, "status": "published"}


def capabilities(*, scheduling: bool) -> Json:
    """A product's capabilities that concern cancelling its subscriptions."""
    return {"subscription": {"cancel": {"scheduling": scheduling, "offline": "no"}}}


def template(template_id: str, name: str, scope: str, type_: str | None, position: int) -> Json:
    """A template of a product."""
    return {
        "id": template_id,
        "title": name,
        "name": name,
        "body": f"# {name}",
        "scope": scope,
        "type": type_,
        "position": position,
        "events": {"created": event(now()), "updated": event(now())},
    }


def event(moment: datetime, by: Json | None = None) -> Json:
    """The time and the author of a change."""
    return {"at": written(moment), **({"by": dict(by)} if by else {})}


def asset(
    asset_id: str,
    of_product: Json,
    parameters: Iterable[Parameter],
    customer: Customer,
    connection_type: str,
    *,
    items: int = 1,
) -> Json:
    """An active subscription with this many items."""
    created = event(now())
    return {
        "id": asset_id,
        "status": "active",
        "external_id": f"EXT-{asset_id[3:]}",
        "external_uid": f"00000000-0000-4000-8000-{asset_id[3:].replace('-', '')}",
        "product": of_product,
        "connection": _connection(connection_type),
        "events": {"created": created, "updated": dict(created)},
        "items": [_item(of_product["id"], number + 1) for number in range(items)],
        "params": [parameter.json() for parameter in parameters],
        "tiers": {"customer": _tier(customer), "tier1": _reseller()},
        "configuration": {"params": []},
        "marketplace": dict(MARKETPLACE),
        "contract": dict(CONTRACT),
    }


def _connection(type_: str) -> Json:
    preview = type_ == "preview"
    return {
        "id": "CT-0000-0000-0000" if preview else "CT-1111-2222-3333",
        "type": type_,
        "provider": dict(DISTRIBUTOR),
        "vendor": dict(VENDOR),
        "hub": {
            "id": "HB-0000-0000" if preview else "HB-1234-5678",
            "name": "None" if preview else "Sandbox Hub",
        },
    }


def _item(product_id: str, number: int) -> Json:
    return {
        "id": f"{product_id.replace('-', '_')}_{number:04d}",
        "global_id": f"{product_id}-{number:04d}",
        "mpn": "SANDBOX-PLAN",
        "old_quantity": "5",
        "quantity": "0",
        "type": "Units",
        "display_name": "Sandbox plan",
        "period": "Monthly",
        "item_type": "Reservation",
    }


def _tier(customer: Customer) -> Json:
    return {
        "id": customer.id,
        "version": 1,
        "name": customer.name,
        "type": "customer",
        "external_id": "640001",
        "external_uid": f"00000000-0000-4000-9000-{customer.id[3:].replace('-', '')}",
        "tax_id": customer.tax_id,
        "contact_info": {
            "address_line1": customer.address,
            "address_line2": "",
            "city": customer.city,
            "state": "Sandland",
            "postal_code": "12345",
            "country": "DE",
            "contact": _contact(customer),
        },
    }


def _contact(customer: Customer) -> Json:
    return {
        "first_name": customer.first_name,
        "last_name": customer.last_name,
        "email": customer.email,
        "phone_number": {
            "country_code": "+49",
            "area_code": "",
            "phone_number": customer.phone,
            "extension": "",
        },
    }


def _reseller() -> Json:
    reseller = Customer(
        name="Reseller Sandburg",
        tax_id="SANDBOX-TAX-7732",
        first_name="Bertram",
        last_name="Mustermannsky",
        email="bertram.mustermannsky@sandburg.example",
        phone="5550173043",
        id="TA-0002-0002-0002",
    )
    return {**_tier(reseller), "type": "reseller"}


def cancel_request(
    request_id: str, of_asset: Json, default_template: Json | None, created: datetime
) -> Json:
    """A pending cancel request; its `asset` is the subscription itself, not a copy of it."""
    named = {key: default_template[key] for key in ("id", "name")} if default_template else {}
    return {
        "id": request_id,
        "type": "cancel",
        "status": "pending",
        "note": "",
        "reason": "",
        "created": written(created),
        "updated": written(created),
        "answered": False,
        "assignee": "",
        "activation_key": "",
        "previous_approved_request": {"id": f"PR-{of_asset['id'][3:]}-001"},
        "effective_date": "",
        "planned_date": "",
        "external_attributes": {},
        "template": named,
        "asset": of_asset,
        "events": {"created": event(created), "updated": event(created)},
        "marketplace": dict(MARKETPLACE),
        "contract": dict(CONTRACT),
    }


def conversation(conversation_id: str, request: Json) -> Json:
    """The conversation that the platform opens with every request."""
    return {
        "id": conversation_id,
        "instance_id": request["id"],
        "topic": f"{request['id']} cancel",
        "type": "conversation",
        "status": "open",
        "accounts": [dict(VENDOR), dict(DISTRIBUTOR)],
        "creator": dict(AGENT),
        "created": request["created"],
        "events": {"created": event(now(), AGENT)},
    }


def message(
    message_id: str, conversation_id: str, *, text: str, type_: str, account: Json, created: str
) -> Json:
    """A message, or a private note, in a conversation."""
    return {
        "id": message_id,
        "conversation": conversation_id,
        "account": dict(account),
        "creator": dict(AGENT),
        "created": created,
        "text": text,
        "type": type_,
        "events": {"created": {"at": created, "by": dict(AGENT)}},
    }
