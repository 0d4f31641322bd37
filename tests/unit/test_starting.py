"""A command that starts reports problems that would break the official client's import."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", ["no-such-file", ".", "README.md"])
@pytest.mark.parametrize("command", ["check", "reconcile", "waiting"])
def test_unreadable_authorities_are_reported_in_a_sentence(command, name):
    ran = subprocess.run(
        [sys.executable, "-m", f"connect_ext.{command}", "--help"],
        check=False,
        cwd=ROOT,
        env={**os.environ, "SSL_CERT_FILE": name},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr == (
        "SSL_CERT_FILE must name a readable file of certificates (PEM), or be unset.\n"
    )
