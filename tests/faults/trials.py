"""Runs the cells of the fault matrix, many at once, and notes how they end."""

from __future__ import annotations

import asyncio
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from aiohttp import web

from sandbox.connect.journal import Happening
from sandbox.connect.tasks import Task, TaskResult
from sandbox.faults import Fault, Work
from tests.faults.cell_faults import fault_of
from tests.faults.faults import Elsewhere, Switch
from tests.faults.matrix import Cell, Side
from tests.faults.rows import ADDRESS, SHORT_TIMEOUT_SECONDS, SLOW, End
from tests.faults.world import OAUTH, ORDERS, ZUORA, Case, World

CLOSED_PORT = "127.0.0.1:9"
AGAIN_SECONDS = 0.3
TIMEOUT_SECONDS = 20
# An answer that is asked for twice comes again after four seconds, twice the short time-out.
SHORT_SETTLE_MINUTES = "0.05"
# The portal's limit for PRODUCT_OVERRIDES.
MOST_OVERRIDES = 21_960
LINE = re.compile(r"(PR-[\d-]+) task=\S+ .*outcome=(\S+) cause=(\S+) http=\S+ ms=\d+: (.*)")


@dataclass(eq=False)
class Trial:
    """A running cell."""

    cell: Cell
    case: Case
    switch: Switch
    call: str
    sends: str
    """The call whose outcome may be unknown."""
    variables: dict[str, str]
    faults: list[tuple[Switch, str, Fault]]
    """The fault to come, once the request has got that far."""
    is_ahead: bool = False
    """Whether its request is still to be scheduled, and then revoked."""
    seen: int = 0
    first: TaskResult | None = None
    """The result of the first delivery that met the fault."""
    earlier: int = 0
    """The results before that one."""
    unanswered: bool = False
    calls_then: int = 0
    calls_later: int | None = None
    """The calls by the end of the next delivery."""

    def break_calls(self) -> None:
        """Let the faults begin."""
        for switch, call, fault in self.faults:
            switch.faults[call] = fault

    @property
    def hit(self) -> bool:
        """Whether the fault has been met; the first call meets a fault of the address."""
        return self.cell.row.key in ADDRESS or self.switch.hits[self.call] > 0


