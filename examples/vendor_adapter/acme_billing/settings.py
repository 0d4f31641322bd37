"""The variables of the vendor ``acme-billing``, and the settings read from them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from connect_ext.portal.policy import CancellationDate
from connect_ext.portal.reader import VariableReader
from connect_ext.portal.secret import Secret
from connect_ext.portal.variable import Variable

ADDRESS = "ACME_API_URL"

VARIABLES = (
    Variable(ADDRESS, "changeme", "the base URL of Acme's API, https, or http on loopback"),
    Variable("ACME_ACCOUNT", "changeme", "the number of an account at Acme, such as A-77"),
    Variable("ACME_API_KEY", "changeme", "an API key of that account", secure=True),
)

_ACCOUNT = re.compile(r"A-[0-9]{1,12}")


@dataclass(frozen=True)
class AcmeSettings:
    """An account at Acme Billing, described by the ``ACME_*`` variables."""

    api_url: str
    account: str
    api_key: Secret


def read_settings(read: VariableReader) -> AcmeSettings:
    """Read the settings and report every mistake to the reader."""
    account = read.required("ACME_ACCOUNT")
    if account and not _ACCOUNT.fullmatch(account):
        read.report("ACME_ACCOUNT")
    date = read.choice("CANCELLATION_DATE", CancellationDate)
    if date is CancellationDate.END_OF_INVOICED_PERIOD:
        read.report("CANCELLATION_DATE", f"is {date.value}, which Acme does not support")
    return AcmeSettings(read.url(ADDRESS), account, read.secret("ACME_API_KEY"))
