"""Makes the official runner faster from inside; without this package everything works the same.

**Gain.** For each task, the runner looks up its application several times in the metadata of every
installed package, and for each call the Connect client looks up its own version there. That is
most of the cost of a task. The runner also reads two objects from Connect for a task before it
takes the next one from the websocket. At 50 ms of latency that limits it to 10 tasks a second,
however fast the handler is. ``docs/benchmarks.md`` has the figures.

**Changes**, in memory and in the runner's worker processes only, chosen by
``CONNECT_EXT_RUNNER_SPEED``:

- ``off``: none.
- ``lookups``: ``iter_entry_points`` in ``connect.eaas.runner.handlers.base`` and
  ``get_version`` in ``connect.eaas.runner.config`` and ``connect.client.utils`` remember their
  answers.
- ``all``, the default: in addition, ``EventsWorker.process_task`` starts an asyncio task for each
  message and keeps reading, until ``AT_ONCE`` tasks are being fetched.
  ``EventsWorker.running_tasks`` counts those as well, because a worker that shuts down waits until
  that number is zero. The runner's Connect client gets our transport (``http/transport.py``), with
  ``CALLS_AT_ONCE`` connections. Garbage collections leave out what has been loaded so far.

**Price.** It relies on the internals of one version of the runner. It compares the installed
version, and the code that it relies on, with the version and code that it was tested with; if
anything differs, it changes nothing and logs one line about it. ``all`` also means more concurrent
calls to Connect, and more tasks under way when a worker is killed; Connect delivers those again.
The master process is never touched: it reloads changed code (``cextrun -r``) and starts new
workers with it.

**Removal.** ``lookups`` can go when the runner and the client remember these answers themselves,
``all`` when the runner no longer waits for Connect between two messages.
"""

from __future__ import annotations

import logging
import multiprocessing
import os

from connect_ext.runner_speed import connections, garbage, intake, lookups, runner

VARIABLE = "CONNECT_EXT_RUNNER_SPEED"
OFF, LOOKUPS, ALL = "off", "lookups", "all"
AT_ONCE = 64
"""How many tasks are fetched concurrently; the others wait in the websocket."""
CALLS_AT_ONCE = 32
"""How many calls to Connect are under way at a time with ``all``; the others queue."""

LOG = logging.getLogger("eaas.eventsapp")


def apply() -> None:
    """Apply the speed that the variable names, in a worker process of the runner; never raises."""
    if multiprocessing.parent_process() is None or not runner.is_loaded():
        return
    speed = os.environ.get(VARIABLE, "").strip().lower() or ALL
    if speed == OFF:
        return
    obstacle = obstacle_to(speed)
    if obstacle:
        LOG.warning("%s: the runner is left unchanged, because %s.", VARIABLE, obstacle)
        return
    lookups.remember()
    if speed == ALL:
        intake.fetch_concurrently(runner.events_worker(), intake.Intake(AT_ONCE))
        connections.keep(CALLS_AT_ONCE)
        garbage.leave_out_what_is_loaded()
    LOG.info("%s is %s.", VARIABLE, speed)


def obstacle_to(speed: str) -> str:
    """Why the speed cannot be applied, as a clause that follows 'because'; '' if it can."""
    if speed not in (LOOKUPS, ALL):
        return f"its value is none of {OFF}, {LOOKUPS} and {ALL}"
    version = runner.installed_version()
    if version not in runner.TESTED:
        return f"this was not tested with its version {version or 'unknown'}"
    different = lookups.unexpected()
    if different:
        return f"{different} does not look as expected"
    if speed == ALL and runner.intake_fingerprint() != runner.INTAKE_FINGERPRINT:
        return "it does not fetch tasks as expected"
    return ""