class Trials:
    """Runs trials in a world, and delivers again to its runner as soon as that makes sense."""

    def __init__(self, world: World, elsewhere: Elsewhere, untrusted: Elsewhere) -> None:
        self.world = world
        self.every: list[Trial] = []
        self._elsewhere, self._untrusted = elsewhere, untrusted
        self.strays: list[str] = []
        """The calls that the wrong host received."""
        self._by_request: dict[str, Trial] = {}
        world.connect.journal.listen(self._heard)

    def prepared(self, cells: Iterable[Cell]) -> list[Trial]:
        """The trials of these cells."""
        return [self._trial(cell) for cell in cells]

    def has_room_for(self, trials: list[Trial]) -> bool:
        """Whether the portal has room for the variables of these trials too."""
        own = {trial.case.product_id: trial.variables for trial in trials}
        return len(json.dumps(self.world.overrides | own)) <= MOST_OVERRIDES

    def begin(self, begun: list[Trial]) -> list[Trial]:
        """Let all of these requests meet their faults."""
        for trial in begun:
            self.world.overrides[trial.case.product_id] = trial.variables
        self.world.push()
        for trial in begun:
            if not trial.is_ahead:
                trial.break_calls()
            self._by_request[self.world.next_request_id(trial.case)] = trial
            self.world.begin(trial.case)
        self.every += begun
        return begun

    async def met(self, trials: list[Trial], timeout: float) -> None:
        """Wait until each has met its fault."""
        await self._until(lambda: [t for t in trials if not t.hit], timeout, "meet it")

    async def ended(self, trials: list[Trial], timeout: float) -> None:
        """Wait until each has met its fault, and until those that are not paused settle."""
        await self._until(lambda: [t for t in trials if not self._is_known(t)], timeout, "end")
        self._fix_addresses(trials)
        await self._until(lambda: [t for t in trials if not self._is_at_rest(t)], timeout, "settle")
        self.world.time_to_settle_ends(trial.case for trial in trials)
        await self._last_delivery(
            [t for t in trials if t.cell.waits_to_settle and not t.cell.is_paused], timeout
        )
        self.world.forget(t.case for t in trials if self._is_finished(t))

    async def settled_after_a_new_process(self, timeout: float) -> None:
        """Kill the worker, so that it forgets everything, and wait for the others."""
        left = [t for t in self.every if not self._is_finished(t)]
        for trial in left:
            trial.unanswered = trial.first is None
        dead = self.world.runner.kill_worker()
        await self.world.runner.wait_for_new_worker(dead)
        await self._last_delivery(left, timeout)
        self.world.forget(trial.case for trial in self.every)

    async def _last_delivery(self, trials: list[Trial], timeout: float) -> None:
        seen = {trial: len(self._task(trial).results) for trial in trials}
        for trial in trials:
            self._deliver(trial)

        def settles(trial: Trial) -> bool:
            return self._task(trial).settled and len(self._task(trial).results) > seen[trial]

        await self._until(lambda: [t for t in trials if not settles(t)], timeout, "settle at last")

    def ends(self) -> dict[Cell, End]:
        """How each cell has ended."""
        lines = defaultdict(list)
        for line in LINE.finditer(self.world.runner.log):
            lines[line[1]].append(line)
        return {t.cell: self._end(t, lines[t.case.request_id]) for t in self.every}

    def last_ends(self) -> dict[Cell, tuple[str, int, int]]:
        """How each request ended, and how often its vendor has cancelled and undone the
        cancellation.
        """
        world = self.world
        return {
            t.cell: (
                world.connect.status(t.case.request_id),
                world.cancellations(t.case),
                world.undone(t.case),
            )
            for t in self.every
        }

    def _trial(self, cell: Cell) -> Trial:
        column, of_vendor = cell.column, cell.column.side is Side.VENDOR
        is_short = cell.is_asked_twice or (of_vendor and cell.row.key in SLOW)
        settle = {"SETTLE_MINUTES": SHORT_SETTLE_MINUTES} if cell.is_asked_twice else {}
        case = self.world.case(
            column.kind,
            version=column.version,
            status=column.status,
            timeout_seconds=SHORT_TIMEOUT_SECONDS if is_short else TIMEOUT_SECONDS,
            own_client=of_vendor or cell.is_asked_twice,
            ends_later=column.ends_later,
            **column.variables,
            **settle,
            **(self._address(cell) if cell.row.key in ADDRESS else {}),
        )
        own = self.world.overrides.pop(case.product_id, {})
        switch, call = self.world.place(case, column.call)
        faults: list[tuple[Switch, str, Fault]] = []
        if cell.row.key not in ADDRESS:
            fault = fault_of(cell, self._elsewhere.url)
            once = column.side is Side.RUNNER or (cell.row.key in SLOW and not of_vendor)
            faults.append((switch, call, _once(switch, call, fault) if once else fault))
        if column.first:
            before, name = self.world.place(case, column.first[0])
            faults.append((before, name, _once(before, name, column.first[1])))
        sends = self.world.place(case, column.sends)[1] if column.sends else call
        return Trial(cell, case, switch, call, sends, own, faults, is_ahead=column.is_revoked)

    def _address(self, cell: Cell) -> dict[str, str]:
        base = {
            "refused": f"http://{CLOSED_PORT}",
            "unknown_host": "https://nonexistent.invalid",
            "untrusted": self._untrusted.url,
        }[cell.row.key]
        if cell.column.kind == ZUORA:
            return {"ZUORA_SOAP_URL": f"{base}/apps/services/a/78.0"}
        if cell.column.kind == ORDERS:
            return {"ZUORA_API_URL": base}
        if cell.column.kind == OAUTH:
            return {"REST_OAUTH_TOKEN_URL": f"{base}/oauth/token"}
        return {"REST_API_URL": base}

    def _heard(self, happening: Happening) -> None:
        if happening.kind != "task":
            return
        task = self.world.connect.tasks.by_id[happening.object_id]
        trial = self._by_request.get(task.object_id)
        if trial is None or task is not self.world.connect.tasks_of(task.object_id)[-1]:
            return
        if trial.is_ahead and task.settled:
            asyncio.get_running_loop().call_soon(self._revoke, trial)
        elif not trial.is_ahead and len(task.results) > trial.seen:
            trial.seen = len(task.results)
            self._answered(trial, task, task.results[-1])

    def _revoke(self, trial: Trial) -> None:
        """Once it is scheduled, let the customer's side take it back; then something goes wrong."""
        if trial.is_ahead:
            trial.is_ahead = False
            trial.break_calls()
            self.world.connect.revoke(trial.case.request_id)

    def _answered(self, trial: Trial, task: Task, result: TaskResult) -> None:
        if trial.first is None and trial.hit:
            tasks = self.world.connect.tasks_of(task.object_id)
            trial.first, trial.earlier = result, sum(len(each.results) for each in tasks) - 1
            trial.switch.faults.pop(trial.call, None)
            trial.calls_then = self._calls(trial)
            if trial.cell.row.key in ADDRESS:
                return
        elif trial.first is not None and trial.calls_later is None:
            trial.calls_later = self._calls(trial)
        is_held = task.status.value == "failed"
        if not self._has_had_enough(trial) and (is_held or not task.settled):
            asyncio.get_running_loop().call_later(AGAIN_SECONDS, self._deliver, trial)

    def _deliver(self, trial: Trial) -> None:
        task, tasks = self._task(trial), self.world.connect.tasks
        if task.status.value == "failed":
            tasks.resubmit(task.id)
        # Meanwhile it may have settled, or its worker may be gone.
        elif not task.settled and self.world.connect.instances.connected():
            tasks.deliver_again(task.id)

    def _has_had_enough(self, trial: Trial) -> bool:
        """Whether it rests; one more delivery shows that nothing is sent or called until then."""
        if trial.first is None:
            return False
        cell = trial.cell
        if cell.is_paused or (cell.waits_to_settle and not cell.stays_held):
            return trial.calls_later is not None
        return cell.stays_held

    def _fix_addresses(self, trials: list[Trial]) -> None:
        at_wrong_address = [trial for trial in trials if trial.cell.row.key in ADDRESS]
        for trial in at_wrong_address:
            for name in self._address(trial.cell):
                del self.world.overrides[trial.case.product_id][name]
        if at_wrong_address:
            self.world.push()
        for trial in at_wrong_address:
            self._deliver(trial)

    def _calls(self, trial: Trial) -> int:
        """Calls to the vendor or, unless it is paused, those that cancel."""
        if not trial.cell.is_paused:
            return trial.switch.calls[trial.sends]
        names = {trial.case.name, trial.case.subscription_id}
        return sum(n for name, n in trial.switch.calls.items() if name.rpartition(" ")[2] in names)

    def _task(self, trial: Trial) -> Task:
        return self.world.connect.tasks_of(trial.case.request_id)[-1]

    def _is_known(self, trial: Trial) -> bool:
        return trial.first is not None or (trial.hit and trial.cell.end is End.UNANSWERED)

    def _is_at_rest(self, trial: Trial) -> bool:
        task = self._task(trial)
        if task.status.value == "failed":
            # It is about to be resubmitted.
            return trial.cell.stays_held
        return task.settled or trial.cell.end is End.UNANSWERED or self._has_had_enough(trial)

    def _is_finished(self, trial: Trial) -> bool:
        is_paused = trial.cell.is_paused and trial.cell.stays_held
        return self._task(trial).settled and not is_paused

    async def _until(self, missing: Callable[[], list[Trial]], timeout: float, what: str) -> None:
        deadline = asyncio.get_running_loop().time() + timeout
        while left := missing():
            if asyncio.get_running_loop().time() > deadline:
                names = "\n".join(f"{t.cell.name}: {self._task(t)}" for t in left[:10])
                raise TimeoutError(f"{len(left)} do not {what}, among them:\n{names}")
            await asyncio.sleep(0.1)

    def _end(self, trial: Trial, lines: list[re.Match[str]]) -> End:
        result = trial.first
        if trial.unanswered or result is None:
            return End.UNANSWERED
        if result.result == "success":
            status = self.world.connect.status(trial.case.request_id)
            return End.GOES_ON if status == trial.cell.column.good_end else End.REJECTED
        if result.result == "reschedule":
            return _wait(lines[trial.earlier :], f"Waits {result.countdown} s")
        return {"fail": End.HELD, "retry": End.RETRIED}.get(result.result, End.NOT_TRIED)


def _wait(lines: list[re.Match[str]], begins: str) -> End:
    """The kind of wait, by the log; the log is silent about a request that could not be read."""
    for _, outcome, cause, sentence in (line.groups() for line in lines):
        if outcome == "waits" and sentence.startswith(begins):
            if "for somebody to fix this" in sentence:
                return End.CONFIGURATION
            return End.SENT if cause == "sent" else End.WAITS
    return End.WAITS


def _once(switch: Switch, call: str, fault: Fault) -> Fault:
    async def once(request: web.Request, work: Work, /) -> web.StreamResponse:
        switch.faults.pop(call, None)
        return await fault(request, work)

    return once
