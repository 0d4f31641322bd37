"""The user's own vendor instead of the local one: its variables, and how to reach it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.request import getproxies

import certifi

from sandbox.complaint import Complaint
from sandbox.connect.environment import MAX_VALUE_LENGTH

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
LOCAL = "localhost,127.0.0.1"
AUTHORITIES = "authorities.pem"


def read_variables(file: Path) -> dict[str, str]:
    """The variables of a file with `NAME=value` on each line; if a name repeats, the last one
    counts.

    Blank lines and lines that begin with `#` are skipped. A value is taken as it is, without
    surrounding blanks. Raises Complaint, which shows nothing of the file, since any of it could be
    a secret.
    """
    try:
        text = file.read_text("utf-8-sig")
    except OSError as error:
        raise Complaint(f"{file}: {error.strerror}") from error
    except UnicodeDecodeError:
        raise Complaint(f"{file}: not UTF-8") from None
    return dict(_variables(file, text))


def _variables(file: Path, text: str) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, is_pair, value = (part.strip() for part in line.partition("="))
        if not is_pair or not NAME.fullmatch(name):
            raise Complaint(f"{file}, line {number}: expected NAME=value")
        if len(value) > MAX_VALUE_LENGTH:
            most = f"{MAX_VALUE_LENGTH} characters, the most that Connect takes"
            raise Complaint(f"{file}, line {number}: the value is longer than {most}")
        yield name, value


def way_out(ca_bundle: Path) -> dict[str, str]:
    """Environment variables that let a runner reach both the outside world and the local Connect.

    It trusts the public authorities besides the one in the file, and uses this process's proxies.
    """
    trusted = ca_bundle.resolve().with_name(AUTHORITIES)
    # The authorities that the extension trusts by default.
    world = Path(os.environ.get("SSL_CERT_FILE") or certifi.where())
    try:
        trusted.write_bytes(ca_bundle.read_bytes() + b"\n" + world.read_bytes())
    except OSError as error:
        raise Complaint(f"SSL_CERT_FILE: {error.strerror}") from error
    # In lower case: the runner's websocket would use upper-case ones even for this machine.
    proxies = {f"{kind}_proxy": url for kind, url in getproxies().items() if kind != "no"}
    return {**proxies, **past_proxies(), "SSL_CERT_FILE": str(trusted)}


def past_proxies() -> dict[str, str]:
    """Environment variables that let this machine be reached without a proxy."""
    bypassed = ",".join(filter(None, (LOCAL, getproxies().get("no"))))
    return {"no_proxy": bypassed, "NO_PROXY": bypassed}
