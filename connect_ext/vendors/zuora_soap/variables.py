"""The variables of the vendor ``zuora-soap``."""

from __future__ import annotations

from connect_ext.portal.variable import Variable

URL = "ZUORA_SOAP_URL"

VARIABLES = (
    Variable(URL, "changeme", "https://HOST/apps/services/a/VERSION, VERSION such as 91.0"),
    Variable("ZUORA_USERNAME", "changeme", "the name of an API user"),
    Variable("ZUORA_PASSWORD", "changeme", "the API user's password", secure=True),
    Variable("ZUORA_GENERATE_INVOICE", "false", "true or false"),
    Variable("ZUORA_PROCESS_PAYMENTS", "false", "true or false"),
    Variable("ZUORA_PREVIEW", "true", "true or false"),
)
