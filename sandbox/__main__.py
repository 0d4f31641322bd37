"""The sandbox from the command line.

python -m sandbox demo      play cancel requests of every kind, and watch
python -m sandbox serve     run Connect, the vendors, and the extension in the official runner
python -m sandbox cancel    make one more cancel request, from another terminal
python -m sandbox forward   bring the planned date of a scheduled request forward to now
python -m sandbox revoke    take a scheduled cancellation back, as the customer's side does
python -m sandbox schedule  run one of the extension's schedulables, and print its output
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import ssl
import sys
import time
from collections.abc import AsyncIterator, Callable, Collection
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import aiohttp

from sandbox.connect.environment import API_KEY, ENVIRONMENT_ID, PARTNER_API_KEY, SERVICE_ID
from sandbox.connect.journal import Happening
from sandbox.connect.requests import SETTLED
from sandbox.connect.tasks import SETTLING, TaskStatus
from sandbox.demo import demo
from sandbox.runner import RunnerFailed
from sandbox.sandbox import Sandbox

DIRECTORY = Path(".sandbox")
STATE_FILE = DIRECTORY / "state.json"
POLL_SECONDS = 0.3
PATIENCE_SECONDS = 600.0
TASK_SETTLED = frozenset(each.value for each in SETTLING.values())

Json = dict[str, Any]


class Complaint(Exception):  # noqa: N818 - a sentence for people, not a fault of the program
    """A problem that the person at the terminal can solve; the command ends with it."""


@dataclass(frozen=True)
class Address:
    """Where a running sandbox is, for other processes on this machine."""

    url: str
    control_url: str
    vendor_url: str
    api_key: str
    environment_id: str
    ca_bundle: str

    @classmethod
    def of(cls, sandbox: Sandbox) -> Address:
        """The address of a sandbox in this process."""
        return cls(
            url=sandbox.connect.url,
            control_url=sandbox.connect.control_url,
            vendor_url=sandbox.vendor.url,
            api_key=API_KEY,
            environment_id=ENVIRONMENT_ID,
            ca_bundle=str(sandbox.ca_bundle.resolve()),
        )

    @classmethod
    def read(cls) -> Address:
        """The address of the sandbox that `serve` runs. Raises Complaint if there is none."""
        if not STATE_FILE.exists():
            raise Complaint("no sandbox is running here; start one: python -m sandbox serve")
        return cls(**json.loads(STATE_FILE.read_text()))


def show(happening: Happening) -> None:
    """Print a happening of the local Connect."""
    moment = happening.at.astimezone().strftime("%H:%M:%S")
    print(f"{moment}  {happening.kind:<8}  {happening.object_id}  {happening.text}", flush=True)


async def serve(arguments: argparse.Namespace) -> None:
    """Run everything until Ctrl-C."""
    _prepare(DIRECTORY)
    options = {"directory": DIRECTORY, "countdown_scale": arguments.countdown_scale}
    async with Sandbox(variables=dict(arguments.variable), **options) as sandbox:
        sandbox.connect.journal.listen(show)
        sandbox.vendor.defaults["shows_after_seconds"] = arguments.slow
        if not arguments.no_runner:
            for _ in range(arguments.instances):
                await sandbox.start_runner(debug=arguments.debug)
        STATE_FILE.write_text(json.dumps(asdict(Address.of(sandbox)), indent=2))
        try:
            _welcome(sandbox)
            await _until_interrupted()
        finally:
            STATE_FILE.unlink(missing_ok=True)


def _prepare(directory: Path) -> None:
    directory.mkdir(exist_ok=True)
    (directory / ".gitignore").write_text("*\n")


def _welcome(sandbox: Sandbox) -> None:
    print(f"Connect   {sandbox.connect.url}  (CA: {sandbox.ca_bundle})")
    print(f"vendor    {sandbox.vendor.url}")
    print(f"Zuora     {sandbox.zuora.soap_url()}  (VENDOR=zuora-soap; any version)")
    print(f"Zuora     {sandbox.zuora_orders.url}  (VENDOR=zuora; orders through REST)")
    for runner in sandbox.runners:
        print(f"runner    {runner.instance_id}, its log: {runner.log_file}")
    print("\nOne more cancel request, from another terminal in this directory:")
    print(f"  {_this_python()} -m sandbox cancel\n", flush=True)


def _this_python() -> str:
    """The interpreter's path from this directory; that of a fresh clone is not in PATH."""
    python = Path(sys.executable)
    return str(python.relative_to(Path.cwd())) if Path.cwd() in python.parents else python.name


async def _until_interrupted() -> None:
    interrupted = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signal_number, interrupted.set)
    await interrupted.wait()


async def cancel(arguments: argparse.Namespace) -> None:
    """Make a cancel request and follow it until it settles."""
    address = Address.read()
    async with _session(address, address.api_key) as session:
        asset_id = arguments.subscription
        if asset_id is None or arguments.new:
            asset_id = (await _call(session, "POST", f"{address.control_url}/subscriptions"))["id"]
            print(f"new preview subscription {asset_id}")
        payload = {"type": "cancel", "asset": {"id": asset_id}}
        request = await _call(session, "POST", f"{address.url}/requests", payload)
        await _follow_request(session, f"{address.url}/requests/{request['id']}")


