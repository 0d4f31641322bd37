"""Plays a history and watches that no promise is broken."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import lru_cache
from random import Random
from typing import Any

from connect_ext.cancel_request import CancelRequest
from connect_ext.connect_api import ConnectApi
from connect_ext.decision import configuration_wait_seconds
from connect_ext.errors import NotConfigured
from connect_ext.events import response_for
from connect_ext.processing import (
    Done,
    DryRun,
    Held,
    Outcome,
    Surroundings,
    Waiting,
    WaitingForConfiguration,
    escalate,
    process,
)
from connect_ext.settings import Configuration, Settings, read_configuration
from connect_ext.vendors import rest, zuora_soap
from connect_ext.vendors.base import Vendor
from connect_ext.vendors.zuora_soap.session import Sessions
from tests.model import history as steps
from tests.model.connect_twin import SUBSCRIPTION, ConnectTwin, ModelConnectApi
from tests.model.history import ASKABLE, ZUORA, Asking, Fate, History, Setting, Step
from tests.model.process import LATER_SECONDS, Process
from tests.model.vendor_twins import Facts, RestTwin, Subscription, ZuoraTwin, plain
from tests.model.virtual_time import VirtualLoop

MOST_DELIVERIES = 30
"""How often a request is delivered at most, once faults have stopped, until it is settled."""

SECONDS_OF_MEMORY = 3600.0
"""For how long a process remembers that the vendor has accepted a cancellation."""

Walking = Callable[[CancelRequest, Settings, ConnectApi, Vendor, Surroundings], Awaitable[Outcome]]
"""What ``processing.process`` is; a broken variant of it goes in its place."""

_VARIABLES_OF = {
    Asking.ASKABLE: {},
    Asking.ASKABLE_WITH_KEY: {"REST_REPEATABLE": "true"},
    Asking.KEY_ONLY: {"REST_STATUS_REQUEST": "", "REST_REPEATABLE": "true"},
    Asking.NEITHER: {"REST_STATUS_REQUEST": ""},
    **{
        asking: {"VENDOR": "zuora-soap", "ZUORA_SOAP_URL": f"https://zuora.example/a/{version}"}
        for asking, version in zip(ZUORA, ("24.0", "27.0", "91.0"), strict=True)
    },
}
_VARIABLES = {
    "REST_API_URL": "https://vendor.example/v1",
    "REST_API_KEY": "t0ken-of-the-vendor",
    "REST_END_DATE_PATH": "ends_at",
    "ZUORA_USERNAME": "api@vendor.example",
    "ZUORA_PASSWORD": "p4ssword-of-the-vendor",
}
_MENDED = {"NOTES": "private", "SUBSCRIPTION_ID_PARAMETER": "subscription_id"}


@dataclass
class Played:
    """What came of a history."""

    broken: list[str] = field(default_factory=list)
    """What should never happen and did."""
    deliveries_to_settle: int = 0
    status: str = ""
    end: str = ""


def play(history: History, walking: Walking = process, *, strict: bool = False) -> Played:
    """Play a history to its end, then let faults stop and see the request settled.

    ``strict`` excuses no known gap.
    """
    return VirtualLoop().run(_World(history.setting, walking, strict).live(history.steps))


class _World:
    def __init__(self, setting: Setting, walking: Walking, strict: bool) -> None:
        self._setting = plain(setting) if setting.asking in ZUORA else setting
        self._walking, self._strict = walking, strict
        self._dice = Random(setting.seed)
        self._played = Played()
        self._variables = {
            **_VARIABLES,
            **_VARIABLES_OF[setting.asking],
            "ON_REFUSAL": setting.on_refusal,
            "ON_NOT_FOUND": setting.on_not_found,
        }
        self._ever = {("ON_NOT_FOUND", setting.on_not_found)}
        self._countdown = 0.0
        self._settled: set[str] = set()
        self._in_two: set[str] = set()

    def _broken(self, what: str) -> None:
        self._played.broken.append(what)

    async def live(self, happening: tuple[Step, ...]) -> Played:
        """Live through the steps, and to the end of the request."""
        self._subscription = Subscription(self._setting, self._broken)
        parameter = "" if self._setting.blank_parameter else SUBSCRIPTION
        self._connect = ConnectTwin(parameter, self._check_closing)
        self._begin_process()
        for step in happening:
            await self._happens(step)
            if self._played.broken:
                return self._played
        await self._settle()
        return self._played

    async def _happens(self, step: Step) -> None:
        match step:
            case steps.Deliver(fates, stale):
                await self._deliver((self._process, fates, 0.0), stale=stale)
            case steps.DeliverTwice(fates, apart):
                await self._deliver((self._process, fates, 0.0), (self._process, (), apart))
            case steps.DeliverToTwo():
                await self._deliver_to_two(step)
            case steps.Pass(seconds):
                await asyncio.sleep(self._countdown if seconds is None else seconds)
            case steps.Restart():
                self._begin_process()
            case _:
                self._somebody_does(step)

    def _somebody_does(self, step: Step) -> None:
        request = self._connect.latest
        match step:
            case steps.AtTheVendor(what):
                self._subscription.by_hand(what)
            case steps.InThePortal(what):
                self._closes_by_hand(request, what)
            case steps.SetVariable(name, value):
                self._variables[name] = value
                self._ever.add((name, value))
            case steps.CreateAgain():
                if request["status"] == "failed":
                    self._connect.create()

    async def _deliver_to_two(self, step: steps.DeliverToTwo) -> None:
        self._in_two.add(self._connect.latest["id"])
        first, second = self._process, self._new_process()
        await self._deliver((first, step.fates, 0.0), (second, step.others, step.apart))
        if first.died.done() and not second.died.done():
            self._process = second

    def _closes_by_hand(self, request: dict[str, Any], what: str) -> None:
        if request["status"] == "pending":
            status = "approved" if what == "approve" else "failed"
            self._connect.close(request["id"], status)

    def _new_process(self) -> Process:
        return Process(self._dice.random)

    def _begin_process(self) -> None:
        self._process = self._new_process()

    # Deliveries

    async def _deliver(
        self, *deliveries: tuple[Process, tuple[Fate, ...], float], stale: bool = False
    ) -> None:
        """Deliver the request, as Connect does only while it is pending (or was a moment ago)."""
        request = self._connect.latest
        if request["status"] != "pending" and not stale:
            return
        snapshot = {**request, "status": "pending"}
        at_work = []
        for each, fates, after in deliveries:
            each.fates.extend(fates)
            each.request_id = request["id"]
            at_work.append((each, asyncio.ensure_future(self._handled(each, snapshot, after))))
        for each, task in at_work:
            await asyncio.wait([task, each.died], return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                self._after(request["id"], task.result())
            each.fates.clear()
        if self._process.died.done():
            self._begin_process()

    async def _handled(self, each: Process, snapshot: dict[str, Any], after: float) -> Any:
        """What the handler in ``events.py`` does, but for its log."""
        await asyncio.sleep(after)
        request = CancelRequest.from_connect(snapshot)
        connect = ModelConnectApi(self._connect, each)
        around = each.surroundings
        try:
            configuration = _configuration(tuple(self._variables.items()))
        except NotConfigured as error:
            age = request.age_seconds(around.now())
            seconds = configuration_wait_seconds(age, around.dice())
            outcome: Outcome = WaitingForConfiguration(seconds, error.message)
            await escalate(request, outcome, connect, 24.0, around)
            return outcome
        settings = configuration.default
        vendor = self._vendor(each, settings)
        try:
            return await self._walking(request, settings, connect, vendor, around)
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not be
            self._broken(f"{type(error).__name__} comes out of the handler: {error}")
            return Waiting(300, "a bug")

    def _vendor(self, each: Process, settings: Settings) -> Vendor:
        vendor = each.vendors.get(settings.vendor)
        if vendor is None:
            built_in: Any = settings.vendor.built_in
            if self._setting.asking in ZUORA:
                http: Any = ZuoraTwin(self._subscription, each)
                loop = asyncio.get_running_loop()
                vendor = zuora_soap.create(built_in, http, Sessions(loop.time))
            else:
                vendor = rest.create(built_in, RestTwin(self._subscription, each))
            each.vendors[settings.vendor] = vendor
        return vendor

    def _after(self, request_id: str, outcome: Outcome) -> None:
        response = response_for(outcome)
        self._countdown = float(response.countdown or 0)
        if response.status == "reschedule" and not 30 <= self._countdown <= 86400:
            self._broken(f"the task is put off by {self._countdown} s")
        if isinstance(outcome, Done) and self._status(request_id) == "pending":
            self._broken(f"the task of {request_id} is done and the request is pending")
        if isinstance(outcome, (Held, DryRun, Done)):
            self._settled.add(request_id)
        self._played.end = type(outcome).__name__

    def _status(self, request_id: str) -> str:
        [status] = [r["status"] for r in self._connect.requests if r["id"] == request_id]
        return str(status)

    # What must never happen

    def _check_closing(self, request_id: str, status: str, by: Process) -> None:
        if self._variables.get("DRY_RUN") == "true" and ("DRY_RUN", "false") not in self._ever:
            self._broken(f"{request_id} is {status} in a dry run")
        if status == "approved" and not self._may_approve(request_id):
            self._broken(f"{request_id} is approved and not cancelled at the vendor")
        if status == "failed":
            self._check_rejection(request_id, by)

    def _may_approve(self, request_id: str) -> bool:
        facts = self._subscription.of(request_id)
        wanted = ("ON_NOT_FOUND", "approve") in self._ever
        # Gone after an accepted cancellation is as good as cancelled, by the vendor's word.
        return self._subscription.is_cancelled or (facts.unknown and (wanted or facts.accepted))

    def _check_rejection(self, request_id: str, by: Process) -> None:
        facts = self._subscription.of(request_id)
        not_found = facts.unknown and ("ON_NOT_FOUND", "reject") in self._ever
        if not (facts.refused or facts.draft or not_found or self._setting.blank_parameter):
            self._broken(f"{request_id} is rejected and nobody has refused anything")
        # Who was told that it is being cancelled must not take the next answer for a refusal.
        accepted_at = by.accepted_at.get(request_id, -SECONDS_OF_MEMORY)
        if asyncio.get_running_loop().time() - accepted_at < SECONDS_OF_MEMORY and not facts.lied:
            self._broken(f"{request_id} is rejected by who was told that it is being cancelled")
        if facts.effects and not (not_found or facts.lied or self._is_known_gap(facts)):
            self._broken(f"{request_id} is rejected and has cancelled the subscription")

    def _is_known_gap(self, facts: Facts) -> bool:
        """What only a process could tell that died before it could leave a trace of it."""
        is_neither = self._setting.asking is Asking.NEITHER
        at_once = is_neither and self._connect.latest["id"] in self._in_two
        return not self._strict and (facts.refused_at_work or at_once)

    # The end

    async def _settle(self) -> None:
        """Faults stop, variables are mended, and the task is delivered until it is settled.

        A task that is held is resubmitted once, by the operator.
        """
        await asyncio.sleep(LATER_SECONDS)
        self._variables.update(_MENDED)
        if self._variables.get("DRY_RUN") not in ("true", "false"):
            self._variables["DRY_RUN"] = "false"
        request_id = self._connect.latest["id"]
        if self._status(request_id) == "pending":
            self._settled.discard(request_id)
        while self._status(request_id) == "pending" and request_id not in self._settled:
            self._played.deliveries_to_settle += 1
            if self._played.deliveries_to_settle > MOST_DELIVERIES:
                self._broken(f"{request_id} is not settled")
                return
            await self._deliver((self._process, (), 0.0))
            if self._played.broken:
                return
            await asyncio.sleep(self._countdown)
        self._played.status = self._status(request_id)
        is_cancelled = self._subscription.shown(request_id) == "cancelled"
        is_dry = self._variables.get("DRY_RUN") == "true"
        if self._played.status == "pending" and is_cancelled and not is_dry and self._can_be_asked:
            self._broken(f"{request_id} is left unapproved and the subscription is cancelled")

    @property
    def _can_be_asked(self) -> bool:
        return self._setting.asking in ASKABLE


@lru_cache(maxsize=4096)
def _configuration(variables: tuple[tuple[str, str], ...]) -> Configuration:
    return read_configuration(dict(variables))
