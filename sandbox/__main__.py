"""The sandbox from the command line.

python -m sandbox demo         play cancel requests of every kind, and watch
python -m sandbox serve        run Connect, the vendors, and the extension in the official runner;
                               with --env FILE, against a vendor of your own
python -m sandbox cancel       make one more cancel request, from another terminal
python -m sandbox forward      bring the planned date of a scheduled request forward to now
python -m sandbox revoke       take a scheduled cancellation back, as the customer's side does
python -m sandbox forget       make Connect lose a request's task, as if hours ago
python -m sandbox schedule     run one of the extension's schedulables, and print its output
python -m sandbox environment  print what a program needs to act for the extension
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from sandbox.address import Address
from sandbox.client import call, connected, follow, follow_request
from sandbox.complaint import Complaint
from sandbox.connect.environment import ENVIRONMENT_ID, PARTNER_API_KEY, SERVICE_ID
from sandbox.connect.tasks import SETTLING, TaskStatus
from sandbox.demo import demo
from sandbox.faults import named_fault
from sandbox.lifetime import Stopped, until_stopped
from sandbox.runner import RunnerFailed
from sandbox.serving import serve
from sandbox.shell import VARIABLES_FILE, exports

# The exit code that shells give a command ended by Ctrl-C.
INTERRUPTED = 130
TASK_SETTLED = frozenset(each.value for each in SETTLING.values())

Json = dict[str, Any]


async def cancel(arguments: argparse.Namespace) -> None:
    """Make a cancel request and follow it until it settles."""
    address = Address.read()
    wanted = _wanted(arguments)
    is_new = arguments.subscription is None or arguments.new
    _check(wanted, address, is_new=is_new)
    async with connected(address, address.api_key) as session:
        asset_id = arguments.subscription
        if is_new:
            url = f"{address.control_url}/subscriptions"
            asset_id = (await call(session, "POST", url, wanted))["id"]
            print(f"new preview subscription {asset_id}")
        payload = {"type": "cancel", "asset": {"id": asset_id}}
        request = await call(session, "POST", f"{address.url}/requests", payload)
        await follow_request(session, f"{address.url}/requests/{request['id']}")


def _wanted(arguments: argparse.Namespace) -> Json:
    """The options given for the new subscription, if any."""
    every = {
        "vendor_id": arguments.vendor_id,
        "parameters": dict(arguments.parameter),
        "status": arguments.status,
        "faults": arguments.fault,
    }
    return {name: value for name, value in every.items() if value}


def _check(wanted: Json, address: Address, *, is_new: bool) -> None:
    """Raise Complaint for options that do not fit together."""
    if wanted and not is_new:
        raise Complaint("--vendor-id, --parameter, --status and --fault are for a new subscription")
    if address.vendor_url is not None or not is_new:
        return
    if wanted.keys() & {"status", "faults"}:
        raise Complaint(
            "--status and --fault need the local vendor; this sandbox runs against your own"
        )
    if "vendor_id" not in wanted:
        raise Complaint(
            "this sandbox runs against your own vendor; name a subscription: --vendor-id ID"
        )


async def forward(arguments: argparse.Namespace) -> None:
    """Bring a scheduled request's planned date forward to now, and follow the request.

    The local vendor's subscription also ends, if it was due to end later.
    """
    address = Address.read()
    async with connected(address, address.api_key) as session:
        url = f"{address.control_url}/requests/{arguments.request}/forward"
        await call(session, "POST", url)
        await follow_request(session, f"{address.url}/requests/{arguments.request}")


async def revoke(arguments: argparse.Namespace) -> None:
    """Take a scheduled cancellation back with the distributor's key, and follow the request."""
    address = Address.read()
    url = f"{address.url}/requests/{arguments.request}"
    async with connected(address, PARTNER_API_KEY) as session:
        await call(session, "POST", f"{url}/revoke", {"reason": arguments.reason})
        await follow_request(session, url)


async def forget(arguments: argparse.Namespace) -> None:
    """Make Connect lose a request's task, as if hours ago."""
    address = Address.read()
    async with connected(address, address.api_key) as session:
        url = f"{address.control_url}/requests/{arguments.request}/forget"
        found = await call(session, "POST", url, {"hours": arguments.hours})
    print(
        f"{found['id']}  {found['status']}  since {found['created']}; its task will not come again"
    )


async def environment(_: argparse.Namespace) -> None:
    """Print what a shell needs to run the extension's programs against the sandbox."""
    address = Address.read()
    print(exports(address))
    if address.vendor_url is not None:
        print(f"# The extension's variables: {VARIABLES_FILE}")


async def schedule(arguments: argparse.Namespace) -> int:
    """Make a schedule, trigger it once, follow its task and print its output.

    Returns 1 unless the task succeeds. By itself the schedule would trigger in a year.
    """
    address = Address.read()
    environment = f"{address.url}/devops/services/{SERVICE_ID}/environments/{ENVIRONMENT_ID}"
    in_a_year = datetime.now(timezone.utc) + timedelta(days=365)
    payload = {
        "name": "From the command line",
        "method": arguments.method,
        "parameter": arguments.parameter,
        "trigger": {"type": "onetime", "date": in_a_year.isoformat()},
    }
    async with connected(address, address.api_key) as session:
        made = await call(session, "POST", f"{environment}/schedules", payload)
        print(f"{made['id']}  {made['status']}  {made['method']}", flush=True)
        await call(session, "POST", f"{environment}/schedules/{made['id']}/trigger")
        (task,) = await call(session, "GET", f"{environment}/tasks?object.id={made['id']}")
        task = await follow(session, f"{environment}/tasks/{task['id']}", TASK_SETTLED)
    if task["output"]:
        print(task["output"])
    return os.EX_OK if task["status"] == TaskStatus.SUCCEEDED else 1


