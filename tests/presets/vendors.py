"""The presets' vendors as the extension makes them, each with its stand-in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta, timezone

import pytest

from connect_ext.cause import Cause
from connect_ext.errors import CancellationError, NotConfigured
from connect_ext.http.client import HttpClient
from connect_ext.portal.policy import CancellationDate
from connect_ext.portal.reader import VariableReader
from connect_ext.portal.settings import declared_variables, read_configuration
from connect_ext.vendors.base import (
    Act,
    Cancellation,
    Subscription,
    SubscriptionId,
    VendorContext,
)
from connect_ext.vendors.registry import definitions
from connect_ext.vendors.rest.vendor import RestVendor
from tests.http.servers import web_server
from tests.http.vendors import answers
from tests.presets.stand_in import Held, Seen, StandIn, Trouble

STATUS_LISTS = (
    "REST_ACTIVE_VALUES",
    "REST_CANCELLING_VALUES",
    "REST_CANCELLED_VALUES",
    "REST_DRAFT_VALUES",
)

AT_ONCE = CancellationDate.IMMEDIATE


@asynccontextmanager
async def serving(stand_in: StandIn) -> AsyncIterator[StandIn]:
    """Start the stand-in."""
    await stand_in.start()
    try:
        yield stand_in
    finally:
        await stand_in.stop()


def vendor_at(http: HttpClient, stand_in: StandIn, **variables: str) -> RestVendor:
    """The vendor made from the stand-in's variables and these."""
    return vendor_of(http, {**stand_in.variables(), **variables})


def vendor_of(http: HttpClient, values: dict[str, str]) -> RestVendor:
    """The vendor made from these variables."""
    settings = read_configuration(values, definitions()).default.vendor
    context = VendorContext(http, lambda key, make: make())
    return definitions()[settings.name].create(settings.own, context)


async def shown(
    http: HttpClient, name: str, document: object, asked_for: str = "sub-1", **variables: str
) -> Subscription:
    """A preset's reading of this answer to a look."""
    async with web_server(answers(document)) as server:
        values = {"VENDOR": name, "REST_API_URL": server.url, "REST_API_KEY": "a-key-for-nothing"}
        return await vendor_of(http, {**values, **variables}).look_up(order(asked_for))


async def assert_no_credentials(rest: RestVendor, subscription_id: str) -> None:
    """Check that every call to the vendor reports wrong credentials and refuses nothing."""
    for call in (
        rest.look_up(order(subscription_id)),
        rest.cancel(order(subscription_id), None),
    ):
        with pytest.raises(NotConfigured) as caught:
            await call
        assert caught.value.cause is Cause.CREDENTIALS


def status_words(name: str) -> list[str]:
    """All words of a preset's four lists, with duplicates."""
    read = VariableReader(declared_variables(definitions()), {"VENDOR": name})
    read = read.with_preset(definitions()[name].preset(read))
    return [word for variable in STATUS_LISTS for word in read.words(variable, may_be_empty=True)]


def order(
    subscription_id: str, when: CancellationDate = AT_ONCE, act: Act = Act.CANCEL, **more: object
) -> Cancellation:
    """The calls that a walk makes to the vendor for one cancel request."""
    now = datetime.now(timezone.utc)
    request_id = f"PR-{subscription_id}"
    fields = {"request_id": request_id, "asset_id": "AS-1", "asked_at": now, **more}
    return Cancellation(SubscriptionId(subscription_id), when=when, act=act, **fields)


async def played(http: HttpClient, stand_in: StandIn) -> list[Seen]:
    """Do everything that a preset does; returns the calls that the vendor received, with its
    answers.

    Subscriptions are looked up, cancelled for each date and restored. Each trouble occurs, and so
    do an unknown id, a second cancellation and wrong credentials.
    """
    for when in [AT_ONCE.value, *stand_in.later_dates]:
        vendor = vendor_at(http, stand_in, CANCELLATION_DATE=when)
        await _cancelled(vendor, stand_in.add(), CancellationDate(when))
    vendor = vendor_at(http, stand_in)
    past = datetime.now(timezone.utc) - timedelta(days=3)
    ended, nobody = stand_in.add(cancelled=True, ends_at=past), Held(stand_in.new_id(10**6))
    troubled = [stand_in.add(trouble=trouble) for trouble in Trouble]
    for held in (ended, nobody, *troubled):
        subscription = await vendor.look_up(order(held.id))
        with suppress(CancellationError):
            await vendor.cancel(order(held.id), subscription)
    with suppress(CancellationError):
        await vendor_at(http, stand_in, **stand_in.wrong_credentials()).look_up(order(ended.id))
    return stand_in.seen


async def _cancelled(vendor: RestVendor, held: Held, when: CancellationDate) -> None:
    subscription = await vendor.look_up(order(held.id, when))
    await vendor.cancel(order(held.id, when), subscription)
    subscription = await vendor.look_up(order(held.id, when))
    if when is not AT_ONCE and vendor.can_take_back:
        await vendor.take_back(order(held.id, act=Act.UNDO), subscription)
        await vendor.look_up(order(held.id))
