"""The subject of a comparison: a cancel request, or a subscription without one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connect_ext.cancelling.request import CancelRequest
from connect_ext.errors import CancellationError

CANCEL = "cancel"


@dataclass(frozen=True)
class Subject:
    """The ids of a request or subscription, and the time of its last change."""

    id: str
    asset_id: str
    product_id: str
    since: datetime | None = None
    """Since when it has been waiting; None if Connect does not say."""


def subject_of(request: CancelRequest) -> Subject:
    """Make the subject for a request."""
    return Subject(request.id, request.asset_id, request.product_id, request.waits_since)


def read_request(shown: dict[str, Any]) -> CancelRequest | None:
    """Read a cancel request from Connect; None for any other request, or one without ids.

    The filter of a list is not trusted: the walk would process a purchase as a cancellation.
    """
    if shown.get("type") != CANCEL:
        return None
    try:
        return CancelRequest.from_connect(shown)
    except CancellationError:
        return None


def as_request(asset: dict[str, Any]) -> CancelRequest | None:
    """Read a subscription as if it were a request: its parameters are in the same place.

    Its id takes the place of the request's.
    """
    return read_request({"id": asset.get("id"), "type": CANCEL, "status": "", "asset": asset})
