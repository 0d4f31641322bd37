"""Writes a file to attach to a ticket.

It contains versions, the names and lengths of the variables, how Connect answers, the newest
cancel requests, and the result of a check of the variables: no values, keys, addresses or personal
data. API_KEY, SERVER_ADDRESS and SSL_CERT_FILE come from the environment, as for the runner.
Nothing is changed, at the vendor or in Connect.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from connect_ext.command_line.env_file import NotAnEnvFileError, read_env_file
from connect_ext.command_line.exit_status import INTERRUPTED
from connect_ext.command_line.output import show_every_sign
from connect_ext.diagnostics.asked import Asked
from connect_ext.diagnostics.ids import PRODUCT_ID
from connect_ext.diagnostics.in_short import PROMISE, in_short
from connect_ext.diagnostics.new_file import NewFile
from connect_ext.diagnostics.process_environment import leave_out_unusable_authorities
from connect_ext.diagnostics.sections import Facts

NOT_WRITTEN = 3

EXIT_STATUS = (
    "Exit status: 0 if the file was written, whatever it contains; 2 for a wrong command line; 3 if"
    " it could not be written; 130 if interrupted."
)


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m connect_ext.diagnostics", description=__doc__, epilog=EXIT_STATUS
    )
    add = parser.add_argument
    add("subscription", nargs="?", metavar="SUBSCRIPTION_ID", help="look it up once at the vendor")
    add("--env", type=Path, required=True, metavar="FILE", help="variables, a NAME=value per line")
    add(
        "--product",
        type=_product,
        default="",
        metavar="PRD-…",
        help="the product whose PRODUCT_OVERRIDES apply",
    )
    add(
        "--output",
        type=Path,
        metavar="FILE",
        help="the file to write, which must not exist (default: a new name in this directory)",
    )
    return parser.parse_args(arguments)


def _product(text: str) -> str:
    if text and not PRODUCT_ID.fullmatch(text):
        raise argparse.ArgumentTypeError("expected an id such as PRD-123-456-789")
    return text


def _now() -> datetime:
    return datetime.now().astimezone()


def main(arguments: Sequence[str]) -> int:
    """Run the command; return its exit status."""
    show_every_sign()
    given = parsed(arguments)
    path = given.output or Path(f"connect-ext-diagnostics-{_now():%Y%m%d-%H%M%S}.json")
    try:
        with NewFile(path) as file:
            facts = _facts(given)
            file.write(f"{json.dumps(facts, indent=2, ensure_ascii=False)}\n")
    except OSError as error:
        sys.stderr.write(f"{path} cannot be written: {error.strerror}.\n")
        return NOT_WRITTEN
    except KeyboardInterrupt:
        sys.stderr.write("\nInterrupted. Nothing was written.\n")
        return INTERRUPTED
    sys.stdout.write(f"Written: {path}\n{in_short(facts)}\n{PROMISE}\n")
    return os.EX_OK


def _facts(given: argparse.Namespace) -> Facts:
    environment, variables, problem = dict(os.environ), None, ""
    try:
        variables = read_env_file(given.env)
    except NotAnEnvFileError as error:
        problem = error.problem
    leave_out_unusable_authorities(os.environ)
    # Imported here: with unusable authorities, the official client cannot be imported.
    from connect_ext.diagnostics.document import document  # noqa: PLC0415

    asked = Asked(variables, problem, given.subscription, given.product, environment)
    return asyncio.run(document(asked))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
