"""A preset's reading of single answers that no stand-in gives."""

from __future__ import annotations

from typing import Any

import pytest

from connect_ext.errors import CancellationError
from connect_ext.http.client import HttpClient
from connect_ext.vendors.base import Subscription
from tests.http.servers import web_server
from tests.http.vendors import answers
from tests.presets.stand_in import StandIn
from tests.presets.vendors import order, vendor_at


async def shown(
    http: HttpClient,
    stand_in: StandIn,
    subscription_id: str,
    document: object,
    *,
    status: int = 200,
    **variables: str,
) -> Subscription:
    """The subscription in this answer to a look."""
    async with web_server(answers(document, status)) as server:
        vendor = vendor_at(http, stand_in, REST_API_URL=server.url, **variables)
        return await vendor.look_up(order(subscription_id))


async def error_of_cancelling(
    http: HttpClient, stand_in: StandIn, status: int, document: object = None, **more: Any
) -> CancellationError:
    """The meaning of this answer to the cancellation."""
    async with web_server(answers(document, status, **more)) as server:
        vendor = vendor_at(http, stand_in, REST_API_URL=server.url)
        with pytest.raises(CancellationError) as caught:
            await vendor.cancel(order(stand_in.new_id(1)), None)
    return caught.value
