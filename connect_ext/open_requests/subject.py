"""What is compared: a cancel request, or a subscription of which nobody asks for one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connect_ext.cancelling.request import CancelRequest
from connect_ext.errors import CancellationError

CANCEL = "cancel"


@dataclass(frozen=True)
class Subject:
    """The ids of a request or a subscription, and since when it is as it is."""

    id: str
    asset_id: str
    product_id: str
    since: datetime | None = None
    """Since when a request waits; None if Connect does not say."""


def subject_of(request: CancelRequest) -> Subject:
    """The subject that a request is."""
    return Subject(request.id, request.asset_id, request.product_id, request.waits_since)


def read_request(shown: dict[str, Any]) -> CancelRequest | None:
    """A cancel request as Connect shows it; None for any other, and for one without ids.

    Whatever the filter of a list promised: the walk would carry out a purchase as a cancellation.
    """
    if shown.get("type") != CANCEL:
        return None
    try:
        return CancelRequest.from_connect(shown)
    except CancellationError:
        return None


def as_request(asset: dict[str, Any]) -> CancelRequest | None:
    """A subscription, read like a request about it: its parameters are where a request has them.

    Its id stands for the request's.
    """
    return read_request({"id": asset.get("id"), "type": CANCEL, "status": "", "asset": asset})
