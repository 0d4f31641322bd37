"""Compares settled requests and active subscriptions with the vendor; reports, changes nothing.

An approved request whose subscription continues costs the vendor money; an active subscription
that the vendor has ended costs the customer.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

from connect_ext.cancelling.process import sentence_of
from connect_ext.cancelling.reporting import report_finding
from connect_ext.cancelling.request import CancelRequest
from connect_ext.cancelling.settling import Settling
from connect_ext.cause import Cause
from connect_ext.connect import api
from connect_ext.errors import Later, NotDone
from connect_ext.http.budget import Budget, spending
from connect_ext.http.pace import CALLS_OF_A_LOOK, CALLS_OF_A_WALK
from connect_ext.open_requests.opened import LEFT_ALONE_FOR
from connect_ext.open_requests.subject import Subject, as_request, read_request
from connect_ext.portal.settings import Settings
from connect_ext.reconcile.finding import Finding, Kind
from connect_ext.reconcile.work import Work
from connect_ext.vendors.base import (
    Act,
    Cancellation,
    Subscription,
    SubscriptionId,
    SubscriptionStatus,
)

APPROVED, ACTIVE = "approved requests", "active subscriptions"
SCHEDULED = "scheduled requests"
UNKNOWN, WITHOUT_ID = "subscriptions unknown to the vendor", "subscriptions without an id"
NOT_ASKED = "subscriptions of vendors that cannot be asked"

LOOK_SECONDS = 120.0

Requests = Mapping[str, CancelRequest]

_CAN_BE_FILTERED_BY = re.compile(r"[A-Za-z0-9._-]+")
"""Values that a filter accepts without quotes."""


class Comparing:
    """Compares subscriptions without a pending request."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def approved(self, since: datetime) -> set[str]:
        """Compare the requests approved since then; return the products of our requests.

        Raises ``Later`` if they cannot be read.
        """
        work, products = self._work, set()
        pages = work.connect.listing.approved_requests(since, work.ownership.named)
        total = 0
        async for page in work.pace.each(pages):
            listed = [each for each in map(read_request, page.objects) if each]
            requests = {e.id: e for e in listed if self._is_due(e, api.APPROVED, page.now)}
            subjects = {name: _approved(each) for name, each in requests.items()}
            ours = await work.ownership.ours(list(subjects.values()))
            products |= {subjects[name].product_id for name in ours}
            total += len(ours)
            work.progress(APPROVED, work.report.looked_at[APPROVED], total)
            await work.each(
                APPROVED,
                [subjects[name] for name in sorted(ours)],
                partial(self._approved, requests),
            )
        return products

    async def scheduled(self, subjects: Sequence[Subject]) -> None:
        """Compare scheduled requests, whose cancellation the vendor has accepted."""
        self._work.progress(SCHEDULED, 0, len(subjects))
        await self._work.each(SCHEDULED, subjects, self._scheduled)

    async def active(self, products: Collection[str], first: int, most: int) -> None:
        """Compare active subscriptions, starting at number ``first``; raises ``Later``."""
        work, seen = self._work, 0
        async for page in work.pace.each(work.connect.listing.active_assets(products, first)):
            listed = [each for each in map(as_request, page.objects[: most - seen]) if each]
            requests = {each.id: each for each in listed if each.product_id in products}
            seen += len(page.objects)
            work.progress(ACTIVE, work.report.looked_at[ACTIVE], min(most, page.total))
            await work.each(
                ACTIVE,
                [Subject(each.id, each.id, each.product_id) for each in requests.values()],
                partial(self._active, requests),
            )
            if seen >= most:
                return

    def _is_due(self, request: CancelRequest, status: str, now: datetime) -> bool:
        """Whether it has had the status for so long that the vendor must show the result."""
        settings = self._work.configuration.for_product(request.product_id)
        settles = timedelta(seconds=settings.settles_within)
        is_old = request.updated is None or now - request.updated >= max(LEFT_ALONE_FOR, settles)
        return request.status == status and is_old

    async def _scheduled(self, subject: Subject) -> Finding | None:
        try:
            async with self._work.pace.taking(CALLS_OF_A_LOOK):
                request = read_request(await self._work.connect.listing.request(subject.id))
        except Later as error:
            return Finding(subject, Kind.NOT_COMPARED, error.cause, error.message)
        now = self._work.shared.now()
        if request is None or not self._is_due(request, api.SCHEDULED, now):
            return None
        what = "The request is scheduled for the end of a subscription that the vendor shows as"
        what += " {}: the cancellation was taken back there."
        return await self._still_active(subject, request, what)

    async def _approved(self, requests: Requests, subject: Subject) -> Finding | None:
        what = "The request is approved, but the vendor shows the subscription as {}: it costs the"
        what += " vendor money until it is cancelled."
        return await self._still_active(subject, requests[subject.id], what)

    async def _still_active(
        self, subject: Subject, request: CancelRequest, what: str
    ) -> Finding | None:
        """Make a finding if the subscription continues; ``what`` has a gap for its status."""
        async with self._work.pace.taking(CALLS_OF_A_LOOK):
            try:
                shown = await self._look(request)
                if shown is None or not shown.status.goes_on:
                    return None
                if await self._is_somebody_elses(subject, request):
                    return None
            except Later as error:
                return await self._not_compared(subject, request, error)
        what = what.format(shown.status.value)
        async with self._work.pace.taking(CALLS_OF_A_WALK):
            conversation = self._work.connect.conversation
            await report_finding(Cause.STILL_ACTIVE, what, subject.id, conversation)
        return Finding(subject, Kind.NEEDS_PERSON, Cause.STILL_ACTIVE, what)

    async def _active(self, requests: Requests, subject: Subject) -> Finding | None:
        request = requests[subject.id]
        async with self._work.pace.taking(CALLS_OF_A_LOOK):
            try:
                shown = await self._look(request)
                if shown is None or shown.status is not SubscriptionStatus.CANCELLED:
                    return None
                if not await self._work.connect.listing.is_active_asset(subject.id):
                    # Somebody has meanwhile asked for its cancellation.
                    return None
            except Later as error:
                return await self._not_compared(subject, request, error)
        ends = shown.ends_at and f", and to end on {shown.ends_at:%Y-%m-%d}"
        what = "The subscription is active in Connect, and nobody has asked for its cancellation;"
        what += f" the vendor shows it as cancelled{ends or ''}."
        return Finding(subject, Kind.NEEDS_PERSON, Cause.ENDED_AT_VENDOR, what)

    async def _not_compared(
        self, subject: Subject, request: CancelRequest, error: Later
    ) -> Finding:
        work = self._work
        settings = work.configuration.for_product(request.product_id)
        tokens = work.shared.vendors.tokens_of(settings.vendor)
        settling = Settling(request, settings, work.connect, tokens)
        what = await sentence_of(error, settling)
        return Finding(subject, Kind.NOT_COMPARED, error.cause, what)

    async def _look(self, request: CancelRequest) -> Subscription | None:
        """Look the subscription up at the vendor; None if that is not possible.

        Raises ``Later``.
        """
        work = self._work
        settings = work.configuration.for_product(request.product_id)
        found = _subscription_id(request, settings)
        vendor = work.shared.vendors.vendor_for(settings.vendor)
        if found is None or not vendor.can_be_asked:
            work.report.looked_at[WITHOUT_ID if found is None else NOT_ASKED] += 1
            return None
        cancellation = Cancellation(
            found,
            request.id,
            request.asset_id,
            asked_at=work.shared.now(),
            when=settings.policy.cancellation_date,
            act=Act.CANCEL,
            parameters=request.texts,
        )
        budget = Budget(work.shared.clock() + LOOK_SECONDS, found.text, request.id)
        with spending(budget):
            try:
                shown = await asyncio.wait_for(vendor.look_up(cancellation), LOOK_SECONDS)
            # On Python 3.10 this is not the built-in TimeoutError.
            except asyncio.TimeoutError:
                raise NotDone("The vendor did not answer in time.") from None
        if shown.status is SubscriptionStatus.UNKNOWN_ID:
            work.report.looked_at[UNKNOWN] += 1
        return shown

    async def _is_somebody_elses(self, subject: Subject, request: CancelRequest) -> bool:
        """Whether another active subscription in Connect has the same id at the vendor."""
        settings = self._work.configuration.for_product(request.product_id)
        found = _subscription_id(request, settings)
        if found is None or not _CAN_BE_FILTERED_BY.fullmatch(found.text):
            return False
        listing = self._work.connect.listing
        shown = await listing.active_assets_with(subject.product_id, found.text)
        # The filter also matches parameters that a customer has filled in.
        others = filter(None, map(as_request, shown))
        return any(
            each.product_id == subject.product_id and _subscription_id(each, settings) == found
            for each in others
        )


def _approved(request: CancelRequest) -> Subject:
    return Subject(request.id, request.asset_id, request.product_id, request.updated)


def _subscription_id(request: CancelRequest, settings: Settings) -> SubscriptionId | None:
    found = request.subscription_id(
        settings.subscription_id_parameter, settings.subscription_id_pattern
    )
    return found if isinstance(found, SubscriptionId) else None
