"""`make official`."""

import sys
from importlib.metadata import version

from tests.official.validation import messages

found = messages()
core = version("connect-eaas-core")
verdict = "\n".join(found) or "no errors, no warnings"
sys.stdout.write(f"official validators of connect-eaas-core {core}: {verdict}\n")
sys.exit(bool(found))
