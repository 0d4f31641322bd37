"""``make official``: prints each message of the official validators; exit status 1 if any."""

from __future__ import annotations

import sys
from importlib.metadata import version

from tools.official.validation import messages


def main() -> int:
    """Validate the project and print the messages."""
    found = messages()
    core = version("connect-eaas-core")
    verdict = "\n".join(found) or "no errors, no warnings"
    print(f"official validators of connect-eaas-core {core}: {verdict}")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
