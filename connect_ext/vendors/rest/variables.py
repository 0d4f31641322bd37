"""The variables that describe a REST vendor."""

from __future__ import annotations

from connect_ext.portal.variable import Variable

VARIABLES = (
    Variable(
        "REST_API_URL",
        "changeme",
        "the vendor's base URL, https, or http on loopback",
        may_hold_keys=True,
    ),
    Variable("REST_AUTH", "bearer", "bearer, header:NAME, basic, basic:PASSWORD, oauth2 or none"),
    Variable("REST_API_KEY", "changeme", "the token (user:password for basic)", secure=True),
    Variable("REST_OAUTH_TOKEN_URL", "", "a URL, https, or http on loopback"),
    Variable("REST_OAUTH_CLIENT_ID", "", "the client's id"),
    Variable("REST_OAUTH_CLIENT_SECRET", "", "the client's secret", secure=True),
    Variable("REST_OAUTH_SCOPE", "", "scopes separated by spaces, or nothing"),
    Variable(
        "REST_OAUTH_EXTRA",
        "{}",
        "a JSON object of further fields for the token request, with texts as values",
        may_hold_keys=True,
    ),
    Variable(
        "REST_STATUS_REQUEST",
        "GET /subscriptions/{subscription_id}",
        "GET /path or POST /path with {subscription_id} in it, or nothing",
        may_hold_keys=True,
    ),
    Variable("REST_STATUS_PATH", "status", "a JMESPath expression"),
    Variable("REST_ACTIVE_VALUES", "active,trialing,past_due", "words separated by commas"),
    Variable(
        "REST_CANCELLING_VALUES",
        "cancelling,canceling,terminating,pending_cancellation",
        "words separated by commas, or nothing",
    ),
    Variable(
        "REST_CANCELLED_VALUES",
        "cancelled,canceled,terminated,expired",
        "words separated by commas",
    ),
    Variable("REST_DRAFT_VALUES", "draft", "words separated by commas, or nothing"),
    Variable(
        "REST_REASON_PATH",
        "error.message || message || error || reason || detail",
        "a JMESPath expression, or nothing",
    ),
    Variable(
        "REST_BUSY_WHEN",
        "",
        "a JMESPath expression that is true for an answer that means 'not now', or nothing",
    ),
    Variable("REST_ID_PATH", "", "a JMESPath expression, or nothing"),
    Variable("REST_REPEATABLE", "false", "true or false"),
    Variable("REST_END_DATE_PATH", "", "a JMESPath expression, or nothing"),
    Variable(
        "REST_CANCEL_REQUEST",
        "POST /subscriptions/{subscription_id}/cancel",
        "METHOD /path",
        may_hold_keys=True,
    ),
    Variable("REST_CANCEL_BODY", "{}", "a JSON object", may_hold_keys=True),
    Variable(
        "REST_IDEMPOTENCY_HEADER",
        "Idempotency-Key: {request_id}",
        "NAME: value with {request_id} or {request_uuid} in the value, or nothing",
        may_hold_keys=True,
    ),
    Variable("REST_LOOKED_UP", "{}", "a JSON object of names and JMESPath expressions"),
    Variable("REST_TERM_END_PATH", "", "a JMESPath expression, or nothing"),
    Variable("REST_CHARGED_THROUGH_PATH", "", "a JMESPath expression, or nothing"),
    Variable("REST_UNDO_REQUEST", "", "METHOD /path, or nothing", may_hold_keys=True),
    Variable("REST_UNDO_BODY", "{}", "a JSON object", may_hold_keys=True),
    Variable("REST_BODY_FORMAT", "json", "json or form"),
    Variable("REST_HEADERS", "{}", "a JSON object of header names and texts", holds_secrets=True),
    Variable(
        "REST_SECRET_HEADERS",
        "{}",
        "a JSON object of header names and texts, like REST_HEADERS",
        secure=True,
        holds_secrets=True,
    ),
)
