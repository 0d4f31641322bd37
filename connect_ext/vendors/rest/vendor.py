"""A REST vendor, called as the variables describe."""

from __future__ import annotations

import base64
from dataclasses import replace

from connect_ext.errors import NotConfigured, UnknownId
from connect_ext.http.aside import aside
from connect_ext.http.client import Answer, Call, with_defaults
from connect_ext.http.oauth import KeptToken, NamedVariables, OAuthClient, TokenSource
from connect_ext.portal.policy import CancellationDate
from connect_ext.portal.secret import MASK
from connect_ext.vendors.base import (
    Accepted,
    Act,
    Advice,
    Cancellation,
    Plan,
    PlannedCall,
    Subscription,
    SubscriptionStatus,
    VendorContext,
)
from connect_ext.vendors.explaining import Finding
from connect_ext.vendors.rest.answers import UNKNOWN_ID, AnswerReader
from connect_ext.vendors.rest.calls import (
    CANCEL_CALL,
    OAUTH_CALL,
    STATUS_CALL,
    UNDO_CALL,
    Calls,
)
from connect_ext.vendors.rest.credentials import AuthKind, RestAuth
from connect_ext.vendors.rest.explaining import Explainer
from connect_ext.vendors.rest.settings import RestSettings
from connect_ext.vendors.rest.templates import Placeholders

ADVICE = Advice(
    address_of_cancellation="Check the address of the cancellation (REST_CANCEL_REQUEST).",
    cannot_be_asked="The vendor cannot be asked (REST_STATUS_REQUEST is empty).",
    no_status_in_answer=(
        "The vendor's answer to the cancellation shows no cancelled status (REST_STATUS_PATH,"
        " REST_CANCELLED_VALUES)."
    ),
    refusal="Check REST_CANCEL_REQUEST, REST_CANCEL_BODY, REST_BODY_FORMAT and REST_HEADERS.",
    unknown_id="Check the id in the parameter, REST_STATUS_REQUEST and REST_API_URL.",
    no_end="Check REST_END_DATE_PATH, and the words in REST_CANCELLED_VALUES.",
    cannot_take_back="The vendor cannot be asked to take it back (REST_UNDO_REQUEST is empty).",
    address_of_undo="Check REST_UNDO_REQUEST.",
)
_OAUTH = NamedVariables(
    "REST_OAUTH_TOKEN_URL",
    "REST_OAUTH_CLIENT_ID and REST_OAUTH_CLIENT_SECRET",
    "REST_OAUTH_SCOPE and REST_OAUTH_EXTRA",
)


