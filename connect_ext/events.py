"""What Connect calls. Thin: no rules and no HTTP, only the way in and the way out."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar

from connect.eaas.core.decorators import event, variables
from connect.eaas.core.extension import EventsApplicationBase
from connect.eaas.core.responses import BackgroundResponse

from connect_ext import runner_speed
from connect_ext.cancel_request import CancelRequest
from connect_ext.connect_api import ConnectApi
from connect_ext.decision import configuration_wait_seconds
from connect_ext.errors import CancellationError, NotConfigured
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
from connect_ext.settings import DEFAULT_ESCALATION_HOURS, Configuration, read_configuration
from connect_ext.variables import initial_variables
from connect_ext.vendors.registry import is_registered, vendor_for

if TYPE_CHECKING:
    Log = logging.Logger | logging.LoggerAdapter[logging.Logger]

MAX_OUTPUT_CHARACTERS = 4000
SECONDS_AFTER_A_BUG = 300

# The runner's workers load this module before they take their first task.
runner_speed.quicken()


@variables(initial_variables())
class CancellationApplication(EventsApplicationBase):
    """Cancels subscriptions at the vendor and settles the cancel requests at Connect."""

    # The runner makes an application for each task; this is what the tasks of a process share.
    surroundings: ClassVar = Surroundings()

    @classmethod
    async def on_startup(cls, logger: Log, config: Mapping[str, str]) -> None:
        """Say at once what is wrong with the variables; the extension starts all the same."""
        try:
            read_configuration(config, is_registered)
        except NotConfigured as error:
            logger.error(error.message)

    @event("asset_cancel_request_processing", statuses=["pending"])
    async def handle_asset_cancel_request(self, request: Any) -> BackgroundResponse:
        """Process a cancel request; this never raises, since Connect stores a traceback whole."""
        try:
            outcome = await self._process(CancelRequest.from_connect(request))
        except CancellationError as error:
            outcome = Waiting(SECONDS_AFTER_A_BUG, error.message)
        except Exception as error:  # noqa: BLE001 - the one catch-all, for the docstring's reason
            what = f"an error that nobody expected, a bug: {_origin(error)}"
            outcome = Waiting(SECONDS_AFTER_A_BUG, what)
        self._log(request, outcome)
        return response_for(outcome)

    async def _process(self, request: CancelRequest) -> Outcome:
        around = self.surroundings
        # A Multi-Account extension acts for the account that installed it.
        connect = ConnectApi(self.installation_client or self.client)
        try:
            configuration = _configuration(tuple(sorted(self.config.items())))
            settings = configuration.for_product(request.product_id)
            vendor = vendor_for(settings.vendor)
        except NotConfigured as error:
            seconds = configuration_wait_seconds(request.age_seconds(around.now()), around.dice())
            outcome = WaitingForConfiguration(seconds, error.message)
            await escalate(request, outcome, connect, DEFAULT_ESCALATION_HOURS, around)
            return outcome
        return await process(request, settings, connect, vendor, around)

    def _log(self, request: Any, outcome: Outcome) -> None:
        found = request.get("id") if isinstance(request, dict) else ""
        # What is no text could be nested deeper than it can be shown.
        request_id = found[:40] if isinstance(found, str) else ""
        if not request_id.replace("-", "").isalnum():
            request_id = "a request without an id"
        level, text = _log_line(outcome)
        self.logger.log(level, "%s: %s", request_id, text)


@lru_cache(maxsize=8)
def _configuration(variables: tuple[tuple[str, str], ...]) -> Configuration:
    """Remembered by the variables' values: with a hundred overrides reading them takes a while."""
    return read_configuration(dict(variables), is_registered)


def response_for(outcome: Outcome) -> BackgroundResponse:
    """The platform's answer for an outcome; the only place where outcomes become answers."""
    match outcome:
        case Done():
            return BackgroundResponse.done()
        case Waiting(seconds):
            return BackgroundResponse.reschedule(seconds)
        case WaitingForConfiguration(seconds):
            return BackgroundResponse.slow_process_reschedule(seconds)
        case Held(why):
            return BackgroundResponse.fail(why[:MAX_OUTPUT_CHARACTERS])
        case DryRun(what):
            return BackgroundResponse.skip(what[:MAX_OUTPUT_CHARACTERS])


def _log_line(outcome: Outcome) -> tuple[int, str]:
    match outcome:
        case Done(what):
            return logging.INFO, what
        case Waiting(seconds, why):
            return logging.WARNING, f"waits {seconds} s: {why}"
        case WaitingForConfiguration(seconds, why):
            return logging.ERROR, f"waits {seconds} s for somebody to mend this: {why}"
        # What these two say may quote the vendor, so that it goes to Connect and not to a log.
        case Held():
            return logging.ERROR, "held; the task's output and a private note say why"
        case DryRun():
            return logging.INFO, "dry run; a private note says what would have happened"


def _origin(error: Exception) -> str:
    """Where an error comes from, without its text, which may hold anything."""
    frames = traceback.extract_tb(error.__traceback__)
    places = [f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in frames[-4:]]
    return f"{type(error).__name__} at {' < '.join(reversed(places))}"
