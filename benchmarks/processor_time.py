"""Measurements without a runner: the time for the import and for SOAP envelopes."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime, timezone

from benchmarks.figures import Section, Verdict
from benchmarks.world import ROOT
from connect_ext.portal.secret import Secret
from connect_ext.vendors.base import Cancellation, SubscriptionId
from connect_ext.vendors.zuora_soap import ZuoraSettings, answers, envelopes, generations

MAX_IMPORT_MS = 150.0
MAX_SERIALISE_MS = 0.2
MAX_PARSE_MS = 0.5
PROCESSES = 5
REPETITIONS = 2000

# The runner has imported connect.eaas.core before it imports the extension.
IMPORT = """
import time
import connect.eaas.core.extension, connect.eaas.core.decorators, connect.eaas.core.responses
began = time.perf_counter(), time.process_time()
import connect_ext.events
print(time.perf_counter() - began[0], time.process_time() - began[1])
"""

# A recorded answer with one amendment (docs/facts.md, Zuora 1.6).
AMEND_ANSWER = b"""<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>
<ns1:amendResponse xmlns:ns1="http://api.zuora.com/"><ns1:results>
<ns1:AmendmentIds>2c92c0f93a569878013a6778f0446b1f</ns1:AmendmentIds>
<ns1:GatewayResponse xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true" />
<ns1:InvoiceId>2c92c0f93a569878013a6778f1056b25</ns1:InvoiceId>
<ns1:SubscriptionId>2c92c0f93a569878013a6778f0706b21</ns1:SubscriptionId>
<ns1:Success>true</ns1:Success></ns1:results></ns1:amendResponse>
</soapenv:Body></soapenv:Envelope>"""


def import_time() -> Section:
    """The package's import in addition to connect.eaas.core, each time in a new process."""
    found = [_import_seconds() for _ in range(PROCESSES)]
    wall, cpu = (1000 * statistics.median(each) for each in zip(*found, strict=True))
    section = Section("imports", "Import", "")
    section.verdicts.append(
        Verdict(
            f"The package imports in under {MAX_IMPORT_MS:g} ms beyond connect.eaas.core",
            f"{wall:.0f} ms ({cpu:.0f} ms of CPU)",
            wall < MAX_IMPORT_MS,
        )
    )
    return section


def _import_seconds() -> tuple[float, float]:
    command = [sys.executable, "-c", IMPORT]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    wall, cpu = done.stdout.split()
    return float(wall), float(cpu)


def envelope_time() -> Section:
    """Building the envelope of a Zuora cancellation, and reading its answer."""
    secret = Secret("secret")
    zuora = ZuoraSettings(
        "https://example.com/apps/services/a/91.0", 91.0, secret, secret, False, False, True
    )
    moment = datetime.now(timezone.utc)
    cancellation = Cancellation(SubscriptionId("A-S00000001"), "PR-1", "AS-1", moment)

    def serialise() -> None:
        date = generations.effective_date(zuora.version, moment)
        amendment = generations.completed(cancellation, "2c92c0f93a569878013a6778f0446b1f", date)
        envelopes.amend(amendment, generations.amend_options(zuora))("a session's token")

    def parse() -> None:
        if not answers.amendment_ids(answers.read_reply(AMEND_ANSWER, "amend")):
            raise RuntimeError("the answer could not be read")

    section = Section("envelopes", "Zuora's envelopes", "")
    for what, work, most in (
        ("Serialising a Zuora cancellation", serialise, MAX_SERIALISE_MS),
        ("Parsing its answer", parse, MAX_PARSE_MS),
    ):
        found = _cpu_ms(work)
        text = f"{what} takes under {most:g} ms of CPU"
        section.verdicts.append(Verdict(text, f"{found:.3f} ms", found < most))
    return section


def _cpu_ms(work: Callable[[], None]) -> float:
    found = []
    for _ in range(5):
        began = time.process_time()
        for _ in range(REPETITIONS // 5):
            work()
        found.append((time.process_time() - began) / (REPETITIONS // 5))
    return 1000 * statistics.median(found)
