"""Starts a command: checks what the official client needs to be imported."""

from __future__ import annotations

import os
import sys
from importlib import import_module

from connect_ext.command_line.authorities import AUTHORITIES, has_usable_authorities
from connect_ext.command_line.exit_status import WRONG_USE


def start(module: str) -> int:
    """Run ``main`` of this module with the command line; return its exit status.

    The module is imported here: the official client reads the authorities on import, and fails
    with a traceback if it cannot.
    """
    if not has_usable_authorities(os.environ):
        sys.stderr.write(
            f"{AUTHORITIES} must name a readable file of certificates (PEM), or be unset.\n"
        )
        return WRONG_USE
    status: int = import_module(module).main(sys.argv[1:])
    return status
