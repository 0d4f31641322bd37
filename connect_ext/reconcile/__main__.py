"""Runs the command of this package."""

import sys

from connect_ext.command_line.starting import start

if __name__ == "__main__":
    sys.exit(start("connect_ext.reconcile.command"))