async def forward(arguments: argparse.Namespace) -> None:
    """Bring a scheduled request's planned date forward to now, and follow the request.

    The local vendor's subscription ends, too, if it was to end later.
    """
    address = Address.read()
    async with _session(address, address.api_key) as session:
        url = f"{address.control_url}/requests/{arguments.request}/forward"
        await _call(session, "POST", url)
        await _follow_request(session, f"{address.url}/requests/{arguments.request}")


async def revoke(arguments: argparse.Namespace) -> None:
    """Take a scheduled cancellation back with the distributor's key, and follow the request."""
    address = Address.read()
    url = f"{address.url}/requests/{arguments.request}"
    async with _session(address, PARTNER_API_KEY) as session:
        await _call(session, "POST", f"{url}/revoke", {"reason": arguments.reason})
        await _follow_request(session, url)


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
    async with _session(address, address.api_key) as session:
        made = await _call(session, "POST", f"{environment}/schedules", payload)
        print(f"{made['id']}  {made['status']}  {made['method']}", flush=True)
        await _call(session, "POST", f"{environment}/schedules/{made['id']}/trigger")
        (task,) = await _call(session, "GET", f"{environment}/tasks?object.id={made['id']}")
        task = await _follow(session, f"{environment}/tasks/{task['id']}", TASK_SETTLED)
    if task["output"]:
        print(task["output"])
    return os.EX_OK if task["status"] == TaskStatus.SUCCEEDED else 1


@contextlib.asynccontextmanager
async def _session(address: Address, key: str) -> AsyncIterator[aiohttp.ClientSession]:
    context = ssl.create_default_context(cafile=address.ca_bundle)
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=context),
        headers={"Authorization": key},
        timeout=aiohttp.ClientTimeout(total=30),
    ) as session:
        yield session


async def _follow_request(session: aiohttp.ClientSession, url: str) -> None:
    await _follow(session, url, SETTLED, _detail)


async def _follow(
    session: aiohttp.ClientSession,
    url: str,
    settled: Collection[str],
    detail: Callable[[Json], str] = lambda _: "",
) -> Json:
    """Print every status of a request or a task until it is one of the settled ones."""
    deadline, shown = time.monotonic() + PATIENCE_SECONDS, None
    while time.monotonic() < deadline:
        found: Json = await _call(session, "GET", url)
        if found["status"] != shown:
            shown = found["status"]
            print(f"{found['id']}  {shown}  {detail(found)}".rstrip(), flush=True)
        if shown in settled:
            return found
        await asyncio.sleep(POLL_SECONDS)
    raise Complaint(f"still {shown} after {PATIENCE_SECONDS:g} s; see the log of the runner")


def _detail(request: Json) -> str:
    moment = request["planned_date" if request["status"] == "scheduled" else "effective_date"]
    return f"subscription {request['asset']['status']}  {request['reason'] or moment}"


async def _call(
    session: aiohttp.ClientSession, method: str, url: str, payload: Json | None = None
) -> Any:
    try:
        async with session.request(method, url, json=payload) as response:
            body = await response.json()
    except aiohttp.ClientConnectionError as error:
        raise Complaint("the sandbox is no longer running") from error
    if response.status >= 400:
        raise Complaint(f"{response.status} {body['error_code']}: {' '.join(body['errors'])}")
    return body


def _variable(text: str) -> tuple[str, str]:
    name, is_pair, value = text.partition("=")
    if not is_pair:
        raise argparse.ArgumentTypeError("expected NAME=VALUE")
    return name, value


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
    serving = commands.add_parser("serve", help="run the sandbox until Ctrl-C")
    serving.set_defaults(run=serve)
    serving.add_argument("--instances", type=int, default=1, help="number of runners (1)")
    serving.add_argument("--no-runner", action="store_true", help="start no runner")
    serving.add_argument(
        "--slow", type=float, metavar="SECONDS", help="the vendor shows a cancellation so late"
    )
    serving.add_argument("--debug", action="store_true", help="the runner's debug log")
    serving.add_argument(
        "--countdown-scale",
        type=float,
        default=1.0,
        help="0.1: redeliver after a tenth of the time",
    )
    serving.add_argument(
        "--variable", type=_variable, action="append", default=[], metavar="NAME=VALUE"
    )
    cancelling = commands.add_parser("cancel", help="make one more cancel request, and follow it")
    cancelling.set_defaults(run=cancel)
    cancelling.add_argument("subscription", nargs="?", help="AS-...; default: a new one")
    cancelling.add_argument("--new", action="store_true", help="a new preview subscription")
    forwarding = commands.add_parser(
        "forward",
        help="bring the planned date of a scheduled request forward to now, at the vendor, too",
    )
    forwarding.set_defaults(run=forward)
    forwarding.add_argument("request", help="PR-...")
    revoking = commands.add_parser(
        "revoke", help="take a scheduled cancellation back, as the customer's side does"
    )
    revoking.set_defaults(run=revoke)
    revoking.add_argument("request", help="PR-...")
    revoking.add_argument("--reason", default="The customer stays.", help="why (%(default)s)")
    _schedule_arguments(commands)
    return parser.parse_args(given)


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
        help="what it is given (%(default)s)",
    )


def main() -> int:
    """Run a command; return its exit code."""
    arguments = parse_arguments(sys.argv[1:])
    try:
        return int(asyncio.run(arguments.run(arguments)) or os.EX_OK)
    except KeyboardInterrupt:
        return os.EX_OK
    except (Complaint, RunnerFailed) as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
