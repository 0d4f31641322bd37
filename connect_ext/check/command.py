"""Tries out a configuration before customers do.

It reads one subscription at the vendor as for a cancel request, and shows what it finds, what it
would send, and how the request would end. Nothing is changed without --cancel.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from connect_ext.check.checking import Order, check
from connect_ext.check.report import Report
from connect_ext.check.saved import NotAnAnswerError, NotExplainedError, saved_answer
from connect_ext.check.showing import shown, shown_since
from connect_ext.command_line.env_file import NotAnEnvFileError, read_env_file
from connect_ext.command_line.exit_status import INTERRUPTED, WRONG_USE
from connect_ext.command_line.options import product_id
from connect_ext.command_line.output import show_every_sign

NOT_APPROVED = 1

EXIT_STATUS = (
    "Exit status: 0 only if a real request would be approved; 1 if not, or if that is unknown;"
    " 2 for a wrong command line or an unreadable file; 130 if interrupted."
)


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m connect_ext.check", description=__doc__, epilog=EXIT_STATUS
    )
    add = parser.add_argument
    add("subscription", nargs="?", metavar="SUBSCRIPTION_ID", help="the vendor's id")
    add("--env", type=Path, required=True, metavar="FILE", help="variables, a NAME=value per line")
    add(
        "--product",
        type=_product,
        default="",
        metavar="PRD-…",
        help="the product whose PRODUCT_OVERRIDES apply",
    )
    add(
        "--parameter",
        type=_pair,
        action="append",
        default=[],
        metavar="ID=VALUE",
        help="another fulfillment parameter of the request, for {parameter:ID}",
    )
    add("--cancel", action="store_true", help="ask, then really cancel and look again")
    add(
        "--wait",
        type=_seconds,
        default=60.0,
        metavar="SECONDS",
        help="with --cancel: how long the vendor may take to show the result (60)",
    )
    add("--answer", type=Path, metavar="FILE", help="explain this saved answer, without a call")
    add("--suggest", action="store_true", help="propose variables from the vendor's answer")
    add("--json", action="store_true", help="the report as JSON")
    found = parser.parse_args(arguments)
    if found.cancel and (found.answer or found.suggest or not found.subscription):
        parser.error("--cancel needs a subscription, and excludes --answer and --suggest")
    if found.suggest and not (found.answer or found.subscription):
        parser.error("--suggest needs an answer: name a subscription, or a file with --answer")
    return found


def _pair(text: str) -> tuple[str, str]:
    name, is_pair, value = text.partition("=")
    if not is_pair or not name:
        raise argparse.ArgumentTypeError("expected ID=VALUE")
    return name, value


def _product(text: str) -> str:
    return product_id(text) if text else text


def _seconds(text: str) -> float:
    if not text.isdecimal() or len(text) > 6:
        raise argparse.ArgumentTypeError("expected a whole number of seconds")
    return float(text)


class Terminal:
    """Talks to the person at the terminal; with --json only the report goes to stdout."""

    def __init__(self, given: argparse.Namespace) -> None:
        self._given = given
        self.asked: Report | None = None
        """The report that was shown with the question."""
        self.agreed = False

    async def ask(self, report: Report) -> bool:
        """Ask whether to cancel the subscription; only its id counts as a yes."""
        self.asked = report
        # Nothing else needs this event loop, and Ctrl-C must end the reading. It may come as soon
        # as the question is visible, so its handler is set before.
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            await asyncio.sleep(0)  # an earlier Ctrl-C takes effect here
            self._ask(report)
            self.agreed = sys.stdin.readline().strip() == self._given.subscription.strip()
        finally:
            signal.signal(signal.SIGINT, before)
        return self.agreed

    def _ask(self, report: Report) -> None:
        _write(sys.stderr if self._given.json else sys.stdout, shown(report))
        subscription_id = self._given.subscription
        sys.stderr.write(
            f"\nReally cancel {subscription_id} at the vendor? Type its id to confirm: "
        )
        sys.stderr.flush()

    def tell(self, report: Report) -> None:
        """Print the results, except those already shown with the question."""
        if self._given.json:
            _write(sys.stdout, json.dumps(report.as_json(), indent=2))
        elif self.agreed and self.asked:
            _write(sys.stdout, f"\n{shown_since(report, self.asked)}")
        elif not self.asked:
            _write(sys.stdout, shown(report))
        if self._given.cancel and not report.was_sent:
            sys.stderr.write("Nothing was sent.\n")


def _write(stream: TextIO, text: str) -> None:
    stream.write(f"{text}\n")
    stream.flush()


def main(arguments: Sequence[str]) -> int:
    """Run the command; return its exit status."""
    show_every_sign()
    given = parsed(arguments)
    terminal = Terminal(given)
    try:
        report = asyncio.run(_checked(given, terminal))
    except (NotAnEnvFileError, NotAnAnswerError, NotExplainedError) as error:
        sys.stderr.write(f"{error}\n")
        return WRONG_USE
    except KeyboardInterrupt:
        more = " The cancellation may have been sent: look at the subscription."
        sys.stderr.write(f"\nInterrupted.{more if terminal.agreed else ''}\n")
        return INTERRUPTED
    terminal.tell(report)
    is_done = not (given.cancel and report.outcome == "cancel")
    return os.EX_OK if report.would_be_approved and is_done else NOT_APPROVED


async def _checked(given: argparse.Namespace, terminal: Terminal) -> Report:
    order = Order(
        given.subscription,
        given.product,
        tuple(given.parameter),
        answer=saved_answer(given.answer) if given.answer else None,
        suggest=given.suggest,
        wait_seconds=given.wait,
    )
    agreed = terminal.ask if given.cancel else None
    return await check(read_env_file(given.env), order, agreed=agreed)
