"""Brings the cells of the fault matrix about, many at once, and notes how they end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from aiohttp import web

from sandbox.connect.journal import Happening
from sandbox.connect.tasks import Task, TaskResult
from sandbox.faults import DropAfter, Fault, Work
from tests.faults.faults import Elsewhere, Switch
from tests.faults.matrix import ADDRESS, BUSY, Cell, End, Side, fault_of
from tests.faults.world import OAUTH, ZUORA, Case, World

CLOSED_PORT = "127.0.0.1:9"
AGAIN_SECONDS = 0.3


@dataclass(eq=False)
class Trial:
    """One cell under way."""

    cell: Cell
    case: Case
    switch: Switch
    call: str
    seen: int = 0
    first: TaskResult | None = None
    """The result of the first delivery that met the fault."""
    unanswered: bool = False
    calls_then: int = 0
    calls_when_paused: int | None = None

    @property
    def hit(self) -> bool:
        """Whether the fault has been met; one of the address is met by the first call."""
        return self.cell.row.key in ADDRESS or self.switch.hits[self.call] > 0


class Trials:
    """Runs trials in a world, whose runner is delivered to again as soon as that makes sense."""

    def __init__(self, world: World, elsewhere: Elsewhere, untrusted: Elsewhere) -> None:
        self.world = world
        self.every: list[Trial] = []
        self._elsewhere, self._untrusted = elsewhere, untrusted
        self.strays: list[str] = []
        """What was received where nothing belongs."""
        self._by_request: dict[str, Trial] = {}
        world.connect.journal.listen(self._heard)

    def begin(self, cells: Iterable[Cell]) -> list[Trial]:
        """Let all of these requests meet their faults."""
        begun = [self._trial(cell) for cell in cells]
        self.world.push()
        for trial in begun:
            self._by_request[self.world.next_request_id(trial.case)] = trial
            self.world.begin(trial.case)
        self.every += begun
        return begun

    async def ended(self, trials: list[Trial], timeout: float) -> None:
        """Wait until each has met its fault, and those that can without a new process settle."""
        await self._until(lambda: [t for t in trials if not self._is_known(t)], timeout, "end")
        self._mend(trials)
        await self._until(lambda: [t for t in trials if not self._is_at_rest(t)], timeout, "settle")
        self.world.forget(t.case for t in trials if self._task(t).settled)

    async def settled_after_a_new_process(self, timeout: float) -> None:
        """Kill the worker, so that nobody remembers anything, and wait for the others."""
        left = [trial for trial in self.every if not self._task(trial).settled]
        for trial in left:
            trial.unanswered = trial.first is None
        dead = self.world.runner.kill_worker()
        await self.world.runner.wait_for_new_worker(dead)
        for trial in left:
            self.world.connect.tasks.deliver_again(trial.case.request_id)
        await self._until(
            lambda: [t for t in left if not self._task(t).settled], timeout, "settle at last"
        )
        self.world.forget(trial.case for trial in self.every)

    def ends(self) -> dict[Cell, End]:
        """How each cell has ended."""
        log = self.world.runner.log
        return {trial.cell: self._end(trial, log) for trial in self.every}

    def last_ends(self) -> dict[Cell, tuple[str, int]]:
        """What became of each request in the end, and how often its vendor has cancelled."""
        return {
            t.cell: (self.world.connect.status(t.case.request_id), self.world.cancellations(t.case))
            for t in self.every
        }

    def _trial(self, cell: Cell) -> Trial:
        column, slow = cell.column, cell.row.key.startswith(("silent", "drip"))
        of_vendor = column.side is Side.VENDOR
        case = self.world.case(
            column.kind,
            version=column.version,
            status=column.status,
            timeout_seconds=2 if slow and of_vendor else 20,
            own_client=of_vendor,
            **column.variables,
            **(self._address(cell) if cell.row.key in ADDRESS else {}),
        )
        switch, call = self._place(cell, case)
        trial = Trial(cell, case, switch, call)
        if cell.row.key not in ADDRESS:
            fault = fault_of(cell, self._elsewhere.url)
            once = column.side is Side.RUNNER or (slow and not of_vendor)
            switch.faults[call] = _once(switch, call, fault) if once else fault
        if column.key == "read":
            # The one way to this call: an approval whose answer is lost.
            lost = f"approve {self.world.next_request_id(case)}"
            switch.faults[lost] = _once(switch, lost, DropAfter())
        return trial

    def _address(self, cell: Cell) -> dict[str, str]:
        base = {
            "refused": f"http://{CLOSED_PORT}",
            "unknown_host": "https://nonexistent.invalid",
            "untrusted": self._untrusted.url,
        }[cell.row.key]
        if cell.column.kind == ZUORA:
            return {"ZUORA_SOAP_URL": f"{base}/apps/services/a/78.0"}
        if cell.column.kind == OAUTH:
            return {"REST_OAUTH_TOKEN_URL": f"{base}/oauth/token"}
        # The status request has the same address: without it, the cancellation is the first call.
        asked = {} if cell.column.call == "GET" else {"REST_STATUS_REQUEST": ""}
        return {"REST_API_URL": base, **asked}

    def _place(self, cell: Cell, case: Case) -> tuple[Switch, str]:
        call, world = cell.column.call, self.world
        if cell.column.side is not Side.VENDOR:
            whose = case.product_id if call == "templates" else world.next_request_id(case)
            return world.at_connect, f"{call} {whose}"
        if cell.column.kind == ZUORA:
            return world.at_zuora, f"{call} {case.name}"
        if cell.column.kind == OAUTH:
            return world.at_oauth, f"{call} {case.name}"
        return world.at_vendor, f"{call} {case.subscription_id}"

    def _heard(self, happening: Happening) -> None:
        if happening.kind != "task":
            return
        task = self.world.connect.tasks.by_id[happening.object_id]
        trial = self._by_request.get(task.request_id)
        if trial is not None and len(task.results) > trial.seen:
            trial.seen = len(task.results)
            self._answered(trial, task, task.results[-1])

    def _answered(self, trial: Trial, task: Task, result: TaskResult) -> None:
        if trial.first is None and trial.hit:
            trial.first = result
            trial.switch.faults.pop(trial.call, None)
            trial.calls_then = self._calls(trial)
            if trial.cell.row.key in ADDRESS:
                return
        elif trial.first is not None and trial.calls_when_paused is None:
            trial.calls_when_paused = self._calls(trial)
        if not self._waits_for_new_process(trial):
            self._again(trial, task)

    def _again(self, trial: Trial, task: Task) -> None:
        loop, tasks = asyncio.get_running_loop(), self.world.connect.tasks
        if task.status.value == "failed":
            loop.call_later(AGAIN_SECONDS, tasks.resubmit, task.id)
        elif not task.settled:
            loop.call_later(AGAIN_SECONDS, self._deliver, trial)

    def _deliver(self, trial: Trial) -> None:
        # In between it may have settled, or its worker may be gone.
        if not self._task(trial).settled and self.world.connect.instances.connected():
            self.world.connect.tasks.deliver_again(trial.case.request_id)

    def _waits_for_new_process(self, trial: Trial) -> bool:
        """Once more all the same, where the vendor wants to be left alone: it must be."""
        paused = trial.cell.row.key in BUSY and trial.calls_when_paused is None
        return trial.cell.needs_new_process and not paused

    def _mend(self, trials: list[Trial]) -> None:
        at_wrong_address = [trial for trial in trials if trial.cell.row.key in ADDRESS]
        for trial in at_wrong_address:
            variables = self.world.overrides[trial.case.product_id]
            for name in (*self._address(trial.cell), "REST_STATUS_REQUEST"):
                variables.pop(name, None)
            if trial.cell.column.kind == OAUTH:
                variables["REST_API_URL"] = self.world.oauth.url
        if at_wrong_address:
            self.world.push()
        for trial in at_wrong_address:
            self._deliver(trial)

    def _calls(self, trial: Trial) -> int:
        names = {trial.case.name, trial.case.subscription_id}
        return sum(n for name, n in trial.switch.calls.items() if name.rpartition(" ")[2] in names)

    def _task(self, trial: Trial) -> Task:
        return self.world.connect.tasks_of(trial.case.request_id)[0]

    def _is_known(self, trial: Trial) -> bool:
        return trial.first is not None or (trial.hit and trial.cell.end is End.UNANSWERED)

    def _is_at_rest(self, trial: Trial) -> bool:
        if self._task(trial).settled or trial.cell.end is End.UNANSWERED:
            # What is held is resubmitted in a moment.
            return self._task(trial).status.value != "failed"
        if trial.cell.column.side is Side.VENDOR and trial.cell.row.key in BUSY:
            return trial.calls_when_paused is not None
        return trial.cell.needs_new_process

    async def _until(self, missing: Callable[[], list[Trial]], timeout: float, what: str) -> None:
        deadline = asyncio.get_running_loop().time() + timeout
        while left := missing():
            if asyncio.get_running_loop().time() > deadline:
                names = "\n".join(f"{t.cell.name}: {self._task(t)}" for t in left[:10])
                raise TimeoutError(f"{len(left)} do not {what}, among them:\n{names}")
            await asyncio.sleep(0.1)

    def _end(self, trial: Trial, log: str) -> End:
        result = trial.first
        if trial.unanswered or result is None:
            return End.UNANSWERED
        if result.result == "success":
            return self._good_end(trial)
        if result.result == "reschedule":
            waits = f"{trial.case.request_id}: waits {result.countdown} s for somebody to mend"
            return End.CONFIGURATION if waits in log else End.WAITS
        return {"fail": End.HELD, "retry": End.RETRIED}.get(result.result, End.NOT_TRIED)

    def _good_end(self, trial: Trial) -> End:
        status = self.world.connect.status(trial.case.request_id)
        return End.GOES_ON if status == trial.cell.column.good_end else End.REJECTED


def _once(switch: Switch, call: str, fault: Fault) -> Fault:
    async def once(request: web.Request, work: Work, /) -> web.StreamResponse:
        switch.faults.pop(call, None)
        return await fault(request, work)

    return once
