"""Any REST vendor, described by the ``REST_*`` variables."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any, NoReturn
from urllib.parse import quote, urlencode

import jmespath
from jmespath.exceptions import JMESPathError

from connect_ext.errors import NotConfigured, NotDone, OutcomeUnknown, Refused, UnknownId
from connect_ext.settings import AuthKind, BodyFormat, RestSettings
from connect_ext.vendors.base import Accepted, Cancellation, Subscription, SubscriptionStatus
from connect_ext.vendors.http_client import BUSY, Answer, Call, HttpClient, unreadable
from connect_ext.vendors.oauth import TokenSource

STATUS_CALL = "the status request (REST_STATUS_REQUEST)"
CANCEL_CALL = "the cancellation (REST_CANCEL_REQUEST)"

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_UNKNOWN_ID = (404, 410)
_REFUSAL = (400, 409, 422)


def create(settings: RestSettings, http: HttpClient) -> RestVendor:
    """Make the vendor; it opens no connection yet."""
    return RestVendor(settings, http)


class RestVendor:
    """Looks subscriptions up and cancels them by the two requests that the variables describe."""

    def __init__(self, settings: RestSettings, http: HttpClient) -> None:
        self._settings, self._http = settings, http
        self._tokens = TokenSource(settings.auth, http)
        self._status_path = jmespath.compile(settings.status_path)
        self._reason_path = _compiled(settings.reason_path)
        self._end_date_path = _compiled(settings.end_date_path)
        self._body = json.loads(settings.cancel_body)

    @property
    def can_be_asked(self) -> bool:
        """False where ``REST_STATUS_REQUEST`` is empty."""
        return self._settings.status_request is not None

    @property
    def is_repeatable(self) -> bool:
        """``REST_REPEATABLE``"""
        return self._settings.repeatable

    async def look_up(self, cancellation: Cancellation) -> Subscription:
        """Read the subscription by ``REST_STATUS_REQUEST``."""
        request = self._settings.status_request
        if request is None:
            raise NotConfigured("REST_STATUS_REQUEST is empty: the vendor cannot be asked.")
        url = self._settings.api_url + _filled_path(request.path, _values(cancellation))
        call = Call(STATUS_CALL, request.method, url, self._headers())
        answer = await self._send(call)
        if answer.status in _UNKNOWN_ID:
            return Subscription(SubscriptionStatus.UNKNOWN_ID)
        if not 200 <= answer.status < 300:
            raise_for_answer(answer, call)
        return self._subscription(answer.json(), call)

    async def cancel(
        self,
        cancellation: Cancellation,
        subscription: Subscription | None,  # noqa: ARG002 - the id is all that the request needs
    ) -> Accepted:
        """Send ``REST_CANCEL_REQUEST``, with the Connect request's id as ``Idempotency-Key``."""
        answer = await self._send(call := self._cancel_call(cancellation))
        if answer.status in _UNKNOWN_ID:
            raise UnknownId
        if answer.status in _REFUSAL:
            raise Refused(self._reason(answer), conflict=answer.status == 409)
        if not 200 <= answer.status < 300:
            raise_for_answer(answer, call)
        return Accepted(self._cancelled(answer, call))

    def _cancel_call(self, cancellation: Cancellation) -> Call:
        request, values = self._settings.cancel_request, _values(cancellation)
        headers = [*self._headers(), ("Idempotency-Key", cancellation.request_id)]
        content = None
        if self._body:
            body = _filled(self._body, values)
            if self._settings.body_format is BodyFormat.FORM:
                content = urlencode(list(_form_fields(body))).encode()
                headers += self._unless_given("Content-Type", "application/x-www-form-urlencoded")
            else:
                content = json.dumps(body).encode()
                headers += self._unless_given("Content-Type", "application/json")
        url = self._settings.api_url + _filled_path(request.path, values)
        return Call(CANCEL_CALL, request.method, url, tuple(headers), content, changes=True)

    def _headers(self) -> tuple[tuple[str, str], ...]:
        return (*self._unless_given("Accept", "application/json"), *self._settings.headers)

    def _unless_given(self, name: str, value: str) -> list[tuple[str, str]]:
        """The header, unless ``REST_HEADERS`` has it: sent twice it would mean both."""
        given = {header.lower() for header, _ in self._settings.headers}
        return [] if name.lower() in given else [(name, value)]

    async def _send(self, call: Call) -> Answer:
        """Send with credentials; a token that is refused is replaced once, then sent once more."""
        if self._settings.auth.kind is not AuthKind.OAUTH2:
            return await self._http.send(_with(call, self._credentials()))
        token = await self._tokens.token()
        answer = await self._http.send(_with(call, [("Authorization", f"Bearer {token}")]))
        if answer.status != 401:
            return answer
        self._tokens.forget(token)
        token = await self._tokens.token()
        return await self._http.send(_with(call, [("Authorization", f"Bearer {token}")]))

    def _credentials(self) -> list[tuple[str, str]]:
        auth = self._settings.auth
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

    def _subscription(self, document: Any, call: Call) -> Subscription:
        status = _search(self._status_path, document)
        if not isinstance(status, str):
            raise unreadable(call, "has no status at REST_STATUS_PATH")
        known = self._status(status)
        if known is None:
            raise unreadable(
                call,
                "shows a status that is in none of REST_ACTIVE_VALUES, REST_CANCELLED_VALUES and"
                " REST_DRAFT_VALUES",
            )
        return Subscription(known, self._ends_at(document))

    def _status(self, word: str) -> SubscriptionStatus | None:
        word, settings = word.strip().casefold(), self._settings
        if word in settings.cancelled_values:
            return SubscriptionStatus.CANCELLED
        if word in settings.active_values:
            return SubscriptionStatus.ACTIVE
        return SubscriptionStatus.NOT_STARTED if word in settings.draft_values else None

    def _cancelled(self, answer: Answer, call: Call) -> Subscription | None:
        """The subscription in the answer to a cancellation, only if it says that it is cancelled.

        Any other status may be that of the answer itself, or older than the cancellation.
        """
        try:
            subscription = self._subscription(answer.json(), call)
        except (OutcomeUnknown, NotConfigured):
            return None
        return subscription if subscription.status is SubscriptionStatus.CANCELLED else None

    def _ends_at(self, document: Any) -> datetime | None:
        value = _search(self._end_date_path, document)
        if value is None or value == "":
            return None
        moment = _moment(value)
        if moment is None:
            raise NotConfigured(
                "The vendor's answer has something at REST_END_DATE_PATH that is"
                " no date: check the path."
            )
        return moment

    def _reason(self, answer: Answer) -> str:
        reason = _search(self._reason_path, answer.json())
        if isinstance(reason, list):
            reason = "; ".join(text for text in reason if isinstance(text, str))
        return reason if isinstance(reason, str) else ""


