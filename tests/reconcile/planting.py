"""An account with a past, planted in a sandbox: lost requests and all others."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, nullcontext
from datetime import datetime, timedelta, timezone
from itertools import count
from typing import Any

from connect_ext.cause import Cause
from connect_ext.next_steps import NEXT_STEPS
from sandbox import VENDOR, LocalVendor, Sandbox
from sandbox.connect.objects import Parameter
from tests.reconcile.sorts import (
    BUSY,
    HOLDING,
    LATER,
    MAIN,
    NEW,
    PERSON,
    SLOW,
    THEIRS,
    WRONG,
    YOUNG,
    ZUORA,
    Planted,
    Sort,
    Task,
)

PRODUCTS = (MAIN, HOLDING, NEW, SLOW, BUSY, LATER, ZUORA, WRONG, THEIRS)
SETTLES_SOON = {"SETTLE_MINUTES": "0.05"}
SETTLES_LATE = {"SETTLE_MINUTES": "300"}
UNTIL_MARKS_ARE_OLD = timedelta(minutes=15)
"""After this time, a dead process's marks prevent no sending, not even to Zuora."""


class Past:
    """A sandbox with this past."""

    def __init__(self, sandbox: Sandbox, busy_vendor: LocalVendor) -> None:
        self.sandbox, self.busy_vendor = sandbox, busy_vendor
        self.connect = sandbox.connect
        self.planted: list[Planted] = []
        self._numbers = count(1)

    def plant(self, sorts: Iterable[Sort], times: int | None = None) -> list[Planted]:
        """Plant this many requests of each sort, or the sort's own number."""
        planted = [self._plant(sort) for sort in sorts for _ in range(times or sort.times)]
        self.planted += planted
        return planted

    def _plant(self, sort: Sort) -> Planted:
        connect = self.connect
        key = self._at_vendor(sort, f"SUB-{next(self._numbers):04d}")
        asset_id = self._in_connect(sort, key)
        if not sort.is_asked_for:
            return Planted(sort, asset_id, key)
        with nullcontext() if sort.task is Task.ALIVE else connect.silently():
            planted = Planted(sort, connect.create_cancel_request(asset_id), key)
            if sort.then is not None:
                sort.then(self, planted)
        if sort.task is Task.LOST:
            connect.add_past_task(planted.id)
        connect.backdate(planted.id, sort.age + timedelta(seconds=next(self._numbers)))
        for age, text in sort.notes:
            created = datetime.now(timezone.utc) - age
            connect.say(planted.id, text, "private", VENDOR, created)
        return planted

    def _at_vendor(self, sort: Sort, key: str) -> str:
        if sort.vendor is not None:
            vendors = {ZUORA: self.sandbox.zuora_orders, BUSY: self.busy_vendor}
            vendors.get(sort.product, self.sandbox.vendor).add(key, **sort.vendor)
        return key

    def _in_connect(self, sort: Sort, key: str) -> str:
        parameters: Iterable[Parameter] = ()
        if sort.parameter is not None:
            parameters = [Parameter("subscription_id", sort.parameter or key)]
        return self.connect.create_subscription(product_id=sort.product, parameters=parameters)

    @property
    def requests(self) -> list[Planted]:
        return [each for each in self.planted if each.sort.is_asked_for]

    async def marks_of_the_dead_are_old(self) -> None:
        """After a kill, make everything except the youngest requests minutes older."""
        # Connect still accepts calls in flight; a mark that it wrote later would be a new one.
        await asyncio.sleep(0.3)
        for each in self.requests:
            if each.sort.age > YOUNG:
                self.connect.backdate(each.id, UNTIL_MARKS_ARE_OLD)

    # How they ended

    def ends(self) -> dict[str, tuple[str, str, str, int]]:
        """Each request's status, its subscription's, and how often that was cancelled."""
        return {each.id: (each.sort.name, *self._end(each)) for each in self.planted}

    def right_ends(self) -> dict[str, tuple[str, str, str, int]]:
        """How each must end."""
        ends = [(each, each.sort.end) for each in self.planted]
        return {
            each.id: (each.sort.name, end.status, end.at_vendor, end.cancelled)
            for each, end in ends
        }

    def _end(self, planted: Planted) -> tuple[str, str, int]:
        is_request, connect = planted.sort.is_asked_for, self.connect
        status = connect.status(planted.id) if is_request else connect.asset(planted.id)["status"]
        return (status, *self._shown_by_vendor(planted))

    def _shown_by_vendor(self, planted: Planted) -> tuple[str, int]:
        if planted.sort.product == ZUORA:
            zuora, key = self.sandbox.zuora_orders, planted.key
            return zuora.subscription(key).status.lower(), zuora.effective_cancellations(key)
        vendor = self.busy_vendor if planted.sort.product == BUSY else self.sandbox.vendor
        subscription = vendor.subscriptions.get(planted.key)
        return (subscription.look().status, subscription.orders) if subscription else ("", 0)

    def for_a_person(self) -> set[tuple[str, str, str]]:
        """The requests that need a person: id, cause and next step of each."""
        findings = self.findings(PERSON)
        return {(name, cause, NEXT_STEPS[Cause(cause)]) for name, cause, _ in findings}

    def findings(self, kind: str) -> set[tuple[str, str, str]]:
        """The id, the cause and the outcome of each expected finding of a kind."""
        ends = [(each.id, each.sort.end) for each in self.planted]
        return {(name, end.cause, end.outcome) for name, end in ends if end.found == kind}

    # Calls

    def changes(self) -> Counter[str]:
        """The calls so far that tried to change something, at the vendors and in Connect."""
        connect = [each.path for each in self.connect.calls.matching("POST")]
        vendors = (self.sandbox.vendor, self.busy_vendor)
        rest = [each.path for vendor in vendors for each in vendor.calls_to("POST")]
        zuora = self.sandbox.zuora_orders.calls_to("order")
        return Counter([*connect, *rest, *(f"order {each.numbers}" for each in zuora)])


@asynccontextmanager
async def past(**sandbox: Any) -> AsyncIterator[Past]:
    """A sandbox with the products but nothing planted yet."""
    busy_vendor = LocalVendor()
    await busy_vendor.start()
    try:
        async with Sandbox(variables=SETTLES_SOON, brings_back=False, **sandbox) as running:
            for product_id in PRODUCTS:
                running.connect.create_product(product_id=product_id, proven=product_id != NEW)
            running.connect.set_variable(
                "PRODUCT_OVERRIDES", json.dumps(_overrides(running, busy_vendor))
            )
            yield Past(running, busy_vendor)
    finally:
        await busy_vendor.stop()


def _overrides(sandbox: Sandbox, busy_vendor: LocalVendor) -> dict[str, dict[str, str]]:
    later = {"WHEN_EFFECTIVE_LATER": "schedule", "CANCELLATION_DATE": "end_of_term"}
    return {
        HOLDING: {"ON_REFUSAL": "hold"},
        SLOW: SETTLES_LATE,
        BUSY: busy_vendor.variables(),
        LATER: {**sandbox.vendor.variables_for_later_ends(), **later},
        ZUORA: sandbox.zuora_orders.variables(),
        WRONG: {"REST_API_KEY": "a-key-that-nobody-knows"},
    }
