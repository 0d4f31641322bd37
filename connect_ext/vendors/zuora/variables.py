"""The variables of the vendor ``zuora``."""

from __future__ import annotations

from connect_ext.portal.variable import Variable

URL = "ZUORA_API_URL"

VARIABLES = (
    Variable(URL, "changeme", "the REST host of the tenant, such as https://rest.zuora.com"),
    Variable("ZUORA_CLIENT_ID", "changeme", "the id of an OAuth client"),
    Variable("ZUORA_CLIENT_SECRET", "changeme", "the OAuth client's secret", secure=True),
    Variable("ZUORA_ENTITY_ID", "", "the id of an entity, or nothing"),
    Variable("ZUORA_ORG_IDS", "", "ids of organizations, separated by commas, or nothing"),
    Variable("ZUORA_GENERATE_INVOICE", "false", "true or false"),
    Variable("ZUORA_PROCESS_PAYMENTS", "false", "true or false"),
    Variable("ZUORA_PREVIEW", "true", "true or false"),
)