def raise_for_answer(answer: Answer, call: Call) -> NoReturn:
    """Raise the error for an answer that neither serves nor refuses the call.

    Who is busy has not done the call, by its own word; after any other fault of the vendor's the
    outcome of a cancellation is unknown.
    """
    what = f"The vendor answers HTTP {answer.status} to {call.name}"
    if answer.status in (401, 403):
        raise NotConfigured(f"{what}: check the credentials (REST_AUTH and what it needs).")
    if 300 <= answer.status < 400:
        message = f"{what}: a redirect is not followed; check REST_API_URL."
        raise NotConfigured(message, may_have_an_effect=call.changes)
    if answer.status in BUSY:
        raise NotDone(f"{what}.", answer.retry_after)
    if answer.status >= 500:
        raise (OutcomeUnknown if call.changes else NotDone)(f"{what}.", answer.retry_after)
    raise NotConfigured(f"{what}: check the method, the path and the body that it is given.")


def _with(call: Call, credentials: list[tuple[str, str]]) -> Call:
    headers = (*credentials, *call.headers)
    return Call(call.name, call.method, call.url, headers, call.content, call.changes)


def _values(cancellation: Cancellation) -> dict[str, str]:
    return {
        "subscription_id": cancellation.subscription_id,
        "request_id": cancellation.request_id,
        "asset_id": cancellation.asset_id,
        "effective_date": cancellation.asked_at.astimezone(timezone.utc).date().isoformat(),
    }


def _filled_path(path: str, values: dict[str, str]) -> str:
    """Every value is percent-encoded whole, so that none can be more than one segment."""
    return _PLACEHOLDER.sub(lambda found: quote(values[found[1]], safe=""), path)


def _filled(body: Any, values: dict[str, str]) -> Any:
    """Values are put into texts that are parsed already: none can become part of the JSON."""
    if isinstance(body, str):
        return _PLACEHOLDER.sub(lambda found: values[found[1]], body)
    if isinstance(body, list):
        return [_filled(item, values) for item in body]
    if isinstance(body, dict):
        return {key: _filled(item, values) for key, item in body.items()}
    return body


def _form_fields(body: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Fields of a form; what is inside of an object is named ``outer[inner]``, as Stripe does."""
    if isinstance(body, dict):
        for key, item in body.items():
            yield from _form_fields(item, f"{name}[{key}]" if name else key)
    elif isinstance(body, list):
        for index, item in enumerate(body):
            yield from _form_fields(item, f"{name}[{index}]")
    elif isinstance(body, str):
        yield name, body
    else:
        yield name, json.dumps(body)


def _compiled(path: str) -> Any:
    return jmespath.compile(path) if path else None


def _search(path: Any, document: Any) -> Any:
    try:
        return path.search(document) if path is not None else None
    # An expression can be right and not fit: a slice of step 0, a comparison of text and number.
    except (JMESPathError, ArithmeticError, TypeError, ValueError, RecursionError):
        return None


def _moment(value: Any) -> datetime | None:
    """A date, a date with time (UTC if it has no zone) or seconds since 1970; None otherwise."""
    try:
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, timezone.utc)
        moment = datetime.fromisoformat(str(value).strip().replace("Z", "+00:00"))
        moment = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
        return moment.astimezone(timezone.utc)
    except (ValueError, OverflowError, OSError):
        return None
