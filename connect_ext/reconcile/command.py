"""Compares Connect with the vendor, and fixes what can be fixed without a person.

Cancel requests that have waited for more than an hour are processed as their task would process
them. Approved requests whose subscription continues at the vendor, and everything else that needs
a person, are reported. API_KEY, SERVER_ADDRESS, ENVIRONMENT_ID and SSL_CERT_FILE come from the
environment, as for the runner.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from connect_ext.command_line.connection import Connection, NoConnectionError, connection
from connect_ext.command_line.env_file import NotAnEnvFileError, read_env_file
from connect_ext.command_line.exit_status import (
    INTERRUPTED,
    NEEDS_PERSON,
    NOT_WHOLE,
    WRONG_USE,
)
from connect_ext.command_line.options import WholeNumber, product_id
from connect_ext.command_line.output import for_a_reader, show_every_sign
from connect_ext.command_line.progress import progress_bar
from connect_ext.http.pace import LEAST_CALLS_PER_MINUTE, MOST_CALLS_PER_MINUTE
from connect_ext.reconcile.finding import Report
from connect_ext.reconcile.reconciling import (
    CALLS_PER_MINUTE,
    DAYS,
    MOST_DAYS,
    MOST_SUBSCRIPTIONS,
    SUBSCRIPTIONS,
    Order,
    reconcile,
)
from connect_ext.reconcile.resuming import FileJournal, WrongJournalError
from connect_ext.reconcile.showing import shown
from connect_ext.shared_state import SharedState

EXIT_STATUS = (
    "Exit status: 0 if everything was compared and no person is needed; 1 if a person is needed; 2"
    " for a wrong command line, file or environment; 3 if not everything could be compared; 130 if"
    " interrupted."
)

_PRODUCT = (
    "a product that only this environment serves; if none is given, Connect's tasks for"
    " ENVIRONMENT_ID show which requests are ours"
)
_NUMBERS = {
    "days": (0, MOST_DAYS, DAYS, "look at requests approved in the last N days"),
    "subscriptions": (
        *(0, MOST_SUBSCRIPTIONS, SUBSCRIPTIONS),
        "look at N active subscriptions; if there are more, at different ones each day",
    ),
    "calls-per-minute": (
        *(LEAST_CALLS_PER_MINUTE, MOST_CALLS_PER_MINUTE, CALLS_PER_MINUTE),
        "calls to the vendor and to Connect together",
    ),
}


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m connect_ext.reconcile", description=__doc__, epilog=EXIT_STATUS
    )
    add = parser.add_argument
    add("--env", type=Path, required=True, metavar="FILE", help="variables, a NAME=value per line")
    add("--product", type=product_id, action="append", default=[], metavar="PRD-…", help=_PRODUCT)
    add(
        "--resume",
        type=Path,
        metavar="FILE",
        help="record progress in FILE, and resume from it if it exists; deleted at the end",
    )
    add("--json", action="store_true", help="the report as JSON")
    for name, (least, most, usual, text) in _NUMBERS.items():
        kind, help_ = WholeNumber(least, most), f"{text} ({usual})"
        add(f"--{name}", type=kind, default=usual, metavar="N", help=help_)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str]) -> int:
    """Run the command; return its exit status."""
    show_every_sign()
    # The report has it all; a log line would break the progress bar.
    logging.getLogger("eaas.eventsapp").addHandler(logging.NullHandler())
    given = parsed(arguments)
    try:
        report = _reconciled(given)
    except (NotAnEnvFileError, NoConnectionError, WrongJournalError) as error:
        sys.stderr.write(f"{error}\n")
        return WRONG_USE
    except KeyboardInterrupt:
        sys.stderr.write("\nInterrupted. Finished work stands; a new run does the rest.\n")
        return INTERRUPTED
    text = json.dumps(report.as_json(), indent=2) if given.json else shown(report)
    with for_a_reader():
        sys.stdout.write(f"{text}\n")
    if report.needs_person:
        return NEEDS_PERSON
    return os.EX_OK if report.is_whole else NOT_WHOLE


def _reconciled(given: argparse.Namespace) -> Report:
    variables, reached = read_env_file(given.env), connection(os.environ)
    order = Order(given.days, tuple(given.product), given.subscriptions, given.calls_per_minute)
    if given.resume is None:
        return asyncio.run(_run(variables, order, reached, None))
    of = reached.environment.id if reached.environment else ""
    kept = {"environment": of, "days": order.days, "products": list(order.products)}
    journal = FileJournal(given.resume, kept)
    try:
        report = asyncio.run(_run(variables, order, reached, journal))
    except BaseException:
        journal.close()
        raise
    if report.problems:
        # The next run resumes from there.
        journal.close()
    else:
        journal.finish()
    return report


async def _run(
    variables: dict[str, str], order: Order, reached: Connection, journal: FileJournal | None
) -> Report:
    shared = SharedState()
    try:
        with progress_bar() as progress:
            return await reconcile(
                variables,
                order,
                reached.api(shared),
                reached.environment,
                shared,
                journal=journal,
                progress=progress,
            )
    finally:
        await shared.aclose()
