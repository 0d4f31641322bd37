"""The address of a served sandbox, for other commands in the same directory."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from sandbox.complaint import Complaint
from sandbox.connect.environment import API_KEY, ENVIRONMENT_ID
from sandbox.sandbox import Sandbox

DIRECTORY = Path(".sandbox")
STATE_FILE = DIRECTORY / "state.json"
# A process's start is computed from the machine's boot time, which moves when the clock is set.
CLOCK_SECONDS = 60.0


@dataclass(frozen=True)
class Address:
    """A running sandbox's address, for other processes on this machine.

    `vendor_url` is None if it runs against the user's own vendor. `process` and `started`
    distinguish it from a later process with the same number.
    """

    url: str
    control_url: str
    vendor_url: str | None
    api_key: str
    environment_id: str
    ca_bundle: str
    process: int
    started: float

    @classmethod
    def of(cls, sandbox: Sandbox) -> Address:
        """The address of a sandbox in this process."""
        return cls(
            url=sandbox.connect.url,
            control_url=sandbox.connect.control_url,
            vendor_url=None if sandbox.own_vendor else sandbox.vendor.url,
            api_key=API_KEY,
            environment_id=ENVIRONMENT_ID,
            ca_bundle=str(sandbox.ca_bundle.resolve()),
            process=os.getpid(),
            started=psutil.Process().create_time(),
        )

    @classmethod
    def find(cls) -> Address | None:
        """The address of the sandbox that runs here, or None; removes a dead sandbox's file."""
        try:
            address = cls(**json.loads(STATE_FILE.read_text()))
        except FileNotFoundError:
            return None
        # Half-written, or written by another version.
        except (ValueError, TypeError):
            address = None
        if address is not None and address._is_alive():
            return address
        STATE_FILE.unlink(missing_ok=True)
        return None

    @classmethod
    def read(cls) -> Address:
        """The address of the sandbox that runs here. Raises Complaint if there is none."""
        address = cls.find()
        if address is None:
            raise Complaint("no sandbox is running here; start one: python -m sandbox serve")
        return address

    def write(self) -> None:
        """Write it for the other commands."""
        STATE_FILE.write_text(json.dumps(asdict(self), indent=2))

    def _is_alive(self) -> bool:
        try:
            process = psutil.Process(self.process)
            return (
                process.status() != psutil.STATUS_ZOMBIE
                and abs(process.create_time() - self.started) < CLOCK_SECONDS
            )
        except psutil.NoSuchProcess:
            return False
