"""Tries a configuration before a customer does.

It reads one subscription at the vendor as a cancel request would, and says what it has found, what
it would send and what would become of the request. Nothing is changed without --cancel.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from connect_ext.check.checking import Order, check
from connect_ext.check.env_file import NotAnEnvFileError, read_env_file
from connect_ext.check.report import Report
from connect_ext.check.saved import NotExplainedError, saved_answer
from connect_ext.check.showing import shown

NOT_APPROVED, WRONG_USE = 1, 2

EXIT_STATUS = (
    "Exit status: 0 only if a real request would be approved; 1 if not; 2 for a wrong command line."
)


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m connect_ext.check", description=__doc__, epilog=EXIT_STATUS
    )
    add = parser.add_argument
    add("subscription", nargs="?", default="", metavar="SUBSCRIPTION_ID", help="the vendor's id")
    add("--env", type=Path, required=True, metavar="FILE", help="variables, one NAME=value a line")
    add("--product", default="", metavar="PRD-…", help="whose PRODUCT_OVERRIDES count")
    add(
        "--parameter",
        type=_pair,
        action="append",
        default=[],
        metavar="ID=VALUE",
        help="another fulfillment parameter of the request, for {parameter:ID}",
    )
    add("--cancel", action="store_true", help="after a question, really cancel, and look again")
    add("--answer", type=Path, metavar="FILE", help="explain this saved answer; call nobody")
    add("--suggest", action="store_true", help="propose variables from the vendor's answer")
    add("--json", action="store_true", help="the report as JSON")
    found = parser.parse_args(arguments)
    if found.cancel and (found.answer or found.suggest or not found.subscription):
        parser.error("--cancel needs a subscription, and goes neither with --answer nor --suggest")
    if found.suggest and not (found.answer or found.subscription):
        parser.error("--suggest needs an answer: name a subscription, or a file with --answer")
    return found


def _pair(text: str) -> tuple[str, str]:
    name, is_pair, value = text.partition("=")
    if not is_pair or not name:
        raise argparse.ArgumentTypeError("expected ID=VALUE")
    return name, value


def main(arguments: Sequence[str]) -> int:
    """Run the command; return its exit status."""
    given = parsed(arguments)
    try:
        return asyncio.run(_run(given))
    except (NotAnEnvFileError, NotExplainedError) as error:
        sys.stderr.write(f"{error}\n")
    except OSError as error:
        sys.stderr.write(f"{given.answer} cannot be read: {error.strerror}.\n")
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted.\n")
    return WRONG_USE


async def _run(given: argparse.Namespace) -> int:
    variables = read_env_file(given.env)
    answer = saved_answer(given.answer) if given.answer else None
    order = Order(
        given.subscription,
        given.product,
        tuple(given.parameter),
        answer=answer,
        suggest=given.suggest,
    )
    report = await check(variables, order)
    if given.cancel and report.outcome == "cancel":
        _write(given, report)
        if not await asyncio.to_thread(_agreed, given.subscription):
            sys.stderr.write("Nothing was sent.\n")
            return NOT_APPROVED
        report = await check(variables, replace(order, cancel=True))
    _write(given, report)
    return os.EX_OK if report.would_be_approved else NOT_APPROVED


def _write(given: argparse.Namespace, report: Report) -> None:
    text = json.dumps(report.as_json(), indent=2) if given.json else shown(report)
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _agreed(subscription_id: str) -> bool:
    """Ask at the terminal; only the id itself is a yes."""
    sys.stderr.write(f"\nReally cancel {subscription_id} at the vendor? Type its id to go on: ")
    sys.stderr.flush()
    return sys.stdin.readline().strip() == subscription_id


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