def _pair(text: str) -> tuple[str, str]:
    name, is_pair, value = text.partition("=")
    if not is_pair:
        raise argparse.ArgumentTypeError("expected NAME=VALUE")
    return name, value


def _port(text: str) -> int:
    if not (text.isdecimal() and len(text) < 6 and int(text) < 65536):
        raise argparse.ArgumentTypeError("expected a number from 0 to 65535")
    return int(text)


def _fault(text: str) -> str:
    try:
        named_fault(text)
    except ValueError:
        raise argparse.ArgumentTypeError("expected for example 503x2, 429x1 or dropx1") from None
    return text


def _json_object(text: str) -> Json:
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise argparse.ArgumentTypeError("expected a JSON object")
    return value


def parse_arguments(given: list[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    commands = parser.add_subparsers(required=True)
    showing = commands.add_parser("demo", help="play a request of every kind, and watch")
    showing.set_defaults(run=demo)
    _serve_arguments(commands)
    _cancel_arguments(commands)
    forwarding = commands.add_parser(
        "forward",
        help="bring a scheduled request's planned date forward to now, at the vendor too",
    )
    forwarding.set_defaults(run=forward)
    forwarding.add_argument("request", help="PR-...")
    revoking = commands.add_parser(
        "revoke", help="take a scheduled cancellation back, as the customer's side does"
    )
    revoking.set_defaults(run=revoke)
    revoking.add_argument("request", help="PR-...")
    revoking.add_argument("--reason", default="The customer stays.", help="why (%(default)s)")
    forgetting = commands.add_parser(
        "forget", help="make Connect lose a request's task, as if hours ago"
    )
    forgetting.set_defaults(run=forget)
    forgetting.add_argument("request", help="PR-...")
    forgetting.add_argument(
        "--hours",
        type=float,
        default=2.0,
        help="make the request this many hours older (%(default)g)",
    )
    exporting = commands.add_parser(
        "environment",
        help="print the environment that a program needs to act for the extension",
    )
    exporting.set_defaults(run=environment)
    _schedule_arguments(commands)
    return parser.parse_args(given)


def _serve_arguments(commands: Any) -> None:
    serving = commands.add_parser("serve", help="run the sandbox until Ctrl-C")
    serving.set_defaults(run=serve)
    serving.add_argument("--instances", type=int, default=1, help="number of runners (1)")
    serving.add_argument("--no-runner", action="store_true", help="start no runner")
    serving.add_argument(
        "--env",
        type=Path,
        metavar="FILE",
        help="run against a vendor of your own, with the variables in this file: NAME=value on each"
        " line",
    )
    serving.add_argument(
        "--slow", type=float, metavar="SECONDS", help="delay before the vendor shows a cancellation"
    )
    serving.add_argument("--port", type=_port, default=0, help="the page's port (any that is free)")
    serving.add_argument("--open", action="store_true", help="open the page in the browser")
    serving.add_argument("--debug", action="store_true", help="write the runner's debug log")
    serving.add_argument(
        "--countdown-scale",
        type=float,
        default=1.0,
        help="0.1: redeliver after a tenth of the time",
    )
    serving.add_argument(
        "--deliver-after",
        type=float,
        default=2.0,
        metavar="SECONDS",
        help="delay before a new task is delivered, so that people can watch (%(default)g)",
    )
    serving.add_argument(
        "--variable",
        type=_pair,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="set a variable of the extension, whatever its other values",
    )


def _cancel_arguments(commands: Any) -> None:
    cancelling = commands.add_parser("cancel", help="make one more cancel request, and follow it")
    cancelling.set_defaults(run=cancel)
    cancelling.add_argument("subscription", nargs="?", help="AS-...; default: a new one")
    cancelling.add_argument("--new", action="store_true", help="a new preview subscription")
    cancelling.add_argument("--vendor-id", metavar="ID", help="the subscription's id at the vendor")
    cancelling.add_argument(
        "--parameter",
        type=_pair,
        action="append",
        default=[],
        metavar="ID=VALUE",
        help="a further fulfillment parameter of the subscription",
    )
    cancelling.add_argument(
        "--status", help="its status at the local vendor: draft, cancelled, removed or any other"
    )
    cancelling.add_argument(
        "--fault",
        type=_fault,
        action="append",
        default=[],
        metavar="503x2",
        help="make the local vendor's calls about it go wrong, this many times: an HTTP"
        " status, or drop for a lost answer",
    )


def _schedule_arguments(commands: Any) -> None:
    scheduling = commands.add_parser(
        "schedule", help="run one of the extension's schedulables once, and print its output"
    )
    scheduling.set_defaults(run=schedule)
    scheduling.add_argument("method", help="the name of the schedulable method")
    scheduling.add_argument(
        "--parameter",
        type=_json_object,
        default={},
        metavar="JSON",
        help="its parameter (%(default)s)",
    )


def main() -> int:
    """Run a command; return its exit code."""
    arguments = parse_arguments(sys.argv[1:])
    try:
        return int(asyncio.run(until_stopped(arguments.run(arguments))) or os.EX_OK)
    except (KeyboardInterrupt, Stopped):
        # A serving command has no other end.
        return os.EX_OK if arguments.run is serve else INTERRUPTED
    except (Complaint, RunnerFailed) as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
