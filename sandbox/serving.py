"""`serve`: Connect, its page, the vendors and the extension in the runner, until it is stopped."""

from __future__ import annotations

import argparse
import os
import sys
import webbrowser
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from threading import Thread

from sandbox.address import DIRECTORY, STATE_FILE, Address
from sandbox.complaint import Complaint
from sandbox.feed import Feed
from sandbox.own_vendor import read_variables, way_out
from sandbox.portal import Portal
from sandbox.runner_log import RunnerLogs
from sandbox.sandbox import Sandbox
from sandbox.shell import VariablesFile


async def serve(arguments: argparse.Namespace) -> None:
    """Run everything until it is stopped."""
    own = arguments.env is not None
    if own and arguments.slow is not None:
        raise Complaint("--slow needs the local vendor; this sandbox runs against your own")
    if running := Address.find():
        raise Complaint(f"a sandbox is already running here: process {running.process}")
    variables = {**(read_variables(arguments.env) if own else {}), **dict(arguments.variable)}
    _prepare(DIRECTORY)
    async with AsyncExitStack() as stack:
        sandbox = await stack.enter_async_context(
            Sandbox(
                variables=variables,
                own_vendor=own,
                directory=DIRECTORY,
                countdown_scale=arguments.countdown_scale,
                delivers_after=arguments.deliver_after,
                log_level="DEBUG",  # the extension's, for the feed; --debug sets the runner's
            )
        )
        logs = RunnerLogs(sandbox.runners)
        sandbox.connect.journal.listen(Feed(logs).show)
        if not own:
            sandbox.vendor.defaults["shows_after_seconds"] = arguments.slow
            sandbox.offer_subscriptions()
        environment = way_out(sandbox.ca_bundle) if own else {}
        start = partial(sandbox.start_runner, debug=arguments.debug, environment=environment)
        portal = Portal(sandbox, logs, start, port=arguments.port)
        stack.push_async_callback(portal.stop)
        await _start(portal, arguments.port)
        for _ in range(0 if arguments.no_runner else arguments.instances):
            await start()
        await _until_stopped(sandbox, logs, portal, arguments)


async def _start(portal: Portal, port: int) -> None:
    try:
        await portal.start()
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise Complaint(f"the page cannot be served at port {port}: {reason}") from error


async def _until_stopped(
    sandbox: Sandbox, logs: RunnerLogs, portal: Portal, arguments: argparse.Namespace
) -> None:
    """Write the address for other commands, print a welcome, then print the feed."""
    Address.of(sandbox).write()
    variables = VariablesFile(sandbox.connect.environment)
    sandbox.connect.journal.listen(variables.happened)
    # The user already has a file for their own vendor's.
    if not sandbox.own_vendor:
        variables.write()
    try:
        _welcome(sandbox, portal, arguments.env)
        if arguments.open:
            # One that runs in the terminal ends when it is closed, and asks this process meanwhile.
            Thread(target=webbrowser.open, args=(portal.url,), daemon=True).start()
        await logs.follow()
    finally:
        STATE_FILE.unlink(missing_ok=True)
        variables.remove()


def _prepare(directory: Path) -> None:
    directory.mkdir(exist_ok=True)
    # With --debug the runner logs every variable but the secure ones; a misspelt one is not secure.
    directory.chmod(0o700)
    (directory / ".gitignore").write_text("*\n")
    for log in directory.glob("*.log"):
        log.unlink()


def _welcome(sandbox: Sandbox, portal: Portal, own_variables: Path | None) -> None:
    print(f"portal    {portal.url}")
    print(f"Connect   {sandbox.connect.url}  (CA: {sandbox.ca_bundle})")
    if own_variables is None:
        print(f"vendor    {sandbox.vendor.url}")
        print(f"Zuora     {sandbox.zuora.soap_url()}  (VENDOR=zuora-soap; any version)")
        print(f"Zuora     {sandbox.zuora_orders.url}  (VENDOR=zuora; orders through REST)")
    else:
        print(f"vendor    your own, by the variables in {own_variables}")
    for runner in sandbox.runners:
        print(f"runner    {runner.instance_id}, its log: {runner.log_file}")
    print("\nOne more cancel request, from another terminal in this directory:")
    vendor_id = " --vendor-id ID" if own_variables else ""
    print(f"  {_this_python()} -m sandbox cancel{vendor_id}\n", flush=True)


def _this_python() -> str:
    """The interpreter's path from this directory; a fresh clone's is not in PATH."""
    python = Path(sys.executable)
    return str(python.relative_to(Path.cwd())) if Path.cwd() in python.parents else python.name
