"""docs/upgrading.md names everything new in an environment."""

import re

from connect_ext.portal.settings import declared_variables
from connect_ext.vendors.registry import definitions
from tools.locks import ROOT

PAGE = (ROOT / "docs/upgrading.md").read_text(encoding="utf-8")

NAMES_IN_1_0_0 = """
VENDOR SUBSCRIPTION_ID_PARAMETER APPROVAL_TEMPLATE_ID CANCELLATION_DATE ON_REFUSAL
ON_NOT_FOUND DRY_RUN NOTES ESCALATE_AFTER_HOURS VENDOR_TIMEOUT_SECONDS
VENDOR_MAX_CONCURRENCY PRODUCT_OVERRIDES REST_API_URL REST_AUTH REST_API_KEY
REST_OAUTH_TOKEN_URL REST_OAUTH_CLIENT_ID REST_OAUTH_CLIENT_SECRET REST_OAUTH_SCOPE
REST_STATUS_REQUEST REST_STATUS_PATH REST_ACTIVE_VALUES REST_CANCELLED_VALUES
REST_DRAFT_VALUES REST_REASON_PATH REST_REPEATABLE REST_END_DATE_PATH REST_CANCEL_REQUEST
REST_CANCEL_BODY REST_BODY_FORMAT REST_HEADERS ZUORA_SOAP_URL ZUORA_USERNAME ZUORA_PASSWORD
ZUORA_GENERATE_INVOICE ZUORA_PROCESS_PAYMENTS ZUORA_PREVIEW
"""
IN_1_0_0 = set(NAMES_IN_1_0_0.split())


def test_no_variable_of_an_existing_environment_is_gone():
    assert {each.name for each in declared_variables(definitions())} >= IN_1_0_0


def test_the_page_has_every_variable_added_since_1_0_0_with_its_initial_value():
    table = PAGE.partition("### New variables")[2].partition("\n### ")[0]
    rows = re.findall(r"^\| \**`([A-Z_]+)`\** \| (?:`(.*?)`)? ?\|", table, re.MULTILINE)
    declared = declared_variables(definitions())
    assert sorted(rows) == sorted(
        (each.name, each.initial_value) for each in declared if each.name not in IN_1_0_0
    )
