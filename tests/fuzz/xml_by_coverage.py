"""Feeds the reader of Zuora's answers from a coverage-guided fuzzer; run it by hand.

``pip install atheris``, then ``python -m tests.fuzz.xml_by_coverage -max_total_time=600``. It is
not a test: it never ends by itself, and atheris does not run on every platform.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress

import atheris

with atheris.instrument_imports(include=["connect_ext"]):
    from connect_ext.vendors.zuora_soap import answers

READERS: tuple[tuple[str, Callable[[answers.Reply], object]], ...] = (
    ("query", answers.subscription_versions),
    ("query", answers.amendments),
    ("create", answers.saved_id),
    ("amend", answers.amendment_ids),
    ("amend", answers.preview),
    ("login", answers.login_result),
)
BEGIN = b"<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'><e:Body>"
END = b"</e:Body></e:Envelope>"


def read(data: bytes) -> None:
    """Read the data; only the declared error may be raised."""
    for operation, reader in READERS:
        for body in (data, BEGIN + data + END):
            with suppress(answers.UnreadableError):
                reader(answers.read_reply(body, operation))


if __name__ == "__main__":
    atheris.Setup(sys.argv, read)
    atheris.Fuzz()