class RestVendor:
    """Looks up and cancels subscriptions with the requests in the ``REST_*`` variables."""

    advice = ADVICE
    look_name = STATUS_CALL

    def __init__(self, settings: RestSettings, context: VendorContext) -> None:
        self._settings, self._http = settings, context.http
        self._tokens = _token_source(settings.auth, context)
        self._answers = AnswerReader(settings)
        self._explainer = Explainer(settings)
        self._calls = Calls(settings)

    @property
    def can_be_asked(self) -> bool:
        """False if ``REST_STATUS_REQUEST`` is empty."""
        return self._settings.status_request is not None

    @property
    def is_repeatable(self) -> bool:
        """``REST_REPEATABLE``, unless a repeat may differ: the same key would not fit it."""
        return self._settings.repeatable and not self._settings.varies

    @property
    def can_take_back(self) -> bool:
        """False if ``REST_UNDO_REQUEST`` is empty."""
        return self._settings.undo_request is not None

    async def look_up(self, cancellation: Cancellation) -> Subscription:
        """Read the subscription with ``REST_STATUS_REQUEST``."""
        request = self._settings.status_request
        if request is None:
            raise NotConfigured(ADVICE.cannot_be_asked)
        call = self._calls.look(request, cancellation)
        answer = await self._send(call)
        return await aside(len(answer.body), lambda: self._shown(answer, call, cancellation))

    def _shown(self, answer: Answer, call: Call, cancellation: Cancellation) -> Subscription:
        asked_for = cancellation.subscription_id.text
        self._answers.raise_if_about_another(answer, call, asked_for)
        if answer.status in UNKNOWN_ID:
            return Subscription(SubscriptionStatus.UNKNOWN_ID)
        if not 200 <= answer.status < 300:
            raise self._answers.error(answer, call)
        return self._answers.subscription(answer, call, asked_for, cancellation.when)

    async def cancel(
        self, cancellation: Cancellation, subscription: Subscription | None
    ) -> Accepted:
        """Send ``REST_CANCEL_REQUEST`` with the cancellation's idempotency key."""
        call = self._cancel_call(self._calls.placeholders(cancellation, subscription))
        asked_for, answer = cancellation.subscription_id.text, await self._send(call)

        def accepted() -> Accepted:
            self._raise_unless_accepted(answer, call, asked_for)
            return Accepted(self._answers.cancelled_subscription(answer, asked_for))

        return await aside(len(answer.body), accepted)

    async def take_back(
        self, cancellation: Cancellation, subscription: Subscription | None
    ) -> Accepted:
        """Send ``REST_UNDO_REQUEST`` with its own idempotency key."""
        call = self._undo_call(self._calls.placeholders(cancellation, subscription))
        asked_for, answer = cancellation.subscription_id.text, await self._send(call)
        await aside(len(answer.body), lambda: self._raise_unless_accepted(answer, call, asked_for))
        return Accepted()

    async def plan(self, cancellation: Cancellation, subscription: Subscription | None) -> Plan:
        """Build the call that would be sent, without asking the vendor.

        A value from the vendor's answer is shown as its name in ``REST_LOOKED_UP``.
        """
        values = self._calls.placeholders(cancellation, subscription)
        formed = self._undo_call if cancellation.act is Act.UNDO else self._cancel_call
        formed(values)
        call = self._planned(formed(values.to_be_shown()))
        if cancellation.act is Act.UNDO:
            return Plan((call,))
        if self._settings.sends_date:
            return Plan((call,), values.effective)
        if cancellation.when is CancellationDate.IMMEDIATE or self._settings.follows_date:
            return Plan((call,))
        remark = "CANCELLATION_DATE has no effect on it: the request has no {effective_date}."
        return Plan((call,), remarks=(remark,))

    def read(self, answer: Answer, cancellation: Cancellation) -> Subscription:
        """Read the subscription from an answer to ``REST_STATUS_REQUEST``."""
        return self._shown(answer, Call(STATUS_CALL, "", ""), cancellation)

    def explain(self, call_name: str, answer: Answer, subscription_id: str) -> tuple[Finding, ...]:
        """Say what the paths find in the answer to the named call."""
        return tuple(self._explainer.findings(call_name, answer, subscription_id))

    def _raise_unless_accepted(self, answer: Answer, call: Call, asked_for: str) -> None:
        self._answers.raise_if_about_another(answer, call, asked_for)
        if answer.status in UNKNOWN_ID:
            raise UnknownId
        if not 200 <= answer.status < 300:
            raise self._answers.error(answer, call)

    def _cancel_call(self, values: Placeholders) -> Call:
        return self._calls.change(CANCEL_CALL, self._settings.cancel_request, values)

    def _undo_call(self, values: Placeholders) -> Call:
        request = self._settings.undo_request
        if request is None:
            raise NotConfigured(ADVICE.cannot_take_back)
        return self._calls.change(UNDO_CALL, request, values)

    def _planned(self, call: Call) -> PlannedCall:
        body = (call.content or b"").decode()
        headers = with_defaults((*_header_with(self._settings.auth, MASK), *call.headers))
        return PlannedCall(call.method, call.url, body, tuple(headers))

    async def _send(self, call: Call) -> Answer:
        """Send a call with the credentials."""
        if self._tokens is None:
            return await self._http.send(_with(call, *_credentials(self._settings.auth)))
        return await self._tokens.send(call)


def _token_source(auth: RestAuth, context: VendorContext) -> TokenSource | None:
    if auth.kind is not AuthKind.OAUTH2:
        return None
    client = OAuthClient(
        auth.token_url, auth.client_id, auth.client_secret, auth.scope, extra=auth.extra
    )
    return TokenSource(
        client,
        context.http,
        _OAUTH,
        OAUTH_CALL,
        keep_secret=context.keep_secret,
        kept=context.shared(client, KeptToken),
    )


def _credentials(auth: RestAuth) -> list[tuple[str, str]]:
    key = auth.key.reveal()
    if auth.kind is AuthKind.BASIC:
        key = base64.b64encode(key.encode()).decode()
    return _header_with(auth, key)


def _header_with(auth: RestAuth, key: str) -> list[tuple[str, str]]:
    match auth.kind:
        case AuthKind.BEARER | AuthKind.OAUTH2:
            return [("Authorization", f"Bearer {key}")]
        case AuthKind.HEADER:
            return [(auth.header, key)]
        case AuthKind.BASIC:
            return [("Authorization", f"Basic {key}")]
        case AuthKind.NONE:
            return []


def _with(call: Call, *credentials: tuple[str, str]) -> Call:
    return replace(call, headers=(*credentials, *call.headers))
