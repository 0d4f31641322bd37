"""A REST vendor: the two calls that the variables describe."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from connect_ext.errors import NotConfigured, UnknownId
from connect_ext.http.aside import aside
from connect_ext.http.client import Answer, Call
from connect_ext.http.oauth import KeptToken, OAuthClient, TokenSource
from connect_ext.portal.policy import CancellationDate
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
from connect_ext.vendors.rest.answers import UNKNOWN_ID, AnswerReader
from connect_ext.vendors.rest.credentials import AuthKind, Headers, RestAuth
from connect_ext.vendors.rest.dates import ShownSubscription, effective_day
from connect_ext.vendors.rest.looked_up import MOST_BODY_BYTES
from connect_ext.vendors.rest.request_templates import RequestTemplate
from connect_ext.vendors.rest.settings import BodyFormat, RestSettings
from connect_ext.vendors.rest.templates import (
    PARAMETER,
    Placeholders,
    form_fields,
    placeholders_in,
)

STATUS_CALL = "the status request (REST_STATUS_REQUEST)"
CANCEL_CALL = "the cancellation (REST_CANCEL_REQUEST)"
UNDO_CALL = "taking the cancellation back (REST_UNDO_REQUEST)"
ADDRESS = "REST_API_URL"
OAUTH_CALL = "the token request (REST_OAUTH_TOKEN_URL)"

ADVICE = Advice(
    address_of_cancellation="Check the address of the cancellation (REST_CANCEL_REQUEST).",
    cannot_be_asked="The vendor cannot be asked (REST_STATUS_REQUEST is empty).",
    no_status_in_answer=(
        "The vendor's answer to the cancellation shows no cancelled status (REST_STATUS_PATH,"
        " REST_CANCELLED_VALUES)."
    ),
    refusal="Check REST_CANCEL_REQUEST, REST_CANCEL_BODY, REST_BODY_FORMAT and REST_HEADERS.",
    no_end="Check REST_END_DATE_PATH, and the words in REST_CANCELLED_VALUES.",
    cannot_take_back="The vendor cannot be asked to take it back (REST_UNDO_REQUEST is empty).",
    address_of_undo="Check REST_UNDO_REQUEST.",
)
_OAUTH_ADVICE = (
    "Check REST_OAUTH_TOKEN_URL, REST_OAUTH_CLIENT_ID, REST_OAUTH_CLIENT_SECRET, REST_OAUTH_SCOPE"
    " and REST_OAUTH_EXTRA."
)


class RestVendor:
    """Looks subscriptions up and cancels them by the requests in the ``REST_*`` variables."""

    advice = ADVICE

    def __init__(self, settings: RestSettings, context: VendorContext) -> None:
        self._settings, self._http = settings, context.http
        self._tokens = _token_source(settings.auth, context)
        self._answers = AnswerReader(settings)
        self._zone = ZoneInfo(settings.time_zone)
        self._parameters = _parameters_in(settings)

    @property
    def can_be_asked(self) -> bool:
        """False where ``REST_STATUS_REQUEST`` is empty."""
        return self._settings.status_request is not None

    @property
    def is_repeatable(self) -> bool:
        """``REST_REPEATABLE``"""
        return self._settings.repeatable

    @property
    def can_take_back(self) -> bool:
        """False where ``REST_UNDO_REQUEST`` is empty."""
        return self._settings.undo_request is not None

    async def look_up(self, cancellation: Cancellation) -> Subscription:
        """Read the subscription by ``REST_STATUS_REQUEST``."""
        request = self._settings.status_request
        if request is None:
            raise NotConfigured(ADVICE.cannot_be_asked)
        values = self._placeholders(cancellation, None)
        # Better to know before a mark is left.
        for each in self._parameters.in_paths:
            values.path(each)
        for each in self._parameters.elsewhere:
            values.header(each)
        url = self._settings.api_url + values.path(request.path)
        headers = self._headers(values, self._of_look)
        call = Call(STATUS_CALL, request.method, url, headers, address=ADDRESS)
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
        """Send ``REST_CANCEL_REQUEST``, with the cancellation's idempotency key."""
        values = self._placeholders(cancellation, subscription)
        call, asked_for = self._cancel_call(values), cancellation.subscription_id.text
        answer = await self._send(call)

        def accepted() -> Accepted:
            self._raise_unless_accepted(answer, call, asked_for)
            return Accepted(self._answers.cancelled_subscription(answer, asked_for))

        return await aside(len(answer.body), accepted)

    async def take_back(
        self, cancellation: Cancellation, subscription: Subscription | None
    ) -> Accepted:
        """Send ``REST_UNDO_REQUEST``, with an idempotency key of its own."""
        call = self._undo_call(self._placeholders(cancellation, subscription))
        asked_for, answer = cancellation.subscription_id.text, await self._send(call)
        await aside(len(answer.body), lambda: self._raise_unless_accepted(answer, call, asked_for))
        return Accepted()

    async def plan(self, cancellation: Cancellation, subscription: Subscription | None) -> Plan:
        """The call that would be sent; nobody is asked for it."""
        values = self._placeholders(cancellation, subscription)
        if cancellation.act is Act.UNDO:
            return Plan((_planned(self._undo_call(values)),))
        call = _planned(self._cancel_call(values))
        if self._settings.sends_date:
            return Plan((call,), values.effective)
        if cancellation.when is CancellationDate.IMMEDIATE or self._settings.follows_date:
            return Plan((call,))
        remark = "CANCELLATION_DATE has no effect on it: the request has no {effective_date}."
        return Plan((call,), remarks=(remark,))

    def _raise_unless_accepted(self, answer: Answer, call: Call, asked_for: str) -> None:
        self._answers.raise_if_about_another(answer, call, asked_for)
        if answer.status in UNKNOWN_ID:
            raise UnknownId
        if not 200 <= answer.status < 300:
            raise self._answers.error(answer, call)

    def _placeholders(
        self, cancellation: Cancellation, subscription: Subscription | None
    ) -> Placeholders:
        """An undo has no day of its own: it counts from today."""
        of_day = subscription if cancellation.act is Act.CANCEL else None
        day = effective_day(cancellation, of_day, self._zone)
        if isinstance(subscription, ShownSubscription):
            return Placeholders(cancellation, day, subscription.looked_up)
        return Placeholders(cancellation, day)

    def _cancel_call(self, values: Placeholders) -> Call:
        return self._call(CANCEL_CALL, self._settings.cancel_request, values)

    def _undo_call(self, values: Placeholders) -> Call:
        request = self._settings.undo_request
        if request is None:
            raise NotConfigured(ADVICE.cannot_take_back)
        return self._call(UNDO_CALL, request, values)

    def _call(self, name: str, request: RequestTemplate, values: Placeholders) -> Call:
        headers, content = [*self._headers(values, self._settings.headers)], None
        if self._settings.idempotency_header:
            header, template = self._settings.idempotency_header
            headers.append((header, values.key(template)))
        body = json.loads(request.body)
        if body:
            if self._settings.body_format is BodyFormat.FORM:
                fields = form_fields(values.body(body, as_texts=True))
                content = urlencode(list(fields)).encode()
                headers += self._unless_given("Content-Type", "application/x-www-form-urlencoded")
            else:
                content = json.dumps(values.body(body)).encode()
                headers += self._unless_given("Content-Type", "application/json")
        if content and len(content) > MOST_BODY_BYTES:
            raise NotConfigured(
                f"The body of {name} would be too long: check what REST_LOOKED_UP puts into it."
            )
        url = self._settings.api_url + values.path(request.path)
        return Call(
            name, request.method, url, tuple(headers), content, changes=True, address=ADDRESS
        )

    @property
    def _of_look(self) -> Headers:
        """The headers of a look: without those that only a look's answer can fill."""
        names = {name for name, _ in self._settings.looked_up}
        headers = self._settings.headers
        return tuple(pair for pair in headers if not names & placeholders_in([pair[1]]))

    def _headers(self, values: Placeholders, templates: Headers) -> Headers:
        filled = ((name, values.header(text)) for name, text in templates)
        return (*self._unless_given("Accept", "application/json"), *filled)

    def _unless_given(self, name: str, value: str) -> list[tuple[str, str]]:
        """The header, unless ``REST_HEADERS`` has it: sent twice it would mean both."""
        given = {header.lower() for header, _ in self._settings.headers}
        return [] if name.lower() in given else [(name, value)]

    async def _send(self, call: Call) -> Answer:
        """Send with credentials."""
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
        _OAUTH_ADVICE,
        OAUTH_CALL,
        keep_secret=context.keep_secret,
        kept=context.shared(client, KeptToken),
    )


