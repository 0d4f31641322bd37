"""The portal's variables for a history's beginning."""

from __future__ import annotations

from tests.model.history import SOAP, WITH_KEY, Asking, Setting
from tests.model.orders_twin import CLIENT
from tests.model.subscription import LOCKED
from tests.model.vendor_twins import BODY, DATED_BODY, ENDS_LATER, MISSPELT_BODY, UNDO_PATH

_VARIABLES = {
    "REST_API_URL": "https://vendor.example/v1",
    "REST_API_KEY": "t0ken-of-the-vendor",
    "REST_END_DATE_PATH": "ends_at",
    "REST_TERM_END_PATH": "term_ends",
    "REST_CHARGED_THROUGH_PATH": "charged_through",
    "REST_CANCELLED_VALUES": f"cancelled,{ENDS_LATER}",
    "ZUORA_USERNAME": "api@vendor.example",
    "ZUORA_PASSWORD": "p4ssword-of-the-vendor",
    "ZUORA_API_URL": "https://rest.zuora.example",
    "ZUORA_CLIENT_ID": CLIENT["client_id"],
    "ZUORA_CLIENT_SECRET": CLIENT["client_secret"],
}
_VERSIONS = dict(zip(SOAP, ("24.0", "27.0", "91.0"), strict=True))
_STATUS_REQUEST = "GET /subscriptions/{subscription_id}"


def variables_of(setting: Setting) -> dict[str, str]:
    """The variables; a vendor that is not asked and later ends have additional ones."""
    variables = {
        **_VARIABLES,
        **_about_later_ends(setting),
        "ON_REFUSAL": setting.on_refusal,
        "ON_NOT_FOUND": setting.on_not_found,
        "SETTLE_MINUTES": f"{setting.settle_asked / 60:.6f}",
        "DRY_RUN": "false",
        "REST_CANCEL_BODY": MISSPELT_BODY if setting.misspelt_body else body_of(setting),
        "REST_REPEATABLE": "true" if setting.asking in WITH_KEY else "false",
        "REST_STATUS_REQUEST": _STATUS_REQUEST,
    }
    if setting.asking in (Asking.KEY_ONLY, Asking.NEITHER):
        variables["REST_STATUS_REQUEST"] = ""
    if setting.knows_busy:
        variables["REST_BUSY_WHEN"] = f"error == '{LOCKED}' || error == 'in_progress'"
    if setting.has_orders:
        variables["VENDOR"] = "zuora"
    if setting.asking in SOAP:
        version = _VERSIONS[setting.asking]
        variables["VENDOR"] = "zuora-soap"
        variables["ZUORA_SOAP_URL"] = f"https://zuora.example/a/{version}"
    return variables


def body_of(setting: Setting) -> str:
    """The body of a REST vendor's cancellation, with a day if the variables ask for one."""
    return BODY if setting.later.when == "immediate" else DATED_BODY


def _about_later_ends(setting: Setting) -> dict[str, str]:
    later = setting.later
    undo = f"POST /subscriptions/{{subscription_id}}{UNDO_PATH}"
    return {
        "WHEN_EFFECTIVE_LATER": "schedule" if later.schedules else "approve",
        "CANCELLATION_DATE": later.when,
        "ON_NO_TERM_END": later.on_no_term_end,
        "REST_UNDO_REQUEST": undo if later.has_undo else "",
    }


def fixed(setting: Setting) -> dict[str, str]:
    """The correction that somebody makes in the end."""
    wants_a_date = setting.later.schedules or setting.later.when != "immediate"
    asked = {"REST_STATUS_REQUEST": _STATUS_REQUEST} if wants_a_date else {}
    return {
        "NOTES": "private",
        "SUBSCRIPTION_ID_PARAMETER": "subscription_id",
        "REST_CANCEL_BODY": body_of(setting),
        **asked,
    }
