"""Plays a history and checks that no promise is broken."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import lru_cache
from random import Random
from typing import Any
from unittest.mock import patch

from connect_ext.cancelling.process import process, told, waiting, with_seconds
from connect_ext.cancelling.request import CancelRequest
from connect_ext.cancelling.steps import Ended, Final, Hold, Wait
from connect_ext.cause import Cause
from connect_ext.connect.account import AccountKey
from connect_ext.connect.api import ConnectApi
from connect_ext.connect.client import ConnectClient
from connect_ext.errors import Later
from connect_ext.portal.secret import Secret
from connect_ext.portal.settings import Configuration, Settings, read_configuration
from connect_ext.shared_state import SharedState
from connect_ext.vendors.base import Vendor, VendorContext
from connect_ext.vendors.registry import definitions
from tests.model import history as steps
from tests.model.checks import WALK_SECONDS, Checks
from tests.model.client_twin import ClientTwin
from tests.model.connect_twin import ConnectTwin
from tests.model.dealing import sane
from tests.model.history import (
    SOAP,
    WITH_KEY,
    ZUORA,
    Asking,
    History,
    Setting,
    Step,
    Visit,
)
from tests.model.orders_twin import OrdersTwin
from tests.model.portal import fixed, variables_of
from tests.model.process import Process
from tests.model.soap_twin import ZuoraTwin
from tests.model.subscription import LOCK_SECONDS, Subscription
from tests.model.vendor_twins import STORED_SECONDS, RestTwin
from tests.model.virtual_time import VirtualLoop, seconds

HOURS_TO_SETTLE = 8.0
"""The longest time until a request is settled, once faults have stopped and the vendor is ready:
several waits of half an hour.
"""

OPEN = ("pending", "revoking")
"""The statuses in which Connect delivers a request."""

LOG = logging.getLogger("eaas.eventsapp")

Walking = Callable[[CancelRequest, Settings, ConnectApi, Vendor, SharedState], Awaitable[Ended]]
"""The type of ``process``, which a broken variant replaces."""

_TWINS = {Asking.ZUORA_ORDERS: OrdersTwin}


@dataclass
class Played:
    """The end of a history."""

    broken: list[str] = field(default_factory=list)
    """Things that must never happen but did."""
    deliveries_to_settle: int = 0
    status: str = ""
    end: str = ""


def play(
    history: History, walking: Walking = process, client: type[ClientTwin] = ClientTwin
) -> Played:
    """Play a history to its end, then stop the faults and let the request settle."""
    dice = Random(history.setting.seed)
    with (
        patch.object(secrets, "token_hex", lambda size: dice.randbytes(size).hex()),
        patch.object(LOG, "disabled", True),
    ):
        return VirtualLoop().run(_World(sane(history.setting), walking, client).live(history.steps))


class _World:
    def __init__(self, setting: Setting, walking: Walking, client: type[ClientTwin]) -> None:
        self._setting, self._walking, self._client = setting, walking, client
        self._dice = Random(setting.seed)
        self._played = Played()
        self._variables = variables_of(setting)
        self._countdown = 0.0
        self._last: Final | None = None
        self._takes_back_by_hand = setting.seed % 2 == 0
        """Whether the operator does it if the extension cannot."""

    def _broken(self, what: str) -> None:
        self._played.broken.append(what)

    async def live(self, happening: tuple[Step, ...]) -> Played:
        """Play the steps, then on to the end of the request."""
        self._checks = Checks(self._setting, self._broken)
        self._subscription = Subscription(self._setting, self._broken, self._checks.has_effect)
        self._connect = ConnectTwin(self._setting, self._checks.settling)
        self._checks.watch(self._connect, self._subscription)
        self._processes: dict[int, Process] = {}
        for step in happening:
            await self._happens(step)
            if self._played.broken:
                return self._played
        await self._settle()
        return self._played

    async def _happens(self, step: Step) -> None:
        match step:
            case steps.Deliver(visits, meanwhile, after):
                if meanwhile:
                    asyncio.get_running_loop().call_later(after, self._somebody_does, meanwhile)
                await self._deliver(visits)
            case steps.Pass(time):
                await asyncio.sleep(self._countdown if time is None else time)
            case steps.Restart():
                self._processes.clear()
            case _:
                self._somebody_does(step)

    def _somebody_does(self, step: Step) -> None:
        request = self._connect.latest
        match step:
            case steps.AtTheVendor(what):
                self._subscription.by_hand(what)
            case steps.InThePortal(what):
                self._connect.by_hand(what)
            case steps.Forge():
                self._connect.forge(step)
            case steps.SetVariable(name, value):
                self._variables[name] = value
            case steps.CreateAgain() if request["status"] in ("failed", "revoked"):
                self._connect.create()

    def _process(self, number: int) -> Process:
        """The process with this number, or the successor of a dead one."""
        found = self._processes.get(number)
        if found is None or found.died.done():
            skew = self._setting.skew * (1, -1, 0)[number]
            found = self._processes[number] = Process(self._dice.random, skew)
        return found

    # Deliveries

    async def _deliver(self, visits: tuple[Visit, ...]) -> None:
        """Deliver the request; Connect only does so while it is pending or revoking."""
        if self._connect.latest["status"] not in OPEN:
            return
        request_id = self._connect.latest["id"]
        at_work = []
        for visit in visits:
            each = self._process(visit.process)
            each.fates.extend(visit.fates)
            each.delivered(request_id, is_revoking=self._connect.latest["status"] == "revoking")
            task = asyncio.ensure_future(self._visited(each, visit, request_id))
            at_work.append((each, task))
        ended = []
        for each, task in at_work:
            await asyncio.wait([task, each.died], return_when=asyncio.FIRST_COMPLETED)
            if task.done() and not each.died.done():
                ended.append((each, task.result()))
                self._last = task.result()
                self._played.end = type(self._last).__name__
            each.fates.clear()
        has_died = len(ended) < len(at_work)
        self._countdown = self._checks.ended(request_id, ended, has_died=has_died)

    async def _visited(self, each: Process, visit: Visit, request_id: str) -> Final:
        """One task, run with the runner's time limit."""
        await asyncio.sleep(visit.after)
        if visit.dies_after is not None:
            asyncio.get_running_loop().call_later(visit.dies_after, each.dies)
        request = next(r for r in self._connect.requests if r["id"] == request_id)
        try:
            return await asyncio.wait_for(self._handled(each, dict(request)), WALK_SECONDS)
        except asyncio.TimeoutError:
            self._broken("the runner cuts a task")
        except Exception as error:  # noqa: BLE001 - any exception is a failure
            self._broken(f"{type(error).__name__} comes out of the handler: {error}")
        return Wait(Cause.BUG, "a bug", seconds=300)

    async def _handled(self, each: Process, data: dict[str, Any]) -> Final:
        """The same as the handler in ``events.py``, without its log."""
        request = CancelRequest.from_connect(data)
        client: Any = self._client(self._connect, each)
        account = each.shared.account(AccountKey(each.endpoint, Secret("a token")))
        connect = ConnectApi(ConnectClient(client), account)
        each.can_ask = self._can_ask()
        self._checks.delivered(each, self._variables)
        try:
            settings = _configuration(tuple(self._variables.items())).default
        except Later as error:
            each.is_dry = False
            step = with_seconds(waiting(error), request, each.shared)
            await told(step, request, connect, each.shared, 24.0)
            return step
        each.is_dry = settings.dry_run
        vendor = self._vendor(each, settings)
        ended = await self._walking(request, settings, connect, vendor, each.shared)
        return ended.step

    def _vendor(self, each: Process, settings: Settings) -> Vendor:
        vendor: Vendor | None = each.vendors.get(settings.vendor)
        if vendor is None:
            asking = self._setting.asking
            kind = _TWINS.get(asking, ZuoraTwin if asking in SOAP else RestTwin)
            http: Any = kind(self._subscription, each, self._checks.sending)
            create = definitions()[settings.vendor.name].create
            vendor = create(settings.vendor.own, VendorContext(http, each.value))
            each.vendors[settings.vendor] = vendor
        return vendor

    def _can_ask(self) -> bool:
        return self._setting.asking in ZUORA or bool(self._variables["REST_STATUS_REQUEST"])

    # The end

    async def _settle(self) -> None:
        """Stop the faults, fix the variables, and deliver the task until it is settled.

        The operator resubmits a held task once, and again whenever there was something to do at the
        vendor.
        """
        await asyncio.sleep(self._setting.later_seconds)
        self._variables.update(fixed(self._setting))
        if self._variables["DRY_RUN"] not in ("true", "false"):
            self._variables["DRY_RUN"] = "false"
        request_id = self._connect.latest["id"]
        while (status := self._connect.status(request_id)) in (*OPEN, "scheduled"):
            if status == "scheduled":
                await asyncio.sleep(self._connect.comes_back_at - seconds() + 1.0)
            elif not await self._is_delivered_on(request_id, status):
                break
            if self._played.broken:
                return
        self._played.status = self._connect.status(request_id)
        self._checks.at_the_end(request_id, self._last, self._process(0))

    async def _is_delivered_on(self, request_id: str, status: str) -> bool:
        """Deliver it while it has the status; False if it ends like that."""
        patience, is_resubmitted = seconds() + self._patience(), False
        while True:
            self._played.deliveries_to_settle += 1
            await self._deliver((Visit(),))
            if self._played.broken or self._connect.status(request_id) != status:
                return True
            if self._last:
                self._checks.undisturbed(request_id, self._last)
            if not isinstance(self._last, Wait):
                is_seen_to = isinstance(self._last, Hold) and self._is_seen_to(self._last)
                if is_resubmitted or not isinstance(self._last, Hold):
                    return False
                is_resubmitted = not is_seen_to
            ends_later = isinstance(self._last, Wait) and self._last.cause is Cause.ENDS_LATER
            if seconds() > patience and not ends_later:
                return False
            await asyncio.sleep(self._countdown)
            if self._connect.status(request_id) != status:
                return True

    def _is_seen_to(self, hold: Hold) -> bool:
        """Whether the operator acts at the vendor before resubmitting the task.

        The order is dropped at most once: the next one may be left waiting too.
        """
        match hold.cause:
            case Cause.SUSPENDED:
                self._subscription.by_hand("resume")
            case Cause.UNFINISHED:
                ways = ("complete-order", "delete-order", "cancel-order")
                is_first = not self._subscription.book.dropped
                self._subscription.by_hand(self._dice.choice(ways) if is_first else ways[0])
            case Cause.NOT_CONFIRMED:
                self._connect.by_hand("confirm")
            case Cause.NOT_TAKEN_BACK if self._takes_back_by_hand:
                self._takes_back_by_hand = False
                self._subscription.by_hand("reactivate")
            case _:
                return False
        return True

    def _patience(self) -> float:
        """Seconds until a request must be settled: an idle mark expires, the vendor's work is done,
        a lock opens.
        """
        setting = self._setting
        is_stored = setting.stores_locks or not setting.takes_notes
        stored = STORED_SECONDS if setting.asking in WITH_KEY and is_stored else 0.0
        vendor = max(setting.works_for, setting.later.undo_works_for) + setting.settle_seconds
        return 2 * vendor + stored + LOCK_SECONDS + HOURS_TO_SETTLE * 3600


@lru_cache(maxsize=4096)
def _configuration(variables: tuple[tuple[str, str], ...]) -> Configuration:
    return read_configuration(dict(variables), definitions())
