"""The settings of the vendor ``zuora-soap``, read from its variables."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from connect_ext.portal.policy import CancellationDate
from connect_ext.portal.secret import Secret
from connect_ext.portal.time_zone import read_time_zone
from connect_ext.vendors.zuora_soap.variables import URL

if TYPE_CHECKING:
    from connect_ext.portal.reader import VariableReader

FIRST_WITH_CHARGED_THROUGH = 25.0
"""The first version whose charges show to which day they are invoiced."""


@dataclass(frozen=True)
class ZuoraSettings:
    """A tenant of Zuora's SOAP API, described by the ``ZUORA_*`` variables."""

    url: str
    version: float
    """The WSDL version at the end of the URL; it determines the generation."""
    username: Secret
    password: Secret
    generate_invoice: bool
    process_payments: bool
    preview: bool
    time_zone: str = "UTC"
    """The tenant's zone, if known."""


def read_settings(read: VariableReader) -> ZuoraSettings:
    """Read the settings and report every mistake to the reader."""
    url = read.url(URL)
    version = _version(read, url)
    _check_date(read, version)
    return ZuoraSettings(
        url=url,
        version=version,
        username=read.secret("ZUORA_USERNAME"),
        password=read.secret("ZUORA_PASSWORD"),
        generate_invoice=read.flag("ZUORA_GENERATE_INVOICE"),
        process_payments=read.flag("ZUORA_PROCESS_PAYMENTS"),
        preview=read.flag("ZUORA_PREVIEW"),
        time_zone=read_time_zone(read, "UTC"),
    )


def _check_date(read: VariableReader, version: float) -> None:
    """Report a date that the version cannot find; version 0 is already reported."""
    date = read.choice("CANCELLATION_DATE", CancellationDate)
    is_invoiced = date is CancellationDate.END_OF_INVOICED_PERIOD
    if is_invoiced and 0 < version < FIRST_WITH_CHARGED_THROUGH:
        read.report(
            "CANCELLATION_DATE",
            f"is {date.value}, but Zuora shows to which day a subscription is invoiced only from"
            f" version {FIRST_WITH_CHARGED_THROUGH} in {URL} on",
        )


def _version(read: VariableReader, url: str) -> float:
    last = url.rpartition("/")[2]
    if re.fullmatch(r"\d{1,3}(\.\d)?", last, re.ASCII):
        return float(last)
    if url:
        read.report(URL, "does not end with a WSDL version")
    return 0.0
