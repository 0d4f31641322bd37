"""Lists every open cancel request, and what it waits for. Nothing is changed.

For each request, it shows how long it has waited, its state in Connect and at the vendor, what
would happen now, the extension's last note, and what a person has to do. On a terminal this is a
table; otherwise it is one line per request with these columns, separated by tabs: {columns}. If
the vendor does not know an id, it is asked again seconds later; a request would wait two minutes.
API_KEY, SERVER_ADDRESS, ENVIRONMENT_ID and SSL_CERT_FILE come from the environment, as for the
runner.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Mapping, Sequence
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
from connect_ext.guarded import guarded
from connect_ext.http.pace import LEAST_CALLS_PER_MINUTE, MOST_CALLS_PER_MINUTE
from connect_ext.shared_state import SharedState
from connect_ext.waiting.entry import Overview
from connect_ext.waiting.gathering import CALLS_PER_MINUTE, Order, gather
from connect_ext.waiting.showing import COLUMNS, lines

EXIT_STATUS = (
    "Exit status: 0 if no person is needed; 1 if a person is needed; 2 for a wrong command line,"
    " file or environment; 3 if not everything could be seen; 130 if interrupted."
)


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    description = (__doc__ or "").format(columns=", ".join(COLUMNS))
    parser = argparse.ArgumentParser(
        prog="python -m connect_ext.waiting", description=description, epilog=EXIT_STATUS
    )
    add = parser.add_argument
    add("--env", type=Path, required=True, metavar="FILE", help="variables, a NAME=value per line")
    add(
        "--product",
        type=product_id,
        action="append",
        default=[],
        metavar="PRD-…",
        help="a product that only this environment serves; if none is given, Connect's tasks for"
        " ENVIRONMENT_ID show which requests are ours",
    )
    add(
        "--calls-per-minute",
        type=WholeNumber(LEAST_CALLS_PER_MINUTE, MOST_CALLS_PER_MINUTE),
        default=CALLS_PER_MINUTE,
        metavar="N",
        help=f"calls to the vendor and to Connect together ({CALLS_PER_MINUTE})",
    )
    add("--json", action="store_true", help="the list as JSON")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str]) -> int:
    """Run the command; return its exit status."""
    show_every_sign()
    given = parsed(arguments)
    try:
        variables, reached = read_env_file(given.env), connection(os.environ)
        overview = asyncio.run(_gathered(variables, given, reached))
    except (NotAnEnvFileError, NoConnectionError) as error:
        sys.stderr.write(f"{error}\n")
        return WRONG_USE
    except KeyboardInterrupt:
        sys.stderr.write("\nInterrupted.\n")
        return INTERRUPTED
    _tell(overview, as_json=given.json)
    if overview.needing_person:
        return NEEDS_PERSON
    return os.EX_OK if overview.is_whole else NOT_WHOLE


async def _gathered(
    variables: Mapping[str, str], given: argparse.Namespace, reached: Connection
) -> Overview:
    order, shared = Order(tuple(given.product), given.calls_per_minute), SharedState()
    try:
        with progress_bar() as progress:
            work = gather(
                variables,
                order,
                reached.api(shared),
                reached.environment,
                shared,
                progress=progress,
            )
            found = await guarded(work)
    finally:
        await shared.aclose()
    return Overview(problems=(found,)) if isinstance(found, str) else found


def _tell(overview: Overview, *, as_json: bool) -> None:
    with for_a_reader():
        if as_json:
            sys.stdout.write(f"{json.dumps(overview.as_json(), indent=2)}\n")
        elif sys.stdout.isatty():
            # Imported here, since it is expensive to import.
            from connect_ext.waiting.table import print_table  # noqa: PLC0415

            print_table(overview)
        else:
            sys.stdout.write(lines(overview))
    if not as_json:
        sys.stderr.write("".join(f"Not everything could be seen. {p}\n" for p in overview.problems))
