"""The settings of the vendor ``zuora``, read from its variables."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from connect_ext.portal.secret import Secret
from connect_ext.portal.time_zone import read_time_zone
from connect_ext.vendors.zuora.variables import URL

if TYPE_CHECKING:
    from connect_ext.portal.reader import VariableReader

INITIAL_TIME_ZONE = "America/Los_Angeles"
"""Zuora's own zone; no tenant further east has an earlier day (docs/facts.md, Orders 4)."""

ORDER_SECONDS = 130.0
"""Zuora itself ends a call after 120 s; this lets most slow orders answer (docs/facts.md, Orders
10)."""

FINISHES_WITHIN_SECONDS = 300.0
"""How long Zuora may keep working on an order whose call has timed out (docs/facts.md, Orders
10)."""

_ID = r"[A-Za-z0-9_-]{1,64}"


@dataclass(frozen=True)
class ZuoraSettings:
    """A tenant of Zuora with orders, described by the ``ZUORA_*`` variables."""

    api_url: str
    client_id: str
    client_secret: Secret
    entity_id: str
    org_ids: str
    time_zone: str
    """The tenant's zone, as an IANA name."""
    generate_invoice: bool
    process_payments: bool
    preview: bool


def read_settings(read: VariableReader) -> ZuoraSettings:
    """Read the settings and report every mistake to the reader."""
    generate, payments = read.flag("ZUORA_GENERATE_INVOICE"), read.flag("ZUORA_PROCESS_PAYMENTS")
    if payments and not generate:
        read.report("ZUORA_PROCESS_PAYMENTS", "is true, which needs ZUORA_GENERATE_INVOICE true")
    return ZuoraSettings(
        api_url=_read_host(read),
        client_id=read.required("ZUORA_CLIENT_ID"),
        client_secret=read.secret("ZUORA_CLIENT_SECRET"),
        entity_id=_read_ids(read, "ZUORA_ENTITY_ID", _ID),
        org_ids=_read_ids(read, "ZUORA_ORG_IDS", rf"{_ID}(,{_ID}){{0,50}}"),
        time_zone=read_time_zone(read, INITIAL_TIME_ZONE),
        generate_invoice=generate,
        process_payments=payments,
        preview=read.flag("ZUORA_PREVIEW"),
    )


def _read_host(read: VariableReader) -> str:
    url = read.url(URL)
    try:
        path = urlsplit(url).path
    except ValueError:
        # The reader has already reported it.
        return url
    if path:
        read.report(URL, "has a path after its host")
    return url


def _read_ids(read: VariableReader, name: str, pattern: str) -> str:
    value = re.sub(r"\s*,\s*", ",", read.text(name))
    if value and not re.fullmatch(pattern, value):
        read.report(name)
    return value
