"""Runs the official validators on this project, as the runner does when it starts.

The official packages have two generations: the runner uses connect-eaas-core 37 (pydantic 1), and
the command line tool validates with 38 (pydantic 2). ``make test`` covers the first and ``make
official`` the second, so this module needs neither pytest nor the runner.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from connect.eaas.core.validation.validators import get_validators

ROOT = Path(__file__).parents[2]
RUNNER_VERSION = "43.1"

EVENT = "asset_cancel_request_processing"
OBJECT_STATUSES = ("pending", "approved", "failed", "scheduled", "revoking", "revoked")
"""The statuses for the event in Connect's answer to GET /devops/event-definitions."""


def messages(object_statuses: Iterable[str] = OBJECT_STATUSES) -> list[str]:
    """Return every error and warning; the runner starts despite a warning, but we fail.

    ``object_statuses`` are the statuses that Connect offers for the event.
    """
    context: dict[str, Any] = {
        "runner_version": RUNNER_VERSION,
        "project_dir": str(ROOT),
        "event_definitions": {EVENT: {"type": EVENT, "object_statuses": list(object_statuses)}},
    }
    found = []
    for validator in get_validators():
        result = validator(context=context)
        found += [f"{item.level}: {item.message} ({item.file})" for item in result.items]
        if result.must_exit:
            break
        if result.context:
            context.update(result.context)
    return found