def _credentials(auth: RestAuth) -> list[tuple[str, str]]:
    match auth.kind:
        case AuthKind.BEARER:
            return [("Authorization", f"Bearer {auth.key.reveal()}")]
        case AuthKind.HEADER:
            return [(auth.header, auth.key.reveal())]
        case AuthKind.BASIC:
            pair = base64.b64encode(auth.key.reveal().encode()).decode()
            return [("Authorization", f"Basic {pair}")]
        case _:
            return []


@dataclass(frozen=True)
class _Parameters:
    """The placeholders that stand for parameters of the request, as they stand in templates."""

    in_paths: frozenset[str]
    elsewhere: frozenset[str]


def _parameters_in(settings: RestSettings) -> _Parameters:
    requests = (settings.status_request, settings.cancel_request, settings.undo_request)
    used = [request for request in requests if request]
    in_paths = placeholders_in(request.path for request in used)
    names = placeholders_in(text for _, text in settings.headers)
    names = names.union(*(request.placeholders for request in used)) - in_paths
    return _Parameters(_of_parameters(in_paths), _of_parameters(names))


def _of_parameters(names: Iterable[str]) -> frozenset[str]:
    return frozenset(f"{{{name}}}" for name in names if name.startswith(PARAMETER))


def _planned(call: Call) -> PlannedCall:
    return PlannedCall(call.method, call.url, (call.content or b"").decode())


def _with(call: Call, *credentials: tuple[str, str]) -> Call:
    return replace(call, headers=(*credentials, *call.headers))
