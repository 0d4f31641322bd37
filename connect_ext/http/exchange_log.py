"""The debug log line that ends each exchange with a vendor."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from connect_ext.errors import CancellationError

if TYPE_CHECKING:
    from connect_ext.http.client import Answer, Call

# A child of the logger that the runner gives to the extension, so the level in the portal applies.
LOG = logging.getLogger("eaas.eventsapp.vendor")


@dataclass(frozen=True)
class ExchangeLine:
    """An exchange's line: facts as ``name=value``, then the call's name or its error."""

    request_id: str
    """Connect's id; empty outside a walk."""
    method: str
    http_status: int | None
    """None if there is no usable answer; then ``what`` says why."""
    milliseconds: int
    what: str

    def __str__(self) -> str:
        facts = f"method={self.method} http={self.http_status or '-'} ms={self.milliseconds}"
        return f"{self.request_id or '-'} {facts}: {self.what}"


async def logged(exchange: Awaitable[Answer], call: Call, request_id: str) -> Answer:
    """Await an exchange; at debug level, log how it ended."""
    if not LOG.isEnabledFor(logging.DEBUG):
        return await exchange
    began = time.monotonic()

    def log(http_status: int | None, what: str) -> None:
        milliseconds = round((time.monotonic() - began) * 1000)
        LOG.debug("%s", ExchangeLine(request_id, call.method, http_status, milliseconds, what))

    try:
        answer = await exchange
    except CancellationError as error:
        log(None, error.message)
        raise
    except BaseException as error:
        log(None, f"{call.name} was cut short ({type(error).__name__})")
        raise
    log(answer.status, call.name)
    return answer
