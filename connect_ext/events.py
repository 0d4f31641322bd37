"""Connect's calls to the extension. Thin: no rules and no HTTP, only the way in and the way out."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from connect.eaas.core.decorators import event, schedulable, variables
from connect.eaas.core.enums import ResultType
from connect.eaas.core.extension import EventsApplicationBase
from connect.eaas.core.responses import BackgroundResponse, ScheduledExecutionResponse

from connect_ext import outcome_log, runner_speed
from connect_ext.cancelling.process import (
    DEFAULT_ESCALATION_HOURS,
    process,
    told,
    waiting,
    with_seconds,
)
from connect_ext.cancelling.request import CancelRequest
from connect_ext.cancelling.steps import (
    Approve,
    Confirm,
    DryRun,
    Ended,
    Final,
    Hold,
    Leave,
    Reject,
    Schedule,
    Wait,
)
from connect_ext.cause import Cause
from connect_ext.connect.api import ConnectApi
from connect_ext.connect.listing import Environment
from connect_ext.connect.object_id import is_object_id
from connect_ext.errors import CancellationError, Later, NotConfigured
from connect_ext.guarded import guarded
from connect_ext.portal.settings import initial_variables
from connect_ext.scheduled_result import ScheduledResult
from connect_ext.shared_state import SharedState
from connect_ext.vendors.registry import definitions

if TYPE_CHECKING:
    Log = logging.Logger | logging.LoggerAdapter[logging.Logger]

MAX_OUTPUT_CHARACTERS = 4000
SECONDS_AFTER_A_BUG = 300

# The runner's workers load this module before they take their first task.
runner_speed.apply()


@variables(initial_variables(definitions()))
class CancellationApplication(EventsApplicationBase):
    """Cancels subscriptions at the vendor and settles the cancel requests at Connect."""

    # The runner makes an application for each task; all tasks of a process share this.
    shared: ClassVar = SharedState()

    @classmethod
    async def on_startup(cls, logger: Log, config: Mapping[str, str]) -> None:
        """Log the vendor of each product, or every mistake in the variables."""
        try:
            configuration = await cls.shared.configuration(config)
        except NotConfigured as error:
            logger.error(error.message)
        else:
            logger.info("%s", outcome_log.at_start(configuration, _version()))

    @event("asset_cancel_request_processing", statuses=["pending", "revoking"])
    async def handle_asset_cancel_request(self, request: Any) -> BackgroundResponse:
        """Process a cancel request; never raises, because Connect stores whole tracebacks."""
        began = time.monotonic()
        ended = await guarded(self._process(request))
        if isinstance(ended, str):
            step = Wait(Cause.BUG, ended, needs_person=True, seconds=SECONDS_AFTER_A_BUG)
            await guarded(self._tell(step, request))
            ended = Ended(step)
        milliseconds = round((time.monotonic() - began) * 1000)
        line = outcome_log.TaskLine(ended, request, self._task_id(), milliseconds)
        self.logger.log(line.level, "%s", line)
        self.shared.metrics.task_ended(ended.step, request)
        return response_for(ended.step)

    @schedulable(
        "Check the configuration",
        "Reads one subscription at the vendor as a cancel request would, and says what would"
        ' happen to the request. Changes nothing. Parameter: {"subscription_id": "…"}; optional:'
        ' "product_id" and "parameters" (an object of ids and values).',
    )
    async def check_configuration(self, schedule: Any) -> ScheduledExecutionResponse:
        """Try the variables; the schedule's output has the result, the log a summary."""
        # Imported here because it is rarely needed, and no task has to wait for it.
        from connect_ext.check import scheduled  # noqa: PLC0415

        most = MAX_OUTPUT_CHARACTERS
        work = scheduled.check_for(schedule, self.config, self._connect(), most_characters=most)
        return await self._scheduled("Check of the configuration", work)

    @schedulable(
        "Reconcile cancellations",
        "Compares Connect with the vendor; run it once a day. Processes the requests that have"
        " waited for more than an hour, and reports approved ones whose subscription is still"
        ' active at the vendor. Optional parameter: {"days": 30, "products": ["PRD-…"],'
        ' "subscriptions": 20000, "calls_per_minute": 240}.',
    )
    async def reconcile_cancellations(self, schedule: Any) -> ScheduledExecutionResponse:
        """Fix what the ordinary walk may fix; the schedule's output has the rest."""
        from connect_ext.reconcile import scheduled  # noqa: PLC0415

        return await self._scheduled(
            "Reconcile", self._of_environment(scheduled.reconcile_for, schedule)
        )

    @schedulable(
        "What waits",
        "Lists the open cancel requests, oldest first: what each one waits for, what the vendor"
        ' shows, and what a person has to do. Changes nothing. Optional parameter: {"products":'
        ' ["PRD-…"]}.',
    )
    async def list_what_waits(self, schedule: Any) -> ScheduledExecutionResponse:
        """List the open requests; the schedule's output has the list, the log the numbers."""
        from connect_ext.waiting import scheduled  # noqa: PLC0415

        return await self._scheduled(
            "What waits", self._of_environment(scheduled.list_for, schedule)
        )

    async def _scheduled(
        self, what: str, work: Coroutine[Any, Any, ScheduledResult]
    ) -> ScheduledExecutionResponse:
        """Run a schedule's work; Connect shows it as failed if somebody has to do something."""
        done = await guarded(work)
        if isinstance(done, str):
            done = ScheduledResult(False, done, done)
        level = logging.INFO if done.is_fine else logging.ERROR
        self.logger.log(level, "%s: %s", what, done.in_short)
        result = ResultType.SUCCESS if done.is_fine else ResultType.FAIL
        return ScheduledExecutionResponse(result, done.output)

    def _of_environment(
        self, run: Callable[..., Coroutine[Any, Any, ScheduledResult]], schedule: Any
    ) -> Coroutine[Any, Any, ScheduledResult]:
        """A schedule's work on the requests of this environment."""
        return run(
            schedule,
            self.config,
            self._connect(),
            self._environment(),
            self.shared,
            most_characters=MAX_OUTPUT_CHARACTERS,
        )

    def _environment(self) -> Environment | None:
        """The environment that Connect runs the extension in."""
        context = self.context
        if context is None or not is_object_id(context.environment_id):
            return None
        return Environment(str(context.extension_id), context.environment_id)

    async def _process(self, data: Any) -> Ended:
        try:
            request = CancelRequest.from_connect(data)
        except CancellationError as error:
            return Ended(Wait(error.cause, error.message, seconds=SECONDS_AFTER_A_BUG))
        connect = self._connect()
        try:
            configuration = await self.shared.configuration(self.config)
            settings = configuration.for_product(request.product_id)
            vendor = self.shared.vendors.vendor_for(settings.vendor)
        except Later as error:
            step = with_seconds(waiting(error), request, self.shared)
            await told(step, request, connect, self.shared, DEFAULT_ESCALATION_HOURS)
            return Ended(step)
        return await process(request, settings, connect, vendor, self.shared)

    async def _tell(self, step: Wait, data: Any) -> None:
        request = CancelRequest.from_connect(data)
        await told(step, request, self._connect(), self.shared, DEFAULT_ESCALATION_HOURS)

    def _connect(self) -> ConnectApi:
        """Connect for the account that installed a Multi-Account extension, else for our own."""
        return self.shared.connect_api(self.installation_client or self.client)

    def _task_id(self) -> str:
        """The runner puts the task's id into the headers of the client that it makes for it."""
        headers = getattr(self.client, "default_headers", None) or {}
        return str(headers.get("EAAS_TASK_ID", ""))


def response_for(step: Final) -> BackgroundResponse:
    """The platform's answer for a step; the only place where steps become answers."""
    match step:
        case Approve() | Schedule() | Confirm() | Reject() | Leave():
            return BackgroundResponse.done()
        case Wait(seconds=seconds, needs_person=True):
            return BackgroundResponse.slow_process_reschedule(seconds)
        case Wait(seconds=seconds):
            return BackgroundResponse.reschedule(seconds)
        case Hold(why=why):
            return BackgroundResponse.fail(why[:MAX_OUTPUT_CHARACTERS])
        case DryRun(what=what):
            return BackgroundResponse.skip(what[:MAX_OUTPUT_CHARACTERS])


def _version() -> str:
    descriptor = Path(__file__).with_name("extension.json")
    return str(json.loads(descriptor.read_text(encoding="utf-8"))["version"])
