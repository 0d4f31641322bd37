"""The typed view of Connect's cancel request; the only place that knows its JSON."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from connect_ext.cancelling.personal import personal_texts, size_of
from connect_ext.cause import Cause
from connect_ext.connect.moment import read_moment
from connect_ext.connect.object_id import is_object_id
from connect_ext.errors import NotDone
from connect_ext.portal.patterns import MAX_TEXT_CHARACTERS
from connect_ext.portal.segments import leads_up
from connect_ext.vendors.base import SubscriptionId

FULFILLMENT = "fulfillment"
"""The phase of the parameters that the vendor fills in (docs/facts.md, Connect 1.1)."""


@dataclass(frozen=True)
class Parameter:
    """A parameter of the subscription: its id, and its value as text (None for anything else)."""

    id: str
    value: str | None = field(repr=False)


class BlankParameter:
    """The parameter is there but blank: the request itself is at fault."""


class NotAnId:
    """The parameter's value does not look like an id; the value or the pattern is wrong."""


class NoParameter:
    """No text in the phase *fulfillment*, or several different ones: the set-up is wrong."""


FoundId = SubscriptionId | BlankParameter | NotAnId | NoParameter
"""The vendor's subscription id, as the request's parameter gives it."""


@dataclass(frozen=True)
class CancelRequest:
    """A cancel request as Connect passes it to the extension: an immutable snapshot."""

    id: str
    status: str
    created: datetime | None
    """With a time zone; None if Connect gives no date that can be read."""
    updated: datetime | None
    """When it last changed, most often in its status."""
    planned: datetime | None
    """When Connect was to return it; None if it was not scheduled."""
    asset_id: str
    product_id: str
    template_id: str
    """The template on the request, or an empty string."""
    parameters: tuple[Parameter, ...]
    """The parameters of the phase *fulfillment*."""
    _asset: dict[str, Any] = field(repr=False, compare=False)

    @cached_property
    def personal(self) -> frozenset[str] | None:
        """The texts that must not leave; None if there are too many to look for."""
        return personal_texts(self._asset)

    def personal_size(self, most: int) -> int:
        """About how many characters these texts have, or a number above ``most``."""
        return size_of(self._asset, most)

    @classmethod
    def from_connect(cls, data: object) -> CancelRequest:
        """Read Connect's JSON; raise ``NotDone`` if a required id is missing."""
        request = _object(data)
        asset = _object(request.get("asset"))
        params = [_object(param) for param in _list(asset.get("params"))]
        fulfillment = [param for param in params if param.get("phase") == FULFILLMENT]
        return cls(
            id=_id(request, "id"),
            status=_text(request.get("status")),
            created=read_moment(request.get("created")),
            updated=read_moment(request.get("updated")),
            planned=read_moment(request.get("planned_date")),
            asset_id=_id(asset, "asset.id"),
            product_id=_id(_object(asset.get("product")), "asset.product.id"),
            template_id=_text(_object(request.get("template")).get("id")),
            parameters=tuple(_parameter(param) for param in fulfillment),
            _asset=asset,
        )

    def subscription_id(self, parameter_id: str, pattern: str) -> FoundId:
        """The vendor's id in that fulfillment parameter; the pattern matches the whole of it.

        Customers fill in the *ordering* parameters. They are never read: one could hold the id of
        somebody else's subscription. Whatever the pattern allows, an id never leads up in a path,
        and never contains an invisible character.
        """
        values = {p.value and p.value.strip() for p in self.parameters if p.id == parameter_id}
        value = values.pop() if len(values) == 1 else None
        if value is None:
            return NoParameter()
        if not value:
            return BlankParameter()
        return SubscriptionId(value) if _can_be_an_id(value, pattern) else NotAnId()

    @cached_property
    def texts(self) -> tuple[tuple[str, str], ...]:
        """The ids and the texts of the fulfillment parameters; blank if a value is not a text."""
        return tuple((each.id, (each.value or "").strip()) for each in self.parameters)

    @property
    def waits_since(self) -> datetime | None:
        """When it began to wait for us; before that, it may have been scheduled for a year."""
        return (self.updated if self.planned else None) or self.created

    def age_seconds(self, now: datetime) -> float:
        """How long the request has waited for us so far; never negative."""
        since = self.waits_since
        return max(0.0, (now - since).total_seconds()) if since else 0.0


def _can_be_an_id(value: str, pattern: str) -> bool:
    if len(value) > MAX_TEXT_CHARACTERS or not re.fullmatch(pattern, value):
        return False
    return value.isprintable() and not leads_up(value)


def _parameter(param: dict[str, Any]) -> Parameter:
    """Read one parameter; some products keep the value in ``structured_value``."""
    value = param.get("value")
    if value is None or (isinstance(value, str) and not value.strip()):
        value = param.get("structured_value") or ""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    return Parameter(
        _text(param.get("id")),
        value if isinstance(value, str) else None,
    )


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _id(owner: dict[str, Any], path: str) -> str:
    value = _text(owner.get("id"))
    if not is_object_id(value):
        raise NotDone(
            f"Connect's request has no usable {path}; it is read again.", cause=Cause.CONNECT
        )
    return value
